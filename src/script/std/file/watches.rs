//! Files that handlers watch. Each is looked at a few times a second, and its handler is called when it has changed and is
//! quiet. A watch belongs to the generation of the script that asked for it, and ends with it.

use crate::{
    engine::program::handler::{Args, Handler},
    runtime::outcome::{Outcome, error},
    script::{
        ctx::{Ctx, Occasion},
        value::function,
    },
};
use rhai::{Dynamic, NativeCallContext};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, SystemTime},
};
use tokio::{
    task::{AbortHandle, spawn_blocking},
    time::sleep,
};

/// How often a watched file is looked at. Fixed: as soon as a person expects it, and a look costs some microseconds.
const LOOK: Duration = Duration::from_millis(250);

/// Watches of one isolate. Fixed: a script that makes more has lost their ids.
const MAX_WATCHES: usize = 1_000;

/// All watches of an isolate.
#[derive(Default)]
pub(crate) struct Watches {
    living: RefCell<BTreeMap<i64, AbortHandle>>,
    last_id: Cell<i64>,
}

impl Watches {
    /// Ends a watch. False: there is none of that id.
    pub(crate) fn end(&self, id: i64) -> bool {
        let ended = self.living.borrow_mut().remove(&id);
        ended.inspect(AbortHandle::abort).is_some()
    }

    /// Ends all.
    pub(crate) fn clear(&self) {
        for task in self.living.take().into_values() {
            task.abort();
        }
    }
}

/// What tells one state of a file or directory from another.
type Stamp = Option<(SystemTime, u64, u64)>;

fn stamp(path: &Path) -> Stamp {
    let facts = fs::metadata(path).ok()?;
    Some((facts.modified().ok()?, facts.size(), facts.ino()))
}

/// Calls the callback with the path whenever the file there, or the names in a directory, have changed.
pub(super) fn watch(
    ctx: &Rc<Ctx>,
    call: &NativeCallContext,
    path: PathBuf,
    callback: &Dynamic,
) -> Outcome<i64> {
    if ctx.is_declaring() {
        return Err(crate::runtime::waiting::not_here("watch"));
    }
    if ctx.watches.living.borrow().len() >= MAX_WATCHES {
        return Err(error(format!(
            "there are {MAX_WATCHES} watches already: end some by `unwatch`"
        )));
    }
    let f = function(call, "watch", callback)?;
    let handler = ctx.handler(call, "watch", 1, f)?;
    let id = ctx.watches.last_id.get() + 1;
    ctx.watches.last_id.set(id);
    // What it is like now counts, and not when the task begins.
    let seen = stamp(&path);
    let task = tokio::task::spawn_local(run(ctx.clone(), id, handler, path, seen));
    ctx.watches.living.borrow_mut().insert(id, task.abort_handle());
    Ok(id)
}

async fn run(ctx: Rc<Ctx>, id: i64, handler: Rc<Handler>, path: PathBuf, mut told: Stamp) {
    let mut seen = told;
    loop {
        sleep(LOOK).await;
        if handler.program().retired.get() {
            ctx.watches.living.borrow_mut().remove(&id);
            return;
        }
        let looked_at = path.clone();
        let Ok(now) = spawn_blocking(move || stamp(&looked_at)).await else { return };
        // A file that is being written has another stamp with each look.
        let is_quiet = now == seen;
        seen = now;
        if !is_quiet || now == told {
            continue;
        }
        told = now;
        let mut args = Args::default();
        args[0] = path_value(&path);
        let occasion = || Occasion::of_worker(format!("watch {id}"), ctx.name());
        // An error has been reported.
        let _ = ctx.call(handler.clone(), &mut args, 0, occasion).await;
    }
}

fn path_value(path: &Path) -> Dynamic {
    path.display().to_string().into()
}
