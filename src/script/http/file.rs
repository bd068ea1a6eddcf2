//! A file as an answer: found, opened and read at once where the kernel has all of it in memory, else on other threads, and
//! sent as fast as the peer takes it, in parts, so that neither a slow disk nor a slow peer costs the isolate anything
//! but a buffer. Files that a script names and those below the roots of a WebServer take the same way.

use super::{Request, TcpConnection, named_file::NamedFile, wish::Wish};
use crate::{
    net::{
        conn::{self, Conn, ConnState, Flag, Sent, send_file},
        drivers::http::exchange,
    },
    protocol::http::{Payload, ResponseHead},
    web::{
        answer_headers::{self, Headers},
        compression,
        document_root::{DocumentRoot, RootAnswer, RootOptions},
        file_answer::{self, FileAnswer, FileRequest},
        patience::Patience,
        served_file::ServedFile,
    },
};
use rustix::io::{ReadWriteFlags, preadv2};
use std::{
    fs::File,
    io::{self, IoSliceMut, Read},
    os::unix::fs::FileExt,
    path::PathBuf,
    rc::Rc,
    sync::Arc,
    time::SystemTime,
};
use tokio::task::spawn_blocking;

/// Bytes that are read and queued at a time. Fixed: as much as one read of a socket, and cheap to hold for each peer.
const PART: usize = 64 * 1024;

/// Bytes of a file that are worth to be sent past the queue, which another thread has to do. Fixed: from some hundred KiB on
/// it costs less than to read and copy them.
const SENDFILE: u64 = 256 * 1024;

/// Which file a script means.
#[derive(Clone)]
pub(super) enum FileBody {
    /// The file at a path, from `offset` on; a `length` of 0 is all that follows.
    Part { path: PathBuf, offset: u64, length: u64 },
    /// What a path, as a request writes it, leads to below a directory that is opened for this answer.
    Below { directory: PathBuf, options: RootOptions, path: String },
    /// The same below a directory that is open.
    Served { root: Arc<DocumentRoot>, path: String },
}

/// What a script said of the answer, besides the file.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) reason: Option<String>,
    pub(super) headers: Headers,
}

/// An answer whose file is open, if it has one, with the first part of it.
struct Ready {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Content,
}

enum Content {
    Bytes(Vec<u8>),
    File { file: File, start: u64, length: u64, first: Vec<u8> },
}

impl Ready {
    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Bytes(Vec::new()) }
    }

    fn refusal(fault: io::Error) -> Self {
        match fault.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput => Self::page(404, "there is no such file"),
            io::ErrorKind::PermissionDenied => Self::page(403, "this file is not served"),
            _ => Self::page(500, "this file cannot be read"),
        }
    }

    /// A short page that says why there is no file.
    fn page(status: u16, text: &str) -> Self {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, content: Content::Bytes(format!("{text}\n").into_bytes()) }
    }

    /// Is it something else than the file, of which the script may have said much?
    fn is_no_file(&self) -> bool {
        !matches!(self.status, 200 | 206 | 304)
    }

    fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// Begins to answer; the error says why this connection cannot be answered now.
pub(super) fn send(connection: &TcpConnection, head: Head, body: FileBody) -> Result<Sent, String> {
    let conn = connection.conn();
    exchange::promise(&conn)?;
    // Only a whole file that is there can be had in part, or be had already.
    let is_part =
        matches!(body, FileBody::Part { offset: 1.., .. } | FileBody::Part { length: 1.., .. });
    let wish = connection.request().map(|r| Wish::of(&r, head.status == 200 && !is_part));
    let wish = wish.unwrap_or_default().saying(&head.headers);
    let path = match &body {
        FileBody::Part { path, .. } => path.display().to_string(),
        FileBody::Below { path, .. } | FileBody::Served { path, .. } => path.clone(),
    };
    let named = NamedFile { path, is_named: matches!(body, FileBody::Part { .. }) };
    deliver_soon(connection, head, named, move |patience| ready(&body, &wish, patience));
    Ok(Sent::Queued)
}

/// Answers a request from the roots of a WebServer; it has been promised.
pub(crate) fn serve(connection: &TcpConnection, request: &Request, root: Arc<DocumentRoot>) {
    const ALLOWED: &str = "GET, HEAD, OPTIONS";
    let mut headers = Headers::new();
    connection.complete_headers(&mut headers);
    let head = Head { status: 200, reason: None, headers };
    let wish = Wish::of(request, true);
    let body = FileBody::Served { root, path: wish.path.clone() };
    let named = NamedFile { path: wish.path.clone(), is_named: false };
    deliver_soon(connection, head, named, move |patience| match wish.method.as_str() {
        "GET" | "HEAD" => ready(&body, &wish, patience),
        "OPTIONS" => Ok(Ready::empty(204).with_header("Allow", ALLOWED)),
        _ => Ok(Ready::page(405, "files are only read here").with_header("Allow", ALLOWED)),
    });
}

