//! Errors and findings as reports for people.

use crate::{
    engine::{
        call::{allowance, time_limit::is_timeout},
        diagnostics::report::{Hints, Report, Sources as Texts},
        program::Program,
    },
    error::{Fault, FaultKind},
};
use rhai::EvalAltResult;
use std::rc::Rc;

impl Program {
    /// A report for people. `file`: where the outermost code stands; `note`: what was being done.
    pub(crate) fn fault(&self, error: &EvalAltResult, file: &str, note: &str) -> Fault {
        let texts = self.texts();
        let mut report = self.report(error, file, &texts);
        if !note.is_empty() {
            report = report.with_note(note);
        }
        Fault {
            kind: match error {
                error if is_timeout(error) => FaultKind::Timeout,
                error if allowance::is_excess(error) => FaultKind::Memory,
                _ => FaultKind::Script,
            },
            location: report.location(),
            title: report.title.clone(),
            text: report.render(&texts, self.colour),
            generation: u64::try_from(self.number()).ok(),
            connection: None,
        }
    }

    /// The report that an error makes, which stands in that file or came from there.
    pub(in crate::engine) fn report(
        &self,
        error: &EvalAltResult,
        file: &str,
        texts: &Texts,
    ) -> Report {
        let units = self.modules.units.borrow();
        let earlier = |name: &str| self.edition.file_of(name).map(|file| file.to_string());
        let asts = units.iter().map(|u| &u.ast).collect();
        let (engine, host) = (&self.engine, &self.modules.host);
        let hints = Hints { engine, asts, sources: texts, earlier: &earlier, host };
        Report::of(error, file, &hints)
    }

    /// The text of every file that was read, by the name that people see.
    pub(in crate::engine) fn texts(&self) -> Texts {
        let units = self.modules.units.borrow();
        let mut texts: Texts = units.iter().map(|u| (u.file.to_string(), u.text.clone())).collect();
        // A file that does not parse is no unit, and it is the one that must be shown.
        for (path, _) in self.modules.sources.files() {
            if let Ok(text) = self.modules.sources.text(&path) {
                let shown = self.modules.sources.display(&path);
                texts.entry(shown).or_insert_with(|| Rc::from(&*text));
            }
        }
        texts
    }
}
