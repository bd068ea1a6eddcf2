//! The standard library of a worker: modules that a script imports as `std/NAME`.
#![allow(dead_code)]

mod cookie;
mod crypto;
mod encoding;
mod env;
mod tree;
