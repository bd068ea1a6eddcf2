//! A directory whose files are answered. Whatever a request asks for, nothing outside of the directory is opened, and
//! nothing in it can make a thread wait, unless it may wait for the disk.

use crate::web::{
    accept_encoding::AcceptEncoding,
    compression,
    entity_tag::PathSum,
    file_answer::Coding,
    listing, media_type,
    patience::Patience,
    root_path::RootPath,
    served_file::{READ, ServedFile},
};
use percent_encoding::percent_decode_str;
use rustix::{
    fd::OwnedFd,
    fs::{CWD, Dir, Mode, OFlags, ResolveFlags, open, openat, openat2},
    io::Errno,
};
use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// How often a path is tried again that somebody renames just then. Fixed: who renames that fast means harm.
const RENAME_RETRIES: usize = 8;

/// Entries of a listed directory, more are left out. Fixed: a page with more is of no use, and is held in memory.
const MAX_LISTED: usize = 10_000;

/// How a root behaves.
#[derive(Clone, Debug)]
pub(crate) struct RootOptions {
    /// Names that are looked for in a directory, the first that is there is answered.
    pub(crate) index: Vec<String>,
    /// Whether a directory without an index is answered with the names in it. Default off: they may say too much.
    pub(crate) listing: bool,
    /// Whether `.br` and `.gz` files beside a file stand for it, and others are compressed on the way. Default on.
    pub(crate) compress: bool,
    /// The file that goes with a 404, instead of a line of text.
    pub(crate) not_found: Option<String>,
    /// The file that is answered, with 200, to paths that lead nowhere and whose last name has no dot: the page of an
    /// application that makes its own of the path.
    pub(crate) fallback: Option<String>,
    /// Media types of files by the ending of their names, in lower case and without its dot.
    pub(crate) types: BTreeMap<String, String>,
}

impl Default for RootOptions {
    fn default() -> Self {
        Self {
            index: vec!["index.html".into(), "index.htm".into()],
            listing: false,
            compress: true,
            not_found: None,
            fallback: None,
            types: BTreeMap::new(),
        }
    }
}

impl RootOptions {
    /// The error says what cannot be.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(index) = self.index.iter().find(|name| !is_plain(name)) {
            return Err(format!(
                "{index:?} cannot be an index file: give a name without a directory"
            ));
        }
        for (option, path) in [("not_found", &self.not_found), ("fallback", &self.fallback)] {
            if let Some(path) = path.as_ref().filter(|path| RootPath::of_file(path).is_none()) {
                return Err(format!(
                    "{option} is a file below the root, such as \"404.html\", not {path:?}"
                ));
            }
        }
        Ok(())
    }

    fn media_type(&self, name: &str) -> String {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let own = ending.and_then(|ending| self.types.get(&ending).cloned());
        own.unwrap_or_else(|| media_type::of_name(name))
    }
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum RootAnswer {
    File(ServedFile),
    /// There is none, and this says so.
    NotFoundPage(ServedFile),
    /// A directory that was asked for without the slash behind it: here is the path with it. The query is the caller's.
    Redirect(String),
    /// A page of HTML in UTF-8.
    Listing(String),
    NotFound,
    Forbidden,
}

/// A directory by its path, which is looked up for each request: a deployment that puts another one in its place, by a
/// rename or a link, is seen at once.
#[derive(Debug)]
pub(crate) struct DocumentRoot {
    path: PathBuf,
    /// The directory as it was when it was opened. It is used where this user may not go the way to it any more, since whoever
    /// started the process could.
    opened: Option<OwnedFd>,
    options: RootOptions,
}

