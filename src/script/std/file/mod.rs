//! `std/file`: files and directories. All of it waits for the disk, beside the isolate.

mod folder;
mod operations;
mod pieces;
mod root;
mod watches;

pub(super) use self::folder::Folder;
pub(crate) use self::watches::Watches;
use self::{
    operations::{Facts, Part, Writing},
    pieces::{Cut, MAX_PART},
    root::{FilePieces, FileRoot},
};
use super::argument::{Options, bytes};
use crate::{
    engine::values::{
        ref_array::RefArray,
        ref_map::{RefMap, Table},
    },
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        registry::Registry,
        waiting::beside,
    },
    script::{ctx::Ctx, value::whole},
};
use rhai::{Dynamic, ImmutableString, NativeCallContext};
use std::{io, path::Path, rc::Rc};

/// The options of `read`.
const READ: [&str; 4] = ["blob", "offset", "length", "max"];

/// The options of `write`.
const WRITE: [&str; 3] = ["atomic", "exclusive", "mode"];

type Text = ImmutableString;

/// The functions of the module. Paths begin at the script's folder.
pub(super) fn module(ctx: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/file");
    macro_rules! waiting {
        ($name:expr, |$folder:ident $(, $arg:ident : $type:ty)*| $body:expr) => {
            let home = ctx.clone();
            module.waiting($name, move |$($arg: $type),*| {
                let $folder = &here(&home)?;
                $body
            });
        };
    }
    let home = ctx.clone();
    module.waiting_in_handlers("read", move |path: Text| {
        read_tracked(&home, &path, &Options::none("read"))
    });
    let home = ctx.clone();
    module.waiting_in_handlers("read", move |path: Text, options: Dynamic| {
        read_tracked(&home, &path, &Options::of("read", &options, &READ)?)
    });
    waiting!("write", |folder, path: Text, data: Dynamic| {
        write(folder, &path, &data, &Options::none("write"))
    });
    waiting!("write", |folder, path: Text, data: Dynamic, options: Dynamic| {
        write(folder, &path, &data, &Options::of("write", &options, &WRITE)?)
    });
    waiting!("append", |folder, path: Text, data: Dynamic| append(folder, &path, &data));
    waiting!("lines", |folder, path: Text| pieces(folder, "lines", &path, Cut::Lines));
    waiting!("parts", |folder, path: Text, size: Dynamic| parts(folder, &path, &size));
    waiting!("list", |folder, path: Text| list(folder, &path));
    waiting!("exists", |folder, path: Text| exists(folder, &path));
    waiting!("stat", |folder, path: Text| stat(folder, &path));
    waiting!("mkdir", |folder, path: Text| mkdir(folder, &path));
    waiting!("remove", |folder, path: Text| remove(folder, &path, &Options::none("remove")));
    waiting!("remove", |folder, path: Text, options: Dynamic| {
        remove(folder, &path, &Options::of("remove", &options, &["all"])?)
    });
    waiting!("rename", |folder, from: Text, to: Text| rename(folder, &from, &to));
    waiting!("copy", |folder, from: Text, to: Text| copy(folder, &from, &to));
    module.waiting("temp", || temporary(""));
    module.waiting("temp", |ending: Text| temporary(&ending));
    let home = ctx.clone();
    module.function("root", move |path: Text| {
        let folder = here(&home)?;
        let root = folder.root(&path).map_err(|fault| told("root", &folder, &path, &fault))?;
        Ok::<_, Box<rhai::EvalAltResult>>(FileRoot(root))
    });
    let home = ctx.clone();
    module.only_in(
        crate::runtime::entry::Place::Handler,
        "watch",
        move |call: NativeCallContext, path: Text, callback: Dynamic| {
            let folder = here(&home)?;
            watches::watch(&home, &call, folder.shown(&path), &callback)
        },
    );
    let home = ctx.clone();
    module.function("unwatch", move |id: i64| home.watches.end(id));
    module
}

/// The types that its functions give.
pub(crate) fn register(registry: &mut Registry) {
    root::register(registry);
}

/// Where the paths of the running script begin.
fn here(ctx: &Ctx) -> Outcome<Folder> {
    let program = ctx.program().ok_or_else(|| error("no program is running"))?;
    Ok(Folder::free(&program.directory()))
}

/// The error of a file, with its path.
fn told(
    function: &str,
    folder: &Folder,
    path: &str,
    fault: &io::Error,
) -> Box<rhai::EvalAltResult> {
    let why = match fault.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::AlreadyExists => "it exists".to_owned(),
        _ => fault.to_string(),
    };
    error(format!("{function}: {}: {why}", folder.shown(path).display()))
}

/// Does something to the file at a path beside the isolate.
fn on_file<T: Send + 'static>(
    function: &'static str,
    folder: &Folder,
    path: &str,
    work: impl FnOnce(&Folder, &str) -> io::Result<T> + Send + 'static,
) -> Outcome<T> {
    let (inner, name) = (folder.clone(), path.to_owned());
    let done = beside(function, move |_| work(&inner, &name))?;
    done.map_err(|fault| told(function, folder, path, &fault))
}

/// What `read` is to give.
struct Reading {
    part: Part,
    is_blob: bool,
}

impl Reading {
    fn of(options: &Options) -> Outcome<Self> {
        let size = |name: &str| -> Outcome<Option<u64>> {
            Ok(options.whole(name, 0..=i64::MAX)?.map(i64::cast_unsigned))
        };
        let most = i64::try_from(operations::MOST_READ).unwrap_or(i64::MAX);
        let max = options.whole("max", 1..=most)?.map(i64::cast_unsigned);
        let part = Part {
            offset: size("offset")?.unwrap_or(0),
            length: size("length")?,
            max: max.unwrap_or(operations::MAX_READ),
        };
        Ok(Self { part, is_blob: options.flag("blob")?.unwrap_or(false) })
    }

