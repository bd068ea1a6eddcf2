//! Bodies of type `multipart/form-data`: fields, and files that go to temporary files. multer finds the parts; here is
//! what they may be, how many and how large.

use crate::web::{
    body_source::{BodySource, CHUNK, Flow},
    form::{FormBuilder, FormValue, MAX_FIELDS},
    header_parameters::HeaderParameters,
    multipart_error::{Limit, MultipartError},
    stale_uploads,
    upload::{Upload, harmless_name},
};
use multer::{Field, Multipart};
use std::{
    io::{self, Write},
    path::PathBuf,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tempfile::{Builder, TempPath};
use tokio::task::spawn_blocking;

/// Bytes of a part's name. Fixed: names are written by programmers.
const MAX_FIELD_NAME: usize = 1024;

/// Bytes of all headers of a part together. Fixed: three headers are known, and the longest holds two names.
const MAX_PART_HEADERS: usize = 16 * 1024;

/// Characters of a boundary. Fixed by RFC 2046 §5.1.1.
const MAX_BOUNDARY: usize = 70;

/// How much a form may bring.
#[derive(Clone, Debug)]
pub(crate) struct UploadLimits {
    /// Files in one request. Default 20: each is a file of its own until the request is over.
    pub(crate) files: usize,
    /// Fields in one request. Default 1000, as in any form.
    pub(crate) fields: usize,
    /// Bytes of all values of fields together. Default 8 MiB: they are held in memory, whereas files are not.
    pub(crate) field_bytes: usize,
    /// Where the temporary files are made.
    pub(crate) directory: PathBuf,
}

impl UploadLimits {
    /// The defaults, with the files in a directory.
    pub(crate) fn within(directory: PathBuf) -> Self {
        Self { files: 20, fields: MAX_FIELDS, field_bytes: 8 << 20, directory }
    }
}

/// What a form brought.
#[derive(Debug, Default)]
pub(crate) struct MultipartForm {
    /// By the rules of [`crate::web::form`].
    pub(crate) fields: Vec<(String, FormValue)>,
    /// In the order of sending. An input for files that was left empty brings none.
    pub(crate) files: Vec<Upload>,
}

/// The boundary that a Content-Type header names, if it is of a multipart form. (A boundary with other signs than the
/// RFC's could end a line.)
pub(crate) fn boundary(content_type: &[u8]) -> Option<String> {
    let header = HeaderParameters::parse(content_type);
    let boundary = header.get("boundary").filter(|_| header.value == "multipart/form-data")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let sound = boundary.bytes().all(allowed) && !boundary.ends_with(' ');
    (sound && (1..=MAX_BOUNDARY).contains(&boundary.len())).then(|| boundary.to_owned())
}

/// Reads a whole body. All of it happens on the blocking pool, so that no isolate waits for a disk; dropping the future
/// lets that work end by itself and removes what it made.
pub(crate) async fn parse(
    content_type: &[u8],
    body: BodySource,
    limits: UploadLimits,
) -> Result<MultipartForm, MultipartError> {
    let Some(boundary) = boundary(content_type) else {
        return Err(malformed("its Content-Type names no boundary, or a wrong one"));
    };
    let flow = Arc::new(Flow::default());
    let reading = Reading::new(boundary, body, limits, Arc::clone(&flow));
    let work = spawn_blocking(move || read_now(reading.run(), &flow));
    work.await.unwrap_or_else(|stopped| Err(MultipartError::Body(stopped.into())))
}

/// Runs a future that waits for nothing but the next chunk.
fn read_now<T>(future: impl Future<Output = T>, flow: &Flow) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => flow.next_chunk(),
        }
    }
}

fn malformed(why: impl Into<String>) -> MultipartError {
    MultipartError::Malformed(why.into())
}

/// A body that is being read.
struct Reading {
    parts: Multipart<'static>,
    flow: Arc<Flow>,
    limits: UploadLimits,
    form: FormBuilder,
    fields: usize,
    field_bytes: usize,
    files: Vec<Upload>,
}

