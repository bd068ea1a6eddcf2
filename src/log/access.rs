//! One request and its answer, as a line of an access log has it.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// Characters of what a client wrote that a line shows of each field. Fixed: browsers' fields have some hundred, and a
/// stranger's should not fill the disk.
const MAX_SHOWN: usize = 1024;

/// See the module. Text is as the client sent it: whoever writes it must see to it that it ends no line; `Display` does.
#[derive(Clone, Debug)]
pub struct Access {
    /// The client's address, as far as trusted proxies tell it; empty on a Unix socket.
    pub client: String,
    /// When the request was there, before its handler began.
    pub time: SystemTime,
    /// Empty if the request could not be read.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: &'static str,
    /// The route of `std/router` that was taken.
    pub route: Option<String>,
    /// The status of the answer; 101 of a websocket, 499 if the client left before it was answered.
    pub status: u16,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// How long it took until all of the answer was on its way.
    pub took: Duration,
    /// The Referer header.
    pub referer: String,
    /// The User-Agent header.
    pub user_agent: String,
}

impl Access {
    /// What it holds in memory, and takes itself.
    pub(super) fn bytes_held(&self) -> usize {
        let texts = [&self.client, &self.method, &self.target, &self.referer, &self.user_agent];
        let route = self.route.as_ref().map_or(0, String::capacity);
        size_of::<Self>() + route + texts.iter().map(|text| text.capacity()).sum::<usize>()
    }
}

impl fmt::Display for Access {
    /// The combined format of Apache and nginx, with the time that it took, in seconds, at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client = if self.client.is_empty() { "-" } else { &self.client };
        write!(f, "{} - - [{}] \"", Escaped(client), Clock(self.time))?;
        match self.method.is_empty() {
            true => f.write_str("-")?,
            false => {
                write!(f, "{} {} {}", Escaped(&self.method), Escaped(&self.target), self.protocol)?
            }
        }
        write!(f, "\" {} {} ", self.status, self.bytes)?;
        for field in [&self.referer, &self.user_agent] {
            let field = if field.is_empty() { "-" } else { field };
            write!(f, "\"{}\" ", Escaped(field))?;
        }
        write!(f, "{:.3}", self.took.as_secs_f64())
    }
}

/// Inside of quotes: what would end them, and whatever is no plain sign, is written as `\"`, `\\` or `\xHH`.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, sign) in self.0.chars().enumerate() {
            if n == MAX_SHOWN {
                return f.write_str("...");
            }
            match sign {
                '"' | '\\' => write!(f, "\\{sign}")?,
                ' '..='~' => write!(f, "{sign}")?,
                _ => {
                    let mut bytes = [0; 4];
                    for byte in sign.encode_utf8(&mut bytes).bytes() {
                        write!(f, "\\x{byte:02X}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// `30/Nov/2026:11:21:09 +0000`
struct Clock(SystemTime);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Mon, 30 Nov 2026 11:21:09 GMT` has all of it.
        let text = httpdate::fmt_http_date(self.0);
        let mut words = text.split(' ').skip(1);
        let mut word = || words.next().unwrap_or_default();
        let (day, month, year, time) = (word(), word(), word(), word());
        write!(f, "{day}/{month}/{year}:{time} +0000")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn access() -> Access {
        Access {
            client: "127.0.0.1".into(),
            time: UNIX_EPOCH + Duration::from_secs(784_111_777),
            method: "GET".into(),
            target: "/a?b=c".into(),
            protocol: "HTTP/1.1",
            route: None,
            status: 200,
            bytes: 12,
            took: Duration::from_micros(12_345),
            referer: String::new(),
            user_agent: "curl/8.0".into(),
        }
    }

    #[test]
    fn a_line_has_the_combined_format_and_the_time_it_took() {
        let line = "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 12 \"-\" \"curl/8.0\" 0.012";
        assert_eq!(access().to_string(), line);
        let unread =
            Access { client: String::new(), method: String::new(), status: 400, ..access() };
        assert!(unread.to_string().starts_with("- - - ["), "{unread}");
        assert!(unread.to_string().contains("] \"-\" 400 12 "), "{unread}");
    }

    #[test]
    fn nobody_forges_a_line_or_a_field() {
        let forged = "a\" 200 1 \"x\\\r\n\u{1b}[2J\u{85}\u{2028}ä";
        let access = Access { referer: forged.into(), target: forged.into(), ..access() };
        let line = access.to_string();
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
        let escaped = "a\\\" 200 1 \\\"x\\\\\\x0D\\x0A\\x1B[2J\\xC2\\x85\\xE2\\x80\\xA8\\xC3\\xA4";
        assert_eq!(line.matches(escaped).count(), 2, "{line}");
        let long = Access { user_agent: "x".repeat(100_000), ..access };
        assert!(long.to_string().len() < 3 * MAX_SHOWN);
    }
}
