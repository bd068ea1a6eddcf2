//! What a multipart form brought: fields, and files that lie in temporary ones until the request is answered.

use super::form;
use crate::{
    engine::values::{ref_array::RefArray, ref_map::RefMap},
    script::value::{Outcome, error, waiting},
    web::{
        body_source::BodySource,
        multipart::{self, UploadLimits},
        multipart_error::MultipartError,
        upload::Upload,
    },
};
use rhai::Dynamic;
use std::{
    cell::RefCell,
    fs::File,
    io,
    path::{Path, PathBuf},
};
use tempfile::{NamedTempFile, TempPath};
use tokio::{runtime::Handle, task::spawn_blocking};

/// A form that was not taken.
pub(super) struct Refused {
    /// What the request is answered with, if the script does not answer it.
    pub(super) status: u16,
    pub(super) reason: String,
}

impl From<MultipartError> for Refused {
    fn from(fault: MultipartError) -> Self {
        let status = match fault {
            MultipartError::Malformed(_) | MultipartError::Fields(_) => 400,
            MultipartError::Limit { .. } => 413,
            MultipartError::Storage { .. } | MultipartError::Body(_) => 500,
        };
        Self { status, reason: fault.to_string() }
    }
}

/// See the module.
pub(super) struct Uploads {
    pub(super) fields: Dynamic,
    /// What scripts see of the files: a map of maps, and of lists of them.
    pub(super) files: Dynamic,
    /// Those that nobody has moved away.
    kept: RefCell<Vec<Upload>>,
}

impl Uploads {
    /// Reads a body of that type, on the blocking pool.
    pub(super) async fn read(
        content_type: &str,
        body: io::Result<BodySource>,
        limits: UploadLimits,
    ) -> Result<Self, Refused> {
        let body = body.map_err(MultipartError::Body)?;
        let form = multipart::parse(content_type.as_bytes(), body, limits).await?;
        let files = files(&form.files);
        Ok(Self { fields: form::fields(form.fields), files, kept: RefCell::new(form.files) })
    }

    /// Moves a file to where it stays. `which` is the name of its field, or what `file()` gave. Waits.
    pub(super) fn move_file(&self, which: &Dynamic, to: PathBuf, replace: bool) -> Outcome<()> {
        let wanted = self.temporary_name(which)?;
        let is_it = |upload: &Upload| upload.path.to_string_lossy() == wanted.as_str();
        let at = self.kept.borrow().iter().position(is_it);
        let Some(at) = at else {
            return Err(error(
                "this file is not there any more: it was moved, or its request is answered",
            ));
        };
        let Upload { field, name, full_path, content_type, size, path } =
            self.kept.borrow_mut().swap_remove(at);
        let shown = format!("`{name}` cannot be moved to {}", to.display());
        let moving = async move { spawn_blocking(move || relocate(path, &to, replace)).await };
        let moved = match waiting("move_file", moving)? {
            Ok(moved) => moved,
            Err(stopped) => return Err(error(format!("{shown}: {stopped}"))),
        };
        moved.map_err(|(why, path)| {
            let back = Upload { field, name, full_path, content_type, size, path };
            self.kept.borrow_mut().push(back);
            let advice = match why.kind() {
                io::ErrorKind::AlreadyExists => "; pass `true` as third argument to replace it",
                io::ErrorKind::NotFound => "; does its directory exist?",
                _ => "",
            };
            error(format!("{shown}: {why}{advice}"))
        })
    }

    /// The file that `which` means, by its path.
    fn temporary_name(&self, which: &Dynamic) -> Outcome<String> {
        let wrapped = RefMap::wrap(match which.as_immutable_string_ref() {
            Ok(name) => form::field(&self.files, &name, Dynamic::UNIT),
            Err(_) => which.clone(),
        });
        if wrapped.is_unit() {
            return Err(error(format!("no file came in the field {which}")));
        }
        if wrapped.is::<RefArray>() {
            return Err(error("several files came in this field: pass one of `file(name)`"));
        }
        let name = form::field(&wrapped, "tmp_name", Dynamic::UNIT);
        name.into_string().map_err(|_| error("a file is what `file(name)` gives, or a name"))
    }

    /// Removes the files that nobody has moved away, on the blocking pool.
    pub(super) fn remove(&self) {
        let kept = self.kept.take();
        if let Ok(runtime) = Handle::try_current()
            && !kept.is_empty()
        {
            runtime.spawn_blocking(move || drop(kept));
        }
    }
}

fn files(uploads: &[Upload]) -> Dynamic {
    let all = RefMap::default();
    for upload in uploads {
        let size = i64::try_from(upload.size).unwrap_or(i64::MAX);
        let file = RefMap::from_iter([
            ("name", upload.name.clone().into()),
            ("tmp_name", upload.path.to_string_lossy().into_owned().into()),
            ("size", Dynamic::from(size)),
            ("type", upload.content_type.clone().into()),
            ("full_path", upload.full_path.clone().into()),
            ("error", Dynamic::from(0_i64)),
        ]);
        let (base, is_one_of_many) = upload.base();
        if !is_one_of_many {
            all.set(base.into(), Dynamic::from(file));
            continue;
        }
        match all.get(base).read_lock::<RefArray>() {
            Some(list) => list.push(Dynamic::from(file)),
            None => all.set(base.into(), Dynamic::from(RefArray::new(vec![Dynamic::from(file)]))),
        }
    }
    Dynamic::from(all)
}

/// Moves a file, by its name inside of one file system, else by a copy that takes its place when it is complete. Blocks.
fn relocate(from: TempPath, to: &Path, replace: bool) -> Result<(), (io::Error, TempPath)> {
    let moved = if replace { from.persist(to) } else { from.persist_noclobber(to) };
    let Err(failed) = moved else { return Ok(()) };
    if failed.error.kind() != io::ErrorKind::CrossesDevices {
        return Err((failed.error, failed.path));
    }
    copy(&failed.path, to, replace).map_err(|why| (why, failed.path))
}

fn copy(from: &Path, to: &Path, replace: bool) -> io::Result<()> {
    let mut new = NamedTempFile::new_in(to.parent().unwrap_or(Path::new(".")))?;
    io::copy(&mut File::open(from)?, &mut new)?;
    match replace {
        true => new.persist(to)?,
        false => new.persist_noclobber(to)?,
    };
    Ok(())
}
