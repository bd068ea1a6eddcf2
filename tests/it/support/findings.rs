//! Tests whose scripts are wrong on purpose: with `RHOST_TEST_CHECK` set, nothing may be found in those of all others.

/// Tests, or all of a module, by what their names begin with.
pub const MEANT: &[&str] = &[
    "engine::faults",
    "engine::embedder::",
    "host::checks::",
    "reload::closures::a_closure_buried_in_a_map",
    "script::errors::",
];
