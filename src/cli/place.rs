//! Where the pid file and the control socket of a script are.

use super::exit::{Exit, Failure};
use rustix::process::geteuid;
use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, symlink},
    path::{Path, PathBuf},
};

/// The control socket that belongs to a pid file.
pub fn socket(pid_file: &Path) -> PathBuf {
    beside(pid_file, ".sock")
}

/// A path that means the same in every working directory.
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if path.extension() == Some(OsStr::new("sock")) {
        let text = format!("{}: a pid file must not end in .sock", path.display());
        return Err(Failure::new(Exit::Failed, text));
    }
    std::path::absolute(path).map_err(|e| Failure::system(path.display(), e))
}

/// The pid file that a running script has: the named one, else that of its default place, which may be a link to another.
pub fn find(script: &Path, pid_file: Option<&Path>) -> Result<PathBuf, Failure> {
    match pid_file {
        Some(named) => absolute(named),
        None => default(script).map(|default| fs::read_link(&default).unwrap_or(default)),
    }
}

/// Lets commands that know the script only find a pid file that is elsewhere.
pub fn link(script: &Path, pid_file: &Path) -> Result<(), Failure> {
    let default = default(script)?;
    if default != pid_file {
        let _ = fs::remove_file(&default);
        symlink(pid_file, &default).map_err(|e| Failure::system(default.display(), e))?;
    }
    Ok(())
}

/// Takes away what `link` made, unless it has become another's.
pub fn unlink(script: &Path, pid_file: &Path) {
    if let Ok(default) = default(script)
        && fs::read_link(&default).is_ok_and(|target| target == pid_file)
    {
        let _ = fs::remove_file(default);
    }
}

/// The pid file of the default place: one name for each script.
pub fn default(script: &Path) -> Result<PathBuf, Failure> {
    let script = whole(script)?;
    let stem = script.file_stem().unwrap_or_default().to_string_lossy();
    let hash = fnv1a(script.as_os_str().as_encoded_bytes());
    Ok(folder()?.join(format!("{stem}-{hash:016x}.pid")))
}

/// The script without links; a script that was deleted has its place all the same.
fn whole(script: &Path) -> Result<PathBuf, Failure> {
    let failed = |e| Failure::system(script.display(), e);
    match (script.canonicalize(), script.file_name()) {
        (Err(_), Some(name)) => {
            let folder = std::path::absolute(script).map_err(failed)?;
            let folder = folder.parent().unwrap_or(Path::new("/"));
            Ok(folder.canonicalize().map_err(failed)?.join(name))
        }
        (found, _) => found.map_err(failed),
    }
}

/// A folder that is ours alone.
fn folder() -> Result<PathBuf, Failure> {
    let user = geteuid();
    let folder = match env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir).join("rhost"),
        None if user.is_root() => PathBuf::from("/run/rhost"),
        None => env::temp_dir().join(format!("rhost-{}", user.as_raw())),
    };
    let failed = |e| Failure::system(format!("cannot use {}", folder.display()), e);
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(e)),
        _ => (),
    }
    // (in a folder for all, another user may have been faster)
    let found = fs::symlink_metadata(&folder).map_err(failed)?;
    if !found.is_dir() || found.uid() != user.as_raw() || found.mode() & 0o022 != 0 {
        let text = format!(
            "{} must be a folder that only user {} can write to: remove it, or set XDG_RUNTIME_DIR",
            folder.display(),
            user.as_raw()
        );
        return Err(Failure::new(Exit::Failed, text));
    }
    Ok(folder)
}

/// The path with something behind its whole name, so that two files never share one neighbour.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// FNV-1a: short, and the same in every version of rhost.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
