//! Watches files and says when they settled after a change. Knows paths only. The folders are watched and not the files,
//! so that editors that save by renaming, files that appear later, deletions and symbolic links are seen.

use crate::{
    engine::sources::{Stamp, stamp},
    log::{Level, Log},
};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, event::ModifyKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

/// How long a file may keep changing before it is read all the same. Fixed.
const MAX_SETTLE: Duration = Duration::from_secs(2);

/// How often files are looked at where the system cannot tell of changes. Fixed.
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
        let (signals, received) = mpsc::channel();
        let from_system = signals.clone();
        let thread = thread::Builder::new()
            .name("watch".into())
            .spawn(move || Files::new(from_system, log).run(&received, settle, on_change))?;
        Ok(Self { signals, thread: Some(thread) })
    }

    /// From now on, these files. Missing ones are waited for. One that is not as its stamp says any more, because it was
    /// saved before the watch began, counts as changed.
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

/// What is watched now.
struct Files {
    watcher: Option<RecommendedWatcher>,
    log: Log,
    folders: BTreeSet<PathBuf>,
    /// Every name under which a change matters, and what the file was like when it was last looked at.
    names: BTreeMap<PathBuf, Option<Stamp>>,
}

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
        // When the burst of changes that is going on began, and when it will have settled.
        let mut burst: Option<(Instant, Instant)> = None;
        loop {
            let wait = match burst {
                Some((_, due)) => due.saturating_duration_since(Instant::now()),
                None => POLL,
            };
            match signals.recv_timeout(wait) {
                Ok(Signal::End) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Signal::Watch(files)) => {
                    self.watch(&files);
                    if self.look() && burst.is_none() {
                        let now = Instant::now();
                        burst = Some((now, now + settle));
                    }
                }
                Ok(Signal::Changed(path)) if self.names.contains_key(&path) => {
                    let now = Instant::now();
                    let began = burst.map_or(now, |(began, _)| began);
                    burst = Some((began, (now + settle).min(began + MAX_SETTLE)));
                }
                Ok(Signal::Changed(_)) => (),
                Err(RecvTimeoutError::Timeout) => {
                    let polled = self.watcher.is_none() && self.look();
                    if burst.take().is_some() || polled {
                        on_change();
                    }
                }
            }
        }
    }

    fn watch(&mut self, files: &[(PathBuf, Option<Stamp>)]) {
        let mut names = BTreeMap::new();
        for (file, stamp) in files {
            // (links have the stamp of the file that they lead to)
            names.extend(names_of(file).into_iter().map(|name| (name, *stamp)));
        }
        self.names = names;
        let folders: BTreeSet<PathBuf> =
            self.names.keys().filter_map(|name| name.parent().map(Path::to_owned)).collect();
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
