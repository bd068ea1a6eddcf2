//! What Rhai runs, and how: values, handlers, faults in them.

/// Rhai's array functions.
mod array_functions;
/// Values that are nested deep.
mod deep_values;
/// Faults in embedded functions, and scripts that never end.
mod embedder;
/// Errors of scripts cost one event.
mod faults;
/// Errors in functions that are handed from file to file.
mod faults_across_files;
/// What one handler may make.
mod handler_memory;
/// Handlers run as rhai would run them.
mod shortcuts;
/// A time limit for handlers whose single operations are slow.
mod slow_operations;
/// Variables of the top level.
mod top_level;
