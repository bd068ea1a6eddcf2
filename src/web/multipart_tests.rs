//! Multipart bodies as browsers, curl and strangers write them; each is read from memory and from a file.

use super::*;
use crate::web::chance::Chance;
use bytes::Bytes;
use std::{
    fs,
    io::{Seek, SeekFrom},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use tempfile::{TempDir, tempdir};

const TYPE: &[u8] = b"multipart/form-data; boundary=XX";

fn limits(directory: &Path) -> UploadLimits {
    UploadLimits::within(directory.into())
}

fn spooled(body: &[u8]) -> fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(body).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

fn run(
    content_type: &[u8],
    body: BodySource,
    limits: UploadLimits,
) -> Result<MultipartForm, MultipartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(parse(content_type, body, limits))
}

/// The outcome of both ways of reading, which has to be the same.
fn both(body: &[u8], limits: UploadLimits) -> Result<MultipartForm, MultipartError> {
    let memory = run(TYPE, BodySource::Memory(body.to_vec().into()), limits.clone());
    let file = run(TYPE, BodySource::File(spooled(body)), limits);
    let shown = |result: &Result<MultipartForm, MultipartError>| match result {
        Ok(form) => {
            let files = form.files.iter().map(|f| (&f.field, &f.name, f.size)).collect::<Vec<_>>();
            format!("{:?} {files:?}", form.fields)
        }
        Err(fault) => fault.to_string(),
    };
    assert_eq!(shown(&memory), shown(&file));
    file
}

fn read(body: &str) -> (TempDir, Result<MultipartForm, MultipartError>) {
    let directory = tempdir().unwrap();
    let form = both(body.replace('\n', "\r\n").as_bytes(), limits(directory.path()));
    (directory, form)
}

fn text(value: &str) -> FormValue {
    FormValue::Text(value.into())
}

fn left(directory: &Path) -> usize {
    fs::read_dir(directory).unwrap().count()
}

fn limit_of(result: Result<MultipartForm, MultipartError>) -> Limit {
    match result.unwrap_err() {
        MultipartError::Limit { of, .. } => of,
        other => panic!("{other}"),
    }
}

#[test]
fn fields_and_files_are_told_apart() {
    let (directory, form) = read(
        "--XX\nContent-Disposition: form-data; name=\"a[]\"\n\none\n--XX\n\
         Content-Disposition: form-data; name=\"a[]\"\n\ntwo\nlines\n--XX\n\
         Content-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\nContent-Type: text/plain\n\n\
         content\n--XX--\n",
    );
    let form = form.unwrap();
    assert_eq!(
        form.fields,
        [("a".to_owned(), FormValue::List(vec![text("one"), text("two\r\nlines")]))]
    );
    let [file] = form.files.as_slice() else { panic!("{form:?}") };
    assert_eq!((file.field.as_str(), file.name.as_str(), file.size), ("f", "x.txt", 7));
    assert_eq!((file.full_path.as_str(), file.content_type.as_str()), ("x.txt", "text/plain"));
    assert_eq!(fs::read(&file.path).unwrap(), b"content");
    assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(left(directory.path()), 1);
    drop(form);
    assert_eq!(left(directory.path()), 0);
}

#[test]
fn a_file_can_be_moved_away_and_then_stays() {
    let (directory, form) =
        read("--XX\nContent-Disposition: form-data; name=f; filename=x\n\nabc\n--XX--");
    let goal = directory.path().join("kept");
    let form = form.unwrap();
    fs::rename(&form.files[0].path, &goal).unwrap();
    drop(form);
    assert_eq!(fs::read(goal).unwrap(), b"abc");
}

#[test]
fn headers_are_understood_in_every_order_and_form() {
    let name = |disposition: &str| {
        let (_directory, form) = read(&format!(
            "--XX\ncontent-type: a/b\nCONTENT-DISPOSITION: {disposition}\n\nx\n--XX--"
        ));
        let form = form.unwrap();
        form.files.first().map(|f| (f.field.clone(), f.name.clone(), f.full_path.clone()))
    };
    let file = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(name("form-data; filename=\"a\"; name=\"f\""), file("f", "a", "a"));
    assert_eq!(name("Form-Data;filename=a;name=f;x=y"), file("f", "a", "a"));
    assert_eq!(name("form-data; name=f; filename=\"a;b.txt\""), file("f", "a;b.txt", "a;b.txt"));
    assert_eq!(name("form-data; name=f; filename=\"a\\\"b\""), file("f", "a\"b", "a\"b"));
    assert_eq!(name("form-data; name=f; filename=a; filename*=UTF-8''%c3%a4"), file("f", "ä", "ä"));
    assert_eq!(name("form-data; name=f; filename=\"ä.txt\""), file("f", "ä.txt", "ä.txt"));
    assert_eq!(name("form-data; name=f; filename=\"../../x\""), file("f", "x", "../../x"));
    assert_eq!(name("form-data; name=f; filename=\"C:\\d\\x\""), file("f", "x", "C:\\d\\x"));
    assert_eq!(name("form-data; name=f; filename=\"\""), file("f", "upload", ""));
    assert_eq!(name("form-data; name=\"; filename=x\""), None);
}

