//! A reference as a plain value, with all that is inside of it.

use crate::engine::{
    limits::MAX_EXPRESSION_DEPTH,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{Array, Dynamic, Map};

/// A copy of a map or an array in which nothing is a reference any more. `None`: it is neither, or has more than `most` values,
/// or is nested deeper than anything that is written down. So a reference that contains itself has an end, too.
pub(super) fn plain_copy(value: &Dynamic, most: usize) -> Option<Dynamic> {
    let is_container =
        value.is::<RefArray>() || value.is::<RefMap>() || value.is_array() || value.is_map();
    let mut left = most;
    is_container.then(|| copy(value, &mut left, MAX_EXPRESSION_DEPTH)).flatten()
}

fn copy(value: &Dynamic, left: &mut usize, levels: usize) -> Option<Dynamic> {
    *left = left.checked_sub(1)?;
    // To ask a locked cell for its type would panic.
    if value.is_shared() && value.is_locked() {
        return None;
    }
    let deeper = levels.checked_sub(1)?;
    let mut list = |values: &[Dynamic]| -> Option<Dynamic> {
        if values.len() > *left {
            return None;
        }
        let values: Option<Array> = values.iter().map(|v| copy(v, left, deeper)).collect();
        values.map(Dynamic::from)
    };
    if let Some(array) = value.read_lock::<RefArray>() {
        return array.look(list);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return list(&array);
    }
    if let Some(map) = value.read_lock::<RefMap>() {
        if map.with(|table| table.len()) > *left {
            return None;
        }
        return entries(&map.to_map(), left, deeper);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return entries(&map, left, deeper);
    }
    Some(value.clone())
}

fn entries(map: &Map, left: &mut usize, levels: usize) -> Option<Dynamic> {
    if map.len() > *left {
        return None;
    }
    let copied = map.iter().map(|(key, value)| Some((key.clone(), copy(value, left, levels)?)));
    copied.collect::<Option<Map>>().map(Dynamic::from)
}
