//! The file store in real directories.

use super::*;
use crate::web::session_store::stores;
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    thread,
};
use tempfile::tempdir;

const HOUR: Duration = Duration::from_secs(3600);

fn id() -> SessionId {
    SessionId::fresh().unwrap()
}

fn directory(store: &FileStore) -> Arc<Directory> {
    store.directory.lock().unwrap().clone()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn it_is_a_store() {
    let place = tempdir().unwrap();
    let path = place.path().join("sessions");
    stores::check(&FileStore::open(&path).unwrap());
    // And again in a directory that is there.
    stores::check(&FileStore::open(&path).unwrap());
    assert!(names(&path).iter().all(|name| name.starts_with(SESSION)));
}

#[test]
fn only_the_owner_can_read_sessions() {
    let place = tempdir().unwrap();
    let path = place.path().join("sessions");
    let store = FileStore::open(&path).unwrap();
    let id = id();
    directory(&store).save(&id, "{}", HOUR).unwrap();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(names(&path), [file_name(&id)]);
    assert_eq!(mode(&path.join(file_name(&id))), 0o600);
}

#[test]
fn a_directory_that_others_can_write_to_is_refused() {
    let place = tempdir().unwrap();
    let path = place.path();
    for bad in [0o777, 0o1777, 0o770, 0o702] {
        fs::set_permissions(path, fs::Permissions::from_mode(bad)).unwrap();
        let fault = FileStore::open(path).err().unwrap();
        assert!(fault.contains("chmod 700"), "{fault}");
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(FileStore::open(path).is_ok());
    fs::write(path.join("file"), "").unwrap();
    for wrong in ["file", "none/none"] {
        let fault = FileStore::open(&path.join(wrong)).err().unwrap();
        assert!(fault.contains(wrong), "{fault}");
    }
}

#[test]
fn what_is_over_is_collected_and_nothing_else() {
    let place = tempdir().unwrap();
    let directory = directory(&FileStore::open(place.path()).unwrap());
    let (over, living) = (id(), id());
    directory.save(&over, "{}", Duration::ZERO).unwrap();
    directory.save(&living, "{}", HOUR).unwrap();
    let half = format!("{NEW}{}", over.as_str());
    for other in ["notes.txt", "session_../x".replace('/', "_").as_str(), "session_", &half] {
        fs::write(place.path().join(other), "").unwrap();
    }
    assert_eq!(directory.collect(SystemTime::now()).unwrap(), 0);
    assert_eq!(names(place.path()).len(), 6);
    assert_eq!(directory.collect(SystemTime::now() + 2 * GRACE).unwrap(), 1);
    let left = names(place.path());
    assert!(left.contains(&file_name(&living)) && left.contains(&"notes.txt".to_owned()));
    assert!(!left.contains(&file_name(&over)) && !left.contains(&half));
    assert_eq!(directory.load(&living).unwrap().as_deref(), Some("{}"));
}

#[test]
fn files_that_are_no_sessions_are_not_read() {
    let place = tempdir().unwrap();
    let directory = directory(&FileStore::open(place.path()).unwrap());
    let later = SystemTime::now() + HOUR;
    let (empty, link, folder, binary) = (id(), id(), id(), id());
    let path = |id: &SessionId| place.path().join(file_name(id));
    fs::write(path(&empty), "").unwrap();
    fs::File::options().write(true).open(path(&empty)).unwrap().set_modified(later).unwrap();
    assert_eq!(directory.load(&empty).unwrap(), None);
    symlink("/etc/hostname", path(&link)).unwrap();
    assert!(directory.load(&link).is_err());
    fs::create_dir(path(&folder)).unwrap();
    assert_eq!(directory.load(&folder).unwrap(), None);
    fs::write(path(&binary), b"\xff").unwrap();
    fs::File::options().write(true).open(path(&binary)).unwrap().set_modified(later).unwrap();
    assert!(directory.load(&binary).is_err());
    // A link is replaced, not followed.
    directory.save(&link, "{}", HOUR).unwrap();
    assert!(fs::symlink_metadata(path(&link)).unwrap().is_file());
}

#[test]
fn a_failed_save_leaves_nothing_behind() {
    let place = tempdir().unwrap();
    let directory = directory(&FileStore::open(place.path()).unwrap());
    let id = id();
    fs::create_dir(place.path().join(file_name(&id))).unwrap();
    assert!(directory.save(&id, "{}", HOUR).is_err());
    assert_eq!(names(place.path()), [file_name(&id)]);
}

#[test]
fn whoever_reads_finds_a_whole_session() {
    let place = tempdir().unwrap();
    let directory = directory(&FileStore::open(place.path()).unwrap());
    let id = id();
    let texts = ["a".repeat(100_000), "b".repeat(50_000)];
    directory.save(&id, &texts[0], HOUR).unwrap();
    thread::scope(|scope| {
        for text in &texts {
            scope.spawn(|| (0..100).for_each(|_| directory.save(&id, text, HOUR).unwrap()));
        }
        for _ in 0..200 {
            let text = directory.load(&id).unwrap().unwrap();
            assert!(texts.contains(&text), "{} bytes", text.len());
        }
    });
    assert_eq!(names(place.path()), [file_name(&id)]);
}

#[test]
fn a_directory_that_takes_the_place_is_used_if_it_is_as_safe() {
    let place = tempdir().unwrap();
    let path = place.path().join("sessions");
    let store = FileStore::open(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let save = |id: &SessionId| runtime.block_on(store.save(id, "{}".into(), HOUR));
    let load = |id: &SessionId| runtime.block_on(store.load(id)).unwrap();
    let (first, second) = (id(), id());
    save(&first).unwrap();
    fs::remove_dir_all(&path).unwrap();
    assert!(save(&first).is_err());
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(save(&first).unwrap_err().to_string().contains("chmod 700"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    save(&second).unwrap();
    assert_eq!((load(&second).as_deref(), load(&first)), (Some("{}"), None));
    assert_eq!(names(&path).len(), 1);
}
