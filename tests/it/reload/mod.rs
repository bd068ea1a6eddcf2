//! Reload, rule by rule: what lives on, what is edited, and what may not happen. The rules are those of the README's
//! "What a reload keeps"; for each there is a test whose name begins with its number.
//!
//! 1. One event, one generation: `events`
//! 2. All or nothing: `events`, `files`, and `isolates` for several of them
//! 3. Workers are matched by name, else by address: `workers`; addresses move freely: `addresses`
//! 4. A reload closes no connection unless its worker is gone: `workers`
//! 5. Callbacks belong to the worker, and closures held elsewhere run the new code: `closures`
//! 6. What `on_worker_start` makes belongs to the generation: `resources`
//! 7. A value lives on unless its initialiser was edited: `state`, and `initialisers` for what that is
//!    and `model`, which holds scripts that nobody wrote against all of it
//! 8. One line says what happened: `events`
//! 9. All ways to reload are one, and what is not reloadable is only told: `triggers`, and `fixed`

/// Addresses move freely.
mod addresses;
/// Closures that are held elsewhere than in a worker's slot run the edited code.
mod closures;
/// One event, one generation; all or nothing; what the report says.
mod events;
/// Which files are watched, and how they are saved.
mod files;
/// What is not reloadable, and how many serve it.
mod fixed;
/// An `on_worker_start` that does not return: it is told, and a reload starts over.
mod hanging_starts;
/// Which edits make a value start anew.
mod initialisers;
/// All isolates or none.
mod isolates;
/// An `on_worker_start` that takes longer than the host waits for it.
mod late_starts;
/// What a reload removes leaves nothing behind.
mod leftovers;
/// One line says what happened, and a dry run says it before.
mod line;
/// Saving under load.
mod load;
/// What several lines fill is merged.
mod merging;
/// Scripts that nobody wrote, against a plain model of the rules.
mod model;
/// What `on_worker_start` makes belongs to the generation.
mod resources;
/// Scripts that reload themselves.
mod self_reload;
/// Going back when a new start throws.
mod start_fault;
/// What `on_worker_start` does to values that live on.
mod starts;
/// A value lives on unless the text that initialises it was edited.
mod state;
/// What asks for a reload, and what does not take part.
mod triggers;
/// Handlers that wait over a reload.
mod waiting;
/// Workers are matched by name, else by address; a reload closes nothing else.
mod workers;

/// The address that most tests use.
const TEXT: &str = "text://127.0.0.1:0";
