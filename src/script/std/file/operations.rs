//! What can be done with files. All of it waits for the disk.

use super::folder::Folder;
use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, fsync, linkat, mkdirat, renameat,
        renameat_with, statat, unlinkat,
    },
    io::Errno,
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    time::UNIX_EPOCH,
};

/// Bytes that are read at once. Changed by the option `max`; larger files are read by lines or parts.
pub(super) const MAX_READ: u64 = 64 << 20;

/// The most that the option can ask for. Fixed: a script's strings have no more.
pub(super) const MOST_READ: u64 = 1 << 30;

/// Names in a directory that is listed. Fixed: more are not looked at one by one, and are held in memory.
const MAX_LISTED: usize = 100_000;

/// Directories inside each other that are removed as a whole. Fixed: each keeps a file open.
const MAX_LEVELS: usize = 100;

/// Permissions of a file that is made, less the umask.
const FILE: Mode = Mode::from_raw_mode(0o666);

/// Permissions of a directory that is made, less the umask.
const DIRECTORY: Mode = Mode::from_raw_mode(0o777);

/// Which part of a file is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) offset: u64,
    /// Nothing means to its end.
    pub(super) length: Option<u64>,
    pub(super) max: u64,
}

impl Default for Part {
    fn default() -> Self {
        Self { offset: 0, length: None, max: MAX_READ }
    }
}

