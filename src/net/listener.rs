//! Which addresses this process listens on, and for whom. The pool belongs to the host, so that an address is bound once
//! whichever isolate wants it. What is bound is still nobody's: `accept.rs` takes connections, `sockets.rs` shares sockets.

use super::{
    address::{Address, Endpoint},
    bind,
    descriptors::Descriptors,
    inherited::Inherited,
    socket_file::SocketFile,
    tally::Tally,
};
use socket2::Socket;
use std::{
    collections::HashMap,
    fmt, io,
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers for sockets, so that one is known again through all of its copies.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Who listens, as others are told who want the same address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A top-level Worker, whose sockets the host holds.
    Worker(String),
    /// The isolate in which a handler made a Worker.
    Isolate(usize),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Worker(title) => write!(f, "worker `{title}`"),
            Owner::Isolate(id) => write!(f, "isolate {id}"),
        }
    }
}

/// A bound and listening socket, on its way to an isolate.
pub(crate) struct Bound {
    pub(crate) id: u64,
    pub(super) socket: Socket,
    /// Connections that were taken from it.
    pub(super) tally: Arc<Tally>,
    /// Where it really listens: the port, if 0 was asked for.
    pub(crate) address: Address,
    /// Gives the address back when the last copy goes.
    pub(super) lease: Arc<Lease>,
}

impl Bound {
    fn new(socket: Socket, address: Address, lease: Arc<Lease>) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, socket, tally: Arc::default(), address, lease }
    }

    /// Another handle to the same socket, for another isolate.
    pub(crate) fn share(&self) -> io::Result<Bound> {
        Ok(Bound {
            id: self.id,
            socket: self.socket.try_clone()?,
            tally: self.tally.clone(),
            address: self.address.clone(),
            lease: self.lease.clone(),
        })
    }

    /// A new socket in the place of this one, if that was bound to a file which is not there any more: a cleaner of
    /// temporary folders has taken it away, and nobody can connect. None: the file is there, be it another program's.
    pub(super) fn put_back(&self) -> io::Result<Option<Bound>> {
        let mut file = self.lease.file();
        if !file.as_ref().is_some_and(SocketFile::is_missing) {
            return Ok(None);
        }
        let socket = bind::bind(&self.address.endpoint, false)?;
        *file = SocketFile::of(&socket, &self.address.endpoint)?;
        drop(file);
        Ok(Some(Self::new(socket, self.address.clone(), self.lease.clone())))
    }

    /// Another socket at the same address: the kernel spreads connections over both.
    pub(crate) fn another(&self) -> io::Result<Bound> {
        bind::let_others_in(&self.socket)?;
        let socket = bind::bind(&self.address.endpoint, true)?;
        Ok(Self::new(socket, self.address.clone(), self.lease.clone()))
    }
}

/// An address that somebody has.
pub(super) struct Lease {
    pool: Listeners,
    endpoint: Endpoint,
    owner: Owner,
    /// The file of a Unix socket that was bound for it, which goes with it.
    file: Mutex<Option<SocketFile>>,
}

impl Lease {
    /// What is left for those who connect.
    pub(super) fn descriptors(&self) -> &Descriptors {
        &self.pool.descriptors
    }

    fn file(&self) -> MutexGuard<'_, Option<SocketFile>> {
        // It is replaced in one step.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the file is that goes with it.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.file().as_ref().map(|file| file.path().to_owned())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut pool = self.pool.lock();
        let Some(place) = pool.taken.get_mut(&self.endpoint) else { return };
        place.owners.retain(|owner| *owner != self.owner);
        if place.owners.is_empty() {
            pool.taken.remove(&self.endpoint);
            if let Some(file) = self.file().take() {
                file.remove();
            }
        }
    }
}

/// An address that is listened on.
struct Place {
    /// One, or isolates that agreed to share it.
    owners: Vec<Owner>,
    reuse_port: bool,
}

impl Place {
    fn admits(&self, owner: &Owner) -> bool {
        self.reuse_port && !self.owners.contains(owner)
    }
}

#[derive(Default)]
struct Pool {
    taken: HashMap<Endpoint, Place>,
    inherited: Vec<Inherited>,
}

/// All bound sockets of the process. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Listeners {
    pool: Arc<Mutex<Pool>>,
    /// What is left for those who connect to them.
    pub(super) descriptors: Arc<Descriptors>,
}

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, Pool> {
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

    /// Binds and listens. With `reuse_port`, isolates can have the same address. The error is one clear sentence.
    pub(crate) fn bind(
        &self,
        address: &Address,
        owner: &Owner,
        reuse_port: bool,
    ) -> Result<Bound, String> {
        // A Unix socket is a file, and a file names one socket.
        let is_ip = matches!(address.endpoint, Endpoint::Ip(_));
        let shares = reuse_port && is_ip && matches!(owner, Owner::Isolate(_));
        // Held until the address is noted, so that of two isolates that want it one gets the other's name.
        let mut guard = self.lock();
        let pool = &mut *guard;
        let place = pool.taken.get(&address.endpoint);
        if let Some(place) = place.filter(|place| !(shares && place.admits(owner))) {
            let other = &place.owners[0];
            let both_inner =
                matches!((owner, other), (Owner::Isolate(a), Owner::Isolate(b)) if a != b);
            return Err(match both_inner && is_ip {
                true => format!(
                    "cannot listen on {address}: address already in use by {other}; set reuse_port"
                ),
                false => taken(address, &other.to_string()),
            });
        }
        let inherited = pool.inherited.iter_mut().find(|i| i.serves(&address.endpoint));
        let is_inherited = inherited.is_some();
        let socket = match inherited {
            Some(inherited) => {
                inherited.is_wanted = true;
                inherited.socket.try_clone()
            }
            None => bind::bind(&address.endpoint, place.is_some()),
        };
        let socket = socket.and_then(|socket| {
            if shares {
                bind::let_others_in(&socket)?;
            }
            Ok(socket)
        });
        let socket = socket.map_err(|e| refusal(address, &e, &pool.taken))?;
        let file = match is_inherited {
            true => None,
            false => SocketFile::of(&socket, &address.endpoint)
                .map_err(|e| refusal(address, &e, &pool.taken))?,
        };
        let mut real = address.clone();
        if let (false, Ok(local)) = (is_inherited, socket.local_addr())
            && let Some(local) = local.as_socket()
        {
            real.endpoint = Endpoint::Ip(local);
        }
        let place = pool.taken.entry(real.endpoint.clone());
        let place = place.or_insert(Place { owners: Vec::new(), reuse_port: shares });
        place.owners.push(owner.clone());
        let lease = Lease {
            pool: self.clone(),
            endpoint: real.endpoint.clone(),
            owner: owner.clone(),
            file: Mutex::new(file),
        };
        Ok(Bound::new(socket, real, Arc::new(lease)))
    }
}

fn taken(address: &Address, by: &str) -> String {
    format!("cannot listen on {address}: the address is already in use by {by}")
}

/// Why the system did not let us listen, in words.
fn refusal(address: &Address, error: &io::Error, pool: &HashMap<Endpoint, Place>) -> String {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => {
            let ours = pool.iter().find(|(endpoint, _)| endpoint.overlaps(&address.endpoint));
            return match ours {
                Some((endpoint, place)) => {
                    taken(address, &format!("{} on {endpoint}", place.owners[0]))
                }
                None => taken(address, "another program"),
            };
        }
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
