//! What a request says about the file that is its answer. Not which file that is: a script may choose.

use super::Request;
use crate::web::{
    accept_encoding::AcceptEncoding,
    answer_headers::{self, Headers},
    file_answer::{FileRequest, Said},
    location,
};

/// What the request says about the file it wants.
#[derive(Default)]
pub(super) struct Wish {
    pub(super) method: String,
    /// As received.
    pub(super) path: String,
    query: String,
    pub(super) accepts: AcceptEncoding,
    /// Those of `NAMES`.
    conditions: [Option<String>; 6],
    /// What the script said of the file: ETag and Last-Modified.
    validators: [Option<String>; 2],
    no_ranges: bool,
    /// Did the script say how the file is coded? Then it is not coded once more.
    pub(super) is_coded: bool,
}

/// The headers of conditions and ranges.
const NAMES: [&str; 6] =
    ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

impl Wish {
    pub(super) fn of(request: &Request, with_conditions: bool) -> Self {
        let accepts = request.header("accept-encoding").unwrap_or_default();
        Self {
            method: request.method().to_owned(),
            path: request.path().to_owned(),
            query: request.query_string().to_owned(),
            accepts: AcceptEncoding::parse(accepts.as_bytes()),
            conditions: match with_conditions {
                true => NAMES.map(|name| request.header(name)),
                false => Default::default(),
            },
            ..Self::default()
        }
    }

    /// The same for an answer with these headers of the script's own.
    pub(super) fn saying(mut self, headers: &Headers) -> Self {
        let said = |name| answer_headers::get(headers, name);
        self.validators = ["etag", "last-modified"].map(|name| said(name).map(str::to_owned));
        self.no_ranges = said("accept-ranges").is_some_and(|u| u.eq_ignore_ascii_case("none"));
        self.is_coded = said("content-encoding").is_some();
        if self.is_coded {
            self.accepts = AcceptEncoding::default();
        }
        self
    }

    pub(super) fn as_request(&self) -> FileRequest<'_> {
        let [range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since] =
            self.conditions.each_ref().map(|h| h.as_deref().map(str::as_bytes));
        let [tag, modified] = self.validators.each_ref().map(|v| v.as_deref().map(str::as_bytes));
        FileRequest {
            method: &self.method,
            range,
            if_range,
            if_match,
            if_none_match,
            if_modified_since,
            if_unmodified_since,
            said: Said { tag, modified, no_ranges: self.no_ranges },
        }
    }

    /// Where a directory is that was asked for without the slash behind it. `asked` is the end of the request's path that
    /// was looked for, `found` is the same with the slash.
    pub(super) fn redirected(&self, asked: &str, found: &str) -> String {
        let before = self.path.strip_suffix(asked);
        // Two slashes would begin the name of another host.
        let before = before.filter(|before| !before.starts_with("//")).unwrap_or_default();
        let to = location::encoded(&format!("{before}{found}"));
        match self.query.is_empty() {
            true => to,
            false => format!("{to}?{}", location::encoded(&self.query)),
        }
    }
}
