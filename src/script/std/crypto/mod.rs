//! `std/crypto`.

mod cipher;
mod digest;
mod jwt;
mod password;
mod signature;
mod token;