/// Opens a regular file to read it. A pipe or a device could keep the thread for ever.
pub(super) fn open(folder: &Folder, path: &str) -> io::Result<File> {
    let file = folder.open(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?;
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    if !facts.is_file() {
        return Err(io::Error::other("it is a pipe or a device, and no file"));
    }
    Ok(file)
}

/// The bytes of a part of a file.
pub(super) fn read(folder: &Folder, path: &str, part: Part) -> io::Result<Vec<u8>> {
    let mut file = open(folder, path)?;
    if part.offset > 0 {
        file.seek(SeekFrom::Start(part.offset))?;
    }
    let wanted = part.length.unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    // One more than may be read tells whether there is more.
    file.take(wanted.min(part.max + 1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > part.max {
        return Err(io::Error::other(format!(
            "it has more than {} bytes: raise `max`, or read it by `lines` or `parts`",
            part.max
        )));
    }
    Ok(bytes)
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Writing {
    /// Whether others see the old content or the new one, and nothing in between, also after a power failure.
    pub(super) atomic: bool,
    /// Whether there may be no such file yet.
    pub(super) exclusive: bool,
    /// Permissions of a file that is made.
    pub(super) mode: Option<u32>,
}

/// Makes the bytes the content of a file.
pub(super) fn write(folder: &Folder, path: &str, bytes: &[u8], how: Writing) -> io::Result<()> {
    let mode = how.mode.map_or(FILE, Mode::from_raw_mode);
    if how.atomic {
        return write_atomically(folder, path, bytes, how, mode);
    }
    let once = if how.exclusive { OFlags::EXCL } else { OFlags::TRUNC };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NONBLOCK | once;
    folder.open(path, flags, mode)?.write_all(bytes)
}

/// Writes a file beside it, which then takes its place.
fn write_atomically(
    folder: &Folder,
    path: &str,
    bytes: &[u8],
    how: Writing,
    mode: Mode,
) -> io::Result<()> {
    let (directory, name) = folder.parent(path)?;
    let old = statat(&directory, &name, AtFlags::empty()).ok();
    if how.exclusive && old.is_some() {
        return Err(Errno::EXIST.into());
    }
    let kept = old.map(|old| Mode::from_raw_mode(old.st_mode & 0o7777));
    let mut chance = [0; 8];
    getrandom::fill(&mut chance).map_err(io::Error::other)?;
    let beside = format!(".{}.{:016x}", name.to_string_lossy(), u64::from_ne_bytes(chance));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&directory, &beside, flags, kept.unwrap_or(mode))?;
    let mut file = File::from(file);
    let written = file.write_all(bytes).and_then(|()| {
        if let Some(mode) = kept {
            rustix::fs::fchmod(&file, mode)?;
        }
        fsync(&file)?;
        match how.exclusive {
            true => take_free_name(&directory, &beside, &name)?,
            false => renameat(&directory, &beside, &directory, &name)?,
        }
        Ok(())
    });
    if written.is_err() {
        let _ = unlinkat(&directory, &beside, AtFlags::empty());
    }
    written
}

/// Renames a file unless another one has the name, also if that came a moment ago.
fn take_free_name(directory: &OwnedFd, from: &str, to: &OsStr) -> io::Result<()> {
    match renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot: a second name for the file is refused where there is one, too.
        Err(Errno::INVAL | Errno::NOSYS) => {
            linkat(directory, from, directory, to, AtFlags::empty())?;
            Ok(unlinkat(directory, from, AtFlags::empty())?)
        }
        renamed => Ok(renamed?),
    }
}

/// Adds bytes at the end of a file, which is made if need be.
pub(super) fn append(folder: &Folder, path: &str, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NONBLOCK;
    folder.open(path, flags, FILE)?.write_all(bytes)
}

/// The names in a directory, in the order of the alphabet.
pub(super) fn list(folder: &Folder, path: &str) -> io::Result<Vec<String>> {
    let directory = folder.open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::new(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name == "." || name == ".." {
            continue;
        }
        if names.len() == MAX_LISTED {
            return Err(io::Error::other(format!("it has more than {MAX_LISTED} names")));
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Facts {
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) modified: f64,
    pub(super) is_file: bool,
    pub(super) is_directory: bool,
    pub(super) is_link: bool,
    /// Permissions.
    pub(super) mode: u32,
}

/// The facts of what a path leads to, over links; nothing if there is nothing.
pub(super) fn facts(folder: &Folder, path: &str) -> io::Result<Option<Facts>> {
    let file = match folder.open(path, OFlags::PATH, Mode::empty()) {
        Ok(file) => file,
        Err(fault) if is_missing(&fault) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let facts = file.metadata()?;
    let is_link = folder.parent(path).and_then(|(directory, name)| {
        let own = statat(&directory, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileType::from_raw_mode(own.st_mode) == FileType::Symlink)
    });
    let modified = facts.modified()?;
    let modified = match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    Ok(Some(Facts {
        size: facts.size(),
        modified,
        is_file: facts.is_file(),
        is_directory: facts.is_dir(),
        is_link: is_link.unwrap_or(false),
        mode: facts.mode() & 0o7777,
    }))
}

fn is_missing(fault: &io::Error) -> bool {
    matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Makes a directory and those above it. False: it was there.
pub(super) fn make_directory(folder: &Folder, path: &str) -> io::Result<bool> {
    match facts(folder, path)? {
        Some(facts) if facts.is_directory => return Ok(false),
        Some(_) => return Err(io::Error::other("a file has this name")),
        None => (),
    }
    let trimmed = path.trim_end_matches('/');
    if let Some((above, _)) = trimmed.rsplit_once('/')
        && !above.is_empty()
    {
        make_directory(folder, above)?;
    }
    let (directory, name) = folder.parent(trimmed)?;
    match mkdirat(&directory, &name, DIRECTORY) {
        // Somebody was faster.
        Err(Errno::EXIST) => Ok(false),
        made => Ok(made.map(|()| true)?),
    }
}

/// Removes a file, a link or an empty directory; with `all` also what is in it. False: there is none.
pub(super) fn remove(folder: &Folder, path: &str, all: bool) -> io::Result<bool> {
    let (directory, name) = match folder.parent(path.trim_end_matches('/')) {
        Ok(found) => found,
        Err(fault) if is_missing(&fault) => return Ok(false),
        Err(fault) => return Err(fault),
    };
    remove_in(&directory, &name, all, 0)
}

fn remove_in(
    directory: &rustix::fd::OwnedFd,
    name: &std::ffi::OsStr,
    all: bool,
    level: usize,
) -> io::Result<bool> {
    let facts = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(false),
        facts => facts?,
    };
    if FileType::from_raw_mode(facts.st_mode) != FileType::Directory {
        unlinkat(directory, name, AtFlags::empty())?;
        return Ok(true);
    }
    if all {
        if level == MAX_LEVELS {
            return Err(io::Error::other(format!("it is nested deeper than {MAX_LEVELS}")));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let inner = rustix::fs::openat(directory, name, flags, Mode::empty())?;
        for entry in Dir::read_from(&inner)? {
            let entry = entry?;
            let name = std::os::unix::ffi::OsStrExt::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                remove_in(&inner, name, true, level + 1)?;
            }
        }
    }
    match unlinkat(directory, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOTEMPTY | Errno::EXIST) => {
            Err(io::Error::other("the directory is not empty: say `#{ all: true }`"))
        }
        removed => Ok(removed.map(|()| true)?),
    }
}

/// Gives what is at one path another one, in whose place it is from then on.
pub(super) fn rename(folder: &Folder, from: &str, to: &str) -> io::Result<()> {
    let (from, name) = folder.parent(from)?;
    let (to, new_name) = folder.parent(to)?;
    Ok(renameat(&from, &name, &to, &new_name)?)
}

/// Makes the content and permissions of one file those of another. Gives its bytes.
pub(super) fn copy(folder: &Folder, from: &str, to: &str) -> io::Result<u64> {
    let mut source = open(folder, from)?;
    let facts = source.metadata()?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NONBLOCK;
    let mut target = folder.open(to, flags, Mode::from_raw_mode(facts.mode() & 0o777))?;
    let other = target.metadata()?;
    if (other.dev(), other.ino()) == (facts.dev(), facts.ino()) {
        return Err(io::Error::other("it would be copied onto itself"));
    }
    target.set_len(0)?;
    io::copy(&mut source, &mut target)
}

/// Makes an empty file that only this user can read, in the system's folder for that. Gives its path.
pub(super) fn temporary(ending: &str) -> io::Result<String> {
    let file = tempfile::Builder::new().prefix("rhost-").suffix(ending).tempfile()?;
    let (_, path) = file.keep().map_err(|fault| fault.error)?;
    path.into_os_string().into_string().map_err(|_| io::Error::other("its path is not UTF-8"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    fn stage() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::free(place.path());
        (place, folder)
    }

    fn text(folder: &Folder, path: &str) -> String {
        String::from_utf8(read(folder, path, Part::default()).unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_in_whole_and_in_part() {
        let (_place, folder) = stage();
        write(&folder, "a", b"0123456789", Writing::default()).unwrap();
        append(&folder, "a", b"ab").unwrap();
        assert_eq!(text(&folder, "a"), "0123456789ab");
        let part = |offset, length| Part { offset, length, ..Part::default() };
        assert_eq!(read(&folder, "a", part(8, Some(3))).unwrap(), b"89a");
        assert_eq!(read(&folder, "a", part(10, None)).unwrap(), b"ab");
        assert_eq!(read(&folder, "a", part(99, None)).unwrap(), b"");
        write(&folder, "a", b"new", Writing::default()).unwrap();
        assert_eq!(text(&folder, "a"), "new");
        append(&folder, "b", b"made").unwrap();
        assert_eq!(text(&folder, "b"), "made");
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let (_place, folder) = stage();
        write(&folder, "a", b"0123456789", Writing::default()).unwrap();
        let part = |max| Part { max, ..Part::default() };
        assert_eq!(read(&folder, "a", part(10)).unwrap().len(), 10);
        let fault = read(&folder, "a", part(9)).unwrap_err().to_string();
        assert!(fault.contains("more than 9 bytes"), "{fault}");
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let (place, folder) = stage();
        rustix::fs::mkfifoat(rustix::fs::CWD, place.path().join("pipe"), Mode::RUSR | Mode::WUSR)
            .unwrap();
        for (path, why) in [(".", "a directory"), ("pipe", "a pipe")] {
            let fault = read(&folder, path, Part::default()).unwrap_err().to_string();
            assert!(fault.contains(why), "{path}: {fault}");
        }
        assert_eq!(
            read(&folder, "no", Part::default()).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn of_many_exclusive_writes_at_once_one_is_done_and_stays() {
        let (_place, folder) = stage();
        for round in 0..20 {
            let name = format!("secret{round}");
            let how = Writing { exclusive: true, atomic: true, mode: Some(0o600) };
            let write = |text: &'static str| write(&folder, &name, text.as_bytes(), how).is_ok();
            let done: Vec<&str> = std::thread::scope(|scope| {
                let all = ["a", "b", "c", "d"]
                    .map(|text| scope.spawn(move || write(text).then_some(text)));
                all.into_iter().filter_map(|writer| writer.join().unwrap()).collect()
            });
            assert_eq!(done.len(), 1, "{done:?}");
            assert_eq!(text(&folder, &name), done[0]);
        }
    }

    #[test]
    fn an_atomic_write_keeps_permissions_and_leaves_nothing_behind() {
        let (place, folder) = stage();
        let atomic = Writing { atomic: true, ..Writing::default() };
        write(&folder, "a", b"old", atomic).unwrap();
        let path = place.path().join("a");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let mut open = File::open(&path).unwrap();
        write(&folder, "a", b"new", atomic).unwrap();
        assert_eq!(text(&folder, "a"), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let mut seen = String::new();
        open.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "old", "whoever had it open sees the old one");
        assert!(write(&folder, "no/a", b"", atomic).is_err());
        assert_eq!(list(&folder, ".").unwrap(), ["a"]);
    }

    #[test]
    fn a_new_file_takes_nobodys_place() {
        let (_place, folder) = stage();
        for atomic in [false, true] {
            let new = Writing { exclusive: true, atomic, mode: Some(0o600) };
            let path = format!("a{atomic}");
            write(&folder, &path, b"first", new).unwrap();
            let fault = write(&folder, &path, b"second", new).unwrap_err();
            assert_eq!(fault.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(facts(&folder, &path).unwrap().unwrap().mode, 0o600);
        }
    }

    #[test]
    fn facts_tell_files_directories_and_links_apart() {
        let (place, folder) = stage();
        write(&folder, "a", b"12345", Writing::default()).unwrap();
        std::os::unix::fs::symlink("a", place.path().join("link")).unwrap();
        let file = facts(&folder, "a").unwrap().unwrap();
        assert_eq!(
            (file.size, file.is_file, file.is_directory, file.is_link),
            (5, true, false, false)
        );
        assert!(file.modified > 1.6e9);
        let link = facts(&folder, "link").unwrap().unwrap();
        assert!(link.is_link && link.is_file && link.size == 5);
        assert!(facts(&folder, ".").unwrap().unwrap().is_directory);
        assert_eq!(facts(&folder, "no").unwrap(), None);
        assert_eq!(facts(&folder, "a/b").unwrap(), None);
    }

    #[test]
    fn directories_are_made_with_those_above_and_removed_with_what_is_in_them() {
        let (place, folder) = stage();
        assert!(make_directory(&folder, "a/b/c/").unwrap());
        assert!(!make_directory(&folder, "a/b/c").unwrap());
        write(&folder, "a/b/c/file", b"", Writing::default()).unwrap();
        assert!(make_directory(&folder, "a/b/c/file").is_err());
        fs::write(place.path().join("kept"), "").unwrap();
        std::os::unix::fs::symlink("../kept", place.path().join("a/link")).unwrap();
        let fault = remove(&folder, "a", false).unwrap_err().to_string();
        assert!(fault.contains("not empty"), "{fault}");
        assert!(remove(&folder, "a", true).unwrap());
        assert!(!remove(&folder, "a", true).unwrap());
        assert!(!remove(&folder, "a/b", false).unwrap());
        assert_eq!(list(&folder, ".").unwrap(), ["kept"]);
        assert!(remove(&folder, "kept", false).unwrap());
    }

    #[test]
    fn files_are_renamed_and_copied() {
        let (_place, folder) = stage();
        write(&folder, "a", b"content", Writing { mode: Some(0o600), ..Writing::default() })
            .unwrap();
        write(&folder, "b", b"something longer", Writing::default()).unwrap();
        rename(&folder, "a", "c").unwrap();
        assert_eq!(copy(&folder, "c", "b").unwrap(), 7);
        assert_eq!(text(&folder, "b"), "content");
        assert!(copy(&folder, "c", "c").is_err());
        assert_eq!(text(&folder, "c"), "content", "not emptied");
        assert_eq!(copy(&folder, "c", "d").unwrap(), 7);
        assert_eq!(facts(&folder, "d").unwrap().unwrap().mode, 0o600);
        assert!(rename(&folder, "no", "e").is_err());
    }

    #[test]
    fn in_a_root_nothing_outside_is_touched() {
        let (place, folder) = stage();
        make_directory(&folder, "root").unwrap();
        fs::write(place.path().join("outside"), "x").unwrap();
        let root = folder.root("root").unwrap();
        let out = "../outside";
        assert!(read(&root, out, Part::default()).is_err());
        for atomic in [false, true] {
            let how = Writing { atomic, ..Writing::default() };
            assert!(write(&root, out, b"y", how).is_err());
        }
        assert!(append(&root, out, b"y").is_err());
        assert!(facts(&root, out).is_err());
        assert!(list(&root, "..").is_err());
        assert!(make_directory(&root, "../made").is_err());
        assert!(remove(&root, out, true).is_err());
        write(&root, "in", b"z", Writing::default()).unwrap();
        assert!(rename(&root, "in", "../stolen").is_err());
        assert!(rename(&root, out, "stolen").is_err());
        assert!(copy(&root, out, "stolen").is_err());
        assert!(copy(&root, "in", out).is_err());
        assert_eq!(fs::read_to_string(place.path().join("outside")).unwrap(), "x");
        assert_eq!(list(&root, ".").unwrap(), ["in"]);
    }

    #[test]
    fn a_temporary_file_is_its_owners_alone() {
        let path = temporary(".csv").unwrap();
        assert!(path.ends_with(".csv"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_file(path).unwrap();
    }
}
