//! Top-level variables, for each source file a table, visible and assignable in named functions (PHP's `global`), and the
//! two rules that keep variables from being locked while a handler waits.
#![allow(deprecated)] // (rhai marks `on_var` so because it may change, not because it goes)

use super::{allowance, catches, coroutine, ref_array::RefArray, ref_map::RefMap};
use rhai::{AST, ASTNode, Dynamic, Engine, EvalContext, Position, Stmt};
use std::{
    any::TypeId,
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    rc::Rc,
    time::Duration,
};

/// FNV-1a: names are short, and the standard hasher would cost 20 ns for each access.
#[derive(Clone)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

pub(crate) type Fast = BuildHasherDefault<Fnv>;

/// How long a reader waits for a variable that a waiting handler may hold. Fixed: after that it is most likely this very
/// handler that holds it, as it certainly is when no other one waits, and the script gets rhai's data race error.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// How often it looks.
const LOCK_POLL: Duration = Duration::from_millis(1);

type Variables = HashMap<String, Dynamic, Fast>;

/// The tables of one generation.
pub(crate) struct Globals {
    main_file: String,
    main: RefCell<Variables>,
    others: RefCell<HashMap<String, Variables, Fast>>,
    /// Names that any closure captures; only these can be cells that get locked.
    captured: RefCell<HashSet<String, Fast>>,
    /// Names of variables that errors are caught in.
    caught: RefCell<HashSet<String, Fast>>,
    /// A filter in front of both sets, since every variable read asks.
    watched_bits: Cell<u64>,
    /// Types that are references by themselves and are always read as copies.
    handles: &'static [fn() -> TypeId],
}

impl Globals {
    pub(crate) fn new(main_file: &str, handles: &'static [fn() -> TypeId]) -> Rc<Self> {
        Rc::new(Self {
            main_file: main_file.to_owned(),
            main: RefCell::default(),
            others: RefCell::default(),
            captured: RefCell::default(),
            caught: RefCell::default(),
            watched_bits: Cell::new(0),
            handles,
        })
    }

    /// The variable of that name at the top level of that file.
    pub(crate) fn get(&self, file: Option<&str>, name: &str) -> Option<Dynamic> {
        self.look(file, name, |value| Some(value.clone()))
    }

    fn look<T>(
        &self,
        file: Option<&str>,
        name: &str,
        at: impl FnOnce(&Dynamic) -> Option<T>,
    ) -> Option<T> {
        let file = file.unwrap_or_default();
        // (lengths first: comparing with an empty string's dangling pointer is slow in libc)
        if file.len() == self.main_file.len() && file == self.main_file {
            return self.main.borrow().get(name).and_then(at);
        }
        self.others.borrow().get(file)?.get(name).and_then(at)
    }

    pub(crate) fn set(&self, file: &str, name: &str, value: Dynamic) {
        let old = if file == self.main_file {
            self.main.borrow_mut().insert(name.to_owned(), value)
        } else {
            self.others
                .borrow_mut()
                .entry(file.to_owned())
                .or_default()
                .insert(name.to_owned(), value)
        };
        drop(old);
    }

    /// All values of all files.
    pub(crate) fn values(&self) -> Vec<Dynamic> {
        let others = self.others.borrow();
        let main = self.main.borrow();
        others.values().flat_map(HashMap::values).chain(main.values()).cloned().collect()
    }

    /// Forgets all values. Breaks the rings that closures in variables make with them.
    pub(crate) fn clear(&self) {
        drop((self.main.take(), self.others.take()));
    }

