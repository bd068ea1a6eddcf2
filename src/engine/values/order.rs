//! The order of the entries of plain maps. Rhai's own are sorted by key. A literal whose keys are written in another order
//! makes a map that is marked with that order, by the number that Rhai lets every value carry; whoever looks at the
//! entries one after the other (loops, methods, JSON, a map by reference that it becomes) asks here. Entries that were not
//! in the literal follow it, sorted by key.

use rhai::{Dynamic, ImmutableString, Map};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// The first number that marks a map. Fixed: scripts that use the number of a value for themselves take small ones.
const FIRST: i32 = 1 << 30;

/// Orders that one isolate remembers. Fixed: each edit of a literal is one more; the maps of further ones are sorted.
const MAX_ORDERS: usize = 100_000;

/// The place of each key.
type Places = Rc<HashMap<ImmutableString, usize>>;

#[derive(Default)]
struct Orders {
    numbers: HashMap<Vec<ImmutableString>, i32>,
    places: Vec<Places>,
}

thread_local! {
    static ORDERS: RefCell<Orders> = RefCell::default();
}

/// The mark of a literal with these keys; `None` if it needs none, as they are sorted.
pub(in crate::engine) fn mark_of(keys: &[ImmutableString]) -> Option<i32> {
    if keys.is_sorted() {
        return None;
    }
    ORDERS.with_borrow_mut(|orders| {
        if let Some(known) = orders.numbers.get(keys) {
            return Some(*known);
        }
        let number = Some(orders.places.len()).filter(|number| *number < MAX_ORDERS)?;
        let mark = FIRST + i32::try_from(number).ok()?;
        let places = keys.iter().cloned().enumerate().map(|(place, key)| (key, place));
        orders.places.push(Rc::new(places.collect()));
        orders.numbers.insert(keys.to_vec(), mark);
        Some(mark)
    })
}

/// Is this a mark, and no number of the script's?
pub(in crate::engine) fn is_mark(tag: i32) -> bool {
    tag >= FIRST
}

/// What the mark of a map says. The mark lies inside of a shared cell.
fn places(value: &Dynamic) -> Option<Places> {
    let tag = match value.is_shared() {
        true => value.read_lock::<Dynamic>()?.tag(),
        false => value.tag(),
    };
    let number = usize::try_from(tag.checked_sub(FIRST)?).ok()?;
    ORDERS.with_borrow(|orders| orders.places.get(number).cloned())
}

fn arrange<K: AsRef<str>, V>(entries: &mut [(K, V)], places: Option<&Places>) {
    if let Some(places) = places {
        // What has no place keeps its order, which is that of the keys.
        let place = |key: &str| places.get(key).copied().unwrap_or(usize::MAX);
        entries.sort_by_key(|(key, _)| place(key.as_ref()));
    }
}

/// The entries of a plain map, in their order. `None`: it is none.
pub(in crate::engine) fn entries(value: &Dynamic) -> Option<Vec<(ImmutableString, Dynamic)>> {
    let map = value.read_lock::<Map>()?;
    let places = places(value);
    let entries = map.iter().map(|(key, value)| (key.as_str().into(), value.clone()));
    let mut entries: Vec<_> = entries.collect();
    arrange(&mut entries, places.as_ref());
    Some(entries)
}

/// The same, taken out of it.
pub(in crate::engine) fn into_entries(value: Dynamic) -> Vec<(ImmutableString, Dynamic)> {
    let places = places(&value);
    let map = value.try_cast::<Map>().unwrap_or_default();
    let mut entries: Vec<_> = map.into_iter().map(|(key, v)| (key.as_str().into(), v)).collect();
    arrange(&mut entries, places.as_ref());
    entries
}

/// The entries of a plain map, in their order, by reference.
pub(crate) fn look<'a>(map: &'a Map, value: &Dynamic) -> Vec<(&'a str, &'a Dynamic)> {
    let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    arrange(&mut entries, places(value).as_ref());
    entries
}
