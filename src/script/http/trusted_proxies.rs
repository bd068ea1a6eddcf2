//! `worker.trusted_proxies`: whose word is taken on where a request really came from.

use crate::{
    engine::values::{json, ref_array::RefArray, ref_map::RefMap},
    script::value::{Outcome, error, text},
};
use ipnet::IpNet;
use rhai::{Array, Dynamic};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The entry for peers of a Unix socket, which have no address.
const UNIX: &str = "unix";

/// Addresses and networks. None by default: headers can be written by anybody.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    unix: bool,
}

impl TrustedProxies {
    pub(crate) fn read(given: &Dynamic) -> Outcome<Self> {
        let wrapped = RefMap::wrap(given.clone());
        let Some(list) = wrapped.read_lock::<RefArray>() else {
            let shown = json::show(given);
            return Err(error(format!("trusted_proxies is a list of addresses, not {shown}")));
        };
        let mut new = Self::default();
        for entry in list.copy() {
            let entry = text(&entry, "a trusted proxy")?;
            if entry == UNIX {
                new.unix = true;
                continue;
            }
            // A peer of an IPv6 socket is compared as what it is.
            let one = address(&entry).map(|ip| IpNet::from(ip.to_canonical()));
            let network = one.ok_or(()).or_else(|()| entry.parse()).map_err(|_| {
                error(format!(
                    "a trusted proxy is an address (\"127.0.0.1\"), a network (\"10.0.0.0/8\") or \"unix\", not {entry:?}"
                ))
            })?;
            new.networks.push(network);
        }
        Ok(new)
    }

    /// As scripts see it.
    pub(crate) fn list(&self) -> Dynamic {
        let networks = self.networks.iter().map(|network| network.to_string().into());
        let unix = self.unix.then(|| UNIX.into());
        RefMap::wrap(networks.chain(unix).collect::<Array>().into())
    }

    /// Is this peer trusted? None is one of a Unix socket.
    pub(super) fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            Some(ip) => self.networks.iter().any(|network| network.contains(&ip)),
            None => self.unix,
        }
    }

    /// Who sent a request: from the right of X-Forwarded-For to the left as far as each was added by somebody trusted. What
    /// is no address ends it. Some proxies add the port that the client came from, which is left out.
    pub(super) fn client(&self, peer: Option<IpAddr>, forwarded: &str) -> Option<IpAddr> {
        let mut client = peer;
        let mut entries = forwarded.rsplit(',').map(|entry| address(entry.trim()));
        while self.trusts(client)
            && let Some(Some(before)) = entries.next()
        {
            client = Some(before.to_canonical());
        }
        client
    }
}

/// `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::7`, `[2001:db8::7]` or `[2001:db8::7]:443`, also in quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let plain = text.parse().ok().or_else(|| in_brackets().map(IpAddr::from));
    plain.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_who_the_last_trusted_proxy_saw() {
        let list: Array = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"].map(Dynamic::from).into();
        let proxies = TrustedProxies::read(&list.into()).unwrap();
        let table = [
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("127.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"),
            ("127.0.0.1", "6.6.6.6, nonsense, 10.9.9.9", "10.9.9.9"),
            ("127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1"),
            ("127.0.0.1", "1.2.3.4,", "127.0.0.1"),
            ("127.0.0.1", "2001:db8::1, fd00::1", "2001:db8::1"),
            ("127.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
            ("8.8.8.8", "1.2.3.4", "8.8.8.8"),
            ("127.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
            ("127.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
            ("127.0.0.1", "[2001:db8::7]", "2001:db8::7"),
            ("127.0.0.1", "6.6.6.6, 1.2.3.4:80, 10.9.9.9:4711", "1.2.3.4"),
            ("127.0.0.1", "\"[2001:db8::7]:443\"", "2001:db8::7"),
            ("127.0.0.1", "[::ffff:1.2.3.4]:80", "1.2.3.4"),
            ("127.0.0.1", "1.2.3.4:port", "127.0.0.1"),
            ("127.0.0.1", "[1.2.3.4]", "127.0.0.1"),
            ("127.0.0.1", "unknown", "127.0.0.1"),
        ];
        for (peer, forwarded, client) in table {
            let found = proxies.client(Some(peer.parse().unwrap()), forwarded);
            assert_eq!(found, Some(client.parse().unwrap()), "{peer}, {forwarded}");
        }
        let mapped =
            TrustedProxies::read(&Array::from(["::ffff:127.0.0.1".into()]).into()).unwrap();
        assert!(mapped.trusts(found_peer()));
        assert!(!proxies.trusts(None) && !TrustedProxies::default().trusts(found_peer()));
    }

    fn found_peer() -> Option<IpAddr> {
        Some(IpAddr::from([127, 0, 0, 1]))
    }
}