impl DocumentRoot {
    /// One that has to be there now.
    pub(crate) fn open(path: &Path, options: RootOptions) -> Result<Self, String> {
        options.check()?;
        let root = Self::at(path, options);
        match open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(directory) => Ok(Self { opened: Some(directory), ..root }),
            Err(fault) => Err(root.refusal(fault)),
        }
    }

    /// One that is looked for when a file is.
    pub(crate) fn at(path: &Path, options: RootOptions) -> Self {
        Self { path: path.to_owned(), opened: None, options }
    }

    fn refusal(&self, fault: Errno) -> String {
        format!(
            "the directory {} cannot be served: {fault}; it has to be there and readable",
            self.path.display()
        )
    }

    /// The directory that has the path now; nothing for the one that was opened.
    fn directory(&self, patience: Patience) -> io::Result<Option<OwnedFd>> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut found = openat2(CWD, &self.path, flags, Mode::empty(), patience.flags());
        // A kernel before 5.6, or a sandbox that does not know the call.
        if patience == Patience::Waits && matches!(found, Err(Errno::NOSYS | Errno::PERM)) {
            found = open(&self.path, flags, Mode::empty());
        }
        match found {
            Ok(directory) => Ok(Some(directory)),
            Err(_) if patience == Patience::AtOnce => Err(io::ErrorKind::WouldBlock.into()),
            Err(Errno::ACCESS) if self.opened.is_some() => Ok(None),
            Err(fault @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => Err(fault.into()),
            Err(fault) => Err(io::Error::other(self.refusal(fault))),
        }
    }

    fn look(&self, accept: AcceptEncoding, patience: Patience) -> io::Result<Look<'_>> {
        let directory = match (self.directory(patience)?, &self.opened) {
            (Some(found), _) => Held::Own(found),
            (None, Some(opened)) => Held::Root(opened),
            (None, None) => return Err(io::Error::other(self.refusal(Errno::ACCESS))),
        };
        Ok(Look { root: self, directory, accept, patience })
    }

    /// Looks for the path of a request, without its query. An error is trouble of this machine, such as too many open
    /// files, and the answer to it is 500.
    pub(crate) fn find(
        &self,
        path: &str,
        accept: AcceptEncoding,
        patience: Patience,
    ) -> io::Result<RootAnswer> {
        let look = self.look(accept, patience)?;
        match look.find(path)? {
            RootAnswer::NotFound => look.instead(path),
            found => Ok(found),
        }
    }

    /// Does the path lead to a file, or to a directory that is answered with one or with a listing?
    pub(crate) fn has(&self, path: &str, patience: Patience) -> io::Result<bool> {
        let look = self.look(AcceptEncoding::default(), patience)?;
        let found = match look.find(path)? {
            RootAnswer::Redirect(with_slash) => look.find(&with_slash)?,
            found => found,
        };
        Ok(matches!(found, RootAnswer::File(_) | RootAnswer::Listing(_)))
    }
}

/// A directory that was opened for one look, or with the root.
enum Held<'a> {
    Own(OwnedFd),
    Root(&'a OwnedFd),
}

/// One look for a path.
struct Look<'a> {
    root: &'a DocumentRoot,
    directory: Held<'a>,
    accept: AcceptEncoding,
    patience: Patience,
}

