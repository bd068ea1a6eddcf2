//! A whole answer that is the last on its connection: refusals of the host's own, and those that a script gives a websocket.
//! [`super::Http::tell`] puts it into wire form.

/// See the module. Text without a type is plain.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether it answers a HEAD, whose client is told of the body only how long it is.
    pub(crate) is_bodiless: bool,
}

impl From<u16> for Reply {
    fn from(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

impl Reply {
    pub(super) fn new(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { status, headers: headers.collect(), body: body.into(), is_bodiless: false }
    }
}
