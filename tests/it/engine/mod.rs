//! What Rhai runs, and how: values, handlers, faults in them.

/// Rhai's array functions.
mod array_functions;
/// Faults in embedded functions, and scripts that never end.
mod embedder;
/// Errors of scripts cost one event.
mod faults;
/// Errors in functions that are handed from file to file.
mod faults_across_files;
/// Handlers run as rhai would run them.
mod shortcuts;
/// A time limit for handlers whose single operations are slow.
mod slow_operations;
/// Variables of the top level.
mod top_level;
