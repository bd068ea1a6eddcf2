//! The rules of RFC 9110, with its own examples where it has some.

use super::*;
use crate::web::chance::Chance;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

/// Half a second after [`DATE`].
fn modified() -> SystemTime {
    date(Some(DATE.as_bytes())).unwrap() + Duration::from_millis(500)
}

fn file(size: u64) -> FileFacts<'static> {
    let coding = Coding::AsItIs;
    let media_type = "text/plain; charset=utf-8";
    let path = PathSum::default();
    FileFacts { media_type, path, size, modified: modified(), coding, varies: false }
}

fn get() -> FileRequest<'static> {
    FileRequest { method: "GET", ..FileRequest::default() }
}

fn now() -> SystemTime {
    modified() + Duration::from_secs(3600)
}

fn tag(size: u64) -> String {
    EntityTag::of_file(modified(), size, PathSum::default()).to_string()
}

fn header<'a>(answer: &'a FileAnswer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
}

/// Status, start and length for a Range header.
fn part(range: &str, size: u64) -> (u16, u64, u64) {
    let answer = answer(file(size), FileRequest { range: Some(range.as_bytes()), ..get() }, now());
    match answer.status {
        206 => {
            let last = answer.start + answer.length - 1;
            let expected = format!("bytes {}-{last}/{size}", answer.start);
            assert_eq!(header(&answer, "Content-Range"), Some(expected.as_str()));
        }
        416 => {
            let expected = format!("bytes */{size}");
            assert_eq!(header(&answer, "Content-Range"), Some(expected.as_str()));
        }
        _ => assert_eq!(header(&answer, "Content-Range"), None),
    }
    (answer.status, answer.start, answer.length)
}

#[test]
fn a_file_is_answered_with_what_is_known_of_it() {
    let answer = answer(file(10), get(), now());
    assert_eq!((answer.status, answer.start, answer.length, answer.compress), (200, 0, 10, false));
    let expected = [
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("ETag", tag(10)),
        ("Last-Modified", DATE.to_owned()),
        ("Accept-Ranges", "bytes".to_owned()),
    ];
    assert_eq!(answer.headers, expected);
}

/// The examples of RFC 9110 §14.1.2, for a file of 10000 bytes.
#[test]
fn single_ranges_are_parts() {
    assert_eq!(part("bytes=0-499", 10_000), (206, 0, 500));
    assert_eq!(part("bytes=500-999", 10_000), (206, 500, 500));
    assert_eq!(part("bytes=-500", 10_000), (206, 9500, 500));
    assert_eq!(part("bytes=9500-", 10_000), (206, 9500, 500));
    assert_eq!(part("bytes=0-0", 10_000), (206, 0, 1));
    assert_eq!(part("bytes=-1", 10_000), (206, 9999, 1));
    assert_eq!(part("Bytes=0-", 10_000), (206, 0, 10_000));
}

#[test]
fn what_lies_beyond_the_end_is_cut_or_refused() {
    assert_eq!(part("bytes=9000-99999", 10_000), (206, 9000, 1000));
    assert_eq!(part("bytes=-99999", 10_000), (206, 0, 10_000));
    assert_eq!(part("bytes=10000-", 10_000), (416, 0, 0));
    assert_eq!(part("bytes=10000-10001", 10_000), (416, 0, 0));
    assert_eq!(part("bytes=-0", 10_000), (416, 0, 0));
    assert_eq!(part("bytes=0-0", 0), (416, 0, 0));
    assert_eq!(part("bytes=-5", 0), (200, 0, 0));
}

#[test]
fn numbers_without_end_do_not_overflow() {
    let most = u64::MAX;
    assert_eq!(part(&format!("bytes=0-{most}"), 10), (206, 0, 10));
    assert_eq!(part(&format!("bytes={most}-{most}"), 10), (416, 0, 0));
    assert_eq!(part(&format!("bytes=-{most}"), 10), (206, 0, 10));
    assert_eq!(part("bytes=0-99999999999999999999999", 10), (206, 0, 10));
    assert_eq!(part(&format!("bytes=5-{most}"), most), (206, 5, most - 5));
    assert_eq!(part(&format!("bytes=0-{}", "9".repeat(1000)), 10), (200, 0, 10));
}

#[test]
fn what_is_no_single_range_gives_the_whole_file() {
    for range in [
        "bytes=0-1,3-4",
        "bytes=0-,0-,0-",
        "bytes=5-4",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=--1",
        "bytes=+1-2",
        "lines=0-1",
        "0-1",
        "",
        "bytes 0-1",
        "bytes=0-1;",
        "bytes=1.5-2",
    ] {
        assert_eq!(part(range, 10), (200, 0, 10), "{range}");
    }
}

