//! Forms with files and large bodies, from the wire to the disk and off it again.

use crate::support::answer::Answer;
use crate::support::{
    client::Client,
    exchange::{ask, ask_form, curl, part},
    host::TestHost,
    process::Process,
    wait::until,
};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

const HTTP: &str = "http://127.0.0.1:0";

/// A host whose uploads lie in `uploads`, beside the script.
fn serve(settings: &str, handler: &str) -> TestHost {
    let script = format!(
        r#"
        let worker = Worker("{HTTP}");
        worker.upload_dir = "uploads";
        {settings}
        worker.on_message = |connection, request| {{ {handler} }};
        Worker::run_all();
        "#
    );
    TestHost::start_with(&script, &[("uploads/.keep", ""), ("kept/old.txt", "old")])
}

/// Files that lie in the directory for uploads.
fn left(host: &TestHost) -> usize {
    fs::read_dir(host.path("uploads")).expect("a folder").count() - 1
}

#[test]
fn curl_sends_fields_and_files() {
    let mut host = serve(
        "",
        r#"
        let photo = request.file("photo");
        connection.send(#{
            posted: request.post(),
            photo: [photo.name, photo.size, photo.type, photo.full_path, photo.error],
            more: request.file("more").map(|f| f.name),
            none: request.file("none"),
            count: request.file().len(),
            path: photo.tmp_name,
        });
        "#,
    );
    fs::write(host.path("a.txt"), "hello").expect("a file");
    let file =
        |name: &str, options: &str| format!("{name}=@{}{options}", host.path("a.txt").display());
    let (photo, one, two) = (
        file("photo", ";type=image/png;filename=p.png"),
        file("more[]", ";filename=1.txt"),
        file("more[]", ";filename=2.txt"),
    );
    let forms = ["-F", "who=Ann", "-F", "list[a]=1", "-F", &photo, "-F", &one, "-F", &two];
    let address = host.socket(HTTP);
    let said: serde_json::Value = serde_json::from_str(&curl(&forms, address, "/")).expect("JSON");
    assert_eq!(said["posted"].to_string(), r#"{"who":"Ann","list":{"a":"1"}}"#);
    assert_eq!(said["photo"].to_string(), r#"["p.png",5,"image/png","p.png",0]"#);
    assert_eq!(said["more"].to_string(), r#"["1.txt","2.txt"]"#);
    assert!(said["none"].is_null() && said["count"] == 2);
    let path = said["path"].as_str().expect("a path").to_owned();
    assert!(path.starts_with(&*host.path("uploads").to_string_lossy()), "{path}");
    until("the uploads are gone", || !Path::new(&path).exists() && left(&host) == 0);
}

#[test]
fn curl_sends_large_files() {
    let mut host =
        serve("", r#"connection.send([request.file("f")?.size, request.body().len()]);"#);
    fs::write(host.path("large"), vec![b'x'; 3_000_000]).expect("a file");
    let (path, address) = (host.path("large").display().to_string(), host.socket(HTTP));
    // (curl asks with Expect: 100-continue first)
    let said = curl(&["-F", &format!("f=@{path}")], address, "/");
    assert!(said.starts_with("[3000000,30"), "{said}");
    assert_eq!(curl(&["-T", &path], address, "/"), "[null,3000000]");
    let chunked = ["-T", &path, "-H", "Transfer-Encoding: chunked", "-H", "Expect:"];
    assert_eq!(curl(&chunked, address, "/"), "[null,3000000]");
}

#[test]
fn a_temporary_file_is_its_owners_and_there_until_the_handler_is_done() {
    let mut host = serve(
        "worker.may_end = false;",
        r#"
        if request.path() == "/end" {
            connection.worker.may_end = true;
            return connection.send("ended");
        }
        print(request.file("f").tmp_name);
        connection.send("ok");
        while !connection.worker.may_end { sleep(0.01); }
        print("done");
        "#,
    );
    let mut client = host.tcp(HTTP);
    assert_eq!(ask_form(&mut client, "/", &[part("name=f; filename=a", "x")]).text(), "ok");
    let path = host.printed()[0].clone();
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read(&path).expect("its content"), b"x");
    // (a closed connection does not end its handler)
    drop(client);
    assert_eq!(left(&host), 1);
    assert_eq!(ask(&mut host.tcp(HTTP), "GET /end", "", b"").text(), "ended");
    host.wait_for_log("done");
    until("the uploads are gone", || left(&host) == 0);
}

#[test]
fn hostile_names_stay_names() {
    let mut host =
        serve("", r#"let f = request.file("f"); connection.send([f.name, f.full_path]);"#);
    let mut client = host.tcp(HTTP);
    for (sent, name) in [
        ("../../etc/passwd", "passwd"),
        ("..", "upload"),
        ("C:\\\\a\\\\b.txt", "b.txt"),
        ("/", "upload"),
    ] {
        let parts = [part(&format!("name=f; filename=\"{sent}\""), "x")];
        let said = ask_form(&mut client, "/", &parts);
        let said: Vec<String> = serde_json::from_str(said.text()).expect("JSON");
        assert_eq!(said[0], name, "{sent}");
    }
}

#[test]
fn a_part_whose_name_ends_in_a_backslash_keeps_its_file_name() {
    let mut host = serve(
        "",
        r#"let f = request.file("dir\\"); connection.send([f.name, f.full_path, f.size]);"#,
    );
    let parts = [part(r#"name="dir\"; filename="a.txt""#, "x")];
    let said = ask_form(&mut host.tcp(HTTP), "/", &parts);
    assert_eq!(said.text(), r#"["a.txt","a.txt",1]"#);
}

#[test]
fn a_file_is_moved_once_and_replaces_nothing_unless_asked() {
    let mut host = serve(
        "",
        r#"
        let said = [];
        let attempt = |file, to, replace| {
            try { request.move_file(file, to, replace); } catch (e) { return `${e}`; }
            "moved"
        };
        said.push(attempt.call("a", "kept/old.txt", false));
        said.push(attempt.call("a", "nowhere/x", false));
        said.push(attempt.call("a", "kept", true));
        said.push(attempt.call("none", "kept/x", false));
        said.push(attempt.call("m", "kept/x", false));
        said.push(attempt.call(42, "kept/x", false));
        said.push(attempt.call("a", "", false));
        request.move_file("a", "kept/new.txt");
        said.push(attempt.call("a", "kept/again.txt", false));
        for file in request.file("m") { request.move_file(file, `kept/${file.name}`); }
        request.move_file(request.file("b"), "kept/old.txt", true);
        connection.send(said);
        "#,
    );
    let parts = [
        part("name=a; filename=a.txt", "A"),
        part("name=b; filename=b.txt", "B"),
        part("name=m[]; filename=m1", "1"),
        part("name=m[]; filename=m2", "2"),
    ];
    let mut client = host.tcp(HTTP);
    let said = ask_form(&mut client, "/", &parts);
    let said: Vec<String> = serde_json::from_str(said.text()).expect("JSON");
    let expected = [
        "exists",
        "does its directory exist?",
        "`a.txt` cannot be moved to",
        "no file came in the field none",
        "several files",
        "a file is what `file(name)` gives",
        "takes the path",
        "not there any more",
    ];
    assert_eq!(said.len(), expected.len());
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said}: {expected}");
    }
    let kept = |name: &str| fs::read_to_string(host.path("kept").join(name)).expect("a file");
    let all = ["new.txt", "m1", "m2", "old.txt"].map(kept);
    assert_eq!(all, ["A", "1", "2", "B"]);
    until("the uploads are gone", || left(&host) == 0);
    assert_eq!(fs::read_dir(host.path("kept")).expect("a folder").count(), 4);
}

#[test]
fn a_file_is_moved_to_another_file_system() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else { return };
    let mut host = serve(
        &format!("worker.upload_dir = {:?};", memory.path()),
        r#"request.move_file("f", "kept/f"); connection.send("ok");"#,
    );
    let mut client = host.tcp(HTTP);
    let content = "x".repeat(300_000);
    let parts = [part("name=f; filename=f", &content)];
    assert_eq!(ask_form(&mut client, "/", &parts).text(), "ok");
    assert!(fs::read_to_string(host.path("kept/f")).expect("the file") == content);
    until("the folder is empty", || fs::read_dir(memory.path()).expect("a folder").count() == 0);
}

#[test]
fn a_form_that_cannot_be_is_the_clients_fault() {
    let mut host = serve(
        "worker.max_file_uploads = 1; worker.on_script_error = \"exit\";",
        r#"
        if request.path() == "/caught" {
            try { request.post() } catch (e) { connection.send(`caught ${e}`); return; }
        }
        connection.send(request.post());
        "#,
    );
    let ask_once = |host: &mut TestHost, path: &str, parts: &[String]| {
        ask_form(&mut host.tcp(HTTP), path, parts)
    };
    let one = part("name=a; filename=a", "x");
    let fine = ask_once(&mut host, "/", std::slice::from_ref(&one));
    assert_eq!((fine.status, fine.text()), (200, "{}"));
    let two = ask_once(&mut host, "/", &[one.clone(), one.clone()]);
    assert_eq!(two.status, 413);
    assert!(two.text().contains("more than 1 files"), "{}", two.text());
    let caught = ask_once(&mut host, "/caught", &[one.clone(), one]);
    assert!(
        caught.status == 200 && caught.text().starts_with("caught a form with too much"),
        "{caught:?}"
    );
    for (content_type, body) in [
        ("multipart/form-data", "--B--"),
        ("multipart/form-data; boundary=B", "no boundary at all"),
        (
            "multipart/form-data; boundary=B",
            "--B\r\nContent-Disposition: form-data; name=a\r\n\r\ncut",
        ),
        ("multipart/form-data; boundary=B", "--B\r\nno header\r\n\r\nx\r\n--B--"),
        ("multipart/form-data; boundary=B", "--B\r\nContent-Type: a/b\r\n\r\nx\r\n--B--"),
    ] {
        let header = format!("Content-Type: {content_type}\r\n");
        let answer = ask(&mut host.tcp(HTTP), "POST /", &header, body.as_bytes());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    until("the uploads are gone", || left(&host) == 0);
    assert_eq!(host.errors(), 0, "no stranger fills the log");
    let again = ask_once(&mut host, "/", &[part("name=a", "1")]);
    assert_eq!(again.text(), r#"{"a":"1"}"#);
}

#[test]
fn a_directory_that_is_not_there_is_our_fault_and_nobody_elses_business() {
    let mut host = serve("worker.upload_dir = \"nowhere\";", "connection.send(request.post());");
    let form = ask_form(&mut host.tcp(HTTP), "/", &[part("name=a; filename=a", "x")]);
    assert_eq!((form.status, form.text().contains("nowhere")), (500, false));
    host.wait_for_log("nowhere");
    let large = ask(&mut host.tcp(HTTP), "POST /", "", &[b'a'; 600_000]);
    assert_eq!((large.status, large.text().contains("nowhere")), (500, false));
    host.wait_for_log("a body could not be stored in");
}

#[test]
fn large_bodies_come_whole_however_they_are_sent() {
    let mut host = serve(
        "worker.max_package_size = 3000000;",
        r#"
        connection.send(switch request.path() {
            "/raw" => [request.raw_body().len(), request.body().len(), request.body() == request.body()],
            "/json" => request.json().text.len(),
            "/form" => request.post("a").len(),
            "/file" => [request.file("f").size, request.post("a"), request.raw_body().len() > 1000000],
            _ => "small",
        });
        "#,
    );
    let mut client = host.tcp(HTTP);
    let large = "y".repeat(2_000_000);
    let sent = ask(&mut client, "POST /raw", "", large.as_bytes());
    assert_eq!(sent.text(), "[2000000,2000000,true]");
    let json = format!(r#"{{"text":"{large}"}}"#);
    let json =
        ask(&mut client, "POST /json", "Content-Type: application/json\r\n", json.as_bytes());
    assert_eq!(json.text(), "2000000");
    assert_eq!(
        ask(&mut client, "POST /form", "", format!("a={large}").as_bytes()).text(),
        "2000000"
    );
    let parts = [part("name=f; filename=f", &large), part("name=a", "1")];
    assert_eq!(ask_form(&mut client, "/file", &parts).text(), r#"[2000000,"1",true]"#);
    // In chunks, and with a request right behind it.
    client.send("POST /raw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..20 {
        client.send(format!("186A0\r\n{}\r\n", "z".repeat(100_000)));
    }
    client.send("0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(Answer::read(&mut client).text(), "[2000000,2000000,true]");
    assert_eq!(Answer::read(&mut client).text(), "small");
    // The limit holds for what lies on the disk, too.
    client.send("POST /raw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..30 {
        client.send(format!("186A0\r\n{}\r\n", "z".repeat(100_000)));
    }
    client.send("1\r\n");
    assert_eq!(Answer::read(&mut client).status, 413);
    assert_eq!(left(&host), 0, "bodies have no names");
}

#[test]
fn a_large_body_that_ends_early_leaves_nothing() {
    let mut host = serve("", r#"connection.send("ok");"#);
    let mut client = host.tcp(HTTP);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    client.send([b'x'; 700_000]);
    assert_eq!(ask(&mut host.tcp(HTTP), "GET /", "", b"").text(), "ok");
    client.reset();
    assert_eq!(ask(&mut host.tcp(HTTP), "GET /", "", b"").text(), "ok");
    until("the uploads are gone", || left(&host) == 0);
    assert_eq!(host.errors(), 0);
}

/// 100 MB go through little memory: on their way in, as a form, and as a file.
#[test]
fn an_upload_of_a_hundred_megabytes_takes_little_memory() {
    const SIZE: usize = 100 << 20;
    const PIECE: usize = 1 << 20;
    let process = Process::run(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.max_package_size = 200 * 1024 * 1024;
        worker.upload_dir = ".";
        worker.on_message = |connection, request| {
            let size = if request.method() == "POST" { request.file("f").size } else { 0 };
            connection.send(size);
        };
        Worker::run_all();
        "#,
    );
    let mut client: Client = process.tcp("-");
    assert_eq!(ask(&mut client, "GET /", "", b"").text(), "0");
    let before = process.resident();
    let first = "--B\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n";
    let last = "\r\n--B--\r\n";
    let length = first.len() + SIZE + last.len();
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n\
         Content-Length: {length}\r\n\r\n{first}"
    ));
    let (piece, mut most) = (vec![b'x'; PIECE], 0);
    for _ in 0..SIZE / PIECE {
        client.send(&piece);
        most = most.max(process.resident());
    }
    client.send(last);
    // (while the form is taken apart)
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).expect("/proc");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("VmHWM");
        line.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).expect("KiB") * 1024
    };
    assert_eq!(Answer::read(&mut client).text(), SIZE.to_string());
    let most = most.max(peak()).saturating_sub(before);
    assert!(most < 32 << 20, "{} KiB more than before", most / 1024);
}