#[test]
fn an_empty_input_for_files_brings_none_but_an_empty_file_is_one() {
    let part = |name: &str| {
        format!("--XX\nContent-Disposition: form-data; name=f; filename=\"{name}\"\n\n\n")
    };
    let (directory, form) = read(&format!("{}{}--XX--", part(""), part("a")));
    let form = form.unwrap();
    assert_eq!(
        form.files.iter().map(|f| (f.name.as_str(), f.size)).collect::<Vec<_>>(),
        [("a", 0)]
    );
    assert_eq!(left(directory.path()), 1);
}

#[test]
fn several_files_of_a_field_are_asked_for_by_its_base() {
    let part = |field: &str| {
        format!("--XX\nContent-Disposition: form-data; name=\"{field}\"; filename=a\n\nx\n")
    };
    let (_directory, form) =
        read(&format!("{}{}{}--XX--", part("m[]"), part("m[a][b]"), part("s")));
    let form = form.unwrap();
    let bases: Vec<_> = form.files.iter().map(Upload::base).collect();
    assert_eq!(bases, [("m", true), ("m", true), ("s", false)]);
}

#[test]
fn content_that_looks_like_a_boundary_is_content() {
    let content = "--X\n--XY\n-\n--\n\n\rXX--XX ";
    let (_directory, form) = read(&format!(
        "preamble\n--XX  \nContent-Disposition: form-data; name=a\n\n{content}\n--XX--epilogue\n--XX"
    ));
    assert_eq!(form.unwrap().fields, [("a".to_owned(), text(&content.replace('\n', "\r\n")))]);
    // Nothing, and nothing but its end.
    assert!(both(b"--XX--", limits(Path::new("/"))).unwrap().fields.is_empty());
}

#[test]
fn large_content_arrives_whole_wherever_its_pieces_are_cut() {
    let directory = tempdir().unwrap();
    let mut chance = Chance::new(9);
    for extra in [0, 1, 2, 3, 4, 5, 70, 71, CHUNK] {
        let content: Vec<u8> =
            (0..3 * CHUNK + extra).map(|_| b"\r\n-XY"[chance.below(5)]).collect();
        let mut body =
            b"--XX\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n".to_vec();
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n--XX--\r\n");
        if memchr::memmem::find(&content, b"\r\n--XX").is_some() {
            continue;
        }
        let form = both(&body, limits(directory.path())).unwrap();
        assert_eq!(form.files[0].size, content.len() as u64);
        assert!(fs::read(&form.files[0].path).unwrap() == content);
    }
}

#[test]
fn broken_bodies_are_malformed() {
    let part = "--XX\nContent-Disposition: form-data; name=a\n\n";
    for body in [
        "",
        "x",
        "--XX",
        "--XX\n",
        "--XY--",
        part,
        &format!("{part}x"),
        &format!("{part}x\n--XX"),
        &format!("{part}x\n--XX\n"),
        "--XXContent-Disposition: form-data; name=a\n\nx\n--XX--",
        "--XX\nContent-Disposition: form-data\n\nx\n--XX--",
        "--XX\nContent-Disposition: attachment; name=a\n\nx\n--XX--",
        "--XX\nContent-Type: text/plain\n\nx\n--XX--",
        "--XX\nContent-Disposition form-data; name=a\n\nx\n--XX--",
        "--XX\nContent-Disposition: form-data; name=f; filename=a\n\nx\n--X",
    ] {
        let (directory, form) = read(body);
        assert!(matches!(form, Err(MultipartError::Malformed(_))), "{body}: {form:?}");
        assert_eq!(left(directory.path()), 0, "{body}");
    }
    let unix = b"--XX\nContent-Disposition: form-data; name=a\n\nx\n--XX--";
    assert!(matches!(both(unix, limits(Path::new("/"))), Err(MultipartError::Malformed(_))));
}

#[test]
fn every_limit_says_which_it_is() {
    let directory = tempdir().unwrap();
    let small = UploadLimits { files: 2, fields: 3, field_bytes: 10, ..limits(directory.path()) };
    let file = "--XX\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nx\r\n";
    let field =
        |value: &str| format!("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n{value}\r\n");
    let end = |parts: String| both(format!("{parts}--XX--").as_bytes(), small.clone());
    assert_eq!(end(file.repeat(2)).unwrap().files.len(), 2);
    assert_eq!(limit_of(end(file.repeat(3))), Limit::Files);
    assert!(end(field("abc").repeat(3)).is_ok());
    assert_eq!(limit_of(end(field("").repeat(4))), Limit::Fields);
    assert_eq!(limit_of(end(field("abcd").repeat(3))), Limit::FieldBytes);
    let long = "n".repeat(MAX_FIELD_NAME + 1);
    assert_eq!(
        limit_of(end(field("").replace("name=a", &format!("name={long}")))),
        Limit::NameBytes
    );
    let header = "x".repeat(MAX_PART_HEADERS);
    assert_eq!(
        limit_of(end(field("").replace("name=a", &format!("name=a; x={header}")))),
        Limit::HeaderBytes
    );
    assert_eq!(left(directory.path()), 0);
}

