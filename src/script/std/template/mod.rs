//! `std/template`: pages made of templates and data.

mod engine;

use self::engine::{MAX_TEMPLATE, Source, Templates};
use super::{
    argument::{Options, refused},
    tree::Tree,
};
use crate::{
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        waiting::beside,
    },
    script::{ctx::Ctx, std::file::Folder},
};
use rhai::{Dynamic, ImmutableString};
use rustix::fs::{Mode, OFlags};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

/// Folders of templates that are kept compiled. Fixed: a service has one, or one for each of its parts.
const MAX_FOLDERS: usize = 16;

/// Templates that are compiled until all are dropped and compiled anew. Fixed: the engine keeps each that an edit has
/// replaced.
const MAX_COMPILED: usize = 10_000;

/// The folder that templates are looked for in unless one is named, beside the script.
const FOLDER: &str = "templates";

/// The name that a text without one has: it is HTML.
const TEXT: &str = "text.html";

/// The functions of the module.
pub(super) fn module(ctx: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/template");
    const RENDER: &str = "render";
    let kept = Arc::new(Kept::default());
    let (home, folders) = (ctx.clone(), kept.clone());
    module.waiting(RENDER, move |name: ImmutableString, data: Dynamic| {
        render(&home, &folders, &name, &data, &Options::none(RENDER))
    });
    let (home, folders) = (ctx.clone(), kept);
    module.waiting(RENDER, move |name: ImmutableString, data: Dynamic, options: Dynamic| {
        let options = Options::of(RENDER, &options, &["folder"])?;
        render(&home, &folders, &name, &data, &options)
    });
    module.function("render_text", |text: ImmutableString, data: Dynamic| {
        render_text(&text, &data, &Options::none("render_text"))
    });
    module.function("render_text", |text: ImmutableString, data: Dynamic, options: Dynamic| {
        render_text(&text, &data, &Options::of("render_text", &options, &["name"])?)
    });
    module
}

/// Folders by their paths, each with what is compiled of it.
#[derive(Default)]
struct Kept(Mutex<BTreeMap<PathBuf, Arc<Mutex<Compiled>>>>);

struct Compiled {
    templates: Templates,
    /// How many were compiled since they were dropped.
    loads: Arc<AtomicUsize>,
}

impl Kept {
    /// The templates of the folder at a path.
    fn folder(&self, base: &Folder, path: &str) -> io::Result<Arc<Mutex<Compiled>>> {
        let shown = base.shown(path);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(&shown) {
            return Ok(found.clone());
        }
        if kept.len() >= MAX_FOLDERS {
            kept.clear();
        }
        // By its path and not by a handle: a deployment may put another folder in its place.
        let loads = Arc::new(AtomicUsize::new(0));
        let source =
            TemplateFolder { base: base.clone(), path: path.to_owned(), loads: loads.clone() };
        source.root()?;
        let compiled = Compiled { templates: Templates::new(source), loads };
        let compiled = Arc::new(Mutex::new(compiled));
        kept.insert(shown, compiled.clone());
        Ok(compiled)
    }
}

/// A folder of templates. No name leads out of it.
struct TemplateFolder {
    base: Folder,
    path: String,
    loads: Arc<AtomicUsize>,
}

impl TemplateFolder {
    fn root(&self) -> io::Result<Folder> {
        self.base.root(&self.path)
    }
}

impl Source for TemplateFolder {
    type Stamp = (SystemTime, u64, u64);

    fn text(&self, name: &str) -> io::Result<Option<(String, Self::Stamp)>> {
        let opened = self.root()?.open(name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty());
        let file = match opened {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        self.loads.fetch_add(1, Ordering::Relaxed);
        let stamp = (facts.modified()?, facts.size(), facts.ino());
        let mut text = String::new();
        file.take(MAX_TEMPLATE + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_TEMPLATE {
            let text = format!("it has more than {} MiB", MAX_TEMPLATE >> 20);
            return Err(io::Error::other(text));
        }
        Ok(Some((text, stamp)))
    }

    fn stamp(&self, name: &str) -> Option<Self::Stamp> {
        let file = self.root().ok()?.open(name, OFlags::PATH, Mode::empty()).ok()?;
        let facts = file.metadata().ok()?;
        Some((facts.modified().ok()?, facts.size(), facts.ino()))
    }
}

fn data_of(function: &str, data: &Dynamic) -> Outcome<Tree> {
    match Tree::of(data) {
        Ok(tree @ Tree::Map(_)) => Ok(tree),
        Ok(other) => Err(error(format!("{function}: the data is a map, not {}", other.kind()))),
        Err(why) => Err(error(format!("{function}: the data: {why}"))),
    }
}

fn render(
    ctx: &Ctx,
    kept: &Arc<Kept>,
    name: &str,
    data: &Dynamic,
    options: &Options,
) -> Outcome<String> {
    let program = ctx.program().ok_or_else(|| error("no program is running"))?;
    let base = Folder::free(&program.directory());
    let folder = options.text("folder")?.unwrap_or_else(|| FOLDER.to_owned());
    let data = data_of("render", data)?;
    let (kept, name) = (kept.clone(), name.to_owned());
    let rendered = beside("render", move |_| {
        let compiled = kept.folder(&base, &folder).map_err(|fault| {
            format!("the folder {} cannot be read: {fault}", base.shown(&folder).display())
        })?;
        let mut compiled = compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if compiled.loads.load(Ordering::Relaxed) > MAX_COMPILED {
            compiled.loads.store(0, Ordering::Relaxed);
            compiled.templates.clear();
        }
        compiled.templates.render(&name, &data)
    })?;
    refused("render", rendered)
}

fn render_text(text: &str, data: &Dynamic, options: &Options) -> Outcome<String> {
    let name = options.text("name")?.unwrap_or_else(|| TEXT.to_owned());
    refused("render_text", engine::render_text(text, &name, &data_of("render_text", data)?))
}