impl Look<'_> {
    fn directory(&self) -> &OwnedFd {
        match &self.directory {
            Held::Own(directory) => directory,
            Held::Root(directory) => directory,
        }
    }

    fn find(&self, path: &str) -> io::Result<RootAnswer> {
        match RootPath::parse(path) {
            Some(path) => self.answer(&path).or_else(refused),
            None => Ok(RootAnswer::NotFound),
        }
    }

    /// What is answered where there is nothing.
    fn instead(&self, path: &str) -> io::Result<RootAnswer> {
        let options = &self.root.options;
        let fallback = options.fallback.as_ref().filter(|_| !names_a_file(path));
        if let Some(file) = self.page(fallback)? {
            return Ok(RootAnswer::File(file));
        }
        Ok(match self.page(options.not_found.as_ref())? {
            Some(file) => RootAnswer::NotFoundPage(file),
            None => RootAnswer::NotFound,
        })
    }

    fn page(&self, path: Option<&String>) -> io::Result<Option<ServedFile>> {
        let Some(path) = path.and_then(|path| RootPath::of_file(path)) else { return Ok(None) };
        let Some((file, facts)) = self.regular(&path)? else { return Ok(None) };
        self.file(&path, file, facts).map(Some)
    }

    fn answer(&self, path: &RootPath) -> io::Result<RootAnswer> {
        let options = &self.root.options;
        let file = self.open_beneath(path)?;
        let facts = file.metadata()?;
        if facts.is_file() && !path.is_directory() {
            let file = self.file(path, file, facts)?;
            return Ok(RootAnswer::File(file));
        }
        if !facts.is_dir() {
            return Ok(RootAnswer::NotFound);
        }
        if !path.is_directory() {
            return Ok(RootAnswer::Redirect(path.with_slash()));
        }
        for index in &options.index {
            let index = path.join(index);
            if let Some((file, facts)) = self.regular(&index)? {
                let file = self.file(&index, file, facts)?;
                return Ok(RootAnswer::File(file));
            }
        }
        if !options.listing {
            return Ok(RootAnswer::NotFound);
        }
        if self.patience == Patience::AtOnce {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(RootAnswer::Listing(listing::page(path, Dir::new(OwnedFd::from(file))?, MAX_LISTED)?))
    }

    /// The smallest form of a file that the client takes. A compressed file that is older than the file itself is left
    /// over from an earlier one and does not count.
    fn file(&self, path: &RootPath, file: File, facts: Metadata) -> io::Result<ServedFile> {
        let (options, accept) = (&self.root.options, self.accept);
        let media_type = options.media_type(&path.name());
        let varies = options.compress && media_type::is_compressible(&media_type);
        let sum = |path: &RootPath| {
            PathSum::of([self.root.path.as_os_str().as_bytes()].into_iter().chain(path.segments()))
        };
        let (size, modified) = (facts.len(), facts.modified().unwrap_or(UNIX_EPOCH));
        let siblings = [("br", "br", accept.brotli), ("gz", "gzip", accept.gzip)];
        for (ending, coding, _) in siblings.iter().filter(|(.., accepted)| varies && *accepted) {
            let path = path.with_ending(ending);
            let sibling = self.regular(&path)?;
            let Some((file, facts)) = sibling else { continue };
            let compressed_at = facts.modified().unwrap_or(UNIX_EPOCH);
            if compressed_at >= modified {
                let (size, modified, coding) = (facts.len(), compressed_at, Coding::Stored(coding));
                let path = sum(&path);
                return Ok(ServedFile { file, size, modified, media_type, path, coding, varies });
            }
        }
        let on_the_way = varies && accept.gzip && compression::is_worthwhile(&media_type, size);
        let coding = if on_the_way { Coding::OnTheWay } else { Coding::AsItIs };
        let path = sum(path);
        Ok(ServedFile { file, size, modified, media_type, path, coding, varies })
    }

    /// A regular file if it is there.
    fn regular(&self, path: &RootPath) -> io::Result<Option<(File, Metadata)>> {
        let opened = self.open_beneath(path).and_then(|file| {
            let facts = file.metadata()?;
            Ok((file, facts))
        });
        match opened {
            Ok((file, facts)) => Ok(facts.is_file().then_some((file, facts))),
            Err(fault) => refused(fault).map(|_| None),
        }
    }

    /// The kernel resolves the path, and refuses each step that leads out of the directory, also one by a symbolic link.
    fn open_beneath(&self, path: &RootPath) -> io::Result<File> {
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | self.patience.flags();
        for _ in 0..RENAME_RETRIES {
            match openat2(self.directory(), path.relative(), READ, Mode::empty(), beneath) {
                // A kernel before 5.12 does not know how not to wait.
                Err(Errno::AGAIN | Errno::INVAL | Errno::NOSYS | Errno::PERM)
                    if self.patience == Patience::AtOnce =>
                {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(Errno::AGAIN) => (),
                // A kernel before 5.6, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return Ok(self.walk(path)?.into()),
                opened => return Ok(opened?.into()),
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// The same step by step; symbolic links lead nowhere then.
    fn walk(&self, path: &RootPath) -> Result<OwnedFd, Errno> {
        let mut at: Option<OwnedFd> = None;
        let mut segments = path.segments().peekable();
        while let Some(segment) = segments.next() {
            let step = match segments.peek() {
                Some(_) => OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
                None => READ,
            };
            let directory = at.as_ref().unwrap_or(self.directory());
            at = Some(openat(directory, segment, step | OFlags::NOFOLLOW, Mode::empty())?);
        }
        match at {
            Some(opened) => Ok(opened),
            None => openat(self.directory(), ".", READ, Mode::empty()),
        }
    }
}

/// Which failures to open are answers.
fn refused(fault: io::Error) -> io::Result<RootAnswer> {
    match Errno::from_io_error(&fault) {
        // A loop or a way out by symbolic links, a socket, a device without a driver.
        Some(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::NAMETOOLONG
            | Errno::LOOP
            | Errno::XDEV
            | Errno::NXIO
            | Errno::NODEV,
        ) => Ok(RootAnswer::NotFound),
        Some(Errno::ACCESS | Errno::PERM) => Ok(RootAnswer::Forbidden),
        _ => Err(fault),
    }
}

/// Has the last name of the path a dot? Then a file was meant, and the page of an application would only confuse whoever
/// waits for a script or a picture.
fn names_a_file(path: &str) -> bool {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    percent_decode_str(name).any(|byte| byte == b'.')
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

#[cfg(test)]
#[path = "document_root_tests.rs"]
mod tests;
