//! The only room that knows Rhai's insides: it compiles programs, runs their top levels, calls their closures on
//! coroutines and finds out what lives on in the next generation. It knows nothing of workers and sockets.

pub(crate) mod call;
pub(crate) mod compile;
pub(crate) mod diagnostics;
pub(crate) mod fast_path;
pub(crate) mod globals;
mod hash;
pub(crate) mod internals;
mod limits;
pub(crate) mod lint;
pub(crate) mod natives;
pub(crate) mod program;
pub(crate) mod reload;
pub(crate) mod values;

use call::progress::Progress;
use call::turns::Overdue;
use compile::modules::{Modules, Resolver};
pub(crate) use diagnostics::hints::panicked;
use internals::{ANONYMOUS, evaluate, hooks};
use limits::{MAX_CALL_LEVELS, MAX_EXPRESSION_DEPTH};
use natives::Natives;
use rhai::{
    Engine, EvalAltResult, Module, Position, Shared,
    packages::{Package, StandardPackage},
};
use std::{
    rc::Rc,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// How the message of a handler that was ended for its `handler_timeout` ends.
const TIMEOUT: &str = "(handler_timeout)";

/// Was a script ended because it ran too long?
pub(crate) fn is_timeout(error: &EvalAltResult) -> bool {
    match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(why, _) => why.to_string().ends_with(TIMEOUT),
        _ => false,
    }
}

/// Why a script that is overdue is ended.
fn reason(overdue: Overdue) -> String {
    match overdue {
        Overdue::TooLong(limit) => {
            format!("it ran {} s without waiting {TIMEOUT}", limit.as_secs_f64())
        }
        Overdue::Stopping => "the host stops".to_owned(),
    }
}

/// For native functions that may take long: the error that ends the script if its time is up.
fn check_time() -> Result<(), Box<EvalAltResult>> {
    match call::coroutine::turns().overdue() {
        None => Ok(()),
        Some(why) => Err(EvalAltResult::ErrorTerminated(reason(why).into(), Position::NONE).into()),
    }
}

/// Registers functions of the embedder's.
pub(crate) type Register = Arc<dyn Fn(&mut Engine) + Send + Sync>;

/// Texts of a script that are kept once for all places where they stand. Fixed: Rhai's own figure.
const MAX_STRINGS: usize = 256;

thread_local! {
    /// Rhai's own functions, for all programs of a thread.
    static STANDARD: Shared<Module> = StandardPackage::new().as_shared_module();
}

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

/// An engine with the host's rules, without its functions.
pub(crate) fn build(config: &Config, modules: &Rc<Modules>, natives: &mut Natives) -> Engine {
    // As `Engine::new` makes it, but for Rhai's own functions: to make those anew takes longer than most scripts do.
    let mut engine = Engine::new_raw();
    engine.set_max_strings_interned(MAX_STRINGS);
    engine.register_global_module(STANDARD.with(Clone::clone));
    engine.set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH);
    engine.set_max_call_levels(MAX_CALL_LEVELS);
    // A closure made by `eval` would have no file, no line and no successor.
    engine.disable_symbol("eval");
    engine.set_module_resolver(Resolver(modules.clone()));
    compile::tokens::Tokens::record(&mut engine);
    globals::install(&mut engine, modules.globals.clone());
    fast_path::install(&mut engine);
    compile::retouch::node::install(&mut engine);
    values::ref_map::register(&mut engine, natives, modules);
    values::ref_array::register(&mut engine, natives, modules);
    values::absent::register(&mut engine, natives);
    values::bytes::register(&mut engine);
    values::map_functions::register(&mut engine);
    values::compare::register(&mut engine);
    values::pieces::register(&mut engine);
    values::plain::register(&mut engine);
    values::sorting::register(&mut engine);
    values::sizes::register(&mut engine);
    values::entry_methods::register(&mut engine, natives, modules);
    let found = modules.clone();
    hooks::on_missing_function(&mut engine, move |name, args, is_method, mut ctx| {
        if is_method && !name.starts_with(ANONYMOUS) {
            // Rhai has counted the call already.
            evaluate::state_mut(&mut ctx).level -= 1;
            let called = values::entry_methods::call(&found, &mut ctx, name, args);
            evaluate::state_mut(&mut ctx).level += 1;
            return called.transpose();
        }
        // Rhai's array functions first try a closure as a method of the value itself, which a call would take away.
        if is_method || !name.starts_with(ANONYMOUS) {
            return Ok(None);
        }
        found.call_foreign_closure(name, args, false, &ctx).transpose()
    });
    let progress = Progress::new(&config.kill);
    engine.on_progress(move |operations| progress.end(operations));
    engine
}
