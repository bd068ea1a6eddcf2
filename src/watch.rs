//! Watches files and says when they settled after a change. Knows paths only. The folders are watched and not the files,
//! so that editors that save by renaming, files that appear later, deletions and symbolic links are seen.

use crate::log::{Level, Log};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, event::ModifyKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How long files may keep changing before they are read all the same: so long, or so many times as long as they should be
/// quiet. Fixed: a file that somebody writes to for ever would never be read.
const MAX_SETTLE: (Duration, u32) = (Duration::from_secs(2), 4);

/// The longest quiet that can be asked for. Fixed: beyond it clocks overflow, and nobody waits a day for a save.
const LONGEST_SETTLE: Duration = Duration::from_secs(24 * 3600);

/// How often files are looked at, for changes that the system did not tell of. Fixed.
const POLL: Duration = Duration::from_millis(500);

enum Signal {
    Changed(PathBuf),
    Watch(Vec<(PathBuf, Option<Stamp>)>),
    End,
}

/// A running watch. Ends when dropped.
pub(crate) struct Watch {
    signals: Sender<Signal>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watch {
    /// Starts watching nothing. `on_change` is called after each burst of changes that was followed by `settle` of quiet.
    pub(crate) fn start(
        settle: Duration,
        log: Log,
        on_change: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let settle = settle.min(LONGEST_SETTLE);
        let (signals, received) = mpsc::channel();
        let from_system = signals.clone();
        let thread = thread::Builder::new()
            .name("watch".into())
            .spawn(move || Files::new(from_system, log).run(&received, settle, on_change))?;
        Ok(Self { signals, thread: Some(thread) })
    }

    /// From now on, these files. Missing ones are waited for. A file that is not any more what its stamp says has changed.
    pub(crate) fn files(&self, files: Vec<(PathBuf, Option<Stamp>)>) {
        let _ = self.signals.send(Signal::Watch(files));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Changes that are going on.
struct Burst {
    began: Instant,
    /// When it will have settled.
    due: Instant,
}

impl Burst {
    /// One more change.
    fn go_on(before: Option<Self>, now: Instant, settle: Duration) -> Self {
        let began = before.map_or(now, |before| before.began);
        let (least, times) = MAX_SETTLE;
        let longest = least.max(settle.saturating_mul(times));
        Self { began, due: (now + settle).min(began + longest) }
    }
}

/// What is watched now.
struct Files {
    watcher: Option<RecommendedWatcher>,
    log: Log,
    folders: BTreeSet<PathBuf>,
    /// Every name under which a change matters, and what the file was like when it was last looked at.
    names: BTreeMap<PathBuf, Option<Stamp>>,
}

/// What tells one content of a file from another without reading it.
pub(crate) type Stamp = (SystemTime, u64, u64);

impl Files {
    fn new(signals: Sender<Signal>, log: Log) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            let matters = match event.kind {
                EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
                EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) => true,
                EventKind::Remove(_) | EventKind::Other => true,
            };
            if matters {
                for path in event.paths {
                    let _ = signals.send(Signal::Changed(path));
                }
            }
        });
        let watcher = watcher.map_err(|e| complain(&log, &e.to_string())).ok();
        Self { watcher, log, folders: BTreeSet::new(), names: BTreeMap::new() }
    }

    fn run(mut self, signals: &Receiver<Signal>, settle: Duration, on_change: impl Fn()) {
        let mut burst: Option<Burst> = None;
        // However much else is written into the same folders.
        let mut next_look = Instant::now() + POLL;
        loop {
            let due = burst.as_ref().map_or(next_look, |burst| burst.due.min(next_look));
            let changed = match signals.recv_timeout(due.saturating_duration_since(Instant::now()))
            {
                Err(RecvTimeoutError::Disconnected) | Ok(Signal::End) => return,
                Ok(Signal::Watch(files)) => self.watch(&files),
                Ok(Signal::Changed(path)) => self.note(&path),
                Err(RecvTimeoutError::Timeout) => {
                    next_look = Instant::now() + POLL;
                    // Some changes nobody tells of: a link to a folder that is switched, a folder that is replaced, a
                    // file on a network. They have to settle like all others, so a burst ends with a look.
                    self.look()
                }
            };
            let now = Instant::now();
            if changed {
                burst = Some(Burst::go_on(burst, now, settle));
            }
            if burst.take_if(|burst| burst.due <= now).is_some() {
                on_change();
            }
        }
    }

    /// Somebody wrote to it. True if it is one of those that matter.
    fn note(&mut self, path: &Path) -> bool {
        match self.names.get_mut(path) {
            Some(known) => {
                // So that the next look takes it for no news.
                *known = stamp(path);
                true
            }
            None => false,
        }
    }

    /// True if a file changed after it was read and before it was watched, when nobody would have told.
    fn watch(&mut self, files: &[(PathBuf, Option<Stamp>)]) -> bool {
        let mut read: BTreeMap<PathBuf, Option<Stamp>> = files
            .iter()
            .flat_map(|(file, stamp)| names_of(file).into_iter().map(|name| (name, *stamp)))
            .collect();
        self.watch_folders(&read);
        // Under the name that was given it is another file as soon as a link to one of its folders is switched.
        read.extend(files.iter().cloned());
        let mut changed = false;
        let known = std::mem::take(&mut self.names);
        for (name, read) in read {
            let now = stamp(&name);
            // What was already told of is about to be read.
            changed |= now != read && known.get(&name) != Some(&now);
            self.names.insert(name, now);
        }
        changed
    }

    fn watch_folders(&mut self, names: &BTreeMap<PathBuf, Option<Stamp>>) {
        let folders: BTreeSet<PathBuf> =
            names.keys().filter_map(|name| name.parent().map(Path::to_owned)).collect();
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.folders.difference(&folders) {
            let _ = watcher.unwatch(gone);
        }
        let mut failed = None;
        for new in folders.difference(&self.folders).filter(|folder| folder.is_dir()) {
            if let Err(e) = watcher.watch(new, RecursiveMode::NonRecursive) {
                failed = Some(e.to_string());
            }
        }
        self.folders = folders;
        if let Some(why) = failed {
            complain(&self.log, &why);
            self.watcher = None;
        }
    }

    /// Has any file another stamp than when it was last looked at?
    fn look(&mut self) -> bool {
        let mut changed = false;
        for (name, known) in &mut self.names {
            let now = stamp(name);
            changed |= now != *known;
            *known = now;
        }
        changed
    }
}