#[test]
fn a_head_has_conditions_and_no_ranges() {
    let head = FileRequest { method: "HEAD", range: Some(b"bytes=0-1"), ..get() };
    let whole = answer(file(10), head, now());
    assert_eq!((whole.status, whole.length), (200, 10));
    let known = FileRequest { if_none_match: Some(b"*"), ..head };
    assert_eq!(answer(file(10), known, now()).status, 304);
    let post = FileRequest { method: "POST", ..known };
    assert_eq!(answer(file(10), post, now()).status, 200);
}

#[test]
fn a_known_tag_gives_304_with_the_validators_only() {
    let tags = format!("\"x\", W/{}", tag(10));
    let known = FileRequest { if_none_match: Some(tags.as_bytes()), ..get() };
    let answered = answer(FileFacts { varies: true, ..file(10) }, known, now());
    assert_eq!((answered.status, answered.length), (304, 0));
    let names: Vec<_> = answered.headers.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["ETag", "Last-Modified", "Vary"]);
    assert_eq!(answer(file(11), known, now()).status, 200);
}

#[test]
fn dates_count_only_without_tags() {
    let status = |tags: Option<&str>, since: &str| {
        let if_none_match = tags.map(str::as_bytes);
        let if_modified_since = Some(since.as_bytes());
        answer(file(10), FileRequest { if_none_match, if_modified_since, ..get() }, now()).status
    };
    assert_eq!(status(None, DATE), 304);
    assert_eq!(status(None, LATER), 304);
    assert_eq!(status(None, EARLIER), 200);
    assert_eq!(status(None, "Sunday, 06-Nov-94 08:49:37 GMT"), 304);
    assert_eq!(status(None, "Sun Nov  6 08:49:37 1994"), 304);
    assert_eq!(status(None, "yesterday"), 200);
    assert_eq!(status(Some("\"x\""), LATER), 200);
    assert_eq!(status(Some(&tag(10)), EARLIER), 304);
}

#[test]
fn who_wants_what_is_gone_gets_412() {
    let status = |if_match: Option<&str>, unmodified: Option<&str>| {
        let (if_match, if_unmodified_since) =
            (if_match.map(str::as_bytes), unmodified.map(str::as_bytes));
        let if_none_match = Some(&b"*"[..]);
        let request = FileRequest { if_match, if_unmodified_since, if_none_match, ..get() };
        answer(file(10), request, now()).status
    };
    assert_eq!(status(Some("\"x\""), None), 412);
    assert_eq!(status(Some(&tag(10)), Some(EARLIER)), 304);
    assert_eq!(status(Some("*"), None), 304);
    assert_eq!(status(Some(&format!("W/{}", tag(10))), None), 412);
    assert_eq!(status(None, Some(EARLIER)), 412);
    assert_eq!(status(None, Some(DATE)), 304);
    assert_eq!(status(None, Some("soon")), 304);
}

#[test]
fn a_part_is_given_only_of_the_same_file() {
    let status = |condition: &str, now: SystemTime| {
        let if_range = Some(condition.as_bytes());
        let range = Some(&b"bytes=0-1"[..]);
        answer(file(10), FileRequest { range, if_range, ..get() }, now).status
    };
    assert_eq!(status(&tag(10), now()), 206);
    assert_eq!(status(&tag(11), now()), 200);
    assert_eq!(status(&format!("W/{}", tag(10)), now()), 200);
    assert_eq!(status(DATE, now()), 206);
    assert_eq!(status(LATER, now()), 200);
    assert_eq!(status(EARLIER, now()), 200);
    assert_eq!(status("", now()), 200);
    // Within the second of the last change the date says too little.
    assert_eq!(status(DATE, modified()), 200);
}

#[test]
fn conditions_go_before_ranges() {
    let request = FileRequest { range: Some(b"bytes=99-"), if_none_match: Some(b"*"), ..get() };
    assert_eq!(answer(file(10), request, now()).status, 304);
}

#[test]
fn a_stored_coding_is_told_and_has_ranges() {
    let stored = FileFacts { coding: Coding::Stored("br"), varies: true, ..file(10) };
    let answer = answer(stored, FileRequest { range: Some(b"bytes=5-"), ..get() }, now());
    assert_eq!((answer.status, answer.start, answer.length), (206, 5, 5));
    assert_eq!(header(&answer, "Content-Encoding"), Some("br"));
    assert_eq!(header(&answer, "Vary"), Some("Accept-Encoding"));
}

#[test]
fn what_is_compressed_on_the_way_has_a_weak_tag_and_no_ranges() {
    let made = FileFacts { coding: Coding::OnTheWay, varies: true, ..file(10) };
    let request = FileRequest { range: Some(b"bytes=5-"), ..get() };
    let whole = answer(made, request, now());
    assert_eq!((whole.status, whole.length, whole.compress), (200, 10, true));
    assert_eq!(header(&whole, "Content-Encoding"), Some("gzip"));
    assert_eq!(header(&whole, "Accept-Ranges"), None);
    let weak = format!("W/{}", tag(10));
    assert_eq!(header(&whole, "ETag"), Some(weak.as_str()));
    let known = FileRequest { if_none_match: Some(weak.as_bytes()), ..get() };
    assert_eq!(answer(made, known, now()).status, 304);
}

