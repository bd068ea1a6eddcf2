//! Nodes that are put into a tree that runs, so that values do what Rhai asks nobody for, and how they are evaluated.

pub(in crate::engine) mod keys;
mod plain_copy;

use crate::engine::{
    internals::nodes,
    outcome::Outcome,
    values::{order, ref_array::RefArray, ref_map::RefMap},
};
use keys::Way;
use plain_copy::plain_copy;
use rhai::{Dynamic, Engine, EvalContext, Expr, Expression, ImmutableString, Map, Position};
use std::rc::Rc;

/// What rhai knows them by. Nobody can write that in a script.
const KEY: &str = "\u{2}";

/// See the module.
pub(in crate::engine) enum Node {
    /// A literal of a map, which is marked with its order.
    Literal(i32),
    /// What a loop with two variables goes over: of a map, keys and values.
    Pairs,
    /// At the begin of such a loop's body: the variables get key and value.
    Unpack(ImmutableString, ImmutableString),
    /// A key that may be a number.
    Key(Way),
    /// What a `switch` looks at, whose cases have so many values at most: Rhai compares plain values only.
    Switched(usize),
    /// What is added with `+=`: Rhai appends plain arrays only.
    Added,
    /// A variable that no function declares, as an argument: Rhai makes a constant of it, and whatever keeps the argument
    /// would keep a constant.
    Copied,
}

/// A key with its value, on the way from a loop to its variables.
#[derive(Clone)]
struct Pair(ImmutableString, Dynamic);

/// The entries of a plain map that a loop goes over.
#[derive(Clone)]
struct Pairs(Vec<(ImmutableString, Dynamic)>);

/// The same of a map by reference.
#[derive(Clone)]
struct LivePairs(RefMap);

impl IntoIterator for Pairs {
    type Item = Dynamic;
    type IntoIter = Box<dyn Iterator<Item = Dynamic>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.0.into_iter().map(|(key, value)| Dynamic::from(Pair(key, value))))
    }
}

impl IntoIterator for LivePairs {
    type Item = Dynamic;
    type IntoIter = Box<dyn Iterator<Item = Dynamic>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.0.pairs().map(|(key, value)| Dynamic::from(Pair(key, value))))
    }
}

impl Node {
    /// The node that an expression with this state is.
    pub(in crate::engine) fn behind(state: &Dynamic) -> Option<Rc<Self>> {
        state.read_lock::<Rc<Self>>().map(|node| node.clone())
    }

    /// An expression of this node, with the one that it stands for inside.
    pub(in crate::engine) fn around(self, inner: Expr) -> Expr {
        let position = inner.start_position();
        nodes::node(KEY, Dynamic::from(Rc::new(self)), Some(inner), position)
    }

    /// One that stands for nothing.
    pub(in crate::engine) fn alone(self, position: Position) -> Expr {
        nodes::node(KEY, Dynamic::from(Rc::new(self)), None, position)
    }

    fn evaluate(&self, context: &mut EvalContext, inputs: &[Expression]) -> Outcome<Dynamic> {
        match self {
            Node::Unpack(key, value) => {
                unpack(context, key, value);
                return Ok(Dynamic::UNIT);
            }
            Node::Literal(_)
            | Node::Pairs
            | Node::Key(_)
            | Node::Switched(_)
            | Node::Added
            | Node::Copied => (),
        }
        let Some(inner) = inputs.first() else { return Ok(Dynamic::UNIT) };
        let mut value = nodes::value_of(context, inner)?.flatten();
        Ok(match self {
            Node::Literal(mark) => {
                value.set_tag(*mark);
                value
            }
            Node::Key(way) => way.key(value, context),
            Node::Switched(most) => plain_copy(&value, *most).unwrap_or(value),
            Node::Added => match value.read_lock::<RefArray>().map(|array| array.copy()) {
                Some(copy) => copy.into(),
                None => value,
            },
            Node::Copied => {
                if value.is_read_only() {
                    value.clone()
                } else {
                    value
                }
            }
            _ => pairs(value),
        })
    }
}

/// What a loop goes over for this value.
fn pairs(value: Dynamic) -> Dynamic {
    if let Some(map) = value.read_lock::<RefMap>().map(|map| map.clone()) {
        return Dynamic::from(LivePairs(map));
    }
    let is_map = value.read_lock::<Map>().is_some();
    if is_map { Dynamic::from(Pairs(order::into_entries(value))) } else { value }
}

/// Gives the variables of a loop key and value, if it goes over a map.
fn unpack(context: &mut EvalContext, key: &str, value: &str) {
    let scope = context.scope_mut();
    let Some(mut first) = scope.get_mut(key).and_then(|slot| slot.write_lock::<Dynamic>()) else {
        return;
    };
    let Some(Pair(name, found)) = first.read_lock::<Pair>().map(|pair| pair.clone()) else {
        return;
    };
    *first = name.into();
    drop(first);
    if let Some(mut second) = scope.get_mut(value).and_then(|slot| slot.write_lock::<Dynamic>()) {
        *second = found;
    }
}

/// Lets the engine evaluate nodes.
pub(in crate::engine) fn install(engine: &mut Engine) {
    nodes::install(engine, KEY, |context, inputs, state| {
        let node = state.read_lock::<Rc<Node>>();
        node.expect("the state of a node is the node").evaluate(context, inputs)
    });
    engine.register_iterator::<Pairs>();
    engine.register_iterator::<LivePairs>();
}
