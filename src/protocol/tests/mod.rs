//! Bytes → events, without sockets. What a protocol makes of bytes is the same in one piece, byte by byte, and in pieces
//! that are cut at random.

mod http;
mod streams;
mod websocket;

use crate::protocol::LastWords;
use crate::protocol::{Codec, Decoded, Kind};

/// How many times an input is cut at random.
const RANDOM_CUTS: u64 = 8;

/// What bytes have come to.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Text(String),
    Bytes(Vec<u8>),
    /// An answer of the protocol's own.
    Reply(Vec<u8>),
    Goodbye,
    /// The end, for this reason and, of a websocket, with this code. As a wish: the reason has this in it.
    Broken(String, Option<u16>),
}

impl Event {
    fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(bytes.as_ref().to_vec())
    }

    fn broken(reason: &str) -> Self {
        Self::Broken(reason.to_owned(), None)
    }

    fn is(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Broken(reason, code), Self::Broken(part, wanted)) => {
                reason.contains(part) && code == wanted
            }
            (got, wanted) => got == wanted,
        }
    }
}

/// A sentence, what comes, and what it comes to.
type Case = (&'static str, Vec<u8>, Vec<Event>);

/// The bytes in one piece, byte by byte, and cut at random; always the same for the same bytes.
fn cuts(bytes: &[u8]) -> Vec<(String, Vec<&[u8]>)> {
    let mut all = vec![
        ("whole".to_owned(), vec![bytes]),
        ("byte by byte".to_owned(), bytes.chunks(1).collect()),
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..RANDOM_CUTS {
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let most = (rest.len() as u64).min(1 + (1 << round));
            let (piece, more) = rest.split_at(1 + ((state >> 33) % most) as usize);
            pieces.push(piece);
            rest = more;
        }
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
        all.push((format!("in pieces of {lengths:?}"), pieces));
    }
    all
}

/// The code of a websocket's close frame.
fn close_code(reply: &LastWords) -> Option<u16> {
    let LastWords::Bytes(reply) = reply else { return None };
    match &reply[..] {
        [0x88, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// What a connection makes of these pieces.
fn played(mut wire: impl Codec, limit: usize, pieces: &[&[u8]]) -> Vec<Event> {
    let (mut buffer, mut events) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let mut out = Vec::new();
            let step = wire.decode(&mut buffer, &mut out, limit);
            if !out.is_empty() {
                events.push(Event::Reply(out));
            }
            let message = |kind, payload: &[u8]| match kind {
                Kind::Binary => Ok(Event::bytes(payload)),
                // Whoever reads a text looks whether it is one.
                Kind::Text => match std::str::from_utf8(payload) {
                    Ok(text) => Ok(Event::text(text)),
                    Err(_) => Err(wire.not_utf8()),
                },
            };
            let stepped = match step {
                Ok(Decoded::More) => break,
                Ok(Decoded::Control { consumed }) => Ok((None, consumed)),
                Ok(Decoded::Message { kind, payload, consumed }) => {
                    message(kind, &buffer[payload]).map(|event| (Some(event), consumed))
                }
                Ok(Decoded::Assembled { kind, payload, consumed }) => {
                    message(kind, &payload).map(|event| (Some(event), consumed))
                }
                Ok(Decoded::Goodbye) => {
                    events.push(Event::Goodbye);
                    return events;
                }
                Err(broken) => Err(broken),
            };
            match stepped {
                Ok((event, consumed)) => {
                    events.extend(event);
                    buffer.drain(..consumed);
                }
                Err(broken) => {
                    events.push(Event::Broken(broken.reason, close_code(&broken.reply)));
                    return events;
                }
            }
        }
    }
    events
}

/// Plays each case in every cut; all that goes wrong is told together.
fn check<C: Codec>(wire: impl Fn() -> C, limit: usize, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, bytes, wanted) in cases {
        for (cut, pieces) in cuts(bytes) {
            let got = played(wire(), limit, &pieces);
            let agrees = got.len() == wanted.len() && got.iter().zip(wanted).all(|(g, w)| g.is(w));
            if !agrees {
                wrong.push(format!("{name}, {cut}:\n    {got:?}\n  instead of\n    {wanted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn pieces_are_all_of_the_bytes_in_their_order() {
    let bytes: Vec<u8> = (0..=255).collect();
    let all = cuts(&bytes);
    assert_eq!(all.len(), 2 + RANDOM_CUTS as usize);
    for (cut, pieces) in all {
        assert_eq!(pieces.concat(), bytes, "{cut}");
    }
}
