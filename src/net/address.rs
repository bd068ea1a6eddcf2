//! `websocket://0.0.0.0:1234` → transport, protocol and endpoint. Pure: nothing is opened or looked up here.

use super::transport::TransportKind;
use crate::protocol::id::ProtocolId;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

/// Where a socket is bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Ip(SocketAddr),
    Unix(PathBuf),
}

impl Endpoint {
    /// Can one of these keep the other from being bound?
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ip(one), Self::Ip(other)) => {
                one.port() == other.port() && one.port() != 0 && ips_overlap(one.ip(), other.ip())
            }
            _ => self == other,
        }
    }
}

/// (IPv6's "every interface" takes IPv4 too.)
fn ips_overlap(one: IpAddr, other: IpAddr) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    let takes = |ip: IpAddr, other: IpAddr| {
        ip.is_unspecified() && (ip.is_ipv6() || other.is_ipv4() || other.is_unspecified())
    };
    one == other || takes(one, other) || takes(other, one)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Ip(address) => address.fmt(f),
            Endpoint::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A parsed address: what carries the bytes, what is spoken, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) transport: TransportKind,
    pub(crate) protocol: ProtocolId,
    pub(crate) endpoint: Endpoint,
}

impl Address {
    /// Parses `scheme://ip:port`, `scheme://[ipv6]:port`, `scheme://*:port` (every interface) or `scheme:///path/of/socket`.
    /// The error says what is wrong and what a right address looks like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| {
            format!("`{text}` is not an address: write `scheme://ip:port`, such as `text://127.0.0.1:5678`")
        })?;
        let unix_only = scheme.eq_ignore_ascii_case("unix");
        let protocol = ProtocolId::parse(scheme)?;
        if rest.starts_with('/') {
            if rest.ends_with('/') || rest.contains('\0') {
                return Err(format!("`{text}` names no socket file"));
            }
            let endpoint = Endpoint::Unix(PathBuf::from(rest));
            return Ok(Self { transport: TransportKind::Unix, protocol, endpoint });
        }
        if unix_only {
            return Err(format!(
                "`{text}`: a unix address is an absolute path, `unix:///run/app.sock`"
            ));
        }
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| {
            format!("`{text}` has no port: write `{}://{rest}:PORT`", protocol.name())
        })?;
        let port: u16 = port.parse().map_err(|_| {
            format!("`{text}`: the port must be a number from 0 to 65535, not `{port}`")
        })?;
        let ip = match host {
            "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => Self::parse_ip(host).ok_or_else(|| {
                format!("`{text}`: `{host}` is not an IP address (IPv6 goes in brackets, `[::1]`)")
            })?,
        };
        let endpoint = Endpoint::Ip(SocketAddr::new(ip, port));
        Ok(Self { transport: TransportKind::Tcp, protocol, endpoint })
    }

    fn parse_ip(host: &str) -> Option<IpAddr> {
        match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.transport) {
            // Raw bytes go by the name of what carries them.
            (ProtocolId::Tcp, transport) => transport.name(),
            (protocol, _) => protocol.name(),
        };
        write!(f, "{scheme}://{}", self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_every_kind_parse() {
        for (text, shown) in [
            ("websocket://0.0.0.0:1234", "websocket://0.0.0.0:1234"),
            ("Text://127.0.0.1:5678", "text://127.0.0.1:5678"),
            ("tcp://[::1]:80", "tcp://[::1]:80"),
            ("frame://*:9", "frame://0.0.0.0:9"),
            ("unix:///run/a.sock", "unix:///run/a.sock"),
            ("tcp:///run/a.sock", "unix:///run/a.sock"),
            ("text:///run/a.sock", "text:///run/a.sock"),
        ] {
            assert_eq!(Address::parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn addresses_that_cannot_be_bound_at_the_same_time_overlap() {
        for (one, other, overlap) in [
            ("0.0.0.0:1", "127.0.0.1:1", true),
            ("0.0.0.0:1", "127.0.0.1:2", false),
            ("127.0.0.1:1", "127.0.0.2:1", false),
            ("[::]:1", "127.0.0.1:1", true),
            ("[::]:1", "0.0.0.0:1", true),
            ("[::]:1", "[::1]:1", true),
            ("0.0.0.0:1", "[::1]:1", false),
            ("[::1]:1", "127.0.0.1:1", false),
            ("[::ffff:127.0.0.1]:1", "127.0.0.1:1", true),
            ("[::ffff:127.0.0.1]:1", "0.0.0.0:1", true),
            ("127.0.0.1:0", "127.0.0.1:0", false),
        ] {
            let [a, b] = [one, other].map(|text| Endpoint::Ip(text.parse().expect(text)));
            assert_eq!((a.overlaps(&b), b.overlaps(&a)), (overlap, overlap), "{one} {other}");
        }
    }

    #[test]
    fn a_bad_address_is_refused_with_what_to_do() {
        for (text, says) in [
            ("foo://1.2.3.4:5", "unknown scheme `foo`"),
            ("ws://1.2.3.4:5", "`websocket://`"),
            ("1.2.3.4:5", "scheme://ip:port"),
            ("text://1.2.3.4", "no port"),
            ("text://1.2.3.4:70000", "0 to 65535"),
            ("text://::1:80", "brackets"),
            ("text://example:80", "not an IP address"),
            ("unix://run/a", "absolute path"),
        ] {
            let error = Address::parse(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