    fn value(&self, bytes: Vec<u8>) -> Result<Dynamic, io::Error> {
        if self.is_blob {
            return Ok(Dynamic::from_blob(bytes));
        }
        let text = String::from_utf8(bytes);
        text.map(Dynamic::from)
            .map_err(|_| io::Error::other("it is not UTF-8 text: read it with `#{ blob: true }`"))
    }
}

/// Reads at the top level too: the file counts as one of the script then, and an edit of it reloads.
fn read_tracked(ctx: &Ctx, path: &str, options: &Options) -> Outcome<Dynamic> {
    let folder = here(ctx)?;
    let program = ctx.program().filter(|_| ctx.is_declaring());
    let Some(program) = program else { return read(&folder, path, options) };
    let reading = Reading::of(options)?;
    let part = reading.part;
    let read = || {
        let all = program.sources().data(&folder.shown(path)).map_err(io::Error::other)?;
        let start = usize::try_from(part.offset).unwrap_or(usize::MAX).min(all.len());
        let length = part.length.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let bytes = &all[start..start.saturating_add(length).min(all.len())];
        if bytes.len() as u64 > part.max {
            return Err(io::Error::other(format!("it has more than {} bytes", part.max)));
        }
        reading.value(bytes.to_vec())
    };
    read().map_err(|fault| told("read", &folder, path, &fault))
}

fn read(folder: &Folder, path: &str, options: &Options) -> Outcome<Dynamic> {
    let reading = Reading::of(options)?;
    let part = reading.part;
    let bytes =
        on_file("read", folder, path, move |folder, path| operations::read(folder, path, part))?;
    reading.value(bytes).map_err(|fault| told("read", folder, path, &fault))
}

fn write(folder: &Folder, path: &str, data: &Dynamic, options: &Options) -> Outcome<()> {
    let how = Writing {
        atomic: options.flag("atomic")?.unwrap_or(false),
        exclusive: options.flag("exclusive")?.unwrap_or(false),
        mode: options.whole("mode", 0..=0o777)?.and_then(|mode| u32::try_from(mode).ok()),
    };
    let bytes = bytes(data, "write: the data")?;
    on_file("write", folder, path, move |folder, path| operations::write(folder, path, &bytes, how))
}

fn append(folder: &Folder, path: &str, data: &Dynamic) -> Outcome<()> {
    let bytes = bytes(data, "append: the data")?;
    on_file("append", folder, path, move |folder, path| operations::append(folder, path, &bytes))
}

fn pieces(folder: &Folder, function: &'static str, path: &str, cut: Cut) -> Outcome<FilePieces> {
    let file = on_file(function, folder, path, operations::open)?;
    Ok(FilePieces::new(function, folder.shown(path), file, cut))
}

fn parts(folder: &Folder, path: &str, size: &Dynamic) -> Outcome<FilePieces> {
    let most = i64::try_from(MAX_PART).unwrap_or(i64::MAX);
    let size = whole(size, "parts: the bytes of a part", 1..=most)?;
    pieces(folder, "parts", path, Cut::Parts(usize::try_from(size).unwrap_or(MAX_PART)))
}

fn list(folder: &Folder, path: &str) -> Outcome<RefArray> {
    let names = on_file("list", folder, path, operations::list)?;
    Ok(RefArray::new(names.into_iter().map(Dynamic::from).collect()))
}

fn exists(folder: &Folder, path: &str) -> Outcome<bool> {
    Ok(on_file("exists", folder, path, operations::facts)?.is_some())
}

fn stat(folder: &Folder, path: &str) -> Outcome<Dynamic> {
    let facts = on_file("stat", folder, path, operations::facts)?;
    Ok(facts.map_or(Dynamic::UNIT, |facts| Dynamic::from(shown(facts))))
}

/// The facts of a file as a script sees them.
fn shown(facts: Facts) -> RefMap {
    let Facts { size, modified, is_file, is_directory, is_link, mode } = facts;
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let entries: [(&str, Dynamic); 6] = [
        ("size", size.into()),
        ("modified", modified.into()),
        ("is_file", is_file.into()),
        ("is_dir", is_directory.into()),
        ("is_link", is_link.into()),
        ("mode", i64::from(mode).into()),
    ];
    let mut table = Table::default();
    for (name, value) in entries {
        drop(table.set(name.into(), value));
    }
    RefMap::from(table)
}

fn mkdir(folder: &Folder, path: &str) -> Outcome<bool> {
    on_file("mkdir", folder, path, operations::make_directory)
}

fn remove(folder: &Folder, path: &str, options: &Options) -> Outcome<bool> {
    let all = options.flag("all")?.unwrap_or(false);
    on_file("remove", folder, path, move |folder, path| operations::remove(folder, path, all))
}

fn rename(folder: &Folder, from: &str, to: &str) -> Outcome<()> {
    let new = to.to_owned();
    let rename = move |folder: &Folder, path: &str| operations::rename(folder, path, &new);
    on_file("rename", folder, from, rename)
}

fn copy(folder: &Folder, from: &str, to: &str) -> Outcome<i64> {
    let new = to.to_owned();
    let copy = move |folder: &Folder, path: &str| operations::copy(folder, path, &new);
    Ok(i64::try_from(on_file("copy", folder, from, copy)?).unwrap_or(i64::MAX))
}

fn temporary(ending: &str) -> Outcome<String> {
    if ending.contains(['/', '\0']) {
        return Err(error("temp: the end of the name cannot have a slash"));
    }
    let folder = Folder::free(Path::new("/"));
    let ending = ending.to_owned();
    on_file("temp", &folder, "tmp", move |_, _| operations::temporary(&ending))
}
