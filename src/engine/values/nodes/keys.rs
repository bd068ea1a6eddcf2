//! Whole numbers as keys of plain maps. Rhai takes only strings there and asks nobody; so a key that may be a number becomes
//! a node that looks, once its value is a number, whether what is indexed is a map.

use super::Node;
use rhai::{ASTFlags, Array, BinaryExpr, Dynamic, EvalContext, Expr, ImmutableString, Map};

/// Where an indexed value is.
#[derive(Clone)]
pub(in crate::engine) struct Way {
    /// A variable; `None` is `this`.
    root: Option<ImmutableString>,
    steps: Vec<Step>,
}

#[derive(Clone)]
enum Step {
    Property(ImmutableString),
    Index(i64),
    /// The key is the value of that variable.
    Variable(ImmutableString),
}

/// Puts nodes around the keys of a chain, as far as can be said where what they index is. Has it put any?
pub(in crate::engine) fn mark(chain: &mut Expr) -> bool {
    let (Expr::Dot(parts, ..) | Expr::Index(parts, ..)) = &*chain else { return false };
    let root = match &parts.lhs {
        Expr::Variable(variable, ..) if variable.2.is_empty() => Some(variable.1.clone()),
        Expr::ThisPtr(_) => None,
        _ => return false,
    };
    let mut way = Way { root, steps: Vec::new() };
    let mut has_marked = false;
    let mut rest = chain;
    loop {
        let (is_dot, parts, flags) = match rest {
            Expr::Dot(parts, flags, _) => (true, parts, *flags),
            Expr::Index(parts, flags, _) => (false, parts, *flags),
            _ => return has_marked,
        };
        let BinaryExpr { rhs, .. } = &mut **parts;
        let goes_on =
            matches!(rhs, Expr::Dot(..) | Expr::Index(..)) && !flags.contains(ASTFlags::BREAK);
        let step = match (&mut *rhs, goes_on) {
            (Expr::Dot(next, ..) | Expr::Index(next, ..), true) => &mut next.lhs,
            (last, _) => last,
        };
        let taken = Step::of(step, is_dot);
        if !is_dot && may_be_a_number(step) {
            *step = Node::Key(way.clone()).around(std::mem::take(step));
            has_marked = true;
        }
        match taken {
            Some(taken) if goes_on => way.steps.push(taken),
            _ => return has_marked,
        }
        rest = rhs;
    }
}

fn may_be_a_number(key: &Expr) -> bool {
    let never = matches!(
        key,
        Expr::StringConstant(..) | Expr::InterpolatedString(..) | Expr::CharConstant(..)
    );
    !never && key.get_literal_value(None).is_none_or(|value| value.is_int())
}

impl Step {
    fn of(step: &Expr, is_dot: bool) -> Option<Self> {
        match step {
            Expr::Property(property, _) if is_dot => Some(Self::Property(property.2.clone())),
            Expr::StringConstant(text, _) if !is_dot => Some(Self::Property(text.clone())),
            Expr::IntegerConstant(number, _) if !is_dot => Some(Self::Index(*number)),
            Expr::Variable(variable, ..) if !is_dot && variable.2.is_empty() => {
                Some(Self::Variable(variable.1.clone()))
            }
            _ => None,
        }
    }
}

impl Way {
    /// The key as what is indexed takes it: text for a plain map, a number for all else.
    pub(in crate::engine) fn key(&self, key: Dynamic, context: &EvalContext) -> Dynamic {
        let Ok(number) = key.as_int() else { return key };
        let root = match &self.root {
            Some(name) => context.scope().get(name),
            None => context.this_ptr(),
        };
        match root.is_some_and(|root| leads_to_map(root, &self.steps, context)) {
            true => number.to_string().into(),
            false => key,
        }
    }
}

/// Is the value that the steps lead to a plain map?
fn leads_to_map(from: &Dynamic, steps: &[Step], context: &EvalContext) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return from.read_lock::<Map>().is_some();
    };
    let (text, number) = match step {
        Step::Property(name) => (Some(name.clone()), None),
        Step::Index(number) => (None, Some(*number)),
        Step::Variable(name) => {
            let value = context.scope().get(name);
            let value = value.filter(|value| !(value.is_shared() && value.is_locked()));
            let text = value.and_then(|value| value.clone().into_immutable_string().ok());
            (text, value.and_then(|value| value.as_int().ok()))
        }
    };
    if let Some(map) = from.read_lock::<Map>() {
        let key = text.or_else(|| number.map(|number| number.to_string().into()));
        let next = key.and_then(|key| map.get(key.as_str()));
        return next.is_some_and(|next| leads_to_map(next, rest, context));
    }
    let (Some(array), Some(number)) = (from.read_lock::<Array>(), number) else { return false };
    let at = if number < 0 { number + array.len() as i64 } else { number };
    let next = usize::try_from(at).ok().and_then(|at| array.get(at));
    next.is_some_and(|next| leads_to_map(next, rest, context))
}