#[test]
fn bytes_that_are_no_part_are_refused_soon() {
    let began = std::time::Instant::now();
    let endless = vec![b'x'; 50 << 20];
    assert_eq!(limit_of(both(&endless, limits(Path::new("/")))), Limit::HeaderBytes);
    let mut header = b"--XX\r\nContent-Disposition: ".to_vec();
    header.extend_from_slice(&endless);
    assert_eq!(limit_of(both(&header, limits(Path::new("/")))), Limit::HeaderBytes);
    let mut padding = b"--XX".to_vec();
    padding.resize(50 << 20, b' ');
    assert_eq!(limit_of(both(&padding, limits(Path::new("/")))), Limit::HeaderBytes);
    assert!(began.elapsed().as_secs() < 20);
}

#[test]
fn no_more_is_read_than_was_asked_for() {
    let field = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    let body = spooled(field.repeat(100_000).as_bytes());
    let mut place = body.try_clone().unwrap();
    let result = run(TYPE, BodySource::File(body), limits(Path::new("/")));
    assert_eq!(limit_of(result), Limit::Fields);
    assert!(place.stream_position().unwrap() <= 2 * CHUNK as u64);
}

#[test]
fn a_directory_that_is_not_there_is_an_error_of_this_side() {
    let body = b"--XX\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nx\r\n--XX--";
    let missing = limits(Path::new("/nonexistent/uploads"));
    let fault = run(TYPE, BodySource::File(spooled(body)), missing).unwrap_err();
    assert!(matches!(fault, MultipartError::Storage { .. }));
    assert!(fault.to_string().contains("/nonexistent/uploads"), "{fault}");
    let write_only = fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    let fault = run(TYPE, BodySource::File(write_only), limits(Path::new("/"))).unwrap_err();
    assert!(matches!(fault, MultipartError::Body(_)), "{fault}");
}

#[test]
fn only_a_sound_boundary_is_taken() {
    let of = |text: &str| boundary(text.as_bytes());
    assert_eq!(of("multipart/form-data; boundary=XX"), Some("XX".into()));
    assert_eq!(of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\""), Some("a b:c".into()));
    assert_eq!(
        of(&format!("multipart/form-data; boundary={}", "x".repeat(70))),
        Some("x".repeat(70))
    );
    for bad in [
        "multipart/form-data",
        "multipart/mixed; boundary=XX",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\r\nb\"",
        "multipart/form-data; boundary=ä",
        &format!("multipart/form-data; boundary={}", "x".repeat(71)),
    ] {
        assert_eq!(of(bad), None, "{bad}");
        let result = run(bad.as_bytes(), BodySource::Memory(Bytes::new()), limits(Path::new("/")));
        assert!(matches!(result, Err(MultipartError::Malformed(_))), "{bad}");
    }
}

#[test]
fn random_bodies_do_no_harm() {
    let directory = tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut chance = Chance::new(10);
    let pieces = [
        "--XX",
        "\r\n",
        "\r\n\r\n",
        "--",
        "Content-Disposition: form-data; ",
        "name=a",
        "; filename=b",
        "\"",
        "content",
        "\r",
        "name=a[]",
        "\0",
        "Content-Type: x",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n",
    ];
    for _ in 0..3000 {
        let body: String =
            (0..chance.below(20)).map(|_| pieces[chance.below(pieces.len())]).collect();
        let body = BodySource::Memory(body.into());
        _ = runtime.block_on(parse(TYPE, body, limits(directory.path())));
    }
    assert_eq!(left(directory.path()), 0);
}

/// The body is a pipe, so that reading it blocks until the test writes.
#[test]
fn a_slow_disk_holds_nobody_up_and_who_goes_away_leaves_nothing() {
    let directory = tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let part = "--XX\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\ncontent\r\n";
    let start = || {
        let (reader, writer) = io::pipe().unwrap();
        let body = BodySource::File(fs::File::from(std::os::fd::OwnedFd::from(reader)));
        (Box::pin(parse(TYPE, body, limits(directory.path()))), writer)
    };
    let form = runtime.block_on(async {
        let (mut form, mut writer) = start();
        let mut context = Context::from_waker(Waker::noop());
        assert!(form.as_mut().poll(&mut context).is_pending());
        // This thread goes on although the other one waits for the pipe.
        write!(writer, "{part}--XX--").unwrap();
        drop(writer);
        form.await.unwrap()
    });
    assert_eq!((form.files.len(), left(directory.path())), (1, 1));
    drop(form);
    runtime.block_on(async {
        let (mut form, mut writer) = start();
        assert!(form.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(form);
        write!(writer, "{part}--XX--").unwrap();
    });
    // This waits for the work that nobody wants any more.
    drop(runtime);
    assert_eq!(left(directory.path()), 0);
}
