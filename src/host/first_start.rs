//! The first start of a host, as long as the `on_worker_start` of some isolate has not returned. Orders are heard meanwhile:
//! a stop stops, and when the start takes long a reload ends it and begins anew.

use super::{
    HostEvent, ReloadOutcome, Reloaded, StartUnderWay, WorkerInfo, deployment::Deployment,
    ending::stop_all, handle::Order, publishing::address_of, supervisor::Supervisor,
    switched::Switched, wanted_reload::WantedReload,
};
use crate::{
    error::Error,
    log::{About, Level, Record},
    net::starting::LATE,
    script::ctx::Wish,
};
use std::{
    mem,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, Sender},
    },
    time::Instant,
};

/// See the module.
pub(super) struct FirstStart {
    switched: Switched,
    /// When it is looked whether it takes long, should no isolate say so: one may be too busy for that.
    pub(super) due: Instant,
    /// It takes long.
    is_late: bool,
    /// Did a reload begin it anew?
    is_again: bool,
    /// Who waits for what comes of that.
    replies: Vec<Sender<ReloadOutcome>>,
    /// What can wait until everything serves, as long as that is to be expected.
    deferred: Vec<Order>,
}

impl FirstStart {
    pub(super) fn new(switched: Switched) -> Self {
        Self {
            switched,
            due: Instant::now() + LATE,
            is_late: false,
            is_again: false,
            replies: Vec::new(),
            deferred: Vec::new(),
        }
    }

    /// A fault ends the host, but the other isolates may come to the end of their starts, unless one of those takes long.
    fn is_over(&mut self) -> bool {
        let answers = &mut self.switched.answers;
        answers.take();
        answers.are_complete() || self.is_late && answers.has_fault()
    }

    /// What nobody has heard of when the host is stopped before it serves.
    pub(super) fn into_deferred(self) -> Vec<Order> {
        self.deferred
    }

    /// May a reload begin it anew?
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }
}

/// May that not wait until everything serves?
fn is_urgent(order: &Order) -> bool {
    matches!(
        order,
        Order::Stop(_)
            | Order::StopGracefully(_)
            | Order::Reload(..)
            | Order::Wish(Wish::Stop { .. } | Wish::Reload | Wish::StartIsLate | Wish::StartEnded)
    )
}

impl Supervisor {
    /// Carries out orders until every worker accepts, and says so. An exit code: it was stopped before.
    pub(super) fn await_first_start(
        &mut self,
        orders: &Receiver<Order>,
    ) -> Result<Option<u8>, Error> {
        while self.first_start.as_mut().is_some_and(|first| !first.is_over()) {
            let Some(order) = self.next_order(orders) else { return Ok(Some(0)) };
            match &mut self.first_start {
                Some(first) if !first.is_late && !is_urgent(&order) => first.deferred.push(order),
                _ => {
                    if let Some(code) = self.obey(order) {
                        // The end is told after this, and the handle says meanwhile that it is stopping.
                        if self.stopping.load(Ordering::Relaxed) {
                            self.tell_started();
                        }
                        return Ok(Some(code));
                    }
                }
            }
        }
        self.first_start.take().map_or(Ok(None), |first| self.conclude_first_start(first))
    }

    fn conclude_first_start(&mut self, first: FirstStart) -> Result<Option<u8>, Error> {
        self.leave();
        let reloaded = match first.switched.reloaded(self) {
            Ok(reloaded) => reloaded,
            Err(mut fault) => {
                let error = fault.clone().into();
                fault
                    .text
                    .push_str("\nreload rejected: nothing has served before, and the host ends");
                for reply in first.replies {
                    let _ = reply.send(Err(fault.clone()));
                }
                return Err(error);
            }
        };
        let unwanted = self.listeners.unwanted();
        if !unwanted.is_empty() {
            let text = format!("no worker listens on what was inherited: {}", unwanted.join(", "));
            self.config.log.host(Level::Warn, text);
        }
        self.checker.look(self.generation, &self.good);
        self.tell_started();
        if first.is_again {
            self.accepted(&reloaded);
            for reply in first.replies {
                let _ = reply.send(Ok(reloaded.clone()));
            }
        }
        Ok(first.deferred.into_iter().find_map(|order| self.obey(order)))
    }

