//! What the functions of `std/file` give to scripts: a directory that no path leads out of, and the pieces of a file that a
//! loop goes over.

use super::{
    READ, WRITE, append, copy, exists,
    folder::Folder,
    list, mkdir, parts,
    pieces::{Cut, Pieces},
    read, remove, rename, stat, told, write,
};
use crate::{
    runtime::{
        outcome::{Outcome, error},
        registry::Registry,
        waiting::beside,
    },
    script::std::argument::Options,
};
use rhai::{Dynamic, ImmutableString};
use std::{cell::RefCell, fs::File, path::PathBuf, rc::Rc};

type Text = ImmutableString;

/// A directory by its handle.
#[derive(Clone)]
pub(super) struct FileRoot(pub(super) Folder);

/// The lines or parts of a file. A loop takes them one after the other, and they are gone then.
#[derive(Clone)]
pub(super) struct FilePieces(Rc<Open>);

struct Open {
    function: &'static str,
    path: PathBuf,
    is_text: bool,
    /// Nothing while they are read on another thread, and when a handler was ended meanwhile.
    pieces: RefCell<Option<Pieces>>,
}

impl FilePieces {
    pub(super) fn new(function: &'static str, path: PathBuf, file: File, cut: Cut) -> Self {
        let pieces = RefCell::new(Some(Pieces::new(file, cut)));
        Self(Rc::new(Open { function, path, is_text: cut == Cut::Lines, pieces }))
    }

    fn refusal(&self, why: &str) -> Box<rhai::EvalAltResult> {
        error(format!("{}: {}: {why}", self.0.function, self.0.path.display()))
    }

    fn value(&self, piece: &[u8]) -> Outcome<Dynamic> {
        if !self.0.is_text {
            return Ok(Dynamic::from_blob(piece.to_vec()));
        }
        let text = std::str::from_utf8(piece);
        let text =
            text.map_err(|_| self.refusal("a line is not UTF-8 text: read it by `parts`"))?;
        Ok(ImmutableString::from(text).into())
    }

    /// The next piece; waits where it has to be read.
    fn step(&self) -> Outcome<Option<Dynamic>> {
        loop {
            let taken = self.0.pieces.borrow_mut().take();
            let Some(mut pieces) = taken else {
                return Err(self.refusal("another loop reads it right now"));
            };
            if let Some(piece) = pieces.next() {
                let value = self.value(piece);
                self.0.pieces.replace(Some(pieces));
                return value.map(Some);
            }
            let (pieces, filled) = beside(self.0.function, move |_| {
                let filled = pieces.fill();
                (pieces, filled)
            })?;
            self.0.pieces.replace(Some(pieces));
            match filled {
                Ok(true) => (),
                Ok(false) => return Ok(None),
                Err(fault) => return Err(self.refusal(&fault.to_string())),
            }
        }
    }
}

/// A walk over the pieces. An error ends it.
pub(super) struct Walk {
    pieces: FilePieces,
    has_failed: bool,
}

impl Iterator for Walk {
    type Item = Outcome<Dynamic>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let piece = self.pieces.step().transpose();
        self.has_failed = matches!(piece, Some(Err(_)));
        piece
    }
}

impl IntoIterator for FilePieces {
    type Item = Outcome<Dynamic>;
    type IntoIter = Walk;

    fn into_iter(self) -> Walk {
        Walk { pieces: self, has_failed: false }
    }
}

/// Announces both types.
pub(super) fn register(registry: &mut Registry) {
    let mut class = registry.class::<FilePieces>("FilePieces");
    class.handle(|a, b| Rc::ptr_eq(&a.0, &b.0));
    class.display(|pieces: &mut FilePieces| format!("FilePieces({})", pieces.0.path.display()));
    registry.engine.register_iterator_result::<FilePieces, Dynamic>();
    type This = FileRoot;
    let mut class = registry.class::<FileRoot>("FileRoot");
    class.handle(|a, b| a.0.is_same(&b.0));
    class.display(|root: &mut This| format!("FileRoot({})", root.0.shown("").display()));
    class.waiting("read", |root: &mut This, path: Text| {
        read(&root.0, &path, &Options::none("read"))
    });
    class.waiting("read", |root: &mut This, path: Text, options: Dynamic| {
        read(&root.0, &path, &Options::of("read", &options, &READ)?)
    });
    class.waiting("write", |root: &mut This, path: Text, data: Dynamic| {
        write(&root.0, &path, &data, &Options::none("write"))
    });
    class.waiting("write", |root: &mut This, path: Text, data: Dynamic, options: Dynamic| {
        write(&root.0, &path, &data, &Options::of("write", &options, &WRITE)?)
    });
    class.waiting("append", |root: &mut This, path: Text, data: Dynamic| {
        append(&root.0, &path, &data)
    });
    class.waiting("lines", |root: &mut This, path: Text| {
        super::pieces(&root.0, "lines", &path, Cut::Lines)
    });
    class.waiting("parts", |root: &mut This, path: Text, size: Dynamic| {
        parts(&root.0, &path, &size)
    });
    class.waiting("list", |root: &mut This, path: Text| list(&root.0, &path));
    class.waiting("exists", |root: &mut This, path: Text| exists(&root.0, &path));
    class.waiting("stat", |root: &mut This, path: Text| stat(&root.0, &path));
    class.waiting("mkdir", |root: &mut This, path: Text| mkdir(&root.0, &path));
    class.waiting("remove", |root: &mut This, path: Text| {
        remove(&root.0, &path, &Options::none("remove"))
    });
    class.waiting("remove", |root: &mut This, path: Text, options: Dynamic| {
        remove(&root.0, &path, &Options::of("remove", &options, &["all"])?)
    });
    class.waiting("rename", |root: &mut This, from: Text, to: Text| rename(&root.0, &from, &to));
    class.waiting("copy", |root: &mut This, from: Text, to: Text| copy(&root.0, &from, &to));
    class.method("root", |root: &mut This, path: Text| -> Outcome<FileRoot> {
        let inner = root.0.root(&path).map_err(|fault| told("root", &root.0, &path, &fault))?;
        Ok(FileRoot(inner))
    });
}
