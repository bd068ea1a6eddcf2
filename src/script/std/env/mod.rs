//! `std/env`.

mod dot_env;
