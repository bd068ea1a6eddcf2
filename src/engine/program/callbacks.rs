//! Makes callbacks callable, those of earlier generations among them.

use crate::engine::{
    compile::{lift::lift, meaning::Meaning, modules::Unit, retouch::Retoucher},
    fast_path::{self, Finder, body::Body},
    globals::catches,
    program::{Program, handler::Handler},
    reload::relink::{self, Names},
};
use rhai::{FnPtr, ImmutableString};
use std::{collections::HashSet, rc::Rc};

impl Program {
    /// Makes a callback callable. `file`: where it was set; a function's name is looked for there first, then in the main
    /// file. `offered`: how many arguments it will be given. The error says what is wrong with it.
    pub(crate) fn handler(
        self: &Rc<Self>,
        f: &FnPtr,
        file: Option<&str>,
        offered: usize,
    ) -> Result<Handler, String> {
        let rebound = self.edition.rebind(f);
        let f = rebound.as_ref().unwrap_or(f);
        let name = f.fn_name();
        let held = f.curry().len();
        let units = self.modules.units.borrow().clone();
        let preferred = units.iter().filter(|u| Some(u.file.as_str()) == file);
        let mut wrong = None;
        for unit in preferred.chain(units.iter()) {
            let mut arities = unit.arities(name);
            arities.sort_unstable_by(|a, b| b.cmp(a));
            let fits = arities.iter().find(|n| (held..=held + offered).contains(*n));
            if let Some(params) = fits {
                let body = self.body(unit, name, *params)?;
                return Ok(Handler::new(self.clone(), unit.clone(), body, f.clone()));
            }
            if let Some(first) = arities.first() {
                let def =
                    unit.ast.iter_fn_def().find(|d| d.name == name && d.params.len() == *first);
                wrong = wrong.or(def.map(|d| d.params[held.min(d.params.len())..].join(", ")));
            }
        }
        let shown = if f.is_anonymous() { "this closure".to_owned() } else { format!("`{name}`") };
        Err(match wrong {
            Some(params) => {
                format!("{shown} takes ({params}) but is given {offered} argument(s) at most")
            }
            None if f.is_anonymous() => "this closure belongs to a program that is gone".to_owned(),
            None => format!("there is no function {shown} in this script"),
        })
    }

    fn body(&self, unit: &Rc<Unit>, name: &str, params: usize) -> Result<Rc<Body>, String> {
        let key = (unit.file.clone(), name.into(), params);
        if let Some(body) = self.bodies.borrow().get(&key) {
            return Ok(body.clone());
        }
        let imports = self.modules.imports();
        let (body, mut expression) = lift(unit, name, params, imports.are_at_top)
            .ok_or_else(|| format!("`{name}` has no body of its own"))?;
        let body = Rc::new(body);
        // Before it is rewritten, which wants those of the functions that it calls: it may call itself.
        self.bodies.borrow_mut().insert(key, body.clone());
        let script_functions = self.script_functions();
        let finder = Finder {
            natives: &self.natives,
            globals: &self.modules.globals,
            function: &|name, params| {
                let is_callable = unit.has_function(name, params);
                let body = is_callable.then(|| self.body(unit, name, params).ok()).flatten();
                body.as_ref().map(Rc::downgrade)
            },
            progress: &self.progress,
            is_script_function: &|name| script_functions.contains(name),
        };
        if self.modules.globals.catches() {
            catches::begin_with_a_look(&mut expression);
        }
        Retoucher::new(&unit.tokens, &unit.marks.this_methods).expression(&mut expression);
        // A file that is not known yet may have functions of any name.
        if self.optimizes && imports.are_written_out {
            fast_path::optimize(&mut expression, &finder);
        } else {
            unit.marks.replace_calls(&mut expression);
        }
        body.set(expression);
        Ok(body)
    }

    fn script_functions(&self) -> &HashSet<String> {
        self.script_functions.get_or_init(|| {
            let units = self.modules.units.borrow();
            units.iter().flat_map(|u| u.ast.iter_functions().map(|f| f.name.to_string())).collect()
        })
    }

    /// What a callback is called in this program, if it goes on.
    pub(crate) fn heir(&self, old: &Handler) -> Option<ImmutableString> {
        let generation = old.program().edition.generation;
        self.edition.heir_of(generation, old.file(), old.fn_ptr().fn_name())
    }

    /// A callback of an earlier generation as one of this generation, if it goes on.
    pub(crate) fn rebind(self: &Rc<Self>, old: &Handler, offered: usize) -> Option<Handler> {
        let name = old.fn_ptr().fn_name();
        // Without an heir its name may be that of another one now, which reads the same and stands where it stood.
        let heir = self.heir(old)?;
        let moved = |names: &Names| names.moved(old.fn_ptr(), &heir);
        let moved = self.edition.with_names(old.file(), moved).flatten().filter(|_| heir != name);
        self.handler(moved.as_ref().unwrap_or(old.fn_ptr()), Some(old.file()), offered).ok()
    }

    /// A callback that replaces `old`: where it is the same closure, edited or not, it keeps what that one captured, as
    /// far as the text that initialises the captured variables is what it was.
    pub(crate) fn carry_over(
        self: &Rc<Self>,
        old: &Handler,
        new: &Handler,
        offered: usize,
    ) -> Option<Handler> {
        if self.edition.is_fresh {
            return None;
        }
        let file = new.file();
        let heir = self.heir(old).filter(|_| old.fn_ptr().is_anonymous())?;
        if heir != new.fn_ptr().fn_name() {
            return None;
        }
        let closure = |program: &Program, name: &str| {
            let unit = program.modules.unit(file)?;
            unit.closures.iter().find(|c| c.name == name).cloned()
        };
        if !self.edition.has_run() {
            return None;
        }
        let before = closure(&old.program().clone(), old.fn_ptr().fn_name())?;
        let after = closure(self, new.fn_ptr().fn_name())?;
        let says = |program: &Program, range| {
            let unit = program.modules.unit(file);
            unit.map_or_else(Meaning::default, |unit| program.modules.meaning(&unit, range))
        };
        let is_same =
            |before, now| self.edition.continues(&says(self, now), &says(old.program(), before));
        let f = relink::carry_over(old.fn_ptr(), &before, new.fn_ptr(), &after, &is_same);
        self.handler(&f, Some(file), offered).ok()
    }

    /// A callback that has no predecessor, with the captured variables of those that were made beside it and have one:
    /// `carried` holds these before and after `carry_over`.
    pub(crate) fn carry_over_shared(
        self: &Rc<Self>,
        new: &Handler,
        carried: &[(FnPtr, FnPtr)],
        offered: usize,
    ) -> Option<Handler> {
        self.handler(&relink::carry_over_shared(new.fn_ptr(), carried), Some(new.file()), offered)
            .ok()
    }
}
