//! Script values ⇄ JSON, reference maps and arrays included.

use super::{ref_array::RefArray, ref_map::RefMap};
use rhai::{Array, Dynamic, Map};
use serde_json::{Map as JsonMap, Number, Value};

/// How deep values may be nested. Fixed: a value that contains itself must not use up the stack.
const MAX_DEPTH: usize = 128;

/// The JSON form of a value. The error names what has none.
pub(crate) fn encode(value: &Dynamic) -> Result<String, String> {
    to_json(value, 0).map(|json| json.to_string())
}

/// The value of a JSON text.
pub(crate) fn decode(text: &str) -> Result<Dynamic, String> {
    serde_json::from_str::<Value>(text).map(from_json).map_err(|e| e.to_string())
}

/// A value for a person: JSON where it has that form, else what rhai says.
pub(crate) fn show(value: &Dynamic) -> String {
    encode(value).unwrap_or_else(|_| value.to_string())
}

fn to_json(value: &Dynamic, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("values nested deeper than {MAX_DEPTH} have no JSON form"));
    }
    if value.is_unit() {
        Ok(Value::Null)
    } else if let Ok(b) = value.as_bool() {
        Ok(Value::Bool(b))
    } else if let Ok(n) = value.as_int() {
        Ok(Value::Number(n.into()))
    } else if let Ok(n) = value.as_float() {
        Number::from_f64(n).map(Value::Number).ok_or_else(|| format!("{n} has no JSON form"))
    } else if let Ok(text) = value.as_immutable_string_ref() {
        Ok(Value::String(text.to_string()))
    } else if let Ok(c) = value.as_char() {
        Ok(Value::String(c.to_string()))
    } else if let Some(map) = value.read_lock::<RefMap>() {
        let entries: Vec<_> = map.with(|t| t.entries().cloned().collect());
        object(entries.iter().map(|(k, v)| (k.as_str(), v)), depth)
    } else if let Some(array) = value.read_lock::<RefArray>() {
        list(&array.copy(), depth)
    } else if let Some(map) = value.read_lock::<Map>() {
        object(map.iter().map(|(k, v)| (k.as_str(), v)), depth)
    } else if let Some(array) = value.read_lock::<Array>() {
        list(&array, depth)
    } else {
        Err(format!("a value of type {} has no JSON form", value.type_name()))
    }
}

fn object<'a>(
    entries: impl Iterator<Item = (&'a str, &'a Dynamic)>,
    depth: usize,
) -> Result<Value, String> {
    let object: Result<JsonMap<_, _>, _> =
        entries.map(|(k, v)| Ok::<_, String>((k.to_owned(), to_json(v, depth + 1)?))).collect();
    object.map(Value::Object)
}

fn list(values: &[Dynamic], depth: usize) -> Result<Value, String> {
    values.iter().map(|v| to_json(v, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
}

fn from_json(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(b) => b.into(),
        Value::Number(n) => match n.as_i64() {
            Some(n) => n.into(),
            None => n.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(values) => values.into_iter().map(from_json).collect::<Array>().into(),
        Value::Object(entries) => {
            let map: Map = entries.into_iter().map(|(k, v)| (k.into(), from_json(v))).collect();
            map.into()
        }
    }
}
