//! The programs of one isolate: the one whose top level runs, the one that serves, and older ones of which a script still
//! holds a closure. A closure without a successor runs in the program that it was born in, functions and imports included.

use crate::engine::{compile::modules::OtherPrograms, program::Program, reload::edition::Edition};
use rhai::{Dynamic, EvalAltResult};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

/// See the module.
#[derive(Default)]
pub(crate) struct Generations {
    /// Its top level runs now.
    declaring: RefCell<Option<Rc<Program>>>,
    serving: RefCell<Option<Rc<Program>>>,
    /// Older ones, oldest first, that somebody still holds: a callback, a handler that waits, or `kept`.
    retired: RefCell<Vec<Weak<Program>>>,
    /// Those of them whose closures may be buried in values of scripts, which hold no program.
    kept: RefCell<Vec<Rc<Program>>>,
}

impl Generations {
    pub(crate) fn declaring(&self) -> Option<Rc<Program>> {
        self.declaring.borrow().clone()
    }

    pub(crate) fn serving(&self) -> Option<Rc<Program>> {
        self.serving.borrow().clone()
    }

    pub(crate) fn declare(&self, program: Option<Rc<Program>>) {
        drop(self.declaring.replace(program));
    }

    /// From now on events go to this program. One whose closures do not all go on in it is kept until `keep_only`.
    pub(crate) fn serve(&self, program: Rc<Program>) {
        let Some(old) = self.serving.replace(Some(program.clone())) else { return };
        old.retired.set(true);
        let mut retired = self.retired.borrow_mut();
        retired.retain(|old| old.strong_count() > 0);
        retired.push(Rc::downgrade(&old));
        drop(retired);
        if program.edition.abandons(&old.edition) {
            self.kept.borrow_mut().push(old);
        }
    }

    /// Is an older program kept for closures that may be buried in values?
    pub(crate) fn keeps_any(&self) -> bool {
        !self.kept.borrow().is_empty()
    }

    /// Lets go of kept programs, except those of these generations and those that a handler still uses, which may yet
    /// bury a closure of theirs.
    pub(crate) fn keep_only(&self, generations: &[u64]) {
        let mut kept = self.kept.borrow_mut();
        let (stay, go) = std::mem::take(&mut *kept)
            .into_iter()
            .partition(|p| generations.contains(&p.edition.generation) || Rc::strong_count(p) > 1);
        *kept = stay;
        drop(kept);
        // What they held may come back here while it is dropped.
        drop::<Vec<_>>(go);
    }

    /// Older programs that are still alive, the newest first.
    pub(crate) fn retired(&self) -> Vec<Rc<Program>> {
        self.retired.borrow().iter().rev().filter_map(Weak::upgrade).collect()
    }

    /// The same, as a reload sees them.
    pub(in crate::engine) fn editions(&self) -> Vec<Rc<Edition>> {
        self.retired().into_iter().map(|program| program.edition.clone()).collect()
    }

    /// The isolate ends: breaks the rings between programs and what their variables hold.
    pub(crate) fn clear(&self) {
        let programs = self.retired().into_iter().chain(self.serving.take());
        for program in programs {
            program.modules.globals.clear();
        }
        drop((self.declaring.take(), self.kept.take()));
    }
}

impl OtherPrograms for Generations {
    // The newest that knows it.
    fn call_closure(
        &self,
        name: &str,
        args: &mut [&mut Dynamic],
        is_method: bool,
        level: usize,
    ) -> Option<Result<Dynamic, Box<EvalAltResult>>> {
        let programs = self.serving().into_iter().chain(self.retired());
        let mut calls = programs
            .into_iter()
            .map(|p| p.modules.call_closure(&p.engine, name, args, is_method, level));
        calls.find_map(|called| called)
    }
}
