//! A body in chunks (RFC 9112, 7.1).

use super::{
    head::{Search, lines},
    is_token,
    refusal::Refusal,
};
use memchr::memchr;

/// Bytes of a line that gives a chunk's size. Fixed: 16 digits, and what little anyone sends as an extension.
const MAX_SIZE_LINE: usize = 256;

/// Bytes of all extensions of one body. Fixed: nobody reads them; without a limit they would be a body that counts for
/// nothing.
const MAX_EXTENSIONS: usize = 8 * 1024;

/// Bytes of all trailers. Fixed.
const MAX_TRAILERS: usize = 4 * 1024;

/// Trailers of one body. Fixed.
const MAX_TRAILER_LINES: usize = 32;

/// Headers that say how a message is read or where it goes, and so must not come when it has been (RFC 9110, 6.5.1).
const NOT_IN_TRAILERS: [&str; 12] = [
    "transfer-encoding",
    "content-length",
    "host",
    "te",
    "trailer",
    "content-encoding",
    "content-type",
    "content-range",
    "authorization",
    "cookie",
    "connection",
    "expect",
];

enum State {
    Size,
    Data(u64),
    /// The CR LF after a chunk.
    End,
    Trailers(Search),
    Done,
}

/// How far the body is.
pub(super) struct Chunked {
    state: State,
    extensions: usize,
    /// Names in lower case.
    pub(super) trailers: Vec<(String, String)>,
}

impl Default for Chunked {
    fn default() -> Self {
        Self { state: State::Size, extensions: 0, trailers: Vec::new() }
    }
}

impl Chunked {
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Moves data from `buffer` to `body`, which may have `limit` bytes; gives how many bytes of the buffer are done with.
    /// 0: more are needed.
    pub(super) fn step(
        &mut self,
        buffer: &[u8],
        body: &mut Vec<u8>,
        limit: usize,
    ) -> Result<usize, Refusal> {
        match &mut self.state {
            State::Size => {
                let Some(end) = memchr(b'\n', &buffer[..buffer.len().min(MAX_SIZE_LINE)]) else {
                    return match buffer.len() < MAX_SIZE_LINE {
                        true => Ok(0),
                        false => Err(Refusal::bad("the line of a chunk's size is too long")),
                    };
                };
                let Some(line) = buffer[..end].strip_suffix(b"\r") else {
                    return Err(Refusal::bad("a chunk size that does not end in CR LF"));
                };
                let (size, extension) = chunk_size(line)?;
                self.extensions += extension;
                if self.extensions > MAX_EXTENSIONS {
                    return Err(Refusal::bad("too many chunk extensions"));
                }
                if size > limit.saturating_sub(body.len()) as u64 {
                    return Err(Refusal::new(413, "a body of more than max_package_size"));
                }
                self.state = match size {
                    0 => State::Trailers(Search::default()),
                    _ => State::Data(size),
                };
                Ok(end + 1)
            }
            State::Data(left) => {
                let n = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                body.extend_from_slice(&buffer[..n]);
                *left -= n as u64;
                if *left == 0 {
                    self.state = State::End;
                }
                Ok(n)
            }
            State::End => match buffer {
                [] | [b'\r'] => Ok(0),
                [b'\r', b'\n', ..] => {
                    self.state = State::Size;
                    Ok(2)
                }
                _ => Err(Refusal::bad("a chunk that is longer than its size")),
            },
            State::Trailers(search) => {
                let Some(end) = search.find(buffer, MAX_TRAILERS, 431)? else { return Ok(0) };
                let mut headers = [httparse::EMPTY_HEADER; MAX_TRAILER_LINES];
                match httparse::parse_headers(&buffer[..end], &mut headers) {
                    Ok(_) => (),
                    Err(httparse::Error::TooManyHeaders) => {
                        return Err(Refusal::new(431, "too many trailers"));
                    }
                    Err(_) => return Err(Refusal::bad("a bad trailer")),
                }
                for (name, value) in lines(&buffer[..end]) {
                    let name = name.to_ascii_lowercase();
                    if is_trailer(&name) {
                        let value = String::from_utf8_lossy(value).into_owned();
                        self.trailers.push((name, value));
                    }
                }
                self.state = State::Done;
                Ok(end)
            }
            State::Done => Ok(0),
        }
    }
}

/// `1F` or `1f;name=value` → its number, and how long the extension is.
fn chunk_size(line: &[u8]) -> Result<(u64, usize), Refusal> {
    let bad = || Refusal::bad("a bad chunk size");
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let rest = &line[digits..];
    if digits == 0 || digits > 16 || !are_extensions(rest) {
        return Err(bad());
    }
    let text = std::str::from_utf8(&line[..digits]).map_err(|_| bad())?;
    Ok((u64::from_str_radix(text, 16).map_err(|_| bad())?, rest.len()))
}

/// `;name`, `;name=value` or `;name="value"`, any number of them, with blanks around `;` and `=`.
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(begun) = skip_blanks(rest).strip_prefix(b";") else { return false };
        let Some(named) = skip_token(skip_blanks(begun)) else { return false };
        rest = match skip_blanks(named).strip_prefix(b"=") {
            None => named,
            Some(value) => match skip_blanks(value) {
                [b'"', text @ ..] => match skip_quoted(text) {
                    Some(rest) => rest,
                    None => return false,
                },
                value => match skip_token(value) {
                    Some(rest) => rest,
                    None => return false,
                },
            },
        };
    }
    true
}

fn skip_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    &bytes[blanks..]
}

/// What follows a token, if one is there.
fn skip_token(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().take_while(|b| is_token(**b)).count();
    (length > 0).then(|| &bytes[length..])
}

/// What follows a quoted text whose first quote is gone.
fn skip_quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut escaped = false;
    for (at, b) in bytes.iter().enumerate() {
        match b {
            _ if b.is_ascii_control() && *b != b'\t' => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(&bytes[at + 1..]),
            _ => (),
        }
    }
    None
}

/// May it be one, by its name in lower case?
pub(super) fn is_trailer(name: &str) -> bool {
    !NOT_IN_TRAILERS.contains(&name)
}
