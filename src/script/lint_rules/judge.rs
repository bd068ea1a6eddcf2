//! What only the host can judge: each question is put to the code that would meet the value when the script runs.

use crate::{
    engine::lint::rules::{Judge, Kind, Routes},
    net::address::Address,
    protocol::id::ProtocolId,
    script::{
        configuration::Configuration,
        http,
        plan::same_name,
        settings::Settings,
        tcp_connection,
        value::{Outcome, seconds},
        worker::no_such_callback,
    },
    web::route_table::RouteTable,
};
use rhai::{Dynamic, EvalAltResult, Map};
use std::path::Path;
use std::time::Duration;

/// See the module.
pub(crate) struct HostJudge;

impl Judge for HostJudge {
    fn property(&self, object: &str, name: &str, value: &Dynamic) -> Option<String> {
        match object {
            "Worker" => refused(Settings::new(None, Duration::ZERO, 0).set(name, value)?),
            "TcpConnection" => refused(tcp_connection::check_property(name, value)),
            _ => None,
        }
    }

    fn argument(
        &self,
        function: &str,
        at: usize,
        value: &Dynamic,
    ) -> Option<(&'static str, String)> {
        let judged = match (function, at) {
            ("Worker" | "WebServer", 0) => {
                let address = value.as_immutable_string_ref().ok()?;
                let parsed = Address::parse(&address);
                return parsed.err().filter(|_| !address.is_empty()).map(|why| ("address", why));
            }
            ("Worker::configure", 0) => {
                let mut configuration = Configuration::default();
                refused(configuration.read(&value.clone().try_cast::<Map>()?, Path::new("")))
            }
            ("sleep" | "Timer::sleep", 0) => refused(seconds(value, "sleep")),
            ("Timer::add" | "Timer::delay" | "Timer::repeat", 0) => {
                refused(seconds(value, "a timer's interval"))
            }
            ("Response", 0) => refused(http::check_status(value)),
            _ => None,
        };
        judged.map(|why| ("argument-value", why))
    }

    fn callback(&self, object: Kind, name: &str) -> String {
        no_such_callback(object.unwrap_or_default(), name)
    }

    fn parameter(&self, callback: &str, at: usize, made_with: &str) -> Kind {
        let protocol = Address::parse(made_with).ok()?.protocol;
        match (callback, at, protocol) {
            ("on_message", 1, ProtocolId::Http) => Some("Request"),
            ("on_message", 1, ProtocolId::Text) => Some("string"),
            _ => None,
        }
    }

    fn same_name(&self, name: &str, place: &str) -> String {
        same_name(name, place)
    }

    fn routes(&self) -> Routes {
        let mut table = RouteTable::default();
        Box::new(move |method, path| table.add(&method.to_ascii_uppercase(), path, ()).err())
    }
}

/// Why something was refused.
fn refused<T>(outcome: Outcome<T>) -> Option<String> {
    match *outcome.err()? {
        EvalAltResult::ErrorRuntime(text, _) => Some(text.to_string()),
        other => Some(other.to_string()),
    }
}
