//! The answer to the request that opens a websocket: what a script's decision means, and what it adds.

use super::subject::{Answer, Subject};
use crate::{
    engine::values::ref_map::RefMap,
    error::Fault,
    net::Verdict,
    protocol::http::Reply,
    script::{
        http::{self, Request},
        tcp_connection::TcpConnection,
    },
};

/// The status of the answer that makes a connection a websocket.
pub(super) const SWITCHED: u16 = 101;

/// Header lines that a script may add to a websocket's 101 answer. Fixed.
const MAX_EXTRA_HEADERS: usize = 32;

/// Header lines that are the handshake's own, or make no sense in its answer.
const HANDSHAKE_HEADERS: [&str; 8] = [
    "connection",
    "upgrade",
    "host",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "keep-alive",
];

/// What an answer of `on_websocket_connect` means. The session is kept before the client hears of it.
pub(super) async fn conclude(subject: &Subject, request: &Request, answer: Answer) -> Verdict {
    let is_kept = match request.opened_session() {
        None => true,
        Some(session) => match session.save().await {
            Ok(()) => true,
            Err(why) => {
                let text =
                    format!("a session of worker `{}`: {why}", subject.worker.core().title());
                subject.ctx.report(Fault::plain(text));
                false
            }
        },
    };
    finish(subject, request, answer, is_kept)
}

/// The same where there is no session.
pub(super) fn finish(
    subject: &Subject,
    request: &Request,
    answer: Answer,
    is_kept: bool,
) -> Verdict {
    let verdict = verdict(subject, request, answer, is_kept);
    match &verdict {
        Verdict::Accept(_) => request.log(SWITCHED, 0),
        Verdict::Refuse(refusal) => request.log(refusal.status, refusal.body.len() as u64),
    }
    subject.connection.set_request(None);
    verdict
}

fn verdict(subject: &Subject, request: &Request, answer: Answer, is_kept: bool) -> Verdict {
    let mut extra = extra_headers(&subject.connection);
    let refuse = |status: u16| {
        let mut refusal = Reply { headers: extra.clone(), ..Reply::from(status) };
        request.complete(&mut refusal.headers);
        Verdict::Refuse(refusal)
    };
    let answer = match answer {
        // It threw: that is our trouble, and the client may try again.
        None | Some(Err(_)) => return refuse(500),
        Some(Ok(_)) if !is_kept => return refuse(500),
        Some(Ok(answer)) => answer,
    };
    if let Some(refused) = http::refusal(&answer) {
        return match refused {
            Ok(mut refusal) => {
                refusal.headers.splice(0..0, extra);
                request.complete(&mut refusal.headers);
                Verdict::Refuse(refusal)
            }
            Err(why) => {
                subject.ctx.report(Fault::plain(format!("on_websocket_connect: {why}")));
                refuse(500)
            }
        };
    }
    match (answer.as_bool(), answer.as_int()) {
        (Ok(false), _) => refuse(403),
        (_, Ok(status @ 400..=599)) => refuse(status as u16),
        _ => {
            request.complete_opening(&mut extra);
            Verdict::Accept(extra)
        }
    }
}

/// Header lines for the 101 answer: `connection.headers`, a map. Lines that could forge others are left out.
pub(super) fn extra_headers(connection: &TcpConnection) -> Vec<(String, String)> {
    let headers = connection.property("headers");
    let Some(headers) = headers.read_lock::<RefMap>() else {
        return Vec::new();
    };
    let entries: Vec<_> = headers.entries();
    // Lines that the handshake itself is made of must not come twice, as they would if a script echoed the request's.
    let own = |name: &str| {
        let name = name.to_ascii_lowercase();
        let handshake = name.starts_with("sec-websocket-") && name != "sec-websocket-protocol";
        handshake || HANDSHAKE_HEADERS.contains(&name.as_str())
    };
    let sane = |text: &str| !text.is_empty() && !text.contains(['\r', '\n', '\0']);
    let lines = entries.into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
    lines
        .filter(|(n, v)| sane(n) && sane(v) && !own(n) && !n.contains([':', ' ']))
        .take(MAX_EXTRA_HEADERS)
        .collect()
}
