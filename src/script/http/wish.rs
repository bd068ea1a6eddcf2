//! What a request says about the file that is its answer. Not which file that is: a script may choose.

use super::Request;
use crate::web::{accept_encoding::AcceptEncoding, file_answer::FileRequest};

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
        }
    }

    pub(super) fn as_request(&self) -> FileRequest<'_> {
        let [range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since] =
            self.conditions.each_ref().map(|h| h.as_deref().map(str::as_bytes));
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

    /// Where a directory is that was asked for without the slash behind it. `asked` is the end of the request's path that
    /// was looked for, `found` is the same with the slash.
    pub(super) fn redirected(&self, asked: &str, found: &str) -> String {
        let before = self.path.strip_suffix(asked);
        // (what browsers take for the name of another host is not repeated)
        let before = before.filter(|b| !b.starts_with("//") && !b.contains('\\'));
        let before = before.unwrap_or_default();
        match self.query.is_empty() {
            true => format!("{before}{found}"),
            false => format!("{before}{found}?{}", self.query),
        }
    }
}
