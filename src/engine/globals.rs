//! Top-level variables, for each source file a table, visible and assignable in named functions (PHP's `global`), and the
//! two rules that keep variables from being locked while a handler waits.

use crate::engine::{
    call::{allowance, catches, coroutine},
    compile::marks::Mark,
    hash::Fast,
    internals::hooks,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, ImmutableString, Position, Scope,
    Stmt,
};
use std::{
    any::TypeId,
    cell::{Cell, OnceCell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
    time::Duration,
};

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
    /// Does a top level run? Its own variables are cells then, captured or not.
    declaring: Cell<bool>,
    /// Cells of the top level that have just got another value: a map or an array becomes a reference there.
    assigned: RefCell<Vec<Dynamic>>,
    has_assigned: Cell<bool>,
    /// Types that are references by themselves and are always read as copies.
    handles: OnceCell<Vec<TypeId>>,
}

impl Globals {
    pub(crate) fn new(main_file: &str) -> Rc<Self> {
        Rc::new(Self {
            main_file: main_file.to_owned(),
            main: RefCell::default(),
            others: RefCell::default(),
            captured: RefCell::default(),
            caught: RefCell::default(),
            watched_bits: Cell::new(0),
            declaring: Cell::new(false),
            assigned: RefCell::default(),
            has_assigned: Cell::new(false),
            handles: OnceCell::new(),
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
        self.settle();
        let file = file.unwrap_or_default();
        // Lengths first: comparing with an empty string's dangling pointer is slow in libc.
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
        self.settle();
        let others = self.others.borrow();
        let main = self.main.borrow();
        others.values().flat_map(HashMap::values).chain(main.values()).cloned().collect()
    }

    /// Forgets all values. Breaks the rings that closures in variables make with them.
    pub(crate) fn clear(&self) {
        drop((self.main.take(), self.others.take(), self.assigned.take()));
    }

    /// Takes references out of their cells in the scope of a module whose top level has run: importers read them as they
    /// are.
    pub(super) fn uncover(&self, scope: &mut Scope) {
        let names: Vec<String> = scope.iter_raw().map(|(name, ..)| name.to_owned()).collect();
        for name in names {
            if let Some(value) = scope.get_mut(&name)
                && value.is_shared()
                && self.is_handle(value)
            {
                *value = value.flatten_clone();
            }
        }
    }

    /// A top level runs, or has ended. Gives what was so before.
    pub(super) fn declares(&self, does: bool) -> bool {
        self.declaring.replace(does)
    }

    /// Makes what was assigned to variables of the top level references.
    #[inline(always)]
    fn settle(&self) {
        if self.has_assigned.get() {
            self.settle_all();
        }
    }

    #[cold]
    fn settle_all(&self) {
        self.has_assigned.set(false);
        self.assigned.take().iter_mut().for_each(into_reference);
    }

    /// The cell of the variable of that name at the top level of that file, if that is what the name means: `local` is the
    /// variable of that name that the running function has, if it has one. `None` for references, unless they count.
    pub(super) fn own_cell(
        &self,
        file: Option<&str>,
        name: &str,
        local: Option<&Dynamic>,
        references_count: bool,
    ) -> Option<Dynamic> {
        let is_it =
            |cell: &Dynamic| cell.is_shared() && (references_count || !self.is_handle(cell));
        if !local.is_none_or(is_it) {
            return None;
        }
        let cell = self.look(file, name, |cell| is_it(cell).then(|| cell.clone()))?;
        local.is_none_or(|local| is_same(local, &cell)).then_some(cell)
    }

    /// A variable whose name is marked with what is done with it.
    fn marked(
        &self,
        mark: Mark,
        name: &str,
        index: usize,
        context: &EvalContext,
    ) -> Result<Option<Dynamic>, Box<EvalAltResult>> {
        match mark {
            Mark::Fixed => return Err(constant(name)),
            // Rhai makes what it is given here a constant.
            Mark::Constant => {
                return Ok(local(context, name, index).map(Dynamic::flatten_clone));
            }
            _ => (),
        }
        let assigns = matches!(mark, Mark::Assigned | Mark::Changed);
        if index > 0
            && let Some(value) = local(context, name, index)
        {
            wait_for(value);
            let is_kept = mark == Mark::Kept && self.is_handle(value);
            if mark == Mark::Assigned && self.declaring.get() {
                self.note_assigned(name, value, context);
            }
            return match assigns && value.is_read_only() {
                true => Err(constant(name)),
                false => Ok(is_kept.then(|| value.flatten_clone())),
            };
        }
        // Captured by the running closure, or of the top level: a cell, which rhai lets the script assign to.
        let found = match context.scope().get(name) {
            Some(value) => Some(value.clone()),
            None => self.look(context.source(), name, |value| Some(value.clone())),
        };
        let Some(value) = found else {
            let error = EvalAltResult::ErrorVariableNotFound(name.to_owned(), Position::NONE);
            return Err(error.into());
        };
        wait_for(&value);
        if !assigns {
            let is_copy = mark == Mark::Kept && self.is_handle(&value);
            return Ok(Some(if is_copy { value.flatten_clone() } else { value }));
        }
        if !value.is_shared() || value.is_read_only() {
            return Err(constant(name));
        }
        if mark == Mark::Assigned {
            self.note_assigned(name, &value, context);
        }
        Ok(Some(value))
    }

    /// A variable is about to get another value: if it is one of the top level, a map or an array becomes a reference.
    fn note_assigned(&self, name: &str, value: &Dynamic, context: &EvalContext) {
        let is_it = |cell: &Dynamic| is_same(cell, value).then_some(());
        if self.look(context.source(), name, is_it).is_some() {
            self.assigned.borrow_mut().push(value.clone());
            self.has_assigned.set(true);
        }
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
        self.settle();
        if let Some(captured) = context.scope().get(name) {
            return self.read(captured);
        }
        self.look(context.source(), name, |value| self.read(value))
    }

    /// Says which types are references by themselves, once, when all are registered.
    pub(super) fn set_handles(&self, handles: Vec<TypeId>) {
        // Each program has globals of its own, and registers once.
        let _ = self.handles.set(handles);
    }

    /// The types that are references by themselves, besides maps and arrays.
    fn handles(&self) -> &[TypeId] {
        self.handles.get().map_or(&[], Vec::as_slice)
    }

    /// Is this a reference by itself? (`type_id` panics on a locked cell.)
    pub(crate) fn is_handle(&self, value: &Dynamic) -> bool {
        if value.is_shared() && value.is_locked() {
            return false;
        }
        let id = value.type_id();
        // What variables mostly are, before the long list.
        if id == TypeId::of::<i64>() || id == TypeId::of::<ImmutableString>() {
            return false;
        }
        id == TypeId::of::<RefMap>()
            || id == TypeId::of::<RefArray>()
            || self.handles().contains(&id)
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
        // `iter_raw` runs from the newest entry back.
        _ => ctx.scope().iter_raw().nth(index - 1).map(|(.., value)| value),
    }
}

/// Are these the same cell?
fn is_same(a: &Dynamic, b: &Dynamic) -> bool {
    let address = |cell: &Dynamic| {
        let value = cell.is_shared().then(|| cell.read_lock::<Dynamic>()).flatten();
        value.map(|value| (&raw const *value).addr())
    };
    address(a).is_some_and(|of_a| address(b) == Some(of_a))
}

/// Makes a plain map or array in a cell a reference.
pub(super) fn into_reference(cell: &mut Dynamic) {
    if let Some(mut value) = cell.write_lock::<Dynamic>()
        && (value.is_map() || value.is_array())
    {
        *value = RefMap::wrap(value.take());
    }
}

fn constant(name: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorAssignmentToConstant(name.to_owned(), Position::NONE).into()
}

/// Waits until a variable is free that another handler, which waits, may hold.
fn wait_for(value: &Dynamic) {
    if !value.is_shared() || !value.is_locked() {
        return;
    }
    let cell = value.clone();
    let free = async {
        while cell.is_locked() && coroutine::others_wait() {
            tokio::time::sleep(LOCK_POLL).await;
        }
    };
    // Whatever comes of it: if it is still locked, rhai's own error says so.
    let _ =
        coroutine::wait("a variable in use", async { tokio::time::timeout(LOCK_WAIT, free).await });
}

/// Makes the engine look top-level variables up, and read those that are cells by two rules: a reference is read as a copy,
/// so that it is never locked; a plain value that a waiting handler holds is waited for.
pub(crate) fn install(engine: &mut Engine, globals: Rc<Globals>) {
    hooks::on_variable(engine, move |name, index, mut ctx| {
        globals.settle();
        let marked = Mark::of(name);
        let name = marked.map_or(name, |(_, name)| name);
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
        if let Some((mark, _)) = marked {
            return globals.marked(mark, name, index, &ctx);
        }
        let captured = watched && globals.captured.borrow().contains(name);
        let may_be_cell = captured || globals.declaring.get();
        if index > 0 && !may_be_cell {
            return Ok(None);
        }
        let Some(value) = local(&ctx, name, index) else {
            return Ok(globals.look(ctx.source(), name, |value| {
                let is_copy = value.is_shared() && globals.is_handle(value);
                Some(if is_copy { value.flatten_clone() } else { value.clone() })
            }));
        };
        if !may_be_cell || !value.is_shared() {
            return Ok(None);
        }
        if globals.is_handle(value) {
            return Ok(Some(value.flatten_clone()));
        }
        wait_for(value);
        Ok(None)
    });
}
