//! A file as an answer: opened and read on other threads, and sent as fast as the peer takes it, in parts, so that neither
//! a slow disk nor a slow peer costs the isolate anything but a buffer.

use super::{Request, TcpConnection};
use crate::{
    net::link::{Link, Sent},
    protocol::http::{Payload, ResponseHead},
    web::file_answer::{self, Coding, FileAnswer, FileFacts, FileRequest},
};
use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};
use tokio::task::spawn_blocking;

/// Bytes that are read and queued at a time. Fixed: as much as one read of a socket, and cheap to hold for each peer.
const PART: usize = 64 * 1024;

/// Which part of which file.
#[derive(Clone)]
pub(super) struct FileBody {
    pub(super) path: PathBuf,
    pub(super) offset: u64,
    /// 0: to the end.
    pub(super) length: u64,
}

/// What a script said of the answer, besides the file.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) reason: Option<String>,
    pub(super) headers: Vec<(String, String)>,
}

/// What the request says about the file it wants.
#[derive(Default)]
struct Conditions {
    method: String,
    headers: [Option<String>; 6],
}

/// The headers that matter, in the order of `Conditions::headers`.
const NAMES: [&str; 6] =
    ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

impl Conditions {
    fn of(request: &Request) -> Self {
        Self { method: request.method().to_owned(), headers: NAMES.map(|n| request.header(n)) }
    }

    fn as_request(&self) -> FileRequest<'_> {
        let [range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since] =
            self.headers.each_ref().map(|h| h.as_deref().map(str::as_bytes));
        FileRequest {
            method: &self.method,
            range,
            if_range,
            if_match,
            if_none_match,
            if_modified_since,
            if_unmodified_since,
        }
    }
}

/// A file that is open, what is to be sent of it, and the first part.
struct Opened {
    file: File,
    answer: FileAnswer,
    first: Vec<u8>,
}

/// Begins to answer; the error says why this connection cannot be answered now.
pub(super) fn send(connection: &TcpConnection, head: Head, body: FileBody) -> Result<Sent, String> {
    let link = connection.link();
    link.promise()?;
    let conditions = match (connection.request(), head.status, body.offset, body.length) {
        // (only a whole file that is there can be had in part, or be had already)
        (Some(request), 200, 0, 0) => Conditions::of(&request),
        (Some(request), ..) => {
            Conditions { method: request.method().to_owned(), ..Conditions::default() }
        }
        (None, ..) => Conditions::default(),
    };
    let connection = connection.clone();
    tokio::task::spawn_local(async move {
        deliver(&link, &head, body, conditions).await;
        if !link.is_answering() && !link.handling.get() {
            connection.set_request(None);
        }
    });
    Ok(Sent::Queued)
}

async fn deliver(link: &Rc<Link>, head: &Head, body: FileBody, conditions: Conditions) {
    let opened = spawn_blocking(move || open(&body, &conditions)).await;
    let opened = opened.unwrap_or_else(|stopped| Err(stopped.into()));
    let Ok(Opened { file, answer, first }) = opened else { return refuse(link, opened) };
    let mut headers = head.headers.clone();
    let named = |name: &str, headers: &[(String, String)]| {
        headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    };
    for (name, value) in answer.headers {
        if !named(name, &headers) {
            headers.push((name.to_owned(), value));
        }
    }
    let status = if head.status == 200 { answer.status } else { head.status };
    let reason = head.reason.as_deref().filter(|_| status == head.status);
    let begin = ResponseHead { status, reason, headers: &headers, media_type: "" };
    let begun = link.respond(0, |http, out| {
        http.write(&begin, Payload::Sized(answer.length), out);
        Ok(())
    });
    if !matches!(begun, Ok(Sent::Written | Sent::Queued)) {
        return link.destroy();
    }
    let (mut at, end) = (answer.start, answer.start + answer.length);
    let (mut file, mut part) = (file, first);
    while link.is_answering() {
        let Some(room) = link.room().await else { return };
        if part.is_empty() {
            let most = usize::try_from(end - at).unwrap_or(PART).min(PART);
            let read = spawn_blocking(move || read(&file, at, most).map(|part| (file, part))).await;
            // (a file that became shorter than was said: only the end of the connection can tell the peer)
            match read {
                Ok(Ok((back, read))) if !read.is_empty() => (file, part) = (back, read),
                _ => return link.destroy(),
            }
        }
        let now: Vec<u8> = part.drain(..part.len().min(room)).collect();
        at += now.len() as u64;
        let sent = link.respond(now.len(), |http, out| {
            http.data(&now, out);
            Ok(())
        });
        if !matches!(sent, Ok(Sent::Written | Sent::Queued)) {
            return link.destroy();
        }
    }
}

fn refuse(link: &Rc<Link>, opened: io::Result<Opened>) {
    match opened.err().map(|e| e.kind()) {
        Some(io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            link.answer_for(404, "there is no such file");
        }
        Some(io::ErrorKind::PermissionDenied) => link.answer_for(403, "this file is not served"),
        _ => link.answer_for(500, "this file cannot be read"),
    }
}

/// Opens a file that is one. (A pipe would be waited for.)
pub(super) fn open_file(path: &Path) -> io::Result<(File, std::fs::Metadata)> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    match meta.is_file() {
        true => Ok((file, meta)),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

fn open(body: &FileBody, conditions: &Conditions) -> io::Result<Opened> {
    let (file, meta) = open_file(&body.path)?;
    let name = body.path.file_name().unwrap_or_default().to_string_lossy();
    let facts = FileFacts {
        name: &name,
        size: meta.len(),
        modified: meta.modified()?,
        coding: Coding::AsItIs,
        varies: false,
    };
    let mut answer = file_answer::answer(facts, conditions.as_request(), SystemTime::now());
    if body.offset > 0 || body.length > 0 {
        answer = part_of(answer, body, meta.len());
    }
    let most = usize::try_from(answer.length).unwrap_or(PART).min(PART);
    let first = read(&file, answer.start, most)?;
    Ok(Opened { file, answer, first })
}

/// The part that the script wants, as a 206; 416 if the file has no such part.
fn part_of(mut answer: FileAnswer, body: &FileBody, size: u64) -> FileAnswer {
    let left = size.saturating_sub(body.offset);
    let length = if body.length == 0 { left } else { body.length.min(left) };
    answer.headers.retain(|(name, _)| *name != "Content-Range");
    let range = match length {
        0 => format!("bytes */{size}"),
        _ => format!("bytes {}-{}/{size}", body.offset, body.offset + length - 1),
    };
    answer.headers.push(("Content-Range", range));
    FileAnswer { status: if length == 0 { 416 } else { 206 }, start: body.offset, length, ..answer }
}

fn read(file: &File, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut part = vec![0; most];
    let mut done = 0;
    while done < most {
        match file.read_at(&mut part[done..], at + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
            Err(e) => return Err(e),
        }
    }
    part.truncate(done);
    Ok(part)
}
