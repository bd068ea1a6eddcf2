//! The names of the protocols, as addresses and `worker.protocol` write them.

/// What is spoken on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProtocolId {
    Tcp,
    Text,
    Frame,
    WebSocket,
    Http,
}

impl ProtocolId {
    /// Every scheme and its name in addresses.
    const ALL: [(&'static str, ProtocolId); 6] = [
        ("tcp", ProtocolId::Tcp),
        ("unix", ProtocolId::Tcp),
        ("text", ProtocolId::Text),
        ("frame", ProtocolId::Frame),
        ("websocket", ProtocolId::WebSocket),
        ("http", ProtocolId::Http),
    ];

    /// The protocol's name as scripts see it in `worker.protocol`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ProtocolId::Tcp => "tcp",
            ProtocolId::Text => "text",
            ProtocolId::Frame => "frame",
            ProtocolId::WebSocket => "websocket",
            ProtocolId::Http => "http",
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