/// Makes an answer ready, at once or on another thread, and sends it.
fn deliver_soon(
    connection: &TcpConnection,
    head: Head,
    named: NamedFile,
    ready: impl Fn(Patience) -> io::Result<Ready> + Send + 'static,
) {
    let (connection, conn) = (connection.clone(), connection.conn());
    tokio::task::spawn_local(async move {
        let ready = match ready(Patience::AtOnce) {
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                let made = spawn_blocking(move || ready(Patience::Waits)).await;
                made.unwrap_or_else(|stopped| Err(stopped.into()))
            }
            made => made,
        };
        let ready = ready.unwrap_or_else(|fault| {
            named.note(&fault, &connection);
            Ready::refusal(fault)
        });
        let whole = deliver(&conn, head, ready).await;
        if !whole && conn.state() == ConnState::Established {
            conn.destroy();
        }
        if !conn.flags.has(Flag::Handling) && !exchange::is_answering(&conn) {
            connection.set_request(None);
        }
    });
}

/// Sends an answer. False: only the end of the connection can tell the peer that it is not whole.
async fn deliver(conn: &Rc<Conn>, head: Head, ready: Ready) -> bool {
    let mut headers = head.headers;
    if ready.is_no_file() {
        answer_headers::without_content(&mut headers);
    }
    answer_headers::add_facts(&mut headers, ready.headers);
    // A file has what caches need to keep it, with the cookies of whoever asked first.
    let has = |name| answer_headers::get(&headers, name).is_some();
    if has("set-cookie") && !has("cache-control") {
        answer_headers::keep_private(&mut headers);
    }
    let is_changed = head.status != 200 && matches!(ready.status, 200 | 206);
    let status = if is_changed { head.status } else { ready.status };
    if !matches!(status, 206 | 416) {
        answer_headers::remove(&mut headers, "content-range");
    }
    let reason = head.reason.as_deref().filter(|_| status == head.status);
    let begin = ResponseHead { status, reason, headers: &headers, media_type: "" };
    let is_sent = |sent| matches!(sent, Ok(Sent::Written | Sent::Queued));
    // What is in memory is one part, which goes out as there is room.
    let (file, start, length, mut part) = match ready.content {
        Content::Bytes(bytes) => (None, 0, bytes.len() as u64, bytes),
        Content::File { file, start, length, first } => {
            (Some(Arc::new(file)), start, length, first)
        }
    };
    let begun = exchange::respond(conn, 0, |http, out| {
        http.write(&begin, Payload::Sized(length), out);
        Ok(())
    });
    if !is_sent(begun) {
        return false;
    }
    let (mut at, end) = (start, start + length);
    if file.is_some() && conn.queue.room(&conn.shared).unwrap_or(0) < part.len() {
        // Where there is no room for it, it waits on the disk.
        part = Vec::new();
    }
    // A HEAD, or an empty file, is answered by now.
    while exchange::is_answering(conn) {
        if part.is_empty() {
            let Some(file) = &file else { return false };
            if end - at >= SENDFILE {
                let Some(now) = send_file(conn, file, at, end, exchange::passed).await else {
                    return false;
                };
                at = now;
            }
            if at == end {
                break;
            }
            let Some(room) = conn::room(conn).await else { return false };
            let wanted = (end - at).min(room as u64);
            let Ok(next) = next_part(file, at, wanted, part).await else { return false };
            part = next;
        }
        let mut sent = 0;
        while sent < part.len() {
            let Some(room) = conn::room(conn).await else { return false };
            let now = &part[sent..part.len().min(sent.saturating_add(room))];
            sent += now.len();
            let queued = exchange::respond(conn, now.len(), |http, out| {
                http.data(now, out);
                Ok(())
            });
            if !is_sent(queued) {
                return false;
            }
        }
        at += part.len() as u64;
        part.clear();
        if at == end {
            break;
        }
        // A file that is read at once must not keep others waiting.
        tokio::task::yield_now().await;
    }
    true
}

/// The next part of the `left` bytes from `at` on. A file that became shorter than was said has none.
async fn next_part(file: &Arc<File>, at: u64, left: u64, mut part: Vec<u8>) -> io::Result<Vec<u8>> {
    if read(file, at, left, &mut part, Patience::AtOnce).is_err() {
        let file = file.clone();
        part = spawn_blocking(move || {
            read(&file, at, left, &mut part, Patience::Waits)?;
            Ok::<_, io::Error>(part)
        })
        .await??;
    }
    if part.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(part) }
}

