//! `worker.encoding`: as what messages arrive.

/// What a message becomes that is no request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// A string or a blob, as the protocol has it.
    #[default]
    OfProtocol,
    /// A string, whatever the protocol.
    Utf8,
    /// A blob, whatever the protocol: lines of devices are in Latin-1 or GBK as well.
    Binary,
}

impl Encoding {
    const ALL: [(&'static str, Encoding); 3] =
        [("", Encoding::OfProtocol), ("utf8", Encoding::Utf8), ("binary", Encoding::Binary)];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, encoding)| *encoding)
    }

    /// As scripts write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::OfProtocol => "",
            Encoding::Utf8 => "utf8",
            Encoding::Binary => "binary",
        }
    }
}
