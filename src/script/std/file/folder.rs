//! Where paths of scripts begin. From the script's folder they lead anywhere; from a root never out of it, whatever they or
//! the symbolic links on their way say.

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{Mode, OFlags, ResolveFlags, open, openat, openat2},
    io::Errno,
};
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// How often a path is tried again that somebody renames just then. Fixed: who renames that fast means harm.
const RENAME_RETRIES: usize = 8;

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What paths are relative to. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::script::std) enum Folder {
    /// Any path may be named. Relative ones begin here.
    Free(Arc<Path>),
    /// A directory that no path leads out of.
    Root(Arc<Root>),
}

impl Folder {
    /// Whether both are the same open directory, or begin at the same path.
    pub(in crate::script::std) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Free(a), Self::Free(b)) => a == b,
            (Self::Root(a), Self::Root(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// An open directory.
#[derive(Debug)]
pub(in crate::script::std) struct Root {
    path: PathBuf,
    directory: OwnedFd,
}

impl Folder {
    /// One whose relative paths begin at a directory.
    pub(in crate::script::std) fn free(base: &Path) -> Self {
        Folder::Free(base.into())
    }

    /// The directory at a path, as a root of its own.
    pub(in crate::script::std) fn root(&self, path: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = self.open(path, flags, Mode::empty())?.into();
        Ok(Folder::Root(Arc::new(Root { path: self.shown(path), directory })))
    }

    /// The path that people see.
    pub(in crate::script::std) fn shown(&self, path: &str) -> PathBuf {
        match self {
            Folder::Free(base) => base.join(path),
            Folder::Root(root) => root.path.join(path),
        }
    }

    /// Opens what is at a path.
    pub(in crate::script::std) fn open(
        &self,
        path: &str,
        flags: OFlags,
        mode: Mode,
    ) -> io::Result<File> {
        check(path)?;
        let flags = flags | OFlags::CLOEXEC;
        Ok(match self {
            Folder::Free(base) => open(&*base.join(path), flags, mode)?.into(),
            Folder::Root(root) => root.open(Path::new(path), flags, mode)?.into(),
        })
    }

    /// The directory that the last name of a path stands in, open, and that name.
    pub(in crate::script::std) fn parent(&self, path: &str) -> io::Result<(OwnedFd, OsString)> {
        check(path)?;
        let path = Path::new(path);
        let Some(name) = path.file_name() else {
            return Err(io::Error::other("the path has no name at its end"));
        };
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let above = above.unwrap_or(Path::new("."));
        let directory = match self {
            Folder::Free(base) => open(&*base.join(above), DIRECTORY, Mode::empty())?,
            Folder::Root(root) => root.open(above, DIRECTORY, Mode::empty())?,
        };
        Ok((directory, name.to_owned()))
    }
}

fn check(path: &str) -> io::Result<()> {
    match path {
        "" => Err(io::Error::other("the path is empty")),
        _ if path.contains('\0') => Err(io::Error::other("the path has a zero byte")),
        _ => Ok(()),
    }
}

/// The error of a path that leads out of its root.
fn leads_out() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "it leads out of the root")
}

impl Root {
    /// The kernel resolves the path, and refuses each step that leads out of the directory, also one by a symbolic link.
    fn open(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        // The system wants no permissions where nothing is made.
        let mode = if flags.contains(OFlags::CREATE) { mode } else { Mode::empty() };
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..RENAME_RETRIES {
            match openat2(&self.directory, path, flags, mode, beneath) {
                Err(Errno::AGAIN) => (),
                Err(Errno::XDEV) => return Err(leads_out()),
                // A kernel before 5.6, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return self.walk(path, flags, mode),
                opened => return Ok(opened?),
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// Opens the path step by step. Symbolic links lead nowhere then.
    fn walk(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let mut names: Vec<&OsStr> = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => (),
                _ => return Err(leads_out()),
            }
        }
        let last = names.pop().unwrap_or(OsStr::new("."));
        let mut at: Option<OwnedFd> = None;
        for name in names {
            let directory = at.as_ref().map_or(self.directory.as_fd(), AsFd::as_fd);
            at = Some(openat(directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?);
        }
        let directory: BorrowedFd = at.as_ref().map_or(self.directory.as_fd(), AsFd::as_fd);
        Ok(openat(directory, last, flags | OFlags::NOFOLLOW, mode)?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{fs, io::Read, os::unix::fs::symlink};

    const READ: OFlags = OFlags::RDONLY;

    fn read(folder: &Folder, path: &str) -> io::Result<String> {
        let mut text = String::new();
        folder.open(path, READ, Mode::empty())?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// A folder with a root in it, and what lies beside the root.
    fn stage() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("root/inner")).unwrap();
        fs::write(place.path().join("secret"), "secret").unwrap();
        fs::write(place.path().join("root/inner/file"), "inside").unwrap();
        let root = Folder::free(place.path()).root("root").unwrap();
        (place, root)
    }

    #[test]
    fn paths_lead_anywhere_from_a_free_folder() {
        let (place, _) = stage();
        let folder = Folder::free(&place.path().join("root"));
        assert_eq!(read(&folder, "inner/file").unwrap(), "inside");
        assert_eq!(read(&folder, "../secret").unwrap(), "secret");
        let absolute = place.path().join("secret");
        assert_eq!(read(&folder, absolute.to_str().unwrap()).unwrap(), "secret");
        assert!(read(&folder, "").is_err() && read(&folder, "a\0b").is_err());
    }

    #[test]
    fn no_path_and_no_link_leads_out_of_a_root() {
        let (place, root) = stage();
        let inside = place.path().join("root");
        symlink("../secret", inside.join("out")).unwrap();
        symlink("..", inside.join("up")).unwrap();
        symlink(place.path().join("secret"), inside.join("absolute")).unwrap();
        symlink("inner/file", inside.join("link")).unwrap();
        let absolute = place.path().join("secret");
        let absolute = absolute.to_str().unwrap();
        let ways = ["../secret", "inner/../../secret", "out", "up/secret", "absolute", absolute];
        for way in ways {
            let fault = read(&root, way).unwrap_err();
            assert_eq!(fault.to_string(), "it leads out of the root", "{way}");
            assert!(root.open(way, OFlags::WRONLY | OFlags::CREATE, Mode::RUSR).is_err(), "{way}");
        }
        assert!(root.parent("../new").is_err() && root.parent("up/new").is_err());
        assert_eq!(read(&root, "inner/file").unwrap(), "inside");
        assert_eq!(read(&root, "inner/../inner/file").unwrap(), "inside");
        assert_eq!(read(&root, "link").unwrap(), "inside");
        assert!(root.root("..").is_err());
        assert_eq!(read(&root.root("inner").unwrap(), "file").unwrap(), "inside");
    }

    #[test]
    fn without_the_kernels_help_links_lead_nowhere() {
        let (place, root) = stage();
        symlink("inner/file", place.path().join("root/link")).unwrap();
        let Folder::Root(root) = root else { panic!("a root") };
        let walk = |path: &str| root.walk(Path::new(path), READ, Mode::empty());
        assert!(walk("inner/file").is_ok() && walk("./inner").is_ok() && walk(".").is_ok());
        for way in ["link", "../secret", "inner/../inner/file", "/etc"] {
            assert!(walk(way).is_err(), "{way}");
        }
    }

    #[test]
    fn a_root_stays_where_it_was_opened() {
        let (place, root) = stage();
        fs::rename(place.path().join("root"), place.path().join("moved")).unwrap();
        assert_eq!(read(&root, "inner/file").unwrap(), "inside");
    }
}
