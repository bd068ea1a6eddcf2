//! `connection.send(data)`, `worker.table[key].send(text)`, `request.path`: reads along handles, and a method at the end.

use super::{
    Finder, MAX_OPERANDS, Operands, Outcome, callee::Callee, detour::Detour, operand::Operand,
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
        let detour = Detour::new(expression, &operands, parts);
        Some(Self { root, operands, reads, method, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut operands = Operands::default();
        for (operand, value) in self.operands.iter().zip(&mut operands) {
            *value = operand.value(context)?;
        }
        let walked = match self.root.local() {
            None => {
                let mut root = self.root.value(context)?;
                self.walk(context, &mut root, &mut operands)
            }
            // (moved out and back, for calls borrow the context)
            Some(name) => {
                let slot = context.scope_mut().get_mut(name).filter(|value| !value.is_shared());
                slot.map(std::mem::take).and_then(|mut root| {
                    let walked = self.walk(context, &mut root, &mut operands);
                    if let Some(slot) = context.scope_mut().get_mut(name) {
                        *slot = root;
                    }
                    walked
                })
            }
        };
        match walked {
            Some(value) => value,
            None => self.detour.take(context, &mut operands),
        }
    }

    /// The chain's value; `None`: something on the way is not known here, and nothing has happened.
    fn walk(
        &self,
        context: &EvalContext,
        root: &mut Dynamic,
        operands: &mut Operands,
    ) -> Option<Outcome<Dynamic>> {
        let mut value = None;
        for read in &self.reads {
            let from = value.as_mut().unwrap_or(&mut *root);
            value = Some(read.of(context, from, operands)?);
        }
        let Some(method) = &self.method else { return value.map(Ok) };
        let target = value.as_mut().unwrap_or(root);
        match &mut operands[method.operands.clone()] {
            [] => method.callee.call(context, &mut [target]),
            [a] => method.callee.call(context, &mut [target, a]),
            [a, b] => method.callee.call(context, &mut [target, a, b]),
            [a, b, c] => method.callee.call(context, &mut [target, a, b, c]),
            _ => None,
        }
    }
}

impl Read {
    /// The step's value. One that fails is taken by rhai again, which tells of it as it does.
    fn of(
        &self,
        context: &EvalContext,
        from: &mut Dynamic,
        operands: &Operands,
    ) -> Option<Dynamic> {
        let indexed = |index: &Callee, from: &mut Dynamic, mut key: Dynamic| {
            index.call(context, &mut [from, &mut key])?.ok()
        };
        match self {
            Read::Index(number, index) => indexed(index, from, operands[*number].clone()),
            Read::Property { name, .. } if from.is_map() && !from.is_shared() => {
                let map = from.read_lock::<Map>()?;
                map.get(name.as_str()).filter(|value| !value.is_shared()).cloned()
            }
            Read::Property { name, getter, index } => {
                let own = getter.as_ref().and_then(|getter| getter.call(context, &mut [from]));
                match own {
                    Some(value) => value.ok(),
                    None => indexed(index, from, name.clone().into()),
                }
            }
        }
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
