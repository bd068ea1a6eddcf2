//! A worker on its way to serve, and the sockets that it serves on.

use super::{code::Code, past::Past, supervisor::Supervisor};
use crate::{
    error::{Error, ErrorKind},
    log::Level,
    net::{
        address::{Address, Endpoint},
        listen::{Claim, Claimant, ListenSet, Owner, PutOff},
    },
    script::plan::{WorkerSpec, match_up},
};
use socket2::Socket;
use std::sync::Arc;

/// A worker that the coming generation declares.
pub(super) struct Coming {
    pub(super) spec: WorkerSpec,
    /// The serving generation's worker that it continues.
    pub(super) continues: Option<usize>,
    /// What it runs, if that is not what declares it.
    pub(super) older: Option<Code>,
    /// Do its isolates go on with what they run?
    pub(super) stays: bool,
    /// Its sockets, unless it has no address.
    pub(super) sockets: Option<ListenSet>,
    /// Those that it will have when it serves, and which others have until then.
    promised: Vec<Arc<Socket>>,
    /// What else had to be done for them. Undone after they are closed, if the reload is rejected.
    put_off: PutOff,
    /// Are they new to it?
    pub(super) is_fresh: bool,
}

impl Coming {
    /// All of a generation. Those whose predecessors listen where they want to go on with their sockets. The others get those
    /// of whoever stops listening there, else new ones.
    pub(super) fn all(
        host: &Supervisor,
        declared: Vec<WorkerSpec>,
        back_to: Option<&Past>,
    ) -> Result<Vec<Self>, Error> {
        let continues = match_up(&host.workers, &declared);
        let were = back_to.map(|past| past.of(&declared));
        let all = declared.into_iter().zip(continues).enumerate().map(|(at, (spec, continues))| {
            // One that is not reloadable yet has not been told to stay, and before everything serves nothing can.
            let stays = continues.filter(|old| {
                !spec.reloadable && !host.workers[*old].reloadable && host.first_start.is_none()
            });
            let older = match stays {
                Some(old) => Some(host.codes[old].clone()),
                None => were.as_ref().and_then(|were| were[at].clone()),
            };
            let sockets = kept_sockets(host, &spec, continues);
            let (promised, put_off) = Default::default();
            let stays = stays.is_some();
            Self { spec, continues, older, stays, sockets, promised, put_off, is_fresh: false }
        });
        let mut all: Vec<Self> = all.collect();
        all.iter_mut().for_each(|coming| coming.keep_protocol(host));
        let mut kept: Vec<(Endpoint, String)> = all
            .iter()
            .filter_map(|coming| Some((coming.address()?.endpoint, coming.spec.title.clone())))
            .collect();
        for coming in &mut all {
            coming.claim(host, &mut kept)?;
        }
        Ok(all)
    }

    /// Sees to it that there are sockets for it.
    fn claim(
        &mut self,
        host: &Supervisor,
        kept: &mut Vec<(Endpoint, String)>,
    ) -> Result<(), Error> {
        let (None, Some(address)) = (&self.sockets, &self.spec.address) else { return Ok(()) };
        let mut by = self.claimant(host.generation + 1);
        by.kept = kept.clone();
        let claim = host.listeners.claim(address, &by).map_err(|why| {
            let place = &self.spec.place;
            Error::new(ErrorKind::Listen, format!("{why} (the worker of {place})"))
        })?;
        self.is_fresh = true;
        match claim {
            Claim::New(bound, put_off) => {
                let sockets = ListenSet::new(&host.listeners, address, &by, vec![bound]);
                (self.sockets, self.put_off) = (Some(sockets), put_off);
                self.fit(host);
            }
            Claim::Held(sockets) => {
                self.promised = sockets;
                kept.push((address.endpoint.clone(), self.spec.title.clone()));
            }
        }
        Ok(())
    }

    /// The protocol is a part of what stays. Whoever wants another is told.
    fn keep_protocol(&mut self, host: &Supervisor) {
        let old = self.continues.and_then(|old| host.workers[old].address.as_ref());
        let (true, Some(new), Some(old)) = (self.stays, &mut self.spec.address, old) else {
            return;
        };
        if new.protocol != old.protocol {
            let text = format!(
                "it goes on with {}: it is not reloadable, so another protocol has to wait until it is, or for the next \
                 start",
                old.protocol.name()
            );
            host.config.log.worker(Level::Warn, &self.spec.title, text);
            new.protocol = old.protocol;
        }
    }

    fn claimant(&self, generation: u64) -> Claimant {
        Claimant::new(Owner::Worker(self.spec.title.clone()), generation)
    }

    /// This generation serves: what was promised is its own, and as much as its isolates want.
    pub(super) fn settle(&mut self, host: &Supervisor) {
        std::mem::take(&mut self.put_off).settle();
        let promised = std::mem::take(&mut self.promised);
        if let (false, Some(address)) = (promised.is_empty(), &self.spec.address) {
            let by = self.claimant(host.generation);
            let bound = host.listeners.take_over(address, &by, promised);
            self.sockets = Some(ListenSet::new(&host.listeners, address, &by, bound));
        } else if self.is_fresh {
            return;
        }
        if let Some(sockets) = &self.sockets {
            sockets.renew(host.generation);
        }
        self.fit(host);
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Option<Address> {
        self.sockets.as_ref().and_then(ListenSet::address)
    }

    /// Makes its sockets as many as its isolates want, and binds again what has lost its file.
    fn fit(&self, host: &Supervisor) {
        let Some(sockets) = &self.sockets else { return };
        if let Err(e) = sockets.put_back() {
            let text = format!("the file of its socket is gone and cannot be made again: {e}");
            host.config.log.worker(Level::Warn, &self.spec.title, text);
        }
        if let Err(e) = sockets.resize(self.spec.count, self.spec.reuse_port) {
            let text = format!("isolates share a socket, for another cannot be bound: {e}");
            host.config.log.worker(Level::Warn, &self.spec.title, text);
        }
    }
}

/// The sockets that its predecessor listens on, if that is where it wants to. One that the script had stopped listening
/// listens again.
fn kept_sockets(
    host: &Supervisor,
    spec: &WorkerSpec,
    continues: Option<usize>,
) -> Option<ListenSet> {
    let old = continues?;
    let sockets = host.bound[old].clone()?;
    let listens_at = sockets.address()?.endpoint;
    let is_there = host.workers[old].endpoint() == spec.endpoint()
        || spec.endpoint().is_some_and(|wanted| *wanted == listens_at);
    is_there.then_some(sockets)
}