    /// Notes which names the closures of a file capture, and which ones errors are caught in.
    pub(crate) fn note_captures(&self, ast: &AST) {
        for name in catches::names(ast) {
            self.watch(&name);
            self.caught.borrow_mut().insert(name);
        }
        ast.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Stmt(Stmt::Share(shared))) = path.last() {
                for (variable, _) in shared.iter() {
                    self.watch(&variable.name);
                    self.captured.borrow_mut().insert(variable.name.to_string());
                }
            }
            true
        });
    }

    fn watch(&self, name: &str) {
        self.watched_bits.set(self.watched_bits.get() | bit(name));
    }

    /// May that name be captured, or errors be caught in it?
    #[inline(always)]
    fn is_watched(&self, name: &str) -> bool {
        self.watched_bits.get() & bit(name) != 0
    }

    /// Does any file catch errors in a variable?
    pub(super) fn catches(&self) -> bool {
        !self.caught.borrow().is_empty()
    }

    /// What a variable of the running function is read as, by the two rules; `None` if rhai has to look, or would rather
    /// look at it where it lies.
    pub(super) fn read(&self, value: &Dynamic) -> Option<Dynamic> {
        let is_taken = if value.is_shared() { self.is_handle(value) } else { !is_bulky(value) };
        is_taken.then(|| value.flatten_clone())
    }

    /// The same for a name that the running function does not declare.
    pub(super) fn free(&self, context: &EvalContext, name: &str) -> Option<Dynamic> {
        if let Some(captured) = context.scope().get(name) {
            return self.read(captured);
        }
        self.look(context.source(), name, |value| self.read(value))
    }

    /// Is this a reference by itself? (`type_id` panics on a locked cell.)
    pub(crate) fn is_handle(&self, value: &Dynamic) -> bool {
        if value.is_shared() && value.is_locked() {
            return false;
        }
        let id = value.type_id();
        id == TypeId::of::<RefMap>()
            || id == TypeId::of::<RefArray>()
            || self.handles.iter().any(|handle| handle() == id)
    }
}

/// Does a copy cost as much as there is in it?
pub(super) fn is_bulky(value: &Dynamic) -> bool {
    value.is_map() || value.is_array() || value.is_blob()
}

#[inline(always)]
fn bit(name: &str) -> u64 {
    let bytes = name.as_bytes();
    1 << ((bytes.first().map_or(0, |b| *b as usize) + 5 * bytes.len()) & 63)
}

/// The variable that is asked for, if it is in the running function's own scope. Index 0 means that the parser knew no
/// slot: a captured variable inside its closure, or a name that the function does not declare.
fn local<'a>(ctx: &'a EvalContext, name: &str, index: usize) -> Option<&'a Dynamic> {
    match index {
        0 => ctx.scope().get(name),
        // (`iter_raw` runs from the newest entry back)
        _ => ctx.scope().iter_raw().nth(index - 1).map(|(.., value)| value),
    }
}

/// Makes the engine look top-level variables up, and read captured ones by two rules: a handle is read as a copy, so that
/// it is never a lockable cell; a plain value that a waiting handler holds is waited for.
pub(crate) fn install(engine: &mut Engine, globals: Rc<Globals>) {
    engine.on_var(move |name, index, mut ctx| {
        if allowance::is_pending() {
            let global = globals.get(ctx.source(), name);
            allowance::attend(&ctx, global.as_ref(), Position::NONE)?;
        }
        let watched = globals.is_watched(name);
        if watched && globals.caught.borrow().contains(name) {
            let engine = ctx.engine();
            if let Some(value) = ctx.scope_mut().get_mut(name) {
                catches::read(engine, value);
            }
        }
        let captured = watched && globals.captured.borrow().contains(name);
        if index > 0 && !captured {
            return Ok(None);
        }
        let Some(value) = local(&ctx, name, index) else {
            return Ok(globals.get(ctx.source(), name));
        };
        if !captured {
            return Ok(None);
        }
        if globals.is_handle(value) {
            return Ok(Some(value.flatten_clone()));
        }
        if value.is_shared() && value.is_locked() {
            let cell = value.clone();
            let free = async {
                while cell.is_locked() && coroutine::others_wait() {
                    tokio::time::sleep(LOCK_POLL).await;
                }
            };
            // (whatever comes of it: if it is still locked, rhai's own error says so)
            let _ = coroutine::wait(async { tokio::time::timeout(LOCK_WAIT, free).await });
        }
        Ok(None)
    });
}
