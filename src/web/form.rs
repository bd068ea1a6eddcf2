//! Names with brackets become lists and maps: the rules of forms, for query strings, urlencoded bodies and the fields of
//! multipart bodies. Nothing of HTTP's framing may enter.

use indexmap::IndexMap;
use percent_encoding::percent_decode;

/// How many fields one form or query may have. Fixed: no page has as many inputs, and each costs a place in a table.
pub(crate) const MAX_FIELDS: usize = 1000;

/// How many brackets deep a name may nest. Fixed: whoever walks the values recurses as deep.
pub(crate) const MAX_DEPTH: usize = 16;

/// Why a form is not taken. A part of it is never left out: whoever saved the rest would lose what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error("more than {MAX_FIELDS} fields")]
    Fields,
    #[error("a name that nests more than {MAX_DEPTH} brackets deep")]
    Depth,
    #[error("a list that goes on behind the largest index")]
    Index,
}

/// What a field of a form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormValue {
    Text(String),
    /// `a[]=…`, or indexes that were sent as 0, 1, 2 and so on.
    List(Vec<FormValue>),
    /// `a[key]=…`, in the order of sending.
    Map(Vec<(String, FormValue)>),
}

/// Reads a query string or a body of type `application/x-www-form-urlencoded`. Only what is beyond the limits is an error;
/// what is not UTF-8 is replaced.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<(String, FormValue)>, FormError> {
    let mut form = FormBuilder::default();
    let fields = text.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    for (n, field) in fields.enumerate() {
        if n == MAX_FIELDS {
            return Err(FormError::Fields);
        }
        let at = memchr::memchr(b'=', field);
        let (name, value) = field.split_at(at.unwrap_or(field.len()));
        form.add(&decode(name), decode(value.get(1..).unwrap_or_default()))?;
    }
    Ok(form.finish())
}

fn decode(text: &[u8]) -> String {
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// Puts fields together one after the other. A later field of the same name takes the place of the earlier one.
#[derive(Default)]
pub(crate) struct FormBuilder {
    root: Branch,
}

impl FormBuilder {
    /// Adds a field by its whole name. `a[]` appends to `a`, and `a[k]` sets its key `k`. A name that opens no bracket
    /// after its first sign, or never closes it, is a plain name. What follows the last closed bracket does not count.
    pub(crate) fn add(&mut self, name: &str, value: String) -> Result<(), FormError> {
        let Some((first, keys)) = split_name(name)? else { return Ok(()) };
        let mut branch = &mut self.root;
        let mut key = first.to_owned();
        for next in keys {
            // A branch is what it gives, whatever was there.
            let Some(below) = branch.branch(key) else { return Ok(()) };
            branch = below;
            key = match next {
                "" => branch.next.ok_or(FormError::Index)?.to_string(),
                _ => next.to_owned(),
            };
        }
        branch.set(key, Node::Text(value));
        Ok(())
    }

    pub(crate) fn finish(self) -> Vec<(String, FormValue)> {
        self.root.into_entries()
    }
}

/// A name and the keys behind it.
type Name<'a> = (&'a str, Vec<&'a str>);

/// `a[b][]` → `a` and [`b`, ``]. Nothing for a name that is empty: it has no place in a map.
fn split_name(name: &str) -> Result<Option<Name<'_>>, FormError> {
    let Some(open) = name.find('[').filter(|at| *at > 0) else {
        return Ok((!name.is_empty()).then(|| (name, Vec::new())));
    };
    let (mut keys, mut rest) = (Vec::new(), &name[open..]);
    while let Some((key, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if keys.len() == MAX_DEPTH {
            return Err(FormError::Depth);
        }
        keys.push(key);
        rest = after;
    }
    Ok(Some(if keys.is_empty() { (name, keys) } else { (&name[..open], keys) }))
}

enum Node {
    Text(String),
    Branch(Branch),
}

/// A list and a map at once; which of them it is shows when all is there. Its table is seeded by chance, so that nobody
/// can choose names that collide.
struct Branch {
    entries: IndexMap<String, Node>,
    /// What `[]` means next, one more than the largest number so far; nothing is left behind the largest there is.
    next: Option<u64>,
}

impl Default for Branch {
    fn default() -> Self {
        Self { entries: IndexMap::new(), next: Some(0) }
    }
}

impl Branch {
    /// The branch under a key. A text that was there gives way, as the last of two fields wins.
    fn branch(&mut self, key: String) -> Option<&mut Branch> {
        self.count(&key);
        let node = self.entries.entry(key).or_insert_with(|| Node::Branch(Branch::default()));
        if let Node::Text(_) = node {
            *node = Node::Branch(Branch::default());
        }
        match node {
            Node::Branch(branch) => Some(branch),
            Node::Text(_) => None,
        }
    }

    fn set(&mut self, key: String, node: Node) {
        self.count(&key);
        self.entries.insert(key, node);
    }

    /// Notes a key that is a number, so that `[]` goes on behind it.
    fn count(&mut self, key: &str) {
        if let Some(index) = index(key) {
            self.next = self.next.and_then(|next| Some(next.max(index.checked_add(1)?)));
        }
    }

    fn into_value(self) -> FormValue {
        let is_list =
            self.entries.keys().enumerate().all(|(at, key)| index(key) == Some(at as u64));
        match is_list {
            true => FormValue::List(self.entries.into_values().map(Node::into_value).collect()),
            false => FormValue::Map(self.into_entries()),
        }
    }

    fn into_entries(self) -> Vec<(String, FormValue)> {
        self.entries.into_iter().map(|(key, node)| (key, node.into_value())).collect()
    }
}

impl Node {
    fn into_value(self) -> FormValue {
        match self {
            Node::Text(text) => FormValue::Text(text),
            Node::Branch(branch) => branch.into_value(),
        }
    }
}

/// A key that is written as numbers are: `7`, not `07` or `+7`.
fn index(key: &str) -> Option<u64> {
    let digits = key.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits && (key == "0" || !key.starts_with('0'));
    if plain { key.parse().ok() } else { None }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
