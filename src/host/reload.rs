//! One reload of the script: it serves as a whole, or nothing changes.

use super::{
    HostEvent, ReloadOptions, ReloadOutcome, Reloaded,
    deployment::Deployment,
    ending::stop_all,
    past::Past,
    supervisor::{START_PATIENCE, Supervisor},
};
use crate::{
    error::{Error, ErrorKind, Fault},
    log::{About, Level, Record},
};
use std::mem;

impl Supervisor {
    /// Reads the script again. Whatever is wrong with it, what served goes on serving.
    pub(super) fn reload(&mut self, options: ReloadOptions) -> ReloadOutcome {
        self.restart_missing();
        let sources = self.config.sources();
        let mut deployment = Deployment::new(sources.clone(), options);
        let prepared = deployment.prepare(self);
        self.watch_files(&sources);
        if let Err(error) = prepared {
            let serving = self.generation.saturating_sub(1);
            let outcome = format!("generation {serving} goes on serving");
            return Err(self.reject(error, &outcome));
        }
        let mut past = Past::of_now(self);
        let mut switched = deployment.switch(self);
        past.places = mem::take(&mut switched.gone);
        match switched.conclude(self, START_PATIENCE) {
            Ok(report) => {
                stop_all(past.places, self.stop_timeout());
                self.leave();
                self.checker.look(self.generation, &sources);
                self.good = sources;
                self.forget_restarts();
                self.accepted(&report);
                Ok(report)
            }
            Err(fault) => {
                let outcome = self.go_back(past);
                self.leave();
                Err(self.reject(fault.into(), &outcome))
            }
        }
    }

    /// Tells what a reload would do.
    pub(super) fn dry_run(&mut self) -> ReloadOutcome {
        if self.generation == 0 {
            let text = "nothing serves yet: there is nothing that a reload could keep";
            return Err(Fault::plain(text.to_owned()));
        }
        let sources = self.config.sources();
        let mut deployment = Deployment::new(sources, ReloadOptions::default());
        deployment.prepare(self).map_err(Error::into_fault)?;
        let preview = deployment.preview(self);
        deployment.abandon(self);
        preview
    }

    /// Nobody wants the places any more of workers that are gone.
    pub(super) fn leave(&mut self) {
        self.leaving.drain(..).for_each(|sockets| sockets.close());
    }

    /// Some starts take longer than a reload waits for them.
    pub(super) fn warn_of_starts(&self, reloaded: &Reloaded) {
        let places: Vec<&str> = reloaded.starting.iter().map(|s| s.place.as_str()).collect();
        let places =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
        let event = reloaded.starting.first().map_or("on_worker_start", |s| s.event.as_str());
        let text = format!("{event} is still running in {} isolate(s){places}", reloaded.silent);
        self.config.log.host(Level::Warn, text);
    }

    /// While the host waits for its last connections.
    pub(super) fn refuse_reload(&mut self) -> Fault {
        let text = "the host is stopping: it reads no script any more";
        self.reject(
            Error::new(ErrorKind::Config, text),
            "what serves goes on until its connections have ended",
        )
    }

    /// Serves the files again that served before, as a generation of its own: what lives is kept by the same rules.
    fn go_back(&mut self, past: Past) -> String {
        let mut deployment = Deployment::new(self.good.clone(), ReloadOptions::default());
        deployment.back_to = Some(past);
        let prepared = deployment.prepare(self);
        let again = prepared.and_then(|()| {
            let mut switched = deployment.switch(self);
            let gone = mem::take(&mut switched.gone);
            let concluded = switched.conclude(self, START_PATIENCE);
            stop_all(gone, self.stop_timeout());
            Ok(concluded?)
        });
        let serving = self.generation.saturating_sub(1);
        match again {
            Ok(_) => {
                self.checker.look(self.generation, &self.good);
                format!("the script of before serves again, as generation {serving}")
            }
            Err(error) => {
                format!("and the script of before does not start any more either: {error}")
            }
        }
    }

    /// The start of a reload that was accepted failed after all. It is too late to go back: since then the new code has
    /// answered, and what it did may be what the next message relies on.
    pub(super) fn start_failed(&mut self, generation: u64, fault: &Fault) {
        if generation != self.generation {
            return; // (what serves now has had a start of its own)
        }
        let outcome = format!(
            "on_worker_start failed after the reload was accepted: generation {} serves all the same, without what it \
             should have started",
            generation.saturating_sub(1)
        );
        self.rejected = true;
        self.board.note_failed_start(&format!("{}\n{outcome}", fault.text));
        self.config.log.host(Level::Error, outcome);
    }

    pub(super) fn reject(&mut self, error: Error, outcome: &str) -> Fault {
        self.rejected = true;
        let mut fault = error.into_fault();
        fault.text.push_str(&format!("\nreload rejected: {outcome}"));
        self.board.note_reload(false, &fault.text);
        self.config.log.write(Record {
            level: Level::Error,
            worker: String::new(),
            location: fault.location.clone(),
            message: fault.text.clone(),
            about: About {
                fault: Some(fault.kind.name()),
                generation: fault.generation,
                ..About::default()
            },
        });
        self.tell(HostEvent::ReloadRejected(fault.clone()));
        fault
    }
}
