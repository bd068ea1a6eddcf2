//! `connection.send(data)`, `worker.table[key].send(text)`, `request.path`: reads along handles, and a method at the end.

use super::{
    Finder, MAX_OPERANDS, Operands, Outcome,
    callee::Callee,
    detour::Detour,
    operand::{Local, Operand},
};
use crate::engine::natives::{INDEX_GETTER, getter};
use rhai::{ASTFlags, BinaryExpr, Dynamic, EvalContext, Expr, ImmutableString, Map, Position};
use std::ops::Range;

/// See the module.
pub(in crate::engine) struct Chain {
    root: Operand,
    operands: Vec<Operand>,
    reads: Vec<Read>,
    method: Option<Method>,
    detour: Detour,
}

/// A step that has no effect.
enum Read {
    Property {
        name: ImmutableString,
        /// None if nothing in the table has that property.
        getter: Option<Callee>,
        /// For what has no such property of its own, as maps.
        index: Callee,
    },
    /// By the value of that operand.
    Index(usize, Callee),
}

/// The step that may have one.
struct Method {
    callee: Callee,
    operands: Range<usize>,
}

impl Chain {
    pub(super) fn of(expression: &Expr, finder: &Finder) -> Option<Self> {
        let (Expr::Dot(first, ..) | Expr::Index(first, ..)) = expression else { return None };
        if !matches!(first.lhs, Expr::Variable(..)) {
            return None;
        }
        let root = Operand::of(&first.lhs, finder);
        let (mut operands, mut reads, mut method) = (Vec::new(), Vec::new(), None);
        let mut rest = Some(expression);
        while let Some(chain) = rest {
            let (is_dot, step, next) = step(chain)?;
            rest = next;
            let before = operands.len();
            match step {
                // (what comes after a method is rhai's)
                _ if method.is_some() => return None,
                Expr::Property(property, _) if is_dot => reads.push(Read::Property {
                    name: property.2.clone(),
                    getter: Callee::of(getter(&property.2), Position::NONE, finder),
                    index: Callee::of(INDEX_GETTER, Position::NONE, finder)?,
                }),
                Expr::MethodCall(call, position) if is_dot => {
                    if (finder.is_script_function)(&call.name) {
                        return None;
                    }
                    let callee = Callee::of(call.name.clone(), *position, finder)?;
                    operands.extend(call.args.iter().map(|e| Operand::of(e, finder)));
                    method = Some(Method { callee, operands: before..operands.len() });
                }
                key if !is_dot => {
                    operands.push(Operand::of(key, finder));
                    let index = Callee::of(INDEX_GETTER, Position::NONE, finder)?;
                    reads.push(Read::Index(before, index));
                }
                _ => return None,
            }
        }
        if operands.len() > MAX_OPERANDS {
            return None;
        }
        let detour = Detour::new(expression, &operands, Some(operands.len()), parts);
        Some(Self { root, operands, reads, method, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut operands = Operand::values(&self.operands, context)?;
        let place = match self.root.local() {
            Some(local) => Place::Local(local),
            None => Place::Value(self.root.value(context)?),
        };
        let mut walked = self.walk(context, place, &mut operands);
        if walked.is_none() && self.root.is_captured(context) {
            let root = Place::Value(self.root.value(context)?);
            walked = self.walk(context, root, &mut operands);
        }
        match walked {
            Some(value) => value,
            None => self.detour.take(context, operands),
        }
    }

    /// The chain's value; `None`: something on the way is not known here, and nothing has happened.
    fn walk(
        &self,
        context: &mut EvalContext,
        mut place: Place,
        operands: &mut Operands,
    ) -> Option<Outcome<Dynamic>> {
        for read in &self.reads {
            place = Place::Value(read.of(context, &mut place, operands)?);
        }
        match (&self.method, place) {
            (Some(method), mut place) => {
                let arguments = &mut operands[method.operands.clone()];
                place.call(context, &method.callee, arguments)
            }
            (None, Place::Value(value)) => Some(Ok(value)),
            (None, Place::Local(_)) => None,
        }
    }
}

/// What a step is taken from.
enum Place<'a> {
    Local(&'a Local),
    Value(Dynamic),
}

impl Place<'_> {
    fn value<'a>(&'a self, context: &'a EvalContext) -> Option<&'a Dynamic> {
        match self {
            Place::Local(local) => local.variable(context),
            Place::Value(value) => Some(value),
        }
    }

    /// Calls a function with the value as its first argument. `None`: there is none for these values.
    fn call(
        &mut self,
        context: &mut EvalContext,
        callee: &Callee,
        others: &mut [Dynamic],
    ) -> Option<Outcome<Dynamic>> {
        let native = callee.find(self.value(context)?, others)?;
        let local = match self {
            Place::Value(value) => return Some(callee.call(&native, context, value, others)),
            Place::Local(local) => local,
        };
        let slot = local.slot(context)?;
        if !native.has_context {
            return Some(callee.call_anywhere(&native, slot, others));
        }
        // (moved out and back, for the call borrows the context)
        let mut value = std::mem::take(slot);
        let result = callee.call(&native, context, &mut value, others);
        if let Some(slot) = local.slot(context) {
            *slot = value;
        }
        Some(result)
    }
}

impl Read {
    /// The step's value. One that fails is taken by rhai again, which tells of it as it does.
    fn of(
        &self,
        context: &mut EvalContext,
        from: &mut Place,
        operands: &Operands,
    ) -> Option<Dynamic> {
        let (index, key) = match self {
            Read::Index(number, index) => (index, operands[*number].clone()),
            Read::Property { name, getter, index } => {
                if let Some(map) = from.value(context)?.read_lock::<Map>() {
                    return map.get(name.as_str()).filter(|value| !value.is_shared()).cloned();
                }
                if let Some(getter) = getter
                    && let Some(value) = from.call(context, getter, &mut [])
                {
                    return value.ok();
                }
                (index, name.clone().into())
            }
        };
        from.call(context, index, &mut [key])?.ok()
    }
}

/// The first step of a chain: whether a dot leads to it, what it is, and the chain from there on.
fn step(chain: &Expr) -> Option<(bool, &Expr, Option<&Expr>)> {
    let (is_dot, parts, flags) = match chain {
        Expr::Dot(parts, flags, _) => (true, parts, flags),
        Expr::Index(parts, flags, _) => (false, parts, flags),
        _ => return None,
    };
    if flags.contains(ASTFlags::NEGATED) {
        return None;
    }
    Some(match &parts.rhs {
        rest @ (Expr::Dot(next, ..) | Expr::Index(next, ..))
            if !flags.contains(ASTFlags::BREAK) =>
        {
            (is_dot, &next.lhs, Some(rest))
        }
        last => (is_dot, last, None),
    })
}

/// The places of a chain's operands, and of its root.
fn parts(chain: &mut Expr) -> Vec<&mut Expr> {
    let mut found = Vec::new();
    let root = collect(chain, None, &mut found);
    found.extend(root);
    found
}

/// Adds the operands of a chain, which `dotted` says how the one before leads to. Gives the chain's first expression
/// if nothing leads to it.
fn collect<'a>(
    chain: &'a mut Expr,
    dotted: Option<bool>,
    found: &mut Vec<&'a mut Expr>,
) -> Option<&'a mut Expr> {
    let (is_dot, parts, flags) = match chain {
        Expr::Dot(parts, flags, _) => (true, parts, flags),
        Expr::Index(parts, flags, _) => (false, parts, flags),
        _ => return None,
    };
    let BinaryExpr { lhs, rhs } = &mut **parts;
    let mut root = None;
    match dotted {
        None => root = Some(lhs),
        Some(dotted) => operands_of(lhs, dotted, found),
    }
    match rhs {
        Expr::Dot(..) | Expr::Index(..) if !flags.contains(ASTFlags::BREAK) => {
            collect(rhs, Some(is_dot), found);
        }
        last => operands_of(last, is_dot, found),
    }
    root
}

/// Adds the operands of one step.
fn operands_of<'a>(step: &'a mut Expr, is_dot: bool, found: &mut Vec<&'a mut Expr>) {
    if !is_dot {
        found.push(step);
    } else if let Expr::MethodCall(call, _) = step {
        found.extend(call.args.iter_mut());
    }
}
