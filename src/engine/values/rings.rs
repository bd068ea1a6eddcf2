//! Maps and arrays are counted references, so one that contains itself would never be freed. When whoever held it lets
//! go for good, this looks whether anybody else does, and empties it if not. It sees through maps and arrays only: a ring
//! through a closure's captured variable is not found.
//!
//! # Maps and arrays are counted references
//!
//! Maps and arrays are counted references, and a ring of them would live for ever. When a connection is over, what
//! its properties hold is looked through, up to 1000 values, and what only holds itself is emptied
//!. Not found is a map that holds a closure which captured that very map; such a script
//! has to let go of one of them.

use crate::engine::values::{ref_array::RefArray, ref_map::RefMap};
use rhai::Dynamic;
use std::collections::HashMap;

/// Values that are looked at before it is given up. Fixed: some 50 µs, for each connection that closes with maps or arrays
/// in its properties. What is larger is mostly a table that others hold, too.
const MAX_VALUES: usize = 1_000;

/// A map or an array.
#[derive(Clone)]
enum Container {
    Map(RefMap),
    Array(RefArray),
}

impl Container {
    fn of(value: &Dynamic) -> Option<Self> {
        // Of a captured variable it cannot be told who holds it.
        if value.is_shared() {
            return None;
        }
        if let Some(map) = value.read_lock::<RefMap>() {
            return Some(Self::Map(map.clone()));
        }
        value.read_lock::<RefArray>().map(|array| Self::Array(array.clone()))
    }

    /// How many handles there are, and what tells it from others. `None`: a handle that stands for another.
    fn holders(&self) -> Option<(usize, usize)> {
        match self {
            Self::Map(map) => map.holders().map(|n| (map.address(), n)),
            Self::Array(array) => array.holders().map(|n| (array.address(), n)),
        }
    }

    /// The containers in it, and how many values it has.
    fn inner(&self) -> (Vec<Container>, usize) {
        match self {
            Self::Map(map) => {
                map.with(|t| (t.entries().filter_map(|(_, v)| Self::of(v)).collect(), t.len()))
            }
            Self::Array(array) => {
                array.look(|values| (values.iter().filter_map(Self::of).collect(), values.len()))
            }
        }
    }

    fn empty(&self) {
        match self {
            Self::Map(map) => drop(map.with(std::mem::take)),
            Self::Array(array) => drop(array.with(std::mem::take)),
        }
    }
}

/// A container that was found.
struct Node {
    container: Container,
    inner: Vec<usize>,
    /// Handles of it that were seen on the way: those are all it has, if nobody else holds it.
    seen: usize,
}

/// Drops values, and with them what only holds itself.
pub(crate) fn drop_with_rings(values: Vec<Dynamic>) {
    if let Some(nodes) = find(&values) {
        let mut kept = Vec::new();
        for (address, node) in &nodes {
            // One more is the node's own.
            let holders = node.container.holders().map_or(0, |(_, n)| n);
            if holders > node.seen + 1 {
                kept.push(*address);
            }
        }
        let mut garbage = nodes;
        while let Some(address) = kept.pop() {
            if let Some(node) = garbage.remove(&address) {
                kept.extend(node.inner);
            }
        }
        garbage.values().for_each(|node| node.container.empty());
    }
    drop(values);
}

/// Every container that can be reached, by address. `None`: there are none, or too many.
fn find(values: &[Dynamic]) -> Option<HashMap<usize, Node>> {
    let mut found: HashMap<usize, Node> = HashMap::new();
    let mut looked_at = 0;
    let mut todo: Vec<Container> = values.iter().filter_map(Container::of).collect();
    if todo.is_empty() {
        return None;
    }
    while let Some(container) = todo.pop() {
        let Some((address, _)) = container.holders() else { continue };
        if let Some(node) = found.get_mut(&address) {
            node.seen += 1;
            continue;
        }
        let (inner, len) = container.inner();
        looked_at += len;
        if looked_at > MAX_VALUES {
            return None;
        }
        let addresses = inner.iter().filter_map(|c| c.holders()).map(|(address, _)| address);
        let addresses = addresses.collect();
        found.insert(address, Node { container, inner: addresses, seen: 1 });
        todo.extend(inner);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::{Array, Map};
    use std::rc::Rc;

    /// A value that tells whether it is still held.
    fn probe() -> (Rc<()>, Dynamic) {
        let probe = Rc::new(());
        (probe.clone(), Dynamic::from(probe))
    }

    /// A map that holds itself, an array that holds both, and a probe.
    fn ring(probe: Dynamic) -> Dynamic {
        let value = RefMap::wrap(Map::from([("list".into(), Array::new().into())]).into());
        let map = value.read_lock::<RefMap>().expect("a map").clone();
        let list = map.get("list");
        let array = list.read_lock::<RefArray>().expect("an array").clone();
        array.with(|values| values.extend([list.clone(), value.clone(), probe]));
        drop(map.with(|t| t.set("me".into(), value.clone())));
        value
    }

    #[test]
    fn a_ring_that_nobody_else_holds_is_freed() {
        let (alive, held) = probe();
        let value = ring(held);
        drop_with_rings(vec![value.clone()]);
        assert_eq!(Rc::strong_count(&alive), 2, "we hold it");
        let inside = value.read_lock::<RefMap>().expect("a map").get("list");
        drop_with_rings(vec![value]);
        assert_eq!(Rc::strong_count(&alive), 2, "we hold a part of it, and that the rest");
        drop_with_rings(vec![inside.clone(), inside]);
        assert_eq!(Rc::strong_count(&alive), 1);
    }

    #[test]
    fn what_is_too_large_to_look_at_is_left_alone() {
        let (alive, held) = probe();
        let value = ring(held);
        let many: Array = (0..MAX_VALUES as i64).map(Dynamic::from).collect();
        drop_with_rings(vec![value.clone(), RefMap::wrap(many.into())]);
        assert_eq!(Rc::strong_count(&alive), 2);
        drop_with_rings(vec![value]);
        assert_eq!(Rc::strong_count(&alive), 1);
    }
}