#[test]
fn strange_times_of_files_are_no_trouble() {
    let day = Duration::from_secs(86_400);
    for modified in [UNIX_EPOCH - day, now() + day, UNIX_EPOCH + day * 3_000_000] {
        let strange = FileFacts { modified, ..file(10) };
        let answered = answer(strange, get(), now());
        assert_eq!(answered.status, 200);
        let date = header(&answered, "Last-Modified").map(httpdate::parse_http_date);
        assert!(date.is_none_or(|date| date.unwrap() <= now()));
        answer(strange, get(), modified);
    }
}

#[test]
fn random_headers_do_no_harm() {
    let mut chance = Chance::new(7);
    let alphabet = b"bytes=0123456789-,, \"W/*GMTSunNov:\xff";
    for round in 0..30_000 {
        let mut headers: Vec<Vec<u8>> = (0..6).map(|_| chance.bytes_of(alphabet, 40)).collect();
        headers[0].splice(0..0, *b"bytes=");
        let pick = |at: usize| (round >> at & 1 == 1).then(|| headers[at].as_slice());
        let request = FileRequest {
            method: "GET",
            range: pick(0),
            if_range: pick(1),
            if_match: pick(2),
            if_none_match: pick(3),
            if_modified_since: pick(4),
            if_unmodified_since: pick(5),
            said: Said { tag: pick(3), modified: pick(4), no_ranges: round % 7 == 0 },
        };
        let size = [0, 1, 100, u64::MAX][chance.below(4)];
        let answer = answer(file(size), request, now());
        assert!(answer.length <= size && answer.start <= size - answer.length);
        assert!(answer.status != 206 || answer.length > 0);
    }
}

#[test]
fn conditions_are_about_what_the_script_said_of_the_file() {
    let said = Said { tag: Some(b"\"v1\""), modified: Some(LATER.as_bytes()), no_ranges: false };
    let asked = FileRequest { said, ..get() };
    let plain = answer(file(10), asked, now());
    assert_eq!((plain.status, header(&plain, "ETag")), (200, Some("\"v1\"")));
    assert_eq!(header(&plain, "Last-Modified"), None, "the script's own is sent");
    let status = |request: FileRequest| answer(file(10), request, now()).status;
    let own_tag = tag(10);
    assert_eq!(status(FileRequest { if_none_match: Some(b"\"v1\""), ..asked }), 304);
    assert_eq!(status(FileRequest { if_none_match: Some(own_tag.as_bytes()), ..asked }), 200);
    assert_eq!(status(FileRequest { if_match: Some(b"\"v1\""), ..asked }), 200);
    assert_eq!(status(FileRequest { if_match: Some(own_tag.as_bytes()), ..asked }), 412);
    assert_eq!(status(FileRequest { if_modified_since: Some(DATE.as_bytes()), ..asked }), 200);
    assert_eq!(status(FileRequest { if_modified_since: Some(LATER.as_bytes()), ..asked }), 304);
    let part = FileRequest { range: Some(b"bytes=0-1"), ..asked };
    assert_eq!(status(FileRequest { if_range: Some(b"\"v1\""), ..part }), 206);
    assert_eq!(status(FileRequest { if_range: Some(own_tag.as_bytes()), ..part }), 200);
    assert_eq!(status(FileRequest { if_range: Some(LATER.as_bytes()), ..part }), 206);
    let none = FileRequest { said: Said { no_ranges: true, ..said }, ..part };
    let whole = answer(file(10), none, now());
    assert_eq!((whole.status, header(&whole, "Accept-Ranges")), (200, None));
    let nonsense = Said { tag: Some(b"v1"), modified: Some(b"yesterday"), no_ranges: false };
    let asked = FileRequest { said: nonsense, ..get() };
    assert_eq!(status(FileRequest { if_none_match: Some(b"v1"), ..asked }), 200);
    assert_eq!(status(FileRequest { if_none_match: Some(b"*"), ..asked }), 304);
    assert_eq!(status(FileRequest { if_modified_since: Some(LATER.as_bytes()), ..asked }), 200);
    assert_eq!(header(&answer(file(10), asked, now()), "ETag"), None, "it is sent as it is");
}

#[test]
fn the_scripts_tag_is_another_in_each_coding() {
    let said = Said { tag: Some(b"\"v1\""), ..Said::default() };
    let tag = |coding: Coding| {
        let answer = answer(FileFacts { coding, ..file(10) }, FileRequest { said, ..get() }, now());
        header(&answer, "ETag").map(str::to_owned)
    };
    assert_eq!(tag(Coding::AsItIs).as_deref(), Some("\"v1\""));
    assert_eq!(tag(Coding::Stored("br")).as_deref(), Some("\"v1-br\""));
    assert_eq!(tag(Coding::OnTheWay).as_deref(), Some("W/\"v1\""));
}
