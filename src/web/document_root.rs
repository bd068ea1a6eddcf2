//! A directory whose files are answered. Whatever a request asks for, nothing outside of the directory is opened, and
//! nothing in it can make a thread wait, unless it may wait for the disk.

use crate::web::{
    accept_encoding::AcceptEncoding,
    compression,
    file_answer::Coding,
    listing, media_type,
    patience::Patience,
    root_path::RootPath,
    served_file::{READ, ServedFile},
};
use rustix::{
    fd::OwnedFd,
    fs::{Dir, Mode, OFlags, ResolveFlags, open, openat, openat2},
    io::Errno,
};
use std::{
    fs::{File, Metadata},
    io,
    path::Path,
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
}

impl Default for RootOptions {
    fn default() -> Self {
        Self {
            index: vec!["index.html".into(), "index.htm".into()],
            listing: false,
            compress: true,
        }
    }
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum RootAnswer {
    File(ServedFile),
    /// A directory that was asked for without the slash behind it: here is the path with it. The query is the caller's.
    Redirect(String),
    /// A page of HTML in UTF-8.
    Listing(String),
    NotFound,
    Forbidden,
}

/// A directory that is held open: moving it, or putting another in its place, changes nothing for those who have it.
#[derive(Debug)]
pub(crate) struct DocumentRoot {
    directory: OwnedFd,
    options: RootOptions,
}

impl DocumentRoot {
    pub(crate) fn open(path: &Path, options: RootOptions) -> Result<Self, String> {
        if let Some(index) = options.index.iter().find(|name| !is_plain(name)) {
            return Err(format!(
                "{index:?} cannot be an index file: give a name without a directory"
            ));
        }
        match open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(directory) => Ok(Self { directory, options }),
            Err(fault) => Err(format!(
                "the directory {} cannot be served: {fault}; it has to be there and readable",
                path.display()
            )),
        }
    }

    /// Looks for the path of a request, without its query. An error is trouble of this machine, such as too many open
    /// files, and the answer to it is 500.
    pub(crate) fn find(
        &self,
        path: &str,
        accept: AcceptEncoding,
        patience: Patience,
    ) -> io::Result<RootAnswer> {
        let Some(path) = RootPath::parse(path) else { return Ok(RootAnswer::NotFound) };
        self.answer(&path, accept, patience).or_else(refused)
    }

    fn answer(
        &self,
        path: &RootPath,
        accept: AcceptEncoding,
        patience: Patience,
    ) -> io::Result<RootAnswer> {
        let file = self.open_beneath(path, patience)?;
        let facts = file.metadata()?;
        if facts.is_file() && !path.is_directory() {
            let file = self.file(path, file, facts, accept, patience)?;
            return Ok(RootAnswer::File(file));
        }
        if !facts.is_dir() {
            return Ok(RootAnswer::NotFound);
        }
        if !path.is_directory() {
            return Ok(RootAnswer::Redirect(path.with_slash()));
        }
        for index in &self.options.index {
            let index = path.join(index);
            if let Some((file, facts)) = self.regular(&index, patience)? {
                let file = self.file(&index, file, facts, accept, patience)?;
                return Ok(RootAnswer::File(file));
            }
        }
        if !self.options.listing {
            return Ok(RootAnswer::NotFound);
        }
        if patience == Patience::AtOnce {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(RootAnswer::Listing(listing::page(path, Dir::new(OwnedFd::from(file))?, MAX_LISTED)?))
    }

    /// The smallest form of a file that the client takes. A compressed file that is older than the file itself is left
    /// over from an earlier one and does not count.
    fn file(
        &self,
        path: &RootPath,
        file: File,
        facts: Metadata,
        accept: AcceptEncoding,
        patience: Patience,
    ) -> io::Result<ServedFile> {
        let name = path.name();
        let media_type = media_type::of_name(&name);
        let varies = self.options.compress && media_type::is_compressible(&media_type);
        let (size, modified) = (facts.len(), facts.modified().unwrap_or(UNIX_EPOCH));
        let siblings = [("br", "br", accept.brotli), ("gz", "gzip", accept.gzip)];
        for (ending, coding, _) in siblings.iter().filter(|(.., accepted)| varies && *accepted) {
            let sibling = self.regular(&path.with_ending(ending), patience)?;
            let Some((file, facts)) = sibling else { continue };
            let compressed_at = facts.modified().unwrap_or(UNIX_EPOCH);
            if compressed_at >= modified {
                let (size, modified, coding) = (facts.len(), compressed_at, Coding::Stored(coding));
                return Ok(ServedFile { file, size, modified, name, coding, varies });
            }
        }
        let on_the_way = varies && accept.gzip && compression::is_worthwhile(&media_type, size);
        let coding = if on_the_way { Coding::OnTheWay } else { Coding::AsItIs };
        Ok(ServedFile { file, size, modified, name, coding, varies })
    }

    /// A regular file if it is there.
    fn regular(&self, path: &RootPath, patience: Patience) -> io::Result<Option<(File, Metadata)>> {
        let opened = self.open_beneath(path, patience).and_then(|file| {
            let facts = file.metadata()?;
            Ok((file, facts))
        });
        match opened {
            Ok((file, facts)) => Ok(facts.is_file().then_some((file, facts))),
            Err(fault) => refused(fault).map(|_| None),
        }
    }

    /// The kernel resolves the path, and refuses each step that leads out of the directory, also one by a symbolic link.
    fn open_beneath(&self, path: &RootPath, patience: Patience) -> io::Result<File> {
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | patience.flags();
        for _ in 0..RENAME_RETRIES {
            match openat2(&self.directory, path.relative(), READ, Mode::empty(), beneath) {
                // (a kernel before 5.12 does not know how not to wait)
                Err(Errno::AGAIN | Errno::INVAL | Errno::NOSYS | Errno::PERM)
                    if patience == Patience::AtOnce =>
                {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(Errno::AGAIN) => (),
                // (a kernel before 5.6, or a sandbox that does not know the call)
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
            let directory = at.as_ref().unwrap_or(&self.directory);
            at = Some(openat(directory, segment, step | OFlags::NOFOLLOW, Mode::empty())?);
        }
        match at {
            Some(opened) => Ok(opened),
            None => openat(&self.directory, ".", READ, Mode::empty()),
        }
    }
}

/// Which failures to open are answers.
fn refused(fault: io::Error) -> io::Result<RootAnswer> {
    match Errno::from_io_error(&fault) {
        // (a loop or a way out by symbolic links, a socket, a device without a driver)
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

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

#[cfg(test)]
#[path = "document_root_tests.rs"]
mod tests;
