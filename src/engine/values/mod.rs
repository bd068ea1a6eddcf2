//! Maps and arrays by reference, and what scripts do with values of all kinds.
//!
//! # Handles stand for each other
//!
//! After a reload, what the new program made (a Worker, a map, an array) becomes the one that lives: the new handle
//! points to the old object. So it does not matter who captured which.

pub(in crate::engine) mod absent;
pub(in crate::engine) mod bytes;
pub(in crate::engine) mod compare;
pub(crate) mod data_forms;
pub(in crate::engine) mod dropping;
pub(in crate::engine) mod entry_methods;
pub(in crate::engine) mod journal;
pub(crate) mod json;
pub(in crate::engine) mod json_repair;
pub(in crate::engine) mod lists;
pub(in crate::engine) mod map_functions;
pub(in crate::engine) mod map_parts;
pub(in crate::engine) mod nodes;
pub(in crate::engine) mod numbers;
pub(crate) mod order;
#[cfg(test)]
pub(in crate::engine) mod parity_tests;
pub(in crate::engine) mod pieces;
pub(in crate::engine) mod plain;
pub(crate) mod plain_words;
pub(crate) mod ref_array;
pub(crate) mod ref_map;
pub(crate) mod rings;
pub(in crate::engine) mod script_files;
pub(crate) mod shared;
pub(crate) mod sizes;
pub(in crate::engine) mod sorting;
pub(in crate::engine) mod texts;
pub(in crate::engine) mod this_methods;
pub(in crate::engine) mod witness;
