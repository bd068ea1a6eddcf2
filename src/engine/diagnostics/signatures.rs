//! The functions of an engine as people read them: `sub_string(string, i64, i64) -> string`. Rhai's own list of them has
//! Rust's names of types, or none at all.

use crate::engine::values::plain_words;
use rhai::{Engine, FnPtr, FuncInfo, ImmutableString};
use std::any::TypeId;

/// One native function.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    /// As it is called: `split`, `Timer::add`.
    pub(crate) name: String,
    /// With the types of its parameters and of its result.
    pub(crate) text: String,
    /// The types of its parameters.
    pub(crate) params: Vec<String>,
    /// What rhai says of it, in the words of its sources; most have something.
    pub(crate) comment: String,
    /// Is one of its parameters a number of a kind that no script has?
    is_odd: bool,
}

impl Signature {
    /// Is it called by a name, unlike an operator or a property?
    pub(crate) fn is_called(&self) -> bool {
        is_name(&self.name)
    }
}

/// A name that can be called.
pub(in crate::engine) fn is_name(name: &str) -> bool {
    let mut parts = name.split("::");
    parts.all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// All native functions, in the order of the alphabet. Numbers of other widths, for which rhai has functions and scripts
/// no values, are left out where another function of the same name is there.
pub(crate) fn all(engine: &Engine) -> Vec<Signature> {
    let of = |info: FuncInfo<'_>| Some(signature(engine, &info));
    let mut all: Vec<Signature> = engine.collect_fn_metadata(None, of, true).into_iter().collect();
    all.sort_by(|a, b| (&a.name, a.is_odd, &a.text).cmp(&(&b.name, b.is_odd, &b.text)));
    all.dedup_by(|later, first| {
        later.text == first.text || (later.is_odd && later.name == first.name)
    });
    all
}

fn signature(engine: &Engine, info: &FuncInfo<'_>) -> Signature {
    let function = info.metadata;
    let plain = function.name.as_str();
    let name = match info.namespace.as_str() {
        "" => plain.to_owned(),
        space => format!("{space}::{plain}"),
    };
    let params: Vec<String> = (0..function.num_params)
        .map(|at| {
            let by_id = function.param_types.get(at).and_then(|id| known(*id));
            let told = function.params_info.get(at).and_then(|told| told.split_once(": "));
            let told = told.map(|(_, type_name)| plain_words::type_name(engine, type_name));
            by_id.map(str::to_owned).or(told).unwrap_or_else(|| "any".to_owned())
        })
        .collect();
    let gives = given(engine, &function.return_type);
    let mut text = format!("{name}({})", params.join(", "));
    if !gives.is_empty() {
        text += &format!(" -> {gives}");
    }
    let is_odd = params.iter().any(|p| ODD.contains(&p.as_str()));
    Signature { name, text, params, comment: comment(&function.comments), is_odd }
}

/// Kinds of numbers that no script has.
const ODD: [&str; 10] = ["i8", "i16", "i32", "u16", "u32", "u64", "i128", "u128", "f32", "u8"];

/// Types by their ids, which every function has.
fn known(id: TypeId) -> Option<&'static str> {
    let table = [
        (TypeId::of::<i64>(), "i64"),
        (TypeId::of::<f64>(), "f64"),
        (TypeId::of::<bool>(), "bool"),
        (TypeId::of::<char>(), "char"),
        (TypeId::of::<()>(), "()"),
        (TypeId::of::<ImmutableString>(), "string"),
        (TypeId::of::<rhai::Array>(), "array"),
        (TypeId::of::<rhai::Map>(), "map"),
        (TypeId::of::<rhai::Blob>(), "blob"),
        (TypeId::of::<FnPtr>(), "function"),
        (TypeId::of::<rhai::Dynamic>(), "any"),
        (TypeId::of::<std::ops::Range<i64>>(), "range"),
        (TypeId::of::<std::ops::RangeInclusive<i64>>(), "range="),
    ];
    table.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

/// What a function gives, without what only Rust needs: one that may fail gives
/// `core::result::Result<T,alloc::boxed::Box<…>>`. Nothing for `()`.
fn given(engine: &Engine, type_name: &str) -> String {
    let result = type_name.split_once("Result<").or_else(|| type_name.split_once("ResultOf<"));
    let inner = match result {
        Some((_, inner)) => inner.split([',', '>']).next().unwrap_or(inner),
        None if type_name.ends_with("RhaiResult") => "any",
        None => type_name,
    };
    match inner.trim() {
        "" | "()" => String::new(),
        inner => plain_words::type_name(engine, inner),
    }
}

/// The first paragraph of what the sources say.
fn comment(lines: &[impl AsRef<str>]) -> String {
    let lines = lines.iter().flat_map(|block| block.as_ref().lines().map(str::to_owned));
    let lines = lines.map(|line| line.trim().trim_start_matches('/').trim().to_owned());
    let first =
        lines.skip_while(String::is_empty).take_while(|l| !l.is_empty() && !l.starts_with('#'));
    first.collect::<Vec<_>>().join(" ")
}