fn complain(log: &Log, why: &str) {
    let text = format!(
        "the system cannot watch the script's folder ({why}); its files are looked at every {} ms instead",
        POLL.as_millis()
    );
    log.host(Level::Warn, text);
}

fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino()))
}

/// The file's own name and, where links lead to it, every name on the way.
fn names_of(file: &Path) -> Vec<PathBuf> {
    let in_real_folder = |path: &Path| {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        path.file_name().map_or_else(|| path.to_owned(), |name| folder.join(name))
    };
    let mut names = vec![in_real_folder(file)];
    while let Some(target) =
        names.last().and_then(|name| fs::read_link(name).ok().map(|t| (name.clone(), t)))
    {
        let (link, target) = target;
        let next = in_real_folder(&link.parent().unwrap_or(Path::new("/")).join(target));
        if names.contains(&next) {
            break;
        }
        names.push(next);
    }
    names
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_millis(20);

    /// A watch of nothing yet, and what it tells.
    fn start() -> (Watch, Receiver<()>) {
        let (told, changes) = mpsc::channel();
        let watch =
            Watch::start(SETTLE, Log::new(|_| ()), move || told.send(()).unwrap_or(())).unwrap();
        (watch, changes)
    }

    #[test]
    fn a_file_that_changed_before_it_was_watched_is_told_of_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.rhai");
        fs::write(&file, "read").unwrap();
        let read = stamp(&file);
        fs::write(&file, "saved meanwhile").unwrap();
        let (watch, changes) = start();
        watch.files(vec![(file.clone(), read)]);
        changes.recv_timeout(Duration::from_secs(5)).expect("the change is told");
        // Whoever was told and reads again may be too slow to read the newest: that is no news.
        watch.files(vec![(file.clone(), read)]);
        assert!(changes.recv_timeout(10 * SETTLE).is_err(), "told twice");
        fs::write(&file, "saved again").unwrap();
        changes.recv_timeout(Duration::from_secs(5)).expect("the next change is told");
    }

    #[test]
    fn what_the_system_does_not_tell_of_has_to_settle_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.rhai");
        fs::write(&file, "read").unwrap();
        let (signals, received) = mpsc::channel();
        let (told, changes) = mpsc::channel();
        let log = Log::new(|_| ());
        let blind = Files { watcher: None, log, folders: BTreeSet::new(), names: BTreeMap::new() };
        let settle = Duration::from_millis(200);
        signals.send(Signal::Watch(vec![(file.clone(), stamp(&file))])).unwrap();
        let run =
            thread::spawn(move || blind.run(&received, settle, || told.send(()).unwrap_or(())));
        let (began, mut n) = (Instant::now(), 0);
        // Longer than until the first look, so that it finds a file which is being written.
        while began.elapsed() < POLL + settle {
            n += 1;
            fs::write(&file, "x".repeat(n)).unwrap();
            thread::sleep(Duration::from_millis(10));
            assert!(changes.try_recv().is_err(), "told of half a file");
        }
        let written = Instant::now();
        changes.recv_timeout(Duration::from_secs(5)).expect("the change is told");
        assert!(written.elapsed() >= settle - Duration::from_millis(20));
        signals.send(Signal::End).unwrap();
        run.join().unwrap();
    }

    #[test]
    fn a_burst_ends_although_somebody_writes_on_and_a_long_settle_is_not_cut_short() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let at = |s: u32| now + s * second;
        let burst = Burst::go_on(Some(Burst { began: now, due: at(1) }), at(1), 3 * second);
        assert_eq!(burst.due, at(4));
        let burst = Burst::go_on(Some(Burst { began: now, due: at(12) }), at(11), 3 * second);
        assert_eq!(burst.due, at(12), "four times as long at most");
    }

    #[test]
    fn a_file_that_is_as_it_was_read_is_not_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.rhai");
        fs::write(&file, "read").unwrap();
        let (watch, changes) = start();
        watch.files(vec![(file.clone(), stamp(&file)), (folder.path().join("missing"), None)]);
        assert!(changes.recv_timeout(10 * SETTLE).is_err(), "nothing changed");
        fs::write(folder.path().join("missing"), "there").unwrap();
        changes.recv_timeout(Duration::from_secs(5)).expect("what was missing is told of");
    }
}
