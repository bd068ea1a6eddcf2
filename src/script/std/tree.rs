//! Values of scripts as plain trees: what formats are read into and written from, and what can be sent to another thread.
//! All limits on nesting and number are checked here, once for every format.

use crate::engine::values::{
    data_forms, order,
    ref_array::RefArray,
    ref_map::{RefMap, Table},
};
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};

/// Maps and arrays inside each other. Fixed: a value that contains itself must not use up the stack, and each level is one
/// call of a reader or writer.
pub(super) const MAX_DEPTH: usize = 127;

/// Values that one tree may have. Fixed: a map that holds another one twice, and so on forty times, is small and its text
/// is endless.
pub(super) const MAX_NODES: usize = 1_000_000;

/// Bytes of one text that is read or written. Fixed: as much as a message may reasonably have.
pub(super) const MAX_TEXT: usize = 64 << 20;

/// A value without references.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Unit,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Blob(Vec<u8>),
    List(Vec<Tree>),
    /// Entries in their order; no key is there twice.
    Map(Vec<(String, Tree)>),
}

/// The values of an array of either kind; nothing for what is none.
pub(super) fn list_of(value: &Dynamic) -> Option<Array> {
    if let Some(array) = value.read_lock::<RefArray>() {
        return Some(array.copy());
    }
    value.read_lock::<Array>().map(|array| array.clone())
}

/// Counts the values of a tree while it is built.
#[derive(Default)]
pub(super) struct Census {
    nodes: usize,
}

impl Census {
    /// Counts a value that lies `depth` maps and arrays deep. The error says which limit it is beyond.
    pub(super) fn count(&mut self, depth: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} values"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} maps and arrays"));
        }
        Ok(())
    }
}

/// Refuses a text that is longer than readers take.
pub(super) fn check_length(length: usize) -> Result<(), String> {
    match length <= MAX_TEXT {
        true => Ok(()),
        false => Err(format!("it is longer than {} MiB", MAX_TEXT >> 20)),
    }
}

impl Tree {
    /// The tree of a script's value. The error says which part of it has none: a function, an object of the host, a map that
    /// contains itself.
    pub(super) fn of(value: &Dynamic) -> Result<Self, String> {
        Planter::default().tree(value)
    }

    /// The script's value: maps and arrays are references, as those of `parse_json`.
    pub(super) fn into_value(self) -> Dynamic {
        match self {
            Tree::Unit => Dynamic::UNIT,
            Tree::Bool(b) => b.into(),
            Tree::Int(n) => n.into(),
            Tree::Float(n) => n.into(),
            Tree::Text(text) => ImmutableString::from(text).into(),
            Tree::Blob(bytes) => Dynamic::from_blob(bytes),
            Tree::List(items) => {
                let values = items.into_iter().map(Tree::into_value).collect();
                Dynamic::from(RefArray::new(values))
            }
            Tree::Map(entries) => {
                let mut table = Table::default();
                for (key, value) in entries {
                    drop(table.set(key.into(), value.into_value()));
                }
                Dynamic::from(RefMap::from(table))
            }
        }
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Tree::Unit => "()",
            Tree::Bool(_) => "a boolean",
            Tree::Int(_) => "a whole number",
            Tree::Float(_) => "a float",
            Tree::Text(_) => "a string",
            Tree::Blob(_) => "a blob",
            Tree::List(_) => "an array",
            Tree::Map(_) => "a map",
        }
    }

    /// The text of what is neither a map nor an array nor a blob; `()` has none.
    pub(super) fn plain_text(&self) -> Option<String> {
        match self {
            Tree::Bool(b) => Some(b.to_string()),
            Tree::Int(n) => Some(n.to_string()),
            // As `to_string` of scripts writes it.
            Tree::Float(n) => Some(Dynamic::from(*n).to_string()),
            Tree::Text(text) => Some(text.clone()),
            Tree::Unit | Tree::Blob(_) | Tree::List(_) | Tree::Map(_) => None,
        }
    }
}

/// Makes a tree of a value.
#[derive(Default)]
struct Planter {
    census: Census,
    /// The maps and arrays that are being walked; 0 for plain ones, which cannot contain themselves.
    open: Vec<usize>,
}

