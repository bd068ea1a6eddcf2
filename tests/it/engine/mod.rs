//! What Rhai runs, and how: values, handlers, faults in them.

/// Properties and indices that are not there.
mod absent;
/// Rhai's array functions.
mod array_functions;
/// Other values in variables of the top level.
mod assigning;
/// Handlers with shorter ways, and as rhai walks them.
mod both_ways;
/// Numbers in blobs.
mod bytes;
/// Functions that compare values.
mod comparing;
/// Constants of which a part is assigned to.
mod constants;
/// Values that are nested deep.
mod deep_values;
/// Faults in embedded functions, and scripts that never end.
mod embedder;
/// Errors of scripts cost one event.
mod faults;
/// Errors in functions that are handed from file to file.
mod faults_across_files;
/// What can be seen in a script without running it.
mod findings;
/// The check fails at no script itself.
mod findings_corpus;
/// What one handler may make.
mod handler_memory;
/// Variables that are in use.
mod locked_variables;
/// Entries of maps: order, loops, numbers as keys.
mod map_entries;
/// Where errors point.
mod places_of_errors;
/// Handlers run as rhai would run them.
mod shortcuts;
/// What rhost shows and ships.
mod silence;
/// A time limit for handlers whose single operations are slow.
mod slow_operations;
/// Stock Rhai as the reference.
mod stock;
/// Methods of the script that change what they are called on.
mod this_methods;
/// Variables of the top level.
mod top_level;

use crate::support::host::{TestHost, eventually};

/// What a script has printed, when there are so many lines.
fn printed_lines(host: &TestHost, number: usize) -> Vec<String> {
    eventually(|| host.printed().len() >= number);
    host.printed()
}
