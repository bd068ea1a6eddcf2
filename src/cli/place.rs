//! Where the pid file and the control socket of a script are.

use super::exit::{Exit, Failure};
use rustix::process::geteuid;
use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

/// Bytes of a path that a Unix socket can have. Fixed by the system.
const MAX_SOCKET: usize = 107;

/// The control socket that belongs to a pid file.
pub fn socket(pid_file: &Path) -> PathBuf {
    beside(pid_file, ".sock")
}

/// What a control socket's name ends in until it is complete.
const UNFINISHED: &str = ".new";

/// Where a control socket is made, before it has its name.
pub fn unfinished(socket: &Path) -> PathBuf {
    beside(socket, UNFINISHED)
}

/// A path that means the same in every working directory.
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if path.extension() == Some(OsStr::new("sock")) {
        let text = format!("{}: a pid file must not end in .sock", path.display());
        return Err(Failure::new(Exit::Failed, text));
    }
    std::path::absolute(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            let text =
                format!("{}: the working directory is gone; write the whole path", path.display());
            Failure::new(Exit::Failed, text)
        }
        _ => Failure::system(path.display(), e),
    })
}

/// Where the pid file of a running script may be: the default place of each of its names, which may be a link elsewhere;
/// for root after its own those of all other users.
pub fn candidates(script: &Path) -> Result<Vec<PathBuf>, Failure> {
    let names = names(script)?;
    let own = names.iter().map(|name| fs::read_link(name).unwrap_or(name.clone()));
    let mut all: Vec<PathBuf> = own.collect();
    for folder in folders_of_others() {
        let names = names.iter().filter_map(|name| name.file_name());
        all.extend(names.filter_map(|name| folder.led_to(name)));
    }
    Ok(all)
}

/// The pid file of the default place.
pub fn default(script: &Path) -> Result<PathBuf, Failure> {
    Ok(names(script)?.pop().expect("a script without a name is refused"))
}

/// The default places of a script: by its path as it is given, which still finds what was started by it when the file or a
/// link to it is gone or leads elsewhere, and last by the file that it leads to.
pub fn names(script: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = folder()?;
    let given = std::path::absolute(script);
    let whole = script.canonicalize().or_else(|e| {
        // A file that was deleted had a folder without links.
        let given = given.as_ref().map_err(|_| e)?;
        let parent = given.parent().unwrap_or(Path::new("/")).canonicalize()?;
        Ok::<_, std::io::Error>(parent.join(given.file_name().unwrap_or_default()))
    });
    let mut names: Vec<PathBuf> = Vec::new();
    for script in given.into_iter().chain(whole) {
        let stem = script.file_stem().unwrap_or_default().to_string_lossy();
        let hash = fnv1a(script.as_os_str().as_encoded_bytes());
        let end = format!("-{hash:016x}.pid");
        let longest = socket(&folder.join(&end)).as_os_str().len() + UNFINISHED.len();
        let stem = shortened(&stem, MAX_SOCKET.saturating_sub(longest));
        let name = folder.join(format!("{stem}{end}"));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        let text = format!(
            "{}: the working directory is gone; name the script by its whole path, or its --pid-file",
            script.display()
        );
        return Err(Failure::new(Exit::Failed, text));
    }
    Ok(names)
}

/// As much of its beginning as so many bytes hold.
fn shortened(text: &str, bytes: usize) -> &str {
    let ends = (0..=bytes.min(text.len())).rev();
    ends.into_iter().find_map(|end| text.get(..end)).unwrap_or_default()
}

/// Makes sure of the folder of a pid file, if that is in the default place. Another one is its user's business.
pub fn folder_of(pid_file: &Path) -> Result<(), Failure> {
    match pid_file.parent() == Some(&folder_path()) {
        true => folder().map(drop),
        false => Ok(()),
    }
}

/// Where pid files are by default.
pub fn folder_path() -> PathBuf {
    match env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir).join("rhost"),
        None if geteuid().is_root() => PathBuf::from("/run/rhost"),
        None => env::temp_dir().join(format!("rhost-{}", geteuid().as_raw())),
    }
}

/// A folder of pid files.
pub struct Folder {
    pub path: PathBuf,
    pub user: u32,
}

impl Folder {
    /// The pid file that a name in it leads to. None: there is none, or one that is not that user's: nobody is to lead root
    /// to others' files.
    pub fn led_to(&self, name: &OsStr) -> Option<PathBuf> {
        let name = self.path.join(name);
        let file = fs::read_link(&name).unwrap_or(name);
        let found = fs::symlink_metadata(&file).ok()?;
        (found.is_file() && found.uid() == self.user).then_some(file)
    }
}

/// Where users have their pid files by default who are not us; of interest to root alone, whom they are open to. Only what
/// belongs to the user that it is named after counts.
pub fn folders_of_others() -> Vec<Folder> {
    if !geteuid().is_root() {
        return Vec::new();
    }
    let in_folder = |path: &Path| fs::read_dir(path).ok().into_iter().flatten().flatten();
    let of_sessions = in_folder(Path::new("/run/user")).filter_map(|entry| {
        let user = entry.file_name().to_str()?.parse().ok()?;
        Some(Folder { path: entry.path().join("rhost"), user })
    });
    let temporary = env::temp_dir();
    let others = in_folder(&temporary).filter_map(|entry| {
        let user = entry.file_name().to_str()?.strip_prefix("rhost-")?.parse().ok()?;
        Some(Folder { path: entry.path(), user })
    });
    let own = folder_path();
    let is_theirs = |folder: &Folder| {
        fs::symlink_metadata(&folder.path).is_ok_and(|found| {
            found.is_dir() && found.uid() == folder.user && found.mode() & 0o022 == 0
        }) && folder.path != own
    };
    of_sessions.chain(others).filter(is_theirs).collect()
}

/// A folder that is ours alone.
fn folder() -> Result<PathBuf, Failure> {
    let (user, folder) = (geteuid(), folder_path());
    let failed = |e| Failure::system(format!("cannot use {}", folder.display()), e);
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(e)),
        _ => (),
    }
    // In a folder for all, another user may have been faster.
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
