//! `std/encoding`: values as text and bytes, and back.

mod csv;
mod html;
mod msgpack;
mod text;
mod toml;
mod url;
mod yaml;

use self::{csv::CsvForm, text::Base64};
use super::{
    argument::{Options, bytes, refused, with_bytes},
    tree::Tree,
};
use crate::{
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        waiting::beside_or_at_once,
    },
    script::ctx::Ctx,
};
use rhai::{Blob, Dynamic, ImmutableString};
use std::rc::Rc;

/// Bytes from which on text is read or written beside the isolate. Fixed: what is shorter takes less than it costs to ask
/// another thread, or little more.
const LARGE: usize = 64 << 10;

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/encoding");
    add_base64(&mut module);
    add_formats(&mut module);
    module.function("html_escape", |text: ImmutableString| html::escape(&text));
    module.function("html_unescape", |text: ImmutableString| html::unescape(&text));
    module.function("url_encode", |text: ImmutableString| url::encode(&text));
    module
        .function("url_decode", |text: ImmutableString| refused("url_decode", url::decode(&text)));
    module.function("parse_query", |text: ImmutableString| {
        refused("parse_query", url::parse_query(&text)).map(Tree::into_value)
    });
    module.function("parse_url", |text: ImmutableString| {
        url::parse_url(&text).map_or(Dynamic::UNIT, Tree::into_value)
    });
    module.function("to_query", |fields: Dynamic| {
        refused("to_query", Tree::of(&fields).and_then(|fields| url::query(&fields)))
    });
    module
}

fn add_base64(module: &mut Namespace) {
    module.waiting_in_handlers("base64_encode", |data: Dynamic| {
        base64_encode(&data, &Options::none("base64_encode"))
    });
    module.waiting_in_handlers("base64_encode", |data: Dynamic, options: Dynamic| {
        base64_encode(&data, &Options::of("base64_encode", &options, &["url", "padding"])?)
    });
    module.waiting_in_handlers("base64_decode", |text: Dynamic| {
        base64_decode(&text, &Options::none("base64_decode"))
    });
    module.waiting_in_handlers("base64_decode", |text: Dynamic, options: Dynamic| {
        let known = ["url", "padding", "spaces", "text"];
        base64_decode(&text, &Options::of("base64_decode", &options, &known)?)
    });
    module.waiting_in_handlers("hex_encode", |data: Dynamic| {
        let bytes = bytes(&data, "hex_encode: the data")?;
        large("hex_encode", bytes, |bytes| Ok(text::hex(bytes)))
    });
    module.waiting_in_handlers("hex_decode", |digits: Dynamic| -> Outcome<Blob> {
        let bytes = bytes(&digits, "hex_decode: the digits")?;
        large("hex_decode", bytes, text::from_hex)
    });
}

fn add_formats(module: &mut Namespace) {
    module.waiting_in_handlers("parse_csv", |text: ImmutableString| {
        parse_csv(&text, &Options::none("parse_csv"))
    });
    module.waiting_in_handlers("parse_csv", |text: ImmutableString, options: Dynamic| {
        parse_csv(&text, &Options::of("parse_csv", &options, &["separator", "header", "trim"])?)
    });
    module.function("to_csv", |rows: Dynamic| to_csv(&rows, &Options::none("to_csv")));
    module.function("to_csv", |rows: Dynamic, options: Dynamic| {
        to_csv(&rows, &Options::of("to_csv", &options, &["separator", "header"])?)
    });
    module.waiting_in_handlers("parse_toml", |text: ImmutableString| {
        parse("parse_toml", text.as_bytes(), |text| toml::parse(text_of(text)?))
    });
    module.function("to_toml", |value: Dynamic| {
        refused("to_toml", Tree::of(&value).and_then(|value| toml::write(&value)))
    });
    module.waiting_in_handlers("parse_yaml", |text: ImmutableString| {
        parse("parse_yaml", text.as_bytes(), |text| yaml::parse(text_of(text)?))
    });
    module.waiting_in_handlers("parse_msgpack", |data: Blob| {
        parse("parse_msgpack", &data, msgpack::parse)
    });
    module.function("to_msgpack", |value: Dynamic| -> Outcome<Blob> {
        refused("to_msgpack", Tree::of(&value).and_then(|value| msgpack::write(&value)))
    });
}

/// Runs `work` on the bytes, beside the isolate if there are many.
fn large<T: Send + 'static>(
    function: &'static str,
    bytes: Vec<u8>,
    work: impl FnOnce(&[u8]) -> Result<T, String> + Send + 'static,
) -> Outcome<T> {
    let done = match bytes.len() < LARGE {
        true => work(&bytes),
        false => beside_or_at_once(function, move |_| work(&bytes))?,
    };
    refused(function, done)
}

fn base64_encode(data: &Dynamic, options: &Options) -> Outcome<String> {
    let form = base64_form(options)?;
    let bytes = bytes(data, "base64_encode: the data")?;
    large("base64_encode", bytes, move |bytes| Ok(text::base64(bytes, form)))
}

fn base64_decode(text: &Dynamic, options: &Options) -> Outcome<Dynamic> {
    let (form, is_text) = (base64_form(options)?, options.flag("text")?.unwrap_or(false));
    let coded = bytes(text, "base64_decode: the text")?;
    let bytes = large("base64_decode", coded, move |text| text::from_base64(text, form))?;
    if !is_text {
        return Ok(Dynamic::from_blob(bytes));
    }
    let text = String::from_utf8(bytes);
    text.map(Dynamic::from).map_err(|_| error("base64_decode: what it encodes is not UTF-8 text"))
}

fn base64_form(options: &Options) -> Outcome<Base64> {
    Ok(Base64 {
        url: options.flag("url")?.unwrap_or(false),
        padding: options.flag("padding")?,
        spaces: options.flag("spaces")?.unwrap_or(false),
    })
}

/// Reads a text beside the isolate if it is long. The script's value is made where it is used.
fn parse(
    function: &'static str,
    bytes: &[u8],
    parse: impl FnOnce(&[u8]) -> Result<Tree, String> + Send + 'static,
) -> Outcome<Dynamic> {
    let tree = match bytes.len() < LARGE {
        true => refused(function, parse(bytes)),
        false => large(function, bytes.to_vec(), parse),
    };
    tree.map(Tree::into_value)
}

/// What was a string is one.
fn text_of(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|fault| fault.to_string())
}

fn parse_csv(text: &str, options: &Options) -> Outcome<Dynamic> {
    let form = csv_form(options)?;
    parse("parse_csv", text.as_bytes(), move |text| csv::parse(text_of(text)?, form))
}

fn to_csv(rows: &Dynamic, options: &Options) -> Outcome<String> {
    let form = csv_form(options)?;
    refused("to_csv", Tree::of(rows).and_then(|rows| csv::write(&rows, form)))
}

fn csv_form(options: &Options) -> Outcome<CsvForm> {
    let default = CsvForm::default();
    let separator = match options.get("separator") {
        None => default.separator,
        Some(value) => with_bytes(value, "the option `separator`", |bytes| match bytes {
            [sign] if sign.is_ascii() && !b"\"\r\n".contains(sign) => Ok(*sign),
            _ => Err(error("the option `separator` is one ASCII sign, such as \",\" or \"\\t\"")),
        })??,
    };
    Ok(CsvForm {
        separator,
        header: options.flag("header")?.unwrap_or(default.header),
        trim: options.flag("trim")?.unwrap_or(default.trim),
    })
}
