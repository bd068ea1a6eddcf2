//! How a file is answered: the whole of it, a part, or that the client has it already (RFC 9110 §13 and §14). It is
//! decided from what is known of the file; reading it and sending it is the caller's.

use crate::web::entity_tag::{EntityTag, PathSum};
use http_range_header::{ParsedRanges, SyntacticallyCorrectRange, parse_range_header};
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds from 1970 to the end of the year 9999: no later date can be written in a header.
const END_OF_DATES: u64 = 253_402_300_800;

/// What is known of a file before it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileFacts<'a> {
    pub(crate) media_type: &'a str,
    /// Of the file that is open.
    pub(crate) path: PathSum,
    /// Bytes that lie on the disk.
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
    pub(crate) coding: Coding,
    /// Another client may be answered in another coding, which caches have to know.
    pub(crate) varies: bool,
}

/// In which form the bytes go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    AsItIs,
    /// They lie on the disk compressed, as `br` or `gzip`.
    Stored(&'static str),
    /// They lie there as they are, and are compressed with gzip while they are answered.
    OnTheWay,
}

/// What a request says about the file it wants. Headers that came more than once are joined with commas.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileRequest<'a> {
    /// Conditions are for GET and HEAD, ranges for GET; the answer to anything else is the whole file.
    pub(crate) method: &'a str,
    pub(crate) range: Option<&'a [u8]>,
    pub(crate) if_range: Option<&'a [u8]>,
    pub(crate) if_match: Option<&'a [u8]>,
    pub(crate) if_none_match: Option<&'a [u8]>,
    pub(crate) if_modified_since: Option<&'a [u8]>,
    pub(crate) if_unmodified_since: Option<&'a [u8]>,
    pub(crate) said: Said<'a>,
}

/// What the script has said of the file in headers of its own. It knows better, so that conditions are about this.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// ETag. One that is no tag is sent as it is, and meets no condition.
    pub(crate) tag: Option<&'a [u8]>,
    /// Last-Modified, likewise.
    pub(crate) modified: Option<&'a [u8]>,
    /// Accept-Ranges: none.
    pub(crate) no_ranges: bool,
}

/// What is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileAnswer {
    /// 200, 206, 304, 412 or 416.
    pub(crate) status: u16,
    /// Without Content-Length, which is `length` (and unknown beforehand if `compress`).
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The bytes of the file that are the body, also if a HEAD leaves them out.
    pub(crate) start: u64,
    pub(crate) length: u64,
    /// The body is to go through [`gzip`](crate::web::compression::gzip).
    pub(crate) compress: bool,
}

/// Decides in the order of RFC 9110 §13.2.2.
pub(crate) fn answer(file: FileFacts, request: FileRequest, now: SystemTime) -> FileAnswer {
    let validators = Validators::new(file, request.said, now);
    if matches!(request.method, "GET" | "HEAD") {
        if validators.has_changed(&request) {
            return empty(412, Vec::new());
        }
        if validators.is_known(&request) {
            return empty(304, validators.headers(file));
        }
    }
    let has_ranges = file.coding != Coding::OnTheWay && !request.said.no_ranges;
    let ranged = request.method == "GET"
        && has_ranges
        && request.if_range.is_none_or(|condition| validators.is_still(condition, now));
    let range = request.range.filter(|_| ranged).map_or(Wanted::Whole, |r| wanted(r, file.size));
    let mut headers = vec![("Content-Type", file.media_type.to_owned())];
    match file.coding {
        Coding::AsItIs => (),
        Coding::Stored(coding) => headers.push(("Content-Encoding", coding.to_owned())),
        Coding::OnTheWay => headers.push(("Content-Encoding", "gzip".to_owned())),
    }
    headers.extend(validators.headers(file));
    if has_ranges {
        headers.push(("Accept-Ranges", "bytes".to_owned()));
    }
    match range {
        Wanted::Whole => FileAnswer {
            status: 200,
            headers,
            start: 0,
            length: file.size,
            compress: file.coding == Coding::OnTheWay,
        },
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
            headers.push(("Content-Range", range));
            let length = part.end - part.start;
            FileAnswer { status: 206, headers, start: part.start, length, compress: false }
        }
        Wanted::Nothing => empty(416, vec![("Content-Range", format!("bytes */{}", file.size))]),
    }
}

