//! Reload, rule by rule: what lives on, what is edited, and what may not happen.

/// Closures that are held elsewhere than in a worker's slot run the edited code.
mod closures;
/// One event, one generation; all or nothing; what the report says.
mod events;
/// Which files are watched, and how they are saved.
mod files;
/// What `on_worker_start` makes belongs to the generation.
mod made;
/// A value lives on unless the text that initialises it was edited.
mod state;
/// Workers are matched by name, else by address; a reload closes nothing else.
mod workers;

/// The address that most tests use.
const TEXT: &str = "text://127.0.0.1:0";