impl Planter {
    fn tree(&mut self, value: &Dynamic) -> Result<Tree, String> {
        self.census.count(self.open.len())?;
        if value.is_shared() && value.is_locked() {
            return Err("it is in use by the caller".to_owned());
        }
        if value.is_unit() {
            return Ok(Tree::Unit);
        }
        if let Ok(b) = value.as_bool() {
            return Ok(Tree::Bool(b));
        }
        if let Ok(n) = value.as_int() {
            return Ok(Tree::Int(n));
        }
        if let Ok(n) = value.as_float() {
            return Ok(Tree::Float(n));
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            return Ok(Tree::Text(text.to_string()));
        }
        if let Ok(c) = value.as_char() {
            return Ok(Tree::Text(c.to_string()));
        }
        if let Some(bytes) = value.read_lock::<Blob>() {
            return Ok(Tree::Blob(bytes.clone()));
        }
        if let Some(map) = value.read_lock::<RefMap>() {
            let entries = map.entries();
            let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
            return self.map(map.address(), entries);
        }
        if let Some(array) = value.read_lock::<RefArray>() {
            return self.list(array.address(), &array.copy());
        }
        if let Some(map) = value.read_lock::<Map>() {
            return self.map(0, order::look(&map, value).into_iter());
        }
        if let Some(array) = value.read_lock::<Array>() {
            return self.list(0, &array);
        }
        if let Some(text) = data_forms::text_of(value) {
            return Ok(Tree::Text(text));
        }
        let name = value.type_name();
        Err(format!("a value of type {} is no data", name.rsplit("::").next().unwrap_or(name)))
    }

    fn map<'a>(
        &mut self,
        address: usize,
        entries: impl Iterator<Item = (&'a str, &'a Dynamic)>,
    ) -> Result<Tree, String> {
        self.enter(address)?;
        let entries = entries.map(|(key, value)| Ok((key.to_owned(), self.tree(value)?)));
        let entries = entries.collect::<Result<_, String>>()?;
        self.open.pop();
        Ok(Tree::Map(entries))
    }

    fn list(&mut self, address: usize, values: &[Dynamic]) -> Result<Tree, String> {
        self.enter(address)?;
        let items = values.iter().map(|value| self.tree(value)).collect::<Result<_, String>>()?;
        self.open.pop();
        Ok(Tree::List(items))
    }

    fn enter(&mut self, address: usize) -> Result<(), String> {
        if address != 0 && self.open.contains(&address) {
            return Err("it contains itself".to_owned());
        }
        self.open.push(address);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_value_becomes_a_tree_and_comes_back() {
        let tree = Tree::Map(vec![
            ("z".into(), Tree::Int(1)),
            ("a".into(), Tree::List(vec![Tree::Unit, Tree::Bool(true), Tree::Float(0.5)])),
            ("b".into(), Tree::Blob(vec![0, 255])),
            ("t".into(), Tree::Text("ä".into())),
        ]);
        let value = tree.clone().into_value();
        assert!(value.is::<RefMap>());
        assert_eq!(Tree::of(&value).unwrap(), tree);
    }

    #[test]
    fn what_contains_itself_or_is_no_data_is_refused() {
        let map = RefMap::from(Table::default());
        map.set("me".into(), Dynamic::from(map.clone()));
        assert_eq!(Tree::of(&Dynamic::from(map.clone())).unwrap_err(), "it contains itself");
        map.clear();
        let function = Dynamic::from(rhai::FnPtr::new("f").unwrap());
        assert!(Tree::of(&function).unwrap_err().contains("is no data"));
    }

    #[test]
    fn the_same_map_twice_is_no_ring() {
        let inner = Dynamic::from(RefMap::from(Table::default()));
        let both = Dynamic::from(RefArray::new(vec![inner.clone(), inner]));
        let empty = || Tree::Map(Vec::new());
        assert_eq!(Tree::of(&both).unwrap(), Tree::List(vec![empty(), empty()]));
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |levels: usize| {
            (0..levels).fold(Dynamic::UNIT, |inner, _| Dynamic::from(RefArray::new(vec![inner])))
        };
        assert!(Tree::of(&nested(MAX_DEPTH)).is_ok());
        assert!(Tree::of(&nested(MAX_DEPTH + 1)).unwrap_err().contains("deeper than 127"));
    }
}