    fn tell_started(&self) {
        let workers = self.workers.iter().zip(&self.bound).map(|(spec, bound)| WorkerInfo {
            name: spec.name.clone(),
            declared: spec.declared.clone(),
            address: address_of(spec, bound.as_ref()),
            count: spec.count,
        });
        self.tell(HostEvent::Started { workers: workers.collect(), watching: self.config.watch });
    }

    /// A reload that comes while the first start takes long: the new text is rehearsed as always, and when it is fit to serve,
    /// the handlers that keep everybody waiting are ended, and the start begins anew.
    pub(super) fn start_over(&mut self, wanted: WantedReload) {
        self.restart_missing();
        let sources = self.config.sources();
        let mut deployment = Deployment::new(sources.clone(), wanted.options);
        let prepared = deployment.prepare(self);
        self.watch_files(&sources);
        if let Err(error) = prepared {
            let outcome = "the start before goes on as it is, and nothing serves before it is done";
            let fault = self.reject(error, outcome);
            return wanted.answer(&Err(fault));
        }
        let mut switched = deployment.switch(self);
        // There is nothing to go back to.
        stop_all(mem::take(&mut switched.gone), self.stop_timeout());
        self.good = sources;
        self.forget_restarts();
        let again = FirstStart::new(switched);
        self.first_start = Some(FirstStart { is_again: true, replies: wanted.replies, ..again });
    }

    /// Should the first start take long and no isolate say so, that is noticed here. Gives the time of the next look.
    pub(super) fn look_at_first_start(&mut self) -> Option<Instant> {
        if self.first_start.as_ref()?.due <= Instant::now() {
            self.tell_of_late_starts(true);
            self.first_start.as_mut()?.due += LATE;
        }
        self.first_start.as_ref().filter(|first| !first.is_late).map(|first| first.due)
    }

    /// Tells of starts that take long and of which nobody has heard yet. `by_clock`: also where the isolate itself is too
    /// busy to notice.
    pub(super) fn tell_of_late_starts(&mut self, by_clock: bool) {
        let late = self.places.iter().filter_map(|place| {
            let start = place.isolate.stats.starting.take_late(by_clock)?;
            Some((place.serves.map(|(_, index)| index), StartUnderWay::from(start)))
        });
        let late: Vec<_> = late.collect();
        for (isolate, start) in &late {
            self.config.log.write(Record {
                level: Level::Warn,
                worker: start.worker.clone(),
                location: String::new(),
                message: start.to_string(),
                about: About { isolate: *isolate, ..About::default() },
            });
            self.tell(HostEvent::StartIsLate(start.clone()));
        }
        if late.is_empty() {
            return;
        }
        let Some(mut first) = self.first_start.take() else { return };
        first.is_late = true;
        // Who asked for this start has waited long enough, too.
        let so_far = first.switched.reloaded(self);
        for reply in mem::take(&mut first.replies) {
            let so_far = so_far.clone().map(|reloaded| Reloaded { serves: false, ..reloaded });
            let _ = reply.send(so_far);
        }
        let deferred = mem::take(&mut first.deferred);
        self.first_start = Some(first);
        for order in deferred {
            // Nothing that was deferred stops the host.
            let _ = self.obey(order);
        }
    }

    /// Every `on_worker_start` that has not returned.
    pub(super) fn starts_under_way(&self) -> Vec<StartUnderWay> {
        let running = self.places.iter().filter_map(|p| p.isolate.stats.starting.running());
        running.map(StartUnderWay::from).collect()
    }
}
