//! text, frame and raw bytes: where a message ends, and what ends the connection.

use super::{Event, check, cuts, played};
use crate::protocol::{Codec, Kind, frame::Frame, raw::Raw, text::Text};

fn text(bytes: &[u8]) -> Event {
    Event::text(std::str::from_utf8(bytes).expect("UTF-8"))
}

#[test]
fn a_text_message_is_a_line_without_its_ending() {
    let line = |name, line: &'static str, message| {
        (name, format!("{line}last\n").into_bytes(), vec![Event::text(message), text(b"last")])
    };
    check(
        Text::default,
        100,
        &[
            line("a line feed", "abc\n", "abc"),
            line("CR LF", "abc\r\n", "abc"),
            line("several CR", "abc\r\r\n", "abc"),
            line("a CR inside", "a\rb\r\n", "a\rb"),
            line("blanks are kept", "  abc \n", "  abc "),
            line("a tab and a NUL", "\tab\0c\n", "\tab\0c"),
            line("characters of several bytes", "héé😀\n", "héé😀"),
            line("an empty line", "\n", ""),
            line("an empty line with CR LF", "\r\n", ""),
            line("nothing but CR", "\r\r\n", ""),
            ("a line without its end", b"one\ntwo".to_vec(), vec![text(b"one")]),
            ("a CR without its LF", b"one\r".to_vec(), vec![]),
        ],
    );
}

#[test]
fn a_line_up_to_the_limit_passes_and_a_longer_one_ends_the_connection() {
    let ends = vec![text(b"ok"), Event::broken("max_package_size is 8")];
    check(
        Text::default,
        8,
        &[
            (
                "eight with the line feed",
                b"1234567\nok\n".to_vec(),
                vec![text(b"1234567"), text(b"ok")],
            ),
            ("nine", b"ok\n12345678\nno\n".to_vec(), ends.clone()),
            ("eight and no end", b"ok\n12345678".to_vec(), ends.clone()),
            ("many and no end", b"ok\n123456789012345678901234567890".to_vec(), ends),
        ],
    );
}

#[test]
fn a_line_that_is_not_utf8_ends_the_connection() {
    let no = || Event::broken("not valid UTF-8");
    check(
        Text::default,
        100,
        &[
            ("bytes of no character", b"ok\n\xff\xfe\nno\n".to_vec(), vec![text(b"ok"), no()]),
            ("half a character", b"\xf0\x9f\x98\nno\n".to_vec(), vec![no()]),
            ("an overlong one", b"\xc0\xaf\nno\n".to_vec(), vec![no()]),
        ],
    );
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frame.encode(Kind::Binary, body, &mut out).expect("it fits");
    out
}

#[test]
fn frames_carry_any_bytes_and_their_length_counts_itself() {
    assert_eq!(frame(b"abc"), b"\0\0\0\x07abc");
    let all: Vec<u8> = (0..=255).collect();
    check(
        || Frame,
        300,
        &[
            ("one", frame(b"abc"), vec![Event::bytes(b"abc")]),
            ("an empty one", frame(b""), vec![Event::bytes(b"")]),
            (
                "several",
                [frame(b"x"), frame(b""), frame(&all), b"\0\0".to_vec()].concat(),
                vec![Event::bytes(b"x"), Event::bytes(b""), Event::bytes(&all)],
            ),
            ("one that has not come whole", frame(b"abc")[..6].to_vec(), vec![]),
        ],
    );
}

#[test]
fn a_frame_of_an_impossible_length_ends_the_connection() {
    let mut cases =
        vec![("as long as the limit", frame(b"twelve bytes"), vec![Event::bytes(b"twelve bytes")])];
    for length in 0..4_u8 {
        let says = format!("a frame of length {length}: the least is 4");
        let bytes = [&[0, 0, 0, length], &b"abcdefgh"[..]].concat();
        cases.push(("too short", bytes, vec![Event::broken(&says)]));
    }
    for length in [17_u32, u32::MAX] {
        let says = format!("a frame of {length} bytes, max_package_size is 16");
        // The announced length is enough: nothing is waited for.
        cases.push(("too long", length.to_be_bytes().to_vec(), vec![Event::broken(&says)]));
    }
    check(|| Frame, 16, &cases);
}

#[test]
fn raw_bytes_are_handed_on_as_they_come() {
    let bytes = b"a\n\xff\0\r\nGET / HTTP/1.1";
    for (cut, pieces) in cuts(bytes) {
        let wanted: Vec<Event> = pieces.iter().map(Event::bytes).collect();
        assert_eq!(played(Raw, 4, &pieces), wanted, "{cut}");
    }
}

#[test]
fn what_is_sent_is_what_the_other_side_reads() {
    fn sent(mut codec: impl Codec, kind: Kind) -> Vec<u8> {
        let mut sent = Vec::new();
        for message in MESSAGES {
            codec.encode(kind, message.as_bytes(), &mut sent).expect("it fits");
        }
        sent
    }
    const MESSAGES: [&str; 3] = ["one", "", "thréé"];
    let texts = MESSAGES.map(Event::text).to_vec();
    let bytes = MESSAGES.map(Event::bytes).to_vec();
    check(Text::default, 100, &[("three messages", sent(Text::default(), Kind::Text), texts)]);
    check(|| Frame, 100, &[("three messages", sent(Frame, Kind::Binary), bytes)]);
}
