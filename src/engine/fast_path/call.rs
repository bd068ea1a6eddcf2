//! `key in table`, and whatever else is a function of the host with its arguments. Also a function of anybody's that may
//! change its first argument where that is a variable of the top level: rhai would give it a copy.

use super::{
    Finder, MAX_OPERANDS, OF_VARIABLES, Operands, Outcome,
    callee::Callee,
    detour::{Detour, Parts},
    operand::Operand,
};
use crate::engine::{globals::Globals, internals::KEYWORDS};
use rhai::{
    Dynamic, EvalAltResult, EvalContext, Expr, FnArgsVec, FnCallExpr, ImmutableString, Position,
};
use std::rc::Rc;

/// See the module.
pub(in crate::engine) struct Call {
    name: ImmutableString,
    position: Position,
    /// None if it is not in the table.
    callee: Option<Callee>,
    /// The first argument, if it is a variable: rhai looks it up last, and lets a function change it.
    variable: Option<Operand>,
    /// The others.
    operands: Vec<Operand>,
    detour: Detour,
}

impl Call {
    pub(super) fn of(call: &FnCallExpr, position: Position, finder: &Finder) -> Option<Self> {
        let is_ours = !finder.is_foreign(&call.name) && !call.args.is_empty();
        let callee = is_ours.then(|| Callee::of(call.name.clone(), position, finder)).flatten();
        Self::with(callee, call, position, finder.globals, false)
    }

    /// `None`: there is no shorter way, and nothing that the call may change. Variables that the code declares are of the
    /// top level if the code `is_top_level`.
    pub(super) fn with(
        callee: Option<Callee>,
        call: &FnCallExpr,
        position: Position,
        globals: &Rc<Globals>,
        is_top_level: bool,
    ) -> Option<Self> {
        if call.args.is_empty() || call.args.len() > MAX_OPERANDS {
            return None;
        }
        // What a module has is a constant, and it is rhai that tells of functions that would change one.
        if matches!(&call.args[0], Expr::Variable(variable, ..) if !variable.2.is_empty()) {
            return None;
        }
        let (mut call, mut parts) = (call.clone(), Parts::default());
        let variable = Parts::leave(&mut call.args[0], globals);
        let may_change = variable.as_ref().is_some_and(|v| is_top_level || v.is_free())
            && !KEYWORDS.contains(&call.name.as_str());
        if callee.is_none() && !may_change {
            return None;
        }
        for part in call.args.iter_mut().skip(usize::from(variable.is_some())) {
            let at = part.start_position();
            parts.take(part, at, globals);
        }
        let name = call.name.clone();
        let (operands, detour) = parts.finish(Expr::FnCall(Box::new(call), position));
        Some(Self { name, position, callee, variable, operands, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut values = Operand::values(&self.operands, context)?;
        match self.call(context, &mut values) {
            Some(value) => value,
            None => self.detour.take(context, values),
        }
    }

    fn call(&self, context: &mut EvalContext, values: &mut Operands) -> Option<Outcome<Dynamic>> {
        let Some(variable) = &self.variable else {
            let (first, others) = values.split_first_mut()?;
            return self.callee.as_ref()?.call(context, first, others);
        };
        if let Some(callee) = &self.callee
            && let Some(mut first) = variable.copy(context)
            && let Some(value) = callee.call(context, &mut first, values)
        {
            return Some(value);
        }
        let of_references = OF_VARIABLES.contains(&self.name.as_str());
        let mut cell = variable.cell(context, of_references)?;
        // One that is locked is rhai's to tell of.
        let mut first = cell.write_lock::<Dynamic>().filter(|value| !value.is_read_only())?;
        let mut args: FnArgsVec<&mut Dynamic> = FnArgsVec::new_const();
        args.push(&mut *first);
        args.extend(values.iter_mut());
        match context.call_native_fn_raw(&self.name, true, &mut args) {
            // Nothing has been taken from the arguments then; rhai knows more functions.
            Err(error) if self.is_missing(&error) => None,
            Err(mut error) => {
                if error.position().is_none() {
                    error.set_position(self.position);
                }
                Some(Err(error))
            }
            value => Some(value),
        }
    }

    fn is_missing(&self, error: &EvalAltResult) -> bool {
        match error {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => {
                signature.strip_prefix(self.name.as_str()).is_some_and(|s| s.starts_with(" ("))
            }
            _ => false,
        }
    }
}
