//! Which addresses this process listens on, and for whom. The pool belongs to the host, so that an address is bound once
//! whichever isolate wants it. What is bound is still nobody's: `accept.rs` takes connections, `sockets.rs` shares sockets.

use super::{
    bind,
    bound::Bound,
    claim::{Claim, Claimant, Owner},
    descriptors::Descriptors,
    held::{Held, Holder},
    inherited::Inherited,
    lease::Lease,
    put_off::PutOff,
    socket_file::SocketFile,
};
use crate::net::address::{Address, Endpoint};
use socket2::Socket;
use std::{
    collections::HashMap,
    fmt::Display,
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

#[derive(Default)]
pub(super) struct Pool {
    pub(super) held: HashMap<Endpoint, Held>,
    inherited: Vec<Inherited>,
    /// The number of the last lease.
    leases: u64,
}

impl Pool {
    pub(super) fn with_holder(
        &mut self,
        endpoint: &Endpoint,
        number: u64,
        f: impl FnOnce(&mut Holder),
    ) {
        let holders = self.held.get_mut(endpoint).map(|held| &mut held.holders);
        if let Some(holder) = holders.into_iter().flatten().find(|h| h.number == number) {
            f(holder);
        }
    }

    /// Other addresses that keep this one from being bound.
    pub(super) fn beside<'a>(
        &'a self,
        endpoint: &'a Endpoint,
    ) -> impl Iterator<Item = (&'a Endpoint, &'a Held)> {
        self.held.iter().filter(move |(at, _)| *at != endpoint && at.overlaps(endpoint))
    }

    /// The sockets at overlapping addresses, which all have to be about to leave.
    fn leaving(&self, address: &Address, by: &Claimant) -> Result<Vec<Arc<Socket>>, String> {
        let mut leaving = Vec::new();
        for (at, held) in self.beside(&address.endpoint) {
            if !by.gets(at, held) {
                return Err(taken(address, &format!("{} on {at}", by.stays(at, held))));
            }
            if held.is_inherited {
                return Err(format!(
                    "cannot listen on {address}: the socket on {at} was handed down at the start and stays open: change \
                     it where it is made, and start anew"
                ));
            }
            leaving.extend(held.sockets());
        }
        Ok(leaving)
    }

    /// The sockets at this very address, if who has them is about to leave.
    fn inheritance(&self, address: &Address, by: &Claimant) -> Result<Vec<Arc<Socket>>, String> {
        match self.held.get(&address.endpoint) {
            None => Ok(Vec::new()),
            Some(held) if by.gets(&address.endpoint, held) => Ok(held.sockets()),
            Some(held) => Err(match (&by.owner, &held.holders[0].owner, &address.endpoint) {
                (Owner::Isolate(one), Owner::Isolate(other), Endpoint::Ip(_)) if one != other => {
                    format!(
                        "cannot listen on {address}: address already in use by isolate {other}; set reuse_port"
                    )
                }
                _ => taken(address, &by.stays(&address.endpoint, held)),
            }),
        }
    }
}

/// All bound sockets of the process. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Listeners {
    pool: Arc<Mutex<Pool>>,
    /// What is left for those who connect to them.
    pub(super) descriptors: Arc<Descriptors>,
}

impl Listeners {
    pub(super) fn lock(&self) -> MutexGuard<'_, Pool> {
        // A panic elsewhere cannot leave the pool half changed.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over sockets that listen already: they are used where their address is asked for.
    pub(crate) fn inherit(&self, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        for descriptor in descriptors {
            let inherited = Inherited::adopt(descriptor)?;
            self.lock().inherited.push(inherited);
        }
        Ok(())
    }

    /// Where the inherited sockets listen that nobody has asked for.
    pub(crate) fn unwanted(&self) -> Vec<String> {
        let pool = self.lock();
        let unwanted = pool.inherited.iter().filter(|inherited| !inherited.is_wanted);
        unwanted.map(|inherited| inherited.endpoint.to_string()).collect()
    }

    /// Listens, with a new socket or those of whoever is about to leave. With `reuse_port`, isolates can have the same
    /// address. The error is one clear sentence.
    pub(crate) fn bind(&self, address: &Address, by: &Claimant) -> Result<Vec<Bound>, String> {
        // Held until the address is noted, so that of two isolates that want it one gets the other's name.
        let mut pool = self.lock();
        let held = pool.held.get(&address.endpoint);
        if by.shares(address) && held.is_some_and(|held| held.admits(&by.owner)) {
            pool.leaving(address, by)?;
            let socket = bind::bind(&address.endpoint, true).map_err(|e| refusal(address, &e))?;
            return Ok(self.enter(&mut pool, address, by, vec![socket.into()]));
        }
        let sockets = pool.inheritance(address, by)?;
        if sockets.is_empty() {
            let (bound, put_off) = self.bind_anew(&mut pool, address, by)?;
            put_off.settle();
            return Ok(vec![bound]);
        }
        pool.leaving(address, by)?;
        Ok(self.hand_over(&mut pool, address, by, sockets))
    }

