//! `std/encoding`.

mod csv;
mod html;
mod msgpack;
mod text;
mod toml;
mod url;
mod yaml;
