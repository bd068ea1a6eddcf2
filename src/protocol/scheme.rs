//! The names of the protocols, as addresses and `worker.protocol` write them.

/// What is spoken on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Tcp,
    Text,
    Frame,
    WebSocket,
    Http,
}

impl Scheme {
    /// Every scheme and its name in addresses.
    const ALL: [(&'static str, Scheme); 6] = [
        ("tcp", Scheme::Tcp),
        ("unix", Scheme::Tcp),
        ("text", Scheme::Text),
        ("frame", Scheme::Frame),
        ("websocket", Scheme::WebSocket),
        ("http", Scheme::Http),
    ];

    /// The protocol's name as scripts see it in `worker.protocol`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scheme::Tcp => "tcp",
            Scheme::Text => "text",
            Scheme::Frame => "frame",
            Scheme::WebSocket => "websocket",
            Scheme::Http => "http",
        }
    }

    /// The scheme of that name, in any case; the error names the known ones.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        Self::ALL.iter().find(|(n, _)| *n == lower).map(|(_, s)| *s).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|(n, _)| *n).collect();
            let advice = match lower.as_str() {
                "ws" | "wss" => "; a server listens on `websocket://`",
                _ => "",
            };
            format!("unknown scheme `{name}`: known are {}{advice}", known.join(", "))
        })
    }
}