    /// Sees to it that an address can be had for certain. Whoever has it keeps it until [`Self::take_over`].
    pub(crate) fn claim(&self, address: &Address, by: &Claimant) -> Result<Claim, String> {
        let mut pool = self.lock();
        let sockets = pool.inheritance(address, by)?;
        if sockets.is_empty() {
            let (bound, put_off) = self.bind_anew(&mut pool, address, by)?;
            return Ok(Claim::New(bound, put_off));
        }
        pool.leaving(address, by)?;
        Ok(Claim::Held(sockets))
    }

    /// Takes sockets from whoever has them, and with them those who wait to be accepted.
    pub(crate) fn take_over(
        &self,
        address: &Address,
        by: &Claimant,
        sockets: Vec<Arc<Socket>>,
    ) -> Vec<Bound> {
        self.hand_over(&mut self.lock(), address, by, sockets)
    }

    fn hand_over(
        &self,
        pool: &mut Pool,
        address: &Address,
        by: &Claimant,
        sockets: Vec<Arc<Socket>>,
    ) -> Vec<Bound> {
        let held = pool.held.entry(address.endpoint.clone()).or_default();
        held.dismiss();
        held.reuse_port = by.shares(address);
        if held.reuse_port {
            // The kernel refuses it to no socket that it let us bind.
            sockets.iter().for_each(|socket| drop(bind::let_others_in(socket)));
        }
        self.enter(pool, address, by, sockets)
    }

    fn bind_anew(
        &self,
        pool: &mut Pool,
        address: &Address,
        by: &Claimant,
    ) -> Result<(Bound, PutOff), String> {
        let leaving = pool.leaving(address, by)?;
        let refused = |e: io::Error| refusal(address, &e);
        let inherited = pool.inherited.iter_mut().find(|i| i.serves(&address.endpoint));
        let is_inherited = inherited.is_some();
        let (socket, put_off) = match inherited {
            Some(inherited) => {
                inherited.is_wanted = true;
                (inherited.socket.try_clone().map_err(refused)?, PutOff::default())
            }
            None => PutOff::bind_beside(&address.endpoint, leaving).map_err(refused)?,
        };
        let (mut file, mut real) = (None, address.clone());
        if !is_inherited {
            file = SocketFile::of(&socket, &address.endpoint).map_err(refused)?;
            if let Ok(Some(local)) = socket.local_addr().map(|local| local.as_socket()) {
                real.endpoint = Endpoint::Ip(local);
            }
        }
        if by.shares(address) {
            bind::let_others_in(&socket).map_err(refused)?;
        }
        let held = pool.held.entry(real.endpoint.clone()).or_default();
        (held.file, held.is_inherited, held.reuse_port) = (file, is_inherited, by.shares(address));
        let mut bound = self.enter(pool, &real, by, vec![socket.into()]);
        Ok((bound.remove(0), put_off))
    }

    /// Notes who listens from now on.
    fn enter(
        &self,
        pool: &mut Pool,
        address: &Address,
        by: &Claimant,
        sockets: Vec<Arc<Socket>>,
    ) -> Vec<Bound> {
        pool.leases += 1;
        let lease = Lease {
            pool: self.clone(),
            endpoint: address.endpoint.clone(),
            number: pool.leases,
            is_over: Arc::<AtomicBool>::default(),
        };
        let held = pool.held.entry(address.endpoint.clone()).or_default();
        held.holders.push(Holder {
            number: lease.number,
            owner: by.owner.clone(),
            asked_by: by.generation,
            is_over: lease.is_over.clone(),
            sockets: sockets.iter().map(Arc::downgrade).collect(),
        });
        let lease = Arc::new(lease);
        sockets.into_iter().map(|s| Bound::new(s, address.clone(), lease.clone())).collect()
    }
}

pub(super) fn taken(address: &impl Display, by: &str) -> String {
    format!("cannot listen on {address}: the address is already in use by {by}")
}

/// Why the system did not let us listen, in words.
fn refusal(address: &Address, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => return taken(address, "another program"),
        kind => match (kind, &address.endpoint) {
            (io::ErrorKind::PermissionDenied, Endpoint::Ip(_)) => {
                "permission denied (ports below 1024 need privileges)".to_owned()
            }
            (io::ErrorKind::PermissionDenied, Endpoint::Unix(_)) => {
                "permission denied: this user may not create files in its folder".to_owned()
            }
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, Endpoint::Unix(_)) => {
                "there is no such folder: create it first".to_owned()
            }
            (io::ErrorKind::AddrNotAvailable, _) => {
                "this machine does not have that address".to_owned()
            }
            _ => error.to_string(),
        },
    };
    format!("cannot listen on {address}: {why}")
}
