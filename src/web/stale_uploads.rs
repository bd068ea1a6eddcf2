//! Temporary files of uploads that a host left which was killed. What is in them may not enter.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How the names of our temporary files begin.
pub(super) const PREFIX: &str = "rhost-upload-";

/// Age from which a file belongs to no request any more. Fixed: a handler that waits for a day is none, and a day of uploads
/// is no disk full.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Directories that were looked through by this process.
static SEEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes them from a directory, once for each. What cannot be removed stays. Blocks.
pub(super) fn remove_once(directory: &Path) {
    // It is one set, whoever panicked.
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if !seen.contains(directory) {
        seen.insert(directory.to_owned());
        drop(seen);
        // A directory that cannot be read is told of by whoever writes to it.
        let _ = remove(directory);
    }
}

fn remove(directory: &Path) -> io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(directory)?.flatten() {
        let is_named = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        if let (true, Ok(facts)) = (is_named, entry.metadata()) {
            let age = facts.modified()?.elapsed().unwrap_or_default();
            if facts.is_file() && facts.uid() == own && age > STALE {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::File, time::SystemTime};

    #[test]
    fn only_old_files_of_ours_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 2 * STALE;
        for (name, is_old) in [("rhost-upload-a", true), ("rhost-upload-b", false), ("c", true)] {
            let file = File::create(directory.path().join(name)).unwrap();
            if is_old {
                file.set_modified(old).unwrap();
            }
        }
        remove_once(directory.path());
        let left =
            ["rhost-upload-a", "rhost-upload-b", "c"].map(|n| directory.path().join(n).exists());
        assert_eq!(left, [false, true, true]);
    }
}
