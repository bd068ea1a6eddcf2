//! Closures that found no successor in the program that serves: where the host holds them, and where values of scripts do.
//! Their programs live as long as they do.

use crate::{
    engine::{
        program::{Program, generations::Generations, handler::Handler},
        reload::{reach::Reach, relink::RENAME_GENERATIONS},
    },
    script::ctx::Ctx,
};
use rhai::FnPtr;
use std::{rc::Rc, time::Duration};

/// How often it is looked what is left over, besides at each reload, while something is. Fixed: it takes as long as looking
/// at every value that the script holds, and nobody waits for the memory.
const LOOK: Duration = Duration::from_secs(3);

/// The task that tells the host what is left over, and lets go of old programs whose last closure is gone.
pub(crate) async fn look_for_ever(ctx: Rc<Ctx>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if (ctx.generations.keeps_any() || !ctx.stats.leftovers().is_empty())
            && let Some(program) = ctx.generations.serving()
        {
            ctx.stats.set_leftovers(find(&ctx, &program));
        }
    }
}

/// All of them: where each stands, and its program's number.
pub(crate) fn find(ctx: &Ctx, program: &Rc<Program>) -> Vec<(String, i64)> {
    let held = handlers(ctx).into_iter().filter(|h| !Rc::ptr_eq(h.program(), program));
    let mut found: Vec<_> = held.map(|h| (h.location(), h.program().number())).collect();
    let rename =
        program.edition.resets() || program.edition.generation.is_multiple_of(RENAME_GENERATIONS);
    if rename || ctx.generations.keeps_any() {
        found.extend(buried(ctx, program));
    }
    found
}

/// Looks at every value that scripts of this isolate can reach. Closures with an old name get today's; those without a
/// successor are listed, and their programs kept.
fn buried(ctx: &Ctx, program: &Program) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    let mut replaced = Vec::new();
    let mut known: Vec<u64> = Vec::new();
    let mut look = |f: &mut FnPtr| {
        if !f.is_anonymous() {
            return;
        }
        if program.edition.knows(f.fn_name()) {
            // What goes is dropped when nothing is borrowed any more.
            replaced.extend(program.edition.rebind(f).map(|new| std::mem::replace(f, new)));
        } else if let Some(owner) = owner(&ctx.generations, f.fn_name()) {
            found.push((owner.edition.place(f.fn_name()), owner.number()));
            known.push(owner.edition.generation);
        }
    };
    look_at_all(ctx, program, &mut look);
    drop(replaced);
    known.sort_unstable();
    known.dedup();
    ctx.generations.keep_only(&known);
    found
}

/// Shows every function that can be reached from what lives, and from the variables of a program.
fn look_at_all(ctx: &Ctx, program: &Program, look: &mut dyn FnMut(&mut FnPtr)) {
    let mut reach = Reach::new(look);
    for core in ctx.every_worker() {
        core.properties.for_each(|value| reach.value(value));
        core.with_connections(|connections| {
            for connection in connections.values() {
                connection.properties().for_each(|value| reach.value(value));
            }
        });
    }
    let held = handlers(ctx).into_iter().flat_map(|h| h.fn_ptr().curry().to_vec());
    held.chain(program.modules.globals.values()).for_each(|mut value| reach.value(&mut value));
    reach.finish();
}

/// Before what a new program made is mixed with what lives: a closure that lives and goes on must not be called by a name
/// that another closure of the new program has.
pub(crate) fn give_names_back(ctx: &Ctx, new: &Program) {
    let Some(living) = ctx.generations.serving().filter(|_| new.edition.has_taken_names()) else {
        return;
    };
    let mut replaced = Vec::new();
    let mut look = |f: &mut FnPtr| {
        replaced.extend(new.edition.give_back(f).map(|renamed| std::mem::replace(f, renamed)));
    };
    look_at_all(ctx, &living, &mut look);
    drop(replaced);
}

/// The newest older program that can run a closure of that name.
fn owner(generations: &Generations, name: &str) -> Option<Rc<Program>> {
    generations.retired().into_iter().find(|program| program.edition.knows(name))
}

/// Every callback that the host holds.
fn handlers(ctx: &Ctx) -> Vec<Rc<Handler>> {
    let mut handlers = ctx.timers.handlers();
    for core in ctx.every_worker() {
        handlers.extend(core.callbacks.all().into_iter().map(|(_, h)| h));
        core.with_connections(|connections| {
            for callbacks in connections.values().filter_map(|c| c.own_callbacks()) {
                handlers.extend(callbacks.all().into_iter().map(|(_, h)| h));
            }
        });
    }
    handlers
}
