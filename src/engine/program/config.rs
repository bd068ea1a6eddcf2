//! What an embedder may change of the engine.

use rhai::Engine;
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// Registers functions of the embedder's.
pub(crate) type Register = Arc<dyn Fn(&mut Engine) + Send + Sync>;

/// What an embedder may change. Fixed at start.
#[derive(Clone)]
pub(crate) struct Config {
    /// How long a script may run without waiting.
    pub(crate) handler_timeout: Duration,
    /// How long a top level may run while clients wait for it; zero is without a limit.
    pub(crate) rehearsal_timeout: Duration,
    /// Bytes that a handler may make anew; 0 is without a limit.
    pub(crate) handler_memory: u64,
    /// Are fault reports coloured?
    pub(crate) colour: bool,
    /// Do bodies of functions get shorter ways? Without, Rhai walks them as they are written.
    pub(crate) optimizes: bool,
    /// Are clients of HTTP shown the errors of scripts?
    pub(crate) explains: bool,
    /// Set when the host has waited long enough for its end: whatever script code runs then is ended.
    pub(crate) kill: Arc<AtomicBool>,
    /// The embedder's own functions.
    pub(crate) register: Option<Register>,
}
