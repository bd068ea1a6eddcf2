//! A worker on its way to serve, and the sockets that it serves on.

use super::supervisor::Supervisor;
use crate::{
    error::{Error, ErrorKind},
    log::Level,
    net::{address::Address, sockets::Sockets},
    script::plan::WorkerSpec,
};

/// A worker that the coming generation declares.
pub(super) struct Coming {
    pub(super) spec: WorkerSpec,
    /// The serving generation's worker that it continues.
    pub(super) continues: Option<usize>,
    /// Its sockets, unless it has no address.
    pub(super) sockets: Option<Sockets>,
    /// Were they bound for it just now?
    pub(super) is_fresh: bool,
}

impl Coming {
    /// With the sockets of its predecessor, if that listens where it wants to, else with new ones.
    pub(super) fn bind(
        host: &Supervisor,
        spec: WorkerSpec,
        continues: Option<usize>,
    ) -> Result<Self, Error> {
        let predecessor = continues.filter(|old| host.workers[*old].endpoint() == spec.endpoint());
        let kept = predecessor.and_then(|old| host.bound[old].clone());
        // One that the script had stopped listening listens again.
        let kept = kept.filter(|sockets| sockets.address().is_some());
        let new = spec.address.as_ref().filter(|_| kept.is_none());
        let bound =
            new.map(|address| Sockets::bind(&host.listeners, address, &spec.title)).transpose();
        let place = &spec.place;
        let bound = bound.map_err(|why| {
            Error::new(ErrorKind::Listen, format!("{why} (the worker of {place})"))
        })?;
        let is_fresh = bound.is_some();
        let coming = Self { spec, continues, sockets: bound.or(kept), is_fresh };
        if is_fresh {
            coming.fit(host);
        }
        Ok(coming)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Option<Address> {
        self.sockets.as_ref().and_then(Sockets::address)
    }

    /// Makes its sockets as many as its isolates want, and binds again what has lost its file.
    pub(super) fn fit(&self, host: &Supervisor) {
        let Some(sockets) = &self.sockets else { return };
        if let Err(e) = sockets.put_back() {
            let text = format!("the file of its socket is gone and cannot be made again: {e}");
            host.config.log.worker(Level::Warn, &self.spec.title, text);
        }
        if let Err(e) = sockets.fit(self.spec.count, self.spec.reuse_port) {
            let text = format!("isolates share a socket, for another cannot be bound: {e}");
            host.config.log.worker(Level::Warn, &self.spec.title, text);
        }
    }
}