/// Makes an answer ready. It works in place: where it may wait, call it on the blocking pool.
fn ready(body: &FileBody, wish: &Wish, patience: Patience) -> io::Result<Ready> {
    match body {
        FileBody::Part { path, offset, length } => {
            part_of(ServedFile::open(path, patience)?, wish, *offset, *length, patience)
        }
        FileBody::Below { directory, options, path } => {
            below(&DocumentRoot::at(directory, options.clone()), path, wish, patience)
        }
        FileBody::Served { root, path } => below(root, path, wish, patience),
    }
}

fn below(root: &DocumentRoot, path: &str, wish: &Wish, patience: Patience) -> io::Result<Ready> {
    Ok(match root.find(path, wish.accepts, patience)? {
        RootAnswer::File(file) => whole(file, wish, wish.as_request(), patience)?,
        RootAnswer::NotFoundPage(page) => {
            let request = FileRequest { method: &wish.method, ..FileRequest::default() };
            let page = whole(page, wish, request, patience)?;
            // Whoever keeps the page must not take it for what was asked for.
            let is_of_page =
                |name: &str| matches!(name, "Content-Type" | "Content-Encoding" | "Vary");
            let headers = page.headers.into_iter().filter(|(name, _)| is_of_page(name));
            Ready { status: 404, headers: headers.collect(), ..page }
        }
        RootAnswer::Redirect(found) => {
            Ready::empty(301).with_header("Location", &wish.redirected(path, &found))
        }
        RootAnswer::Listing(page) => {
            let content = Content::Bytes(page.into_bytes());
            Ready { content, ..Ready::empty(200) }.with_header("Content-Type", super::HTML)
        }
        RootAnswer::NotFound => return Err(io::ErrorKind::NotFound.into()),
        RootAnswer::Forbidden => return Err(io::ErrorKind::PermissionDenied.into()),
    })
}

/// The file as the request wants it: all of it, a part, or nothing because it is known.
fn whole(
    file: ServedFile,
    wish: &Wish,
    request: FileRequest<'_>,
    patience: Patience,
) -> io::Result<Ready> {
    let mut facts = file.facts();
    facts.varies &= !wish.is_coded;
    let answer = file_answer::answer(facts, request, SystemTime::now());
    if !answer.compress {
        return opened(file.file, answer, wish, patience);
    }
    // To compress is work for another thread, too.
    if patience == Patience::AtOnce {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let mut all = Vec::new();
    // It may have grown since; what was there is enough.
    file.file.take(answer.length).read_to_end(&mut all)?;
    let content = Content::Bytes(compression::gzip(&all));
    Ok(Ready { status: answer.status, headers: answer.headers, content })
}

/// The part that the script wants, as a 206; 416 if the file has no such part. Without one, the whole file.
fn part_of(
    file: ServedFile,
    wish: &Wish,
    offset: u64,
    length: u64,
    patience: Patience,
) -> io::Result<Ready> {
    if offset == 0 && length == 0 {
        return whole(file, wish, wish.as_request(), patience);
    }
    let mut answer = file_answer::answer(file.facts(), wish.as_request(), SystemTime::now());
    let left = file.size.saturating_sub(offset);
    let length = if length == 0 { left } else { length.min(left) };
    let range = match length {
        0 => format!("bytes */{}", file.size),
        _ => format!("bytes {offset}-{}/{}", offset + length - 1, file.size),
    };
    answer.headers.push(("Content-Range", range));
    let status = if length == 0 { 416 } else { 206 };
    opened(file.file, FileAnswer { status, start: offset, length, ..answer }, wish, patience)
}

/// With the first part read, if one is wanted: most files have no other.
fn opened(file: File, answer: FileAnswer, wish: &Wish, patience: Patience) -> io::Result<Ready> {
    let FileAnswer { status, headers, start, length, .. } = answer;
    let mut first = Vec::new();
    if wish.method != "HEAD" {
        read(&file, start, length, &mut first, patience)?;
    }
    Ok(Ready { status, headers, content: Content::File { file, start, length, first } })
}

/// Reads the next part of the `left` bytes from `at` on. None: the file ends here.
fn read(file: &File, at: u64, left: u64, part: &mut Vec<u8>, patience: Patience) -> io::Result<()> {
    part.resize(usize::try_from(left).unwrap_or(PART).min(PART), 0);
    let mut done = 0;
    while done < part.len() {
        let rest = &mut part[done..];
        let read = match patience {
            Patience::Waits => file.read_at(rest, at + done as u64),
            Patience::AtOnce => {
                let (rest, now) = (&mut [IoSliceMut::new(rest)], ReadWriteFlags::NOWAIT);
                preadv2(file, rest, at + done as u64, now)
                    .map_err(|_| io::ErrorKind::WouldBlock.into())
            }
        };
        match read {
            // At once, the rest may just not be in memory.
            Ok(0) if patience == Patience::AtOnce => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
            Err(e) => return Err(e),
        }
    }
    part.truncate(done);
    Ok(())
}
