//! The files that a host writes to: their rights, their owner, and whether they can be opened at all.

use super::{
    exit::{Exit, Failure},
    lock::{self, is_same},
    outlet::Outlet,
    place,
    plan::Plan,
    running::Running,
};
use rustix::{
    fs::{Access, Mode, OFlags, access},
    process::{geteuid, umask},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::Path,
};

/// A pipe that nobody reads cannot be opened, instead of for ever.
const WITHOUT_WAITING: i32 = OFlags::NONBLOCK.bits().cast_signed();

/// Files that we create are for others to read at most, whatever the user's mask is.
pub fn limit_rights() {
    let given = umask(Mode::WGRP | Mode::WOTH);
    umask(given | Mode::WGRP | Mode::WOTH);
}

/// Opens what a daemon's output goes to.
pub fn open_output(path: &Path, plan: &Plan) -> Result<File, Failure> {
    let file = prepare(path, plan).and_then(|()| append().create(true).open(path));
    file.map_err(|e| Failure::system(format!("stdout_file {}", path.display()), e))
}

pub fn log_file(path: &Path, plan: &Plan, also_stderr: bool) -> Result<Outlet, Failure> {
    let prepared = prepare(path, plan);
    let outlet = prepared.and_then(|()| Outlet::file(path, plan.log_file_max_size, also_stderr));
    outlet.map_err(|e| Failure::system(format!("log_file {}", path.display()), e))
}

/// Opens the file of answered requests, which is cut into pieces as the log is.
pub fn access_log_file(path: &Path, plan: &Plan) -> Result<Outlet, Failure> {
    let prepared = prepare(path, plan);
    let outlet = prepared.and_then(|()| Outlet::accesses(path, plan.log_file_max_size));
    outlet.map_err(|e| Failure::system(format!("access_log_file {}", path.display()), e))
}

/// Sees to it that a file is there and belongs to whom it should.
fn prepare(path: &Path, plan: &Plan) -> io::Result<()> {
    let file = append().create(true).custom_flags(WITHOUT_WAITING).open(path)?;
    give(&file, path, plan)
}

fn append() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).mode(0o644);
    options
}

/// Gives a file to the user that the server will become, who is to open it again when it was put aside. A device, or what is
/// somebody else's or has further names, is none of our business.
fn give(file: &File, path: &Path, plan: &Plan) -> io::Result<()> {
    let (found, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    let is_ours = found.is_file() && found.nlink() == 1 && is_same(&found, &named);
    let is_told = plan.user.is_some() || plan.group.is_some();
    if is_told && is_ours && geteuid().is_root() && found.uid() == 0 {
        fchown(file, plan.user, plan.group)?;
    }
    Ok(())
}

/// Fails if something that a start opens cannot be opened. Changes nothing. `running` is what the start will replace.
pub fn check(plan: &Plan, daemon: bool, running: Option<&Running>) -> Result<(), Failure> {
    let log_file = if daemon { Some(plan.log_file_of_a_daemon()) } else { plan.log_file.clone() };
    let stdout_file = plan.stdout_file.as_ref().filter(|_| daemon);
    let access_log_file = plan.access_log_file.as_ref();
    for (what, path) in [
        ("log_file", log_file.as_ref()),
        ("stdout_file", stdout_file),
        ("access_log_file", access_log_file),
    ] {
        if let Some(path) = path {
            let failed = |e| Failure::system(format!("{what} {}", path.display()), e);
            can_append(path).map_err(failed)?;
        }
    }
    let pid_file = plan.pid_file.clone().map_or_else(|| place::default(&plan.file), Ok)?;
    if running.is_some_and(|running| running.pid_file() == pid_file) {
        return Ok(());
    }
    if let Some(other) = Running::find(&pid_file)? {
        let text = format!("pid file {} is in use ({})", pid_file.display(), other.who());
        return Err(Failure::new(Exit::AlreadyRunning, text));
    }
    match lock::open(&pid_file, false)? {
        Some(file) => lock::refuse_other_content(&file, &pid_file),
        None => folder_takes_files(&pid_file)
            .map_err(|e| Failure::system(format!("pid file {}", pid_file.display()), e)),
    }
}

fn can_append(path: &Path) -> io::Result<()> {
    match append().custom_flags(WITHOUT_WAITING).open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => folder_takes_files(path),
        opened => opened.map(drop),
    }
}

fn folder_takes_files(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}
