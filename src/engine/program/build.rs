//! Puts an engine together.

use crate::engine::{
    call::progress::Progress,
    compile::{
        modules::{Modules, Resolver},
        tokens::Tokens,
    },
    fast_path, globals,
    internals::{ANONYMOUS, evaluate, hooks},
    limits::{MAX_CALL_LEVELS, MAX_EXPRESSION_DEPTH},
    natives::Natives,
    program::config::Config,
    values::{self, script_files::ScriptFiles},
};
use rhai::{
    Engine, Module, Shared,
    packages::{Package, StandardPackage},
};
use std::rc::Rc;

/// Texts of a script that are kept once for all places where they stand. Fixed: Rhai's own figure.
const MAX_STRINGS: usize = 256;

thread_local! {
    /// Rhai's own functions, for all programs of a thread.
    static STANDARD: Shared<Module> = StandardPackage::new().as_shared_module();
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
    Tokens::record(&mut engine);
    let files: Rc<dyn ScriptFiles> = modules.clone();
    globals::install(&mut engine, modules.globals.clone());
    fast_path::install(&mut engine);
    values::nodes::install(&mut engine);
    values::ref_map::register(&mut engine, natives, &files);
    values::ref_array::register(&mut engine, natives, &files);
    values::absent::register(&mut engine, natives);
    values::bytes::register(&mut engine);
    values::map_functions::register(&mut engine);
    values::compare::register(&mut engine);
    values::pieces::register(&mut engine);
    values::plain::register(&mut engine);
    values::lists::register(&mut engine);
    values::map_parts::register(&mut engine, natives);
    values::numbers::register(&mut engine);
    values::texts::register(&mut engine);
    values::sorting::register(&mut engine);
    values::sizes::register(&mut engine);
    values::entry_methods::register(&mut engine, natives, &files);
    hooks::on_missing_function(&mut engine, move |name, args, is_method, mut ctx| {
        if is_method && !name.starts_with(ANONYMOUS) {
            // Rhai has counted the call already.
            evaluate::state_mut(&mut ctx).level -= 1;
            let called = values::entry_methods::call(&*files, &mut ctx, name, args);
            evaluate::state_mut(&mut ctx).level += 1;
            return called.transpose();
        }
        // Rhai's array functions first try a closure as a method of the value itself, which a call would take away.
        if is_method || !name.starts_with(ANONYMOUS) {
            return Ok(None);
        }
        files.call_foreign_closure(name, args, false, &ctx).transpose()
    });
    let progress = Progress::new(&config.kill);
    engine.on_progress(move |operations| progress.end(operations));
    engine
}
