//! How a Worker comes to listen, and how it stops.

use super::Worker;
use crate::{
    log::Level,
    net::{
        completion::Completion,
        listen::{Bound, Claimant, Incoming, Listener, Owner},
        transport::Transport,
    },
    script::{
        ctx::Wish,
        session,
        timer::asking_generation,
        value::{Outcome, error},
    },
};
use std::{
    io,
    rc::{Rc, Weak},
    time::Duration,
};

impl Worker {
    /// Accepts on the sockets that the host has for this isolate, and on no others.
    pub(crate) fn accept_as_seated(&self) -> Result<(), String> {
        let seat = self.core().seat();
        self.accept_on(seat.map_or(Ok(Vec::new()), |seat| seat.take())?)
    }

    fn accept_on(&self, sockets: Vec<Bound>) -> Result<(), String> {
        let core = self.core();
        let (new, left) = core.accept_only(sockets);
        // Those who came before it was closed are served.
        let rest = left.iter().flat_map(|listener| listener.rest());
        rest.for_each(|incoming| self.take_in(incoming));
        drop(left);
        for bound in new {
            let address = bound.address.clone();
            let listener = Listener::open(bound, None);
            let listener = listener.map_err(|e| format!("cannot listen on {address}: {e}"))?;
            let listener = Rc::new(listener);
            let accepting = accept_for_ever(self.clone(), Rc::downgrade(&listener));
            core.accept_by(tokio::task::spawn_local(accepting).abort_handle(), listener);
        }
        core.ctx.note_listening();
        Ok(())
    }

    /// A connection is the worker's when its handshake is done.
    fn take_in(&self, incoming: Incoming) {
        let settings = &self.core().settings;
        let limit = Duration::from_secs_f64(settings.timeouts.handshake.get());
        match incoming.handshake(limit) {
            Completion::Ready(shaken) => self.open(shaken),
            Completion::Pending(rest) => {
                let worker = self.clone();
                tokio::task::spawn_local(async move { worker.open(rest.await) });
            }
        }
    }

    fn open(&self, shaken: io::Result<Transport>) {
        match shaken {
            Ok(transport) => session::open(self, transport),
            Err(why) => {
                let core = self.core();
                core.ctx.warn(&core.title(), None, &format!("a handshake came to nothing: {why}"));
            }
        }
    }

    pub(super) fn listen(&self) -> Outcome<()> {
        let core = self.core();
        let address = core.address.borrow().clone();
        let Some(address) = &address else { return Ok(()) };
        // What the top level declares is listened on when all of it has run.
        if core.ctx.is_declaring() || core.bound().is_some() {
            return Ok(());
        }
        if !core.is_inner {
            return self.listen_again();
        }
        let generation = asking_generation();
        // What a worker that is not reloadable has made stays as it does.
        let is_fixed =
            core.ctx.served.borrow().as_ref().is_some_and(|w| !w.core().settings.reloadable.get());
        let by = Claimant {
            owner: Owner::Isolate(core.ctx.isolate),
            generation: if is_fixed { 0 } else { generation },
            reuse_port: core.settings.reuse_port.get(),
            kept: Vec::new(),
        };
        if let Some(living) = self.living_twin(generation) {
            if !living.core().renew(by.generation).map_err(error)? {
                let bound = core.ctx.listeners.bind(address, &by).map_err(error)?;
                living.accept_on(bound).map_err(error)?;
            }
            if let Some(program) = core.ctx.program() {
                living.core().rebind(&core, &program, None);
            }
            living.core().asked_by.set(generation);
            self.alias_to(&living);
            return Ok(());
        }
        let bound = core.ctx.listeners.bind(address, &by).map_err(error)?;
        let real = bound.first().map_or(String::new(), |bound| bound.address.to_string());
        self.accept_on(bound).map_err(error)?;
        core.asked_by.set(generation);
        let mut workers = core.ctx.workers.borrow_mut();
        // Inner ones that neither listen nor have connections are over.
        workers.retain(|w| !w.core().is_inner || w.core().is_alive());
        workers.push(self.clone());
        drop(workers);
        core.ctx.note_listening();
        self.tell_listening(real);
        Ok(())
    }

    /// A Worker of the top level, after `unlisten()`.
    fn listen_again(&self) -> Outcome<()> {
        let Some(seat) = self.core().seat() else { return Ok(()) };
        let nobody_listens = seat.address().is_none();
        // In `on_worker_start` it is too early; it listens when that is done.
        if !seat.rejoin() || asking_generation() > 0 {
            return Ok(());
        }
        if let Err(why) = self.accept_as_seated() {
            seat.leave();
            return Err(error(why));
        }
        if nobody_listens && let Some(address) = self.core().bound() {
            self.tell_listening(address.to_string());
        }
        Ok(())
    }

    fn tell_listening(&self, bound: String) {
        let core = self.core();
        let (worker, declared) = (core.title(), core.declared.borrow().clone());
        core.ctx.wish(Wish::Listening { worker, declared, bound });
    }

    /// `unlisten()`: gives up our part of the host's sockets as well, for clients would hang in them.
    pub(super) fn stop_listening(&self) {
        let core = self.core();
        core.unlisten();
        if let Some(address) = core.seat().and_then(|seat| seat.leave()) {
            let text = format!("stopped listening on {address}");
            core.ctx.log.worker(Level::Info, &core.title(), text);
        }
    }

    /// The inner Worker of the same address that an earlier generation's `on_worker_start` asked for, and this one's has
    /// not yet.
    fn living_twin(&self, generation: u64) -> Option<Worker> {
        if generation == 0 {
            return None;
        }
        let core = self.core();
        let workers = core.ctx.workers.borrow();
        let twin = workers.iter().find(|w| {
            let living = w.core();
            living.is_inner
                && living.continues(&core)
                && (1..generation).contains(&living.asked_by.get())
                && living.bound().is_some()
        });
        twin.cloned()
    }
}

async fn accept_for_ever(worker: Worker, listener: Weak<Listener>) {
    loop {
        let core = worker.core();
        while core.paused.get() {
            core.resumed.notified().await;
        }
        let title = core.title();
        let incoming = tokio::select! {
            incoming = Listener::accept(&listener, &core.ctx.log, &title) => incoming,
            // A pause while nothing came: wait for its end instead.
            () = core.resumed.notified() => continue,
        };
        let Some(incoming) = incoming else { return };
        worker.take_in(incoming);
    }
}
