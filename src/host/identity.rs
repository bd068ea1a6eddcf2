//! Whom the process becomes when its sockets are bound: `user` and `group` of the workers. Read once, at the first start.

use crate::{
    error::{Error, ErrorKind},
    script::plan::WorkerSpec,
};
use nix::unistd::{self, Gid, Group, User};
use std::{collections::BTreeSet, ffi::CString, fmt::Display, os::unix::fs::chown, path::Path};

/// A user and a group that exist, and that this process may become.
pub(super) struct Identity {
    user: Option<User>,
    group: Gid,
}

impl Identity {
    /// The users and groups that workers ask for.
    pub(super) fn names(workers: &[WorkerSpec]) -> BTreeSet<(&str, &str)> {
        let names = workers.iter().map(|spec| (spec.user.as_str(), spec.group.as_str()));
        names.filter(|names| *names != ("", "")).collect()
    }

    /// What the workers ask for, together, for there is one process. `None`: nothing, or what it is already.
    pub(super) fn of(workers: &[WorkerSpec]) -> Result<Option<Self>, Error> {
        let user = agreed("user", workers, |spec| &spec.user)?;
        let group = agreed("group", workers, |spec| &spec.group)?;
        let user =
            user.map(|(name, of)| found("user", name, of, User::from_name(name))).transpose()?;
        let group =
            group.map(|(name, of)| found("group", name, of, Group::from_name(name))).transpose()?;
        let group = match (&user, group) {
            (_, Some(group)) => group.gid,
            (Some(user), None) => user.gid,
            (None, None) => return Ok(None),
        };
        let uid = user.as_ref().map_or(unistd::geteuid(), |user| user.uid);
        if uid == unistd::geteuid() && group == unistd::getegid() {
            return Ok(None);
        }
        if !unistd::geteuid().is_root() {
            let asks = workers.iter().find(|spec| !spec.user.is_empty() || !spec.group.is_empty());
            let place = asks.map_or("", |spec| &spec.place);
            let text = format!(
                "only root can become another user or group: start as root, or remove `user` and `group` (the worker of \
                 {place})"
            );
            return Err(Error::new(ErrorKind::Config, text));
        }
        Ok(Some(Self { user, group }))
    }

    /// The numbers of the user and the group.
    pub(super) fn ids(&self) -> (Option<u32>, Option<u32>) {
        (self.user.as_ref().map(|user| user.uid.as_raw()), Some(self.group.as_raw()))
    }

    /// Gives it the file of a Unix socket.
    pub(super) fn own(&self, socket: &Path) -> Result<(), Error> {
        let user = self.user.as_ref().map(|user| user.uid.as_raw());
        let what = || format!("cannot give {} to {self}", socket.display());
        chown(socket, user, Some(self.group.as_raw())).map_err(|e| refused(&what(), e))
    }

    /// Every thread of the process becomes it, for good.
    pub(super) fn assume(&self) -> Result<(), Error> {
        let become_it = || {
            match &self.user {
                Some(user) => {
                    let name = CString::new(user.name.clone()).map_err(|_| nix::Error::EINVAL)?;
                    unistd::initgroups(&name, self.group)?;
                }
                None => unistd::setgroups(&[self.group])?,
            }
            unistd::setgid(self.group)?;
            self.user.as_ref().map_or(Ok(()), |user| unistd::setuid(user.uid))
        };
        become_it().map_err(|e| refused(&format!("cannot become {self}"), e.into()))
    }
}

impl Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "user `{}`, ", user.name)?;
        }
        write!(f, "group {}", self.group)
    }
}

/// The one name that all workers give which give any.
fn agreed<'a>(
    what: &str,
    workers: &'a [WorkerSpec],
    name: impl Fn(&WorkerSpec) -> &String,
) -> Result<Option<(&'a str, &'a WorkerSpec)>, Error> {
    let mut named = workers.iter().filter(|spec| !name(spec).is_empty());
    let Some(first) = named.next() else { return Ok(None) };
    match named.find(|spec| name(spec) != name(first)) {
        None => Ok(Some((name(first), first))),
        Some(other) => Err(Error::new(
            ErrorKind::Config,
            format!(
                "worker `{}` of {} asks for {what} `{}` and worker `{}` of {} for `{}`: there is one process, so they must \
                 agree",
                first.title,
                first.place,
                name(first),
                other.title,
                other.place,
                name(other)
            ),
        )),
    }
}

fn found<T>(
    what: &str,
    name: &str,
    of: &WorkerSpec,
    looked_up: nix::Result<Option<T>>,
) -> Result<T, Error> {
    let looked_up =
        looked_up.map_err(|e| refused(&format!("cannot look up the {what} `{name}`"), e.into()))?;
    let unknown = || {
        let place = &of.place;
        let text = format!(
            "there is no {what} `{name}` on this machine, and the worker of {place} asks for it: make it, or name another"
        );
        Error::new(ErrorKind::Config, text)
    };
    looked_up.ok_or_else(unknown)
}

fn refused(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::System, format!("{what}: {error}")).with_source(error)
}
