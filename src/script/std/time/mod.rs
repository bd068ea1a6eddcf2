//! `std/time`: the clock, and dates with time zones.

pub(crate) mod date_time;
mod duration;
mod reading;
mod span;
mod unit;
mod zone;