impl Reading {
    fn new(boundary: String, body: BodySource, limits: UploadLimits, flow: Arc<Flow>) -> Self {
        let chunks = body.into_chunks(Arc::clone(&flow), MAX_PART_HEADERS + CHUNK);
        Self {
            parts: Multipart::new(chunks, boundary),
            flow,
            limits,
            form: FormBuilder::default(),
            fields: 0,
            field_bytes: 0,
            files: Vec::new(),
        }
    }

    async fn run(mut self) -> Result<MultipartForm, MultipartError> {
        while let Some(part) = self.parts.next_field().await.map_err(told)? {
            self.flow.content_found();
            self.part(part).await?;
        }
        Ok(MultipartForm { fields: self.form.finish(), files: self.files })
    }

    async fn part(&mut self, part: Field<'static>) -> Result<(), MultipartError> {
        let header = |name: &str| part.headers().get(name).map(|value| value.as_bytes());
        let headers = part.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
        within(headers.sum(), MAX_PART_HEADERS, Limit::HeaderBytes)?;
        let Some(disposition) = header("content-disposition").map(HeaderParameters::parse) else {
            return Err(malformed("a part has no Content-Disposition"));
        };
        if disposition.value != "form-data" {
            return Err(malformed("the Content-Disposition of a part is not form-data"));
        }
        let Some(field) = disposition.get("name").map(str::to_owned) else {
            return Err(malformed("a part has no name"));
        };
        within(field.len(), MAX_FIELD_NAME, Limit::NameBytes)?;
        let content_type = String::from_utf8_lossy(header("content-type").unwrap_or_default());
        let content_type = content_type.into_owned();
        match disposition.get_extended("filename") {
            Some(full_path) => self.file(part, field, full_path, content_type).await,
            None => self.field(part, &field).await,
        }
    }

    async fn field(&mut self, mut part: Field<'static>, name: &str) -> Result<(), MultipartError> {
        self.fields += 1;
        within(self.fields, self.limits.fields, Limit::Fields)?;
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(told)? {
            self.flow.content_found();
            self.field_bytes += chunk.len();
            within(self.field_bytes, self.limits.field_bytes, Limit::FieldBytes)?;
            value.extend_from_slice(&chunk);
        }
        Ok(self.form.add(name, String::from_utf8_lossy(&value).into_owned())?)
    }

    async fn file(
        &mut self,
        mut part: Field<'static>,
        field: String,
        full_path: String,
        content_type: String,
    ) -> Result<(), MultipartError> {
        let mut stored: Option<(std::fs::File, TempPath)> = None;
        let mut size = 0;
        while let Some(chunk) = part.chunk().await.map_err(told)? {
            self.flow.content_found();
            // An input without a file is sent as an empty one without a name.
            if chunk.is_empty() && full_path.is_empty() {
                continue;
            }
            size += chunk.len() as u64;
            let (file, _) = match &mut stored {
                Some(stored) => stored,
                none => none.insert(self.new_file()?),
            };
            file.write_all(&chunk).map_err(|fault| self.not_stored(fault))?;
        }
        if let Some((_, path)) = stored {
            let name = harmless_name(&full_path);
            self.files.push(Upload { field, name, full_path, content_type, size, path });
        }
        Ok(())
    }

    /// A new file that only its owner can read.
    fn new_file(&self) -> Result<(std::fs::File, TempPath), MultipartError> {
        within(self.files.len() + 1, self.limits.files, Limit::Files)?;
        stale_uploads::remove_once(&self.limits.directory);
        let file = Builder::new().prefix(stale_uploads::PREFIX).tempfile_in(&self.limits.directory);
        Ok(file.map_err(|fault| self.not_stored(fault))?.into_parts())
    }

    fn not_stored(&self, fault: io::Error) -> MultipartError {
        MultipartError::Storage { directory: self.limits.directory.clone(), fault }
    }
}

fn within(count: usize, most: usize, of: Limit) -> Result<(), MultipartError> {
    if count > most { Err(MultipartError::Limit { of, most }) } else { Ok(()) }
}

/// What multer says. Faults of the source travel through it in a box.
fn told(fault: multer::Error) -> MultipartError {
    let multer::Error::StreamReadFailed(cause) = fault else { return malformed(fault.to_string()) };
    match cause.downcast::<MultipartError>() {
        Ok(fault) => *fault,
        Err(other) => malformed(other.to_string()),
    }
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