fn empty(status: u16, headers: Vec<(&'static str, String)>) -> FileAnswer {
    FileAnswer { status, headers, start: 0, length: 0, compress: false }
}

/// By what a client can tell one state of a file from another.
struct Validators {
    /// Nothing if the script said something that is none.
    tag: Option<EntityTag>,
    /// Whole seconds; nothing if no header can say it.
    modified: Option<SystemTime>,
    /// Is the date that of the file, and not what the script said?
    is_dated: bool,
}

impl Validators {
    fn new(file: FileFacts, said: Said, now: SystemTime) -> Self {
        let tag = match said.tag {
            None => Some(EntityTag::of_file(file.modified, file.size, file.path)),
            Some(tag) => EntityTag::parse(tag),
        };
        // §8.8.3.3: each coding has a tag of its own; that of a file has its path in it, with the ending.
        let tag = tag.map(|tag| match file.coding {
            Coding::OnTheWay => tag.weakened(),
            Coding::Stored(coding) if said.tag.is_some() => tag.coded(coding),
            Coding::Stored(_) | Coding::AsItIs => tag,
        });
        // §8.8.2.1: a date to come would be a lie of this machine or of the file's.
        let seconds = file.modified.min(now).duration_since(UNIX_EPOCH).ok();
        let seconds = seconds.map(|since| since.as_secs()).filter(|since| *since < END_OF_DATES);
        let of_file = || seconds.map(|since| UNIX_EPOCH + Duration::from_secs(since));
        let is_dated = said.modified.is_none();
        Self { tag, modified: if is_dated { of_file() } else { date(said.modified) }, is_dated }
    }

    fn is_among(&self, tags: &[u8], like: fn(&EntityTag, &EntityTag) -> bool) -> bool {
        match &self.tag {
            Some(tag) => tag.is_among(tags, like),
            None => tags.trim_ascii() == b"*",
        }
    }

    /// Whether If-Match or, without it, If-Unmodified-Since is not met.
    fn has_changed(&self, request: &FileRequest) -> bool {
        match (request.if_match, date(request.if_unmodified_since), self.modified) {
            (Some(tags), ..) => !self.is_among(tags, EntityTag::is_same),
            (None, Some(date), Some(modified)) => modified > date,
            _ => false,
        }
    }

    /// Whether If-None-Match or, without it, If-Modified-Since says that the client has it.
    fn is_known(&self, request: &FileRequest) -> bool {
        match (request.if_none_match, date(request.if_modified_since), self.modified) {
            (Some(tags), ..) => self.is_among(tags, EntityTag::is_alike),
            (None, Some(date), Some(modified)) => modified <= date,
            _ => false,
        }
    }

    /// Whether the part that a client has, by its If-Range, is of the file as it is now. A date counts only if it is
    /// certain that the file did not change again within its second (§8.8.2.2).
    fn is_still(&self, condition: &[u8], now: SystemTime) -> bool {
        if let Some(tag) = EntityTag::parse(condition) {
            return self.tag.as_ref().is_some_and(|own| own.is_same(&tag));
        }
        let Some(modified) = self.modified else { return false };
        date(Some(condition)) == Some(modified) && modified + Duration::from_secs(1) <= now
    }

    fn headers(&self, file: FileFacts) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        headers.extend(self.tag.as_ref().map(|tag| ("ETag", tag.to_string())));
        let modified = self.modified.filter(|_| self.is_dated);
        headers.extend(modified.map(|at| ("Last-Modified", httpdate::fmt_http_date(at))));
        if file.varies {
            headers.push(("Vary", "Accept-Encoding".to_owned()));
        }
        headers
    }
}

/// A date that cannot be read is no date: its header does not count.
fn date(header: Option<&[u8]>) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(header?).ok()?.trim()).ok()
}

/// What a Range header asks for.
enum Wanted {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// One range is a part. A header that cannot be read is ignored, and so is one with several ranges: an answer in pieces
/// costs more than the whole, and was used to make servers work for nothing.
fn wanted(header: &[u8], size: u64) -> Wanted {
    let text = std::str::from_utf8(header).unwrap_or_default();
    let Ok(ranges) = parse_range_header(text).map(ParsedRanges::into_ranges) else {
        return Wanted::Whole;
    };
    let [range] = ranges.as_slice() else { return Wanted::Whole };
    let part = match *range {
        SyntacticallyCorrectRange::FromStart(start) => start..size,
        SyntacticallyCorrectRange::FromLast(length) => size.saturating_sub(length)..size,
        SyntacticallyCorrectRange::Indexed(start, last) => start..last.saturating_add(1).min(size),
    };
    match part.is_empty() {
        // §14.1.2: the last bytes of an empty file are all of it.
        true if matches!(range, SyntacticallyCorrectRange::FromLast(1..)) => Wanted::Whole,
        true => Wanted::Nothing,
        false => Wanted::Part(part),
    }
}

#[cfg(test)]
#[path = "file_answer_tests.rs"]
mod tests;
