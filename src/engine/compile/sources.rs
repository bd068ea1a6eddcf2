//! The text of every file of one (re)load, read once: all isolates compile the same bytes, whoever asks first. What a top
//! level reads besides scripts counts as one of them.

use rustix::fs::OFlags;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

/// Bytes that a script file may have. Fixed: beyond it somebody has named the wrong file.
const MAX_FILE: u64 = 16 * 1024 * 1024;

type Text = Result<Arc<str>, String>;

/// What tells one content of a file from another: time of change, length, number. `None`: there is no such file.
type Stamp = Option<(SystemTime, u64, u64)>;

/// The bytes of a file that is no script.
type Data = Result<Arc<[u8]>, String>;

/// Cheap to clone, shared by all isolates.
#[derive(Clone)]
pub(crate) struct Sources {
    main: PathBuf,
    texts: Arc<Mutex<BTreeMap<PathBuf, (Stamp, Text)>>>,
    data: Arc<Mutex<BTreeMap<PathBuf, (Stamp, Data)>>>,
    /// What stands behind `--` on the command line.
    arguments: Arc<[String]>,
}

impl Sources {
    /// Nothing is read yet.
    pub(crate) fn new(main: &Path) -> Self {
        let main = main.canonicalize().unwrap_or_else(|_| main.to_owned());
        let arguments = Arc::default();
        Self { main, texts: Arc::default(), data: Arc::default(), arguments }
    }

    /// The script is given these arguments.
    pub(crate) fn with_arguments(self, arguments: Arc<[String]>) -> Self {
        Self { arguments, ..self }
    }

    /// The main file is no file, or can be read only once: this is its text.
    pub(crate) fn with_text(self, text: Option<&Arc<str>>) -> Self {
        if let Some(text) = text {
            let known = (None, Ok(without_shebang(text).into()));
            let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.insert(self.main.clone(), known);
        }
        self
    }

    pub(crate) fn main(&self) -> &Path {
        &self.main
    }

    /// The file's text as it was when it was first asked for. The error says why there is none.
    pub(crate) fn text(&self, path: &Path) -> Text {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        // The stamp first: a file that changes while it is read must not pass for read.
        let (_, text) = texts.entry(path.to_owned()).or_insert_with(|| (stamp(path), read(path)));
        text.clone()
    }

    /// What stands behind `--` on the command line.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The bytes of a file that is no script, as they were when a top level first asked for them. The error says why there
    /// are none.
    pub(crate) fn data(&self, path: &Path) -> Data {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |path: &PathBuf| (stamp(path), read_bytes(path).map(Arc::from));
        let (_, bytes) = data.entry(path).or_insert_with_key(read);
        bytes.clone()
    }

    /// Every file that was asked for, also those that are missing, as it was just before it was read: these are to be
    /// watched.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Stamp)> {
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files: BTreeMap<_, _> = data.iter().map(|(p, (s, _))| (p.clone(), *s)).collect();
        files.extend(self.scripts());
        files.into_iter().collect()
    }

    /// Those of them that are scripts.
    pub(crate) fn scripts(&self) -> Vec<(PathBuf, Stamp)> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.iter().map(|(path, (stamp, _))| (path.clone(), *stamp)).collect()
    }

    /// What stands at a place such as `push.rhai:12:5`, to the end of its line.
    pub(crate) fn at(&self, place: &str) -> Option<String> {
        let (place, column) = place.rsplit_once(':')?;
        let (file, line) = place.rsplit_once(':')?;
        let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
        let is_it = |(path, _): &(PathBuf, Stamp)| self.display(path) == file;
        let (path, _) = self.scripts().into_iter().find(is_it)?;
        let text = self.text(&path).ok()?;
        let line = text.split('\n').nth(line.checked_sub(1)?)?;
        Some(line.chars().skip(column.checked_sub(1)?).collect())
    }

    /// The name that people see: relative to the main script's folder where it lies below it.
    pub(crate) fn display(&self, path: &Path) -> String {
        let base = self.main.parent().unwrap_or(Path::new(""));
        path.strip_prefix(base).unwrap_or(path).display().to_string()
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino()))
}

fn read(path: &Path) -> Text {
    let text = String::from_utf8(read_bytes(path)?);
    let text = text.map_err(|_| "it is not UTF-8 text".to_owned())?;
    Ok(without_shebang(text.strip_prefix('\u{feff}').unwrap_or(&text)).into())
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let result = open(path).and_then(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes)
    });
    result.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => e.to_string(),
    })
}

/// A first line such as `#!/usr/bin/env rhost run` is for the system, and a comment here. All else keeps its place.
fn without_shebang(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("#!") {
        // A third slash would make it the comment of a function.
        Some(rest) => Cow::Owned(match rest.strip_prefix('/') {
            Some(rest) => format!("// {rest}"),
            None => format!("//{rest}"),
        }),
        None => Cow::Borrowed(text),
    }
}

/// Never waits: a pipe that nobody writes to would stop whoever reads it, and all isolates with it.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    if !meta.is_file() {
        return Err(io::Error::other("it is a pipe or a device, and no file"));
    }
    if meta.len() > MAX_FILE {
        return Err(io::Error::other(format!("it is larger than {MAX_FILE} bytes")));
    }
    Ok(file)
}
