//! `std/cookie`.

mod signed;
