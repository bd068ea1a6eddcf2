//! `connection.send(data)`, `worker.table[key].send(text)`, `request.path`: reads along handles, and a method at the end.

use super::{
    Finder, MAX_OPERANDS, Operands, Outcome,
    callee::Callee,
    detour::{Detour, Parts},
    operand::Operand,
};
use crate::engine::{
    globals::is_bulky,
    natives::{INDEX_GETTER, getter},
};
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

/// A chain while its steps are found.
#[derive(Default)]
struct Steps {
    parts: Parts,
    reads: Vec<Read>,
    method: Option<Method>,
}

impl Chain {
    pub(super) fn of(expression: &Expr, finder: &Finder) -> Option<Self> {
        let (mut chain, mut steps) = (expression.clone(), Steps::default());
        let root = steps.walk(&mut chain, None, finder)?;
        let Steps { parts, reads, method } = steps;
        let (operands, detour) = parts.finish(chain);
        let fits = operands.len() <= MAX_OPERANDS;
        fits.then_some(Self { root: root?, operands, reads, method, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut operands = Operand::values(&self.operands, context)?;
        match self.walk(context, &mut operands) {
            Some(value) => value,
            None => self.detour.take(context, operands),
        }
    }

    /// The chain's value; `None`: something on the way is not known here, and nothing has happened.
    fn walk(&self, context: &mut EvalContext, operands: &mut Operands) -> Option<Outcome<Dynamic>> {
        if let Some(value) = self.call_on_root(context, operands) {
            return Some(value);
        }
        let (mut value, reads) = self.start(context)?;
        for read in reads {
            value = read.of(context, value, operands)?;
        }
        let Some(method) = &self.method else { return Some(Ok(value)) };
        method.callee.call(context, &mut value, &mut operands[method.operands.clone()])
    }

    /// The value of `variable.method(…)`, if the variable can be lent to the method.
    fn call_on_root(
        &self,
        context: &mut EvalContext,
        operands: &mut Operands,
    ) -> Option<Outcome<Dynamic>> {
        let method = self.method.as_ref().filter(|_| self.reads.is_empty())?;
        let variable = self.root.local_mut(context)?;
        method.callee.call_on(variable, &mut operands[method.operands.clone()])
    }

    /// The root's value and the reads from there on. What a variable is asked for first is taken without a copy of it.
    fn start(&self, context: &mut EvalContext) -> Option<(Dynamic, &[Read])> {
        if let Some((Read::Property { name, getter, .. }, rest)) = self.reads.split_first() {
            if let Some(map) = self.root.local(context).filter(|value| value.is_map()) {
                return Some((entry(map, name)?, rest));
            }
            if let Some(getter) = getter
                && let Some(variable) = self.root.local_mut(context)
                && let Some(value) = getter.call_on(variable, &mut [])
            {
                return Some((value.ok()?, rest));
            }
        }
        Some((self.root.copy(context)?, &self.reads))
    }
}

impl Read {
    /// The step's value. One that fails is taken by rhai again, which tells of it as it does.
    fn of(
        &self,
        context: &mut EvalContext,
        mut from: Dynamic,
        operands: &Operands,
    ) -> Option<Dynamic> {
        let (index, key) = match self {
            Read::Index(number, index) => (index, operands[*number].clone()),
            Read::Property { name, .. } if from.is_map() => return entry(&from, name),
            Read::Property { name, getter, index } => {
                let own = getter.as_ref().and_then(|own| own.call(context, &mut from, &mut []));
                if let Some(value) = own {
                    return value.ok();
                }
                (index, name.clone().into())
            }
        };
        index.call(context, &mut from, &mut [key])?.ok()
    }
}

/// An entry of a plain map, if it can be taken for what it is: rhai looks into large ones where they lie.
fn entry(map: &Dynamic, name: &str) -> Option<Dynamic> {
    let map = map.read_lock::<Map>()?;
    map.get(name).filter(|value| !value.is_shared() && !is_bulky(value)).cloned()
}

impl Steps {
    /// Takes the steps of a chain apart, which is the rest of one if `dotted` says how the part before leads to it. Gives
    /// the root of a whole one. `None`: it has no shortcut.
    fn walk(
        &mut self,
        chain: &mut Expr,
        dotted: Option<bool>,
        finder: &Finder,
    ) -> Option<Option<Operand>> {
        let (is_dot, parts, flags) = match chain {
            Expr::Dot(parts, flags, _) => (true, parts, *flags),
            Expr::Index(parts, flags, _) => (false, parts, *flags),
            _ => return None,
        };
        if flags.contains(ASTFlags::NEGATED) {
            return None;
        }
        let BinaryExpr { lhs, rhs } = &mut **parts;
        let root = match dotted {
            None => Some(Parts::leave(lhs, finder.globals)?),
            Some(is_dot) => {
                self.step(lhs, is_dot, finder)?;
                None
            }
        };
        match rhs {
            Expr::Dot(..) | Expr::Index(..) if !flags.contains(ASTFlags::BREAK) => {
                self.walk(rhs, Some(is_dot), finder)?;
            }
            last => self.step(last, is_dot, finder)?,
        }
        Some(root)
    }

    fn step(&mut self, step: &mut Expr, is_dot: bool, finder: &Finder) -> Option<()> {
        if self.method.is_some() {
            // What comes after a method is rhai's.
            return None;
        }
        let before = self.parts.operands.len();
        match step {
            Expr::Property(property, _) if is_dot => {
                let own = getter(&property.2);
                if finder.is_foreign(&own) {
                    return None;
                }
                self.reads.push(Read::Property {
                    name: property.2.clone(),
                    getter: Callee::of(own, Position::NONE, finder),
                    index: Callee::of(INDEX_GETTER, Position::NONE, finder)?,
                });
            }
            Expr::MethodCall(call, position) if is_dot => {
                let callee = Callee::of(call.name.clone(), *position, finder)?;
                for part in call.args.iter_mut() {
                    let at = part.position();
                    self.parts.take(part, at, finder.globals);
                }
                let operands = before..self.parts.operands.len();
                self.method = Some(Method { callee, operands });
            }
            key if !is_dot => {
                let at = key.start_position();
                self.parts.take(key, at, finder.globals);
                let index = Callee::of(INDEX_GETTER, Position::NONE, finder)?;
                self.reads.push(Read::Index(before, index));
            }
            _ => return None,
        }
        Some(())
    }
}
