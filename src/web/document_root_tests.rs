//! Roots with everything in them that a file system can hold, and the ways out that strangers try.

use super::*;
use crate::web::chance::Chance;
use rustix::fs::{CWD, FileType, RenameFlags, mkfifoat, renameat_with};
use std::{
    fs,
    io::Read,
    os::unix::{fs::symlink, net::UnixListener},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};
use tempfile::{TempDir, tempdir};

const NONE: AcceptEncoding = AcceptEncoding { brotli: false, gzip: false };
const GZIP: AcceptEncoding = AcceptEncoding { brotli: false, gzip: true };
const BOTH: AcceptEncoding = AcceptEncoding { brotli: true, gzip: true };

/// A directory with `secret.txt` and, below it, the root.
struct Site {
    place: TempDir,
    root: DocumentRoot,
}

impl Site {
    fn new(options: RootOptions) -> Self {
        let place = tempdir().unwrap();
        fs::write(place.path().join("secret.txt"), "secret").unwrap();
        fs::create_dir(place.path().join("www")).unwrap();
        let root = DocumentRoot::open(&place.path().join("www"), options).unwrap();
        Self { place, root }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.place.path().join("www").join(name)
    }

    fn file(&self, path: &str, accept: AcceptEncoding) -> ServedFile {
        match self.root.find(path, accept, Patience::Waits).unwrap() {
            RootAnswer::File(file) => file,
            other => panic!("{path}: {other:?}"),
        }
    }

    /// One word or the content.
    fn get(&self, path: &str) -> String {
        match self.root.find(path, NONE, Patience::Waits).unwrap() {
            RootAnswer::File(mut found) => {
                let mut content = String::new();
                found.file.read_to_string(&mut content).unwrap();
                assert_eq!(found.size, content.len() as u64);
                content
            }
            RootAnswer::NotFoundPage(mut found) => {
                let mut content = String::new();
                found.file.read_to_string(&mut content).unwrap();
                format!("not found: {content}")
            }
            RootAnswer::Redirect(to) => format!("redirect {to}"),
            RootAnswer::Listing(page) => page,
            RootAnswer::NotFound => "not found".into(),
            RootAnswer::Forbidden => "forbidden".into(),
        }
    }
}

fn site() -> Site {
    Site::new(RootOptions::default())
}

#[test]
fn files_and_index_files_are_found() {
    let site = site();
    site.write("a.txt", "a");
    site.write("ä b.txt", "b");
    site.write("dir/index.html", "index");
    site.write("old/index.htm", "old");
    site.write(".well-known/x", "known");
    assert_eq!(site.get("/a.txt"), "a");
    assert_eq!(site.get("/%C3%A4%20b.txt"), "b");
    assert_eq!(site.get("/dir/"), "index");
    assert_eq!(site.get("/old/"), "old");
    assert_eq!(site.get("/dir"), "redirect /dir/");
    assert_eq!(site.get("//dir"), "redirect /dir/");
    assert_eq!(site.get("/.well-known/x"), "known");
    assert_eq!(site.get("/"), "not found");
    site.write("index.html", "home");
    assert_eq!(site.get("/"), "home");
    assert_eq!(site.file("/", NONE).media_type, "text/html; charset=utf-8");
}

#[test]
fn what_is_not_a_file_is_not_found() {
    let site = site();
    site.write("a.txt", "a");
    mkfifoat(CWD, site.path("pipe"), Mode::RUSR).unwrap();
    mkfifoat(CWD, site.path("index.html"), Mode::RUSR).unwrap();
    let _socket = UnixListener::bind(site.path("socket")).unwrap();
    let long = format!("/{}", "x".repeat(5000));
    for path in ["/b.txt", "/a.txt/", "/a.txt/b", "/pipe", "/socket", "/", "/a.txt%00", &long] {
        assert_eq!(site.get(path), "not found", "{path}");
    }
}

#[test]
fn nothing_outside_of_the_root_is_opened() {
    let site = site();
    site.write("a.txt", "a");
    site.write("dir/b.txt", "b");
    site.write(".env", "password");
    let outside = site.place.path().join("secret.txt");
    symlink(&outside, site.path("absolute.txt")).unwrap();
    symlink("../secret.txt", site.path("relative.txt")).unwrap();
    symlink("..", site.path("up")).unwrap();
    symlink("/", site.path("slash")).unwrap();
    symlink("/dev/null", site.path("null")).unwrap();
    symlink("/proc/self/root/etc/passwd", site.path("magic")).unwrap();
    symlink("loop", site.path("loop")).unwrap();
    for path in [
        "/absolute.txt",
        "/relative.txt",
        "/up/secret.txt",
        "/up",
        "/up/",
        "/slash/etc/passwd",
        "/null",
        "/magic",
        "/loop",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/dir/../../secret.txt",
        "/..\\secret.txt",
        "/.env",
        "/%2eenv",
        "/dir/..",
        "secret.txt",
        "",
    ] {
        assert_eq!(site.get(path), "not found", "{path}");
    }
    symlink("dir/b.txt", site.path("inside.txt")).unwrap();
    symlink("../a.txt", site.path("dir/up.txt")).unwrap();
    symlink("dir", site.path("linked")).unwrap();
    assert_eq!(site.get("/inside.txt"), "b");
    assert_eq!(site.get("/dir/up.txt"), "a");
    assert_eq!(site.get("/linked/b.txt"), "b");
    assert_eq!(site.get("/linked"), "redirect /linked/");
}

#[test]
fn a_root_is_what_has_its_path_now() {
    let site = site();
    let place = |name: &str| site.place.path().join(name);
    site.write("a.txt", "old");
    fs::rename(place("www"), place("moved")).unwrap();
    let fault = site.root.find("/a.txt", NONE, Patience::Waits).unwrap_err().to_string();
    assert!(fault.contains("cannot be served") && fault.contains("www"), "{fault}");
    symlink("moved", place("www")).unwrap();
    assert_eq!(site.get("/a.txt"), "old");
    fs::create_dir(place("new")).unwrap();
    fs::write(place("new/a.txt"), "new").unwrap();
    fs::remove_file(place("www")).unwrap();
    symlink("new", place("www")).unwrap();
    assert_eq!(site.get("/a.txt"), "new");
    fs::remove_file(place("www")).unwrap();
    fs::write(place("www"), "a file").unwrap();
    assert!(site.root.find("/a.txt", NONE, Patience::Waits).is_err());
    fs::remove_file(place("www")).unwrap();
    let missing = DocumentRoot::open(&site.place.path().join("www"), RootOptions::default());
    assert!(missing.unwrap_err().contains("cannot be served"));
    let file = DocumentRoot::open(&site.place.path().join("secret.txt"), RootOptions::default());
    assert!(file.is_err());
    let index = vec!["../secret.txt".to_owned()];
    let options = RootOptions { index, ..RootOptions::default() };
    let fault = DocumentRoot::open(site.place.path(), options).unwrap_err();
    assert!(fault.contains("index"), "{fault}");
}

#[test]
fn without_the_kernels_help_symbolic_links_lead_nowhere() {
    let site = site();
    site.write("dir/sub/a.txt", "a");
    symlink("dir", site.path("linked")).unwrap();
    symlink("dir/sub/a.txt", site.path("link.txt")).unwrap();
    mkfifoat(CWD, site.path("pipe"), Mode::RUSR).unwrap();
    let look = site.root.look(NONE, Patience::Waits).unwrap();
    let walk = |path: &str| look.walk(&RootPath::parse(path).unwrap());
    let kind = |fd: OwnedFd| FileType::from_raw_mode(rustix::fs::fstat(fd).unwrap().st_mode);
    assert_eq!(kind(walk("/dir/sub/a.txt").unwrap()), FileType::RegularFile);
    assert_eq!(kind(walk("/dir/sub/").unwrap()), FileType::Directory);
    assert_eq!(kind(walk("/").unwrap()), FileType::Directory);
    assert_eq!(kind(walk("/pipe").unwrap()), FileType::Fifo);
    for path in ["/linked/sub/a.txt", "/link.txt", "/dir/none", "/dir/sub/a.txt/x"] {
        let answer = refused(walk(path).unwrap_err().into()).unwrap();
        assert!(matches!(answer, RootAnswer::NotFound), "{path}");
    }
}

#[test]
fn what_may_not_be_read_is_forbidden_and_a_full_machine_is_an_error() {
    let answer = |fault: Errno| refused(fault.into());
    assert!(matches!(answer(Errno::ACCESS), Ok(RootAnswer::Forbidden)));
    assert!(matches!(answer(Errno::NOENT), Ok(RootAnswer::NotFound)));
    assert!(answer(Errno::MFILE).is_err() && answer(Errno::IO).is_err());
}

#[test]
fn listings_are_off_until_asked_for_and_escaped() {
    let listed = Site::new(RootOptions { listing: true, ..RootOptions::default() });
    for site in [site(), listed] {
        let on = site.root.options.listing;
        site.write("dir/b.txt", "b");
        site.write("dir/<img src=x onerror=alert(1)>&\".txt", "");
        site.write("dir/javascript:alert(1)", "");
        site.write("dir/a\nb", "");
        site.write("dir/.hidden", "");
        site.write("dir/sub/x", "");
        mkfifoat(CWD, site.path("dir/pipe"), Mode::RUSR).unwrap();
        let page = site.get("/dir/");
        if !on {
            assert_eq!(page, "not found");
            continue;
        }
        assert!(page.contains("<h1>/dir/</h1>") && page.contains("<a href=\"../\">"), "{page}");
        assert!(page.contains("<a href=\"sub/\">sub/</a>"), "{page}");
        assert!(page.contains("<a href=\"b.txt\">b.txt</a>"), "{page}");
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;.txt</a>"), "{page}");
        assert!(page.contains("href=\"javascript%3Aalert%281%29\""), "{page}");
        assert!(page.contains("href=\"a%0Ab\">a\u{fffd}b"), "{page}");
        assert!(
            !page.contains("hidden") && !page.contains("pipe") && !page.contains("<img"),
            "{page}"
        );
        assert!(page.find("sub/").unwrap() < page.find("b.txt").unwrap(), "{page}");
        assert!(!site.get("/").contains("../"));
    }
}

#[test]
fn a_long_listing_is_cut() {
    let site = site();
    (0..20).for_each(|n| site.write(&n.to_string(), ""));
    let path = RootPath::parse("/").unwrap();
    let look = site.root.look(NONE, Patience::Waits).unwrap();
    let directory = || Dir::new(look.walk(&path).unwrap()).unwrap();
    let page = listing::page(&path, directory(), 10).unwrap();
    assert_eq!(page.matches("<li>").count(), 10);
    assert!(page.contains("Only 10 "));
    let page = listing::page(&path, directory(), 20).unwrap();
    assert!(!page.contains("Only"));
}

#[test]
fn the_smallest_form_that_the_client_takes_is_answered() {
    let site = site();
    site.write("a.js", "x".repeat(2000));
    let coding = |path: &str, accept: AcceptEncoding| site.file(path, accept).coding;
    assert_eq!(coding("/a.js", NONE), Coding::AsItIs);
    assert_eq!(coding("/a.js", GZIP), Coding::OnTheWay);
    site.write("a.js.gz", "gz");
    site.write("a.js.br", "br");
    assert_eq!(coding("/a.js", GZIP), Coding::Stored("gzip"));
    assert_eq!(coding("/a.js", BOTH), Coding::Stored("br"));
    let found = site.file("/a.js", BOTH);
    let known = (found.size, found.media_type.as_str(), found.varies);
    assert_eq!(known, (2, "text/javascript; charset=utf-8", true));
    assert!(site.file("/a.js", NONE).varies);
    // Asked for by its own name it is an archive.
    assert_eq!(coding("/a.js.gz", GZIP), Coding::AsItIs);
    assert_eq!(site.file("/a.js.gz", GZIP).media_type, "application/gzip");
}

#[test]
fn compressed_files_that_are_old_or_no_files_do_not_count() {
    let site = site();
    site.write("a.js", "new");
    site.write("a.js.br", "old");
    fs::create_dir(site.path("a.js.gz")).unwrap();
    let sibling = fs::File::options().write(true).open(site.path("a.js.br")).unwrap();
    sibling.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    assert_eq!(site.file("/a.js", BOTH).coding, Coding::AsItIs);
}

#[test]
fn what_does_not_shrink_is_left_alone() {
    let site = site();
    site.write("a.png", vec![0; 5000]);
    site.write("a.png.gz", "");
    site.write("small.txt", "x");
    let found = site.file("/a.png", BOTH);
    assert_eq!((found.coding, found.varies), (Coding::AsItIs, false));
    assert_eq!(site.file("/small.txt", BOTH).coding, Coding::AsItIs);
    let plain = Site::new(RootOptions { compress: false, ..RootOptions::default() });
    plain.write("a.js", "x".repeat(2000));
    plain.write("a.js.gz", "gz");
    let found = plain.file("/a.js", BOTH);
    assert_eq!((found.coding, found.varies), (Coding::AsItIs, false));
}

/// Somebody exchanges a directory with a way out, again and again, while files are asked for.
#[test]
fn a_race_with_whoever_moves_things_does_not_lead_out() {
    let site = site();
    site.write("dir/secret.txt", "harmless");
    symlink("..", site.path("link")).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let (one, other) = (site.path("dir"), site.path("link"));
                renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for _ in 0..5000 {
            match site.root.find("/dir/secret.txt", NONE, Patience::Waits) {
                Ok(RootAnswer::File(mut found)) => {
                    let mut content = String::new();
                    found.file.read_to_string(&mut content).unwrap();
                    assert_eq!(content, "harmless");
                }
                Ok(RootAnswer::NotFound) | Err(_) => (),
                other => panic!("{other:?}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn random_paths_do_no_harm() {
    let site = Site::new(RootOptions { listing: true, ..RootOptions::default() });
    site.write("a/b", "inside");
    site.write("ab", "inside");
    let mut chance = Chance::new(12);
    for _ in 0..10_000 {
        let path = chance.bytes_of(b"//..ab%2e%2f%5c\\\0", 16);
        let path = format!("/{}", String::from_utf8_lossy(&path));
        let content = site.get(&path);
        assert!(!content.contains("secret"), "{path}");
    }
}

#[test]
fn pages_of_the_root_are_answered_where_there_is_nothing() {
    let own = |not_found: Option<&str>, fallback: Option<&str>| {
        let (not_found, fallback) = (not_found.map(str::to_owned), fallback.map(str::to_owned));
        Site::new(RootOptions { not_found, fallback, ..RootOptions::default() })
    };
    let site = own(Some("errors/404.html"), Some("index.html"));
    assert_eq!(site.get("/nothing.js"), "not found");
    site.write("index.html", "app");
    site.write("errors/404.html", "sorry");
    site.write("a.txt", "a");
    fs::create_dir(site.path("empty")).unwrap();
    assert_eq!(site.get("/a.txt"), "a");
    for of_the_application in ["/users/7", "/users/7/", "/empty/", "/v1.2/docs", "/%2fa"] {
        assert_eq!(site.get(of_the_application), "app", "{of_the_application}");
    }
    for of_a_file in ["/nothing.js", "/users/a%2ejs", "/a.txt/", "/.env", "/../secret.txt"] {
        assert_eq!(site.get(of_a_file), "not found: sorry", "{of_a_file}");
    }
    let has = |path: &str| site.root.has(path, Patience::Waits).unwrap();
    assert!(has("/a.txt") && has("/") && !has("/users/7") && !has("/nothing.js"));
    assert!(!has("/empty") && !has("/empty/") && !has("/../secret.txt") && !has("/.env"));
    for bad in ["", "/404.html", "../secret.txt", "a//b", ".env", "a\\b", "errors/"] {
        let options = RootOptions { not_found: Some(bad.into()), ..RootOptions::default() };
        assert!(options.check().unwrap_err().contains("not_found"), "{bad}");
    }
}

#[test]
fn a_root_may_have_media_types_of_its_own() {
    let types = [("ts".to_owned(), "text/plain; charset=utf-8".to_owned())].into();
    let site = Site::new(RootOptions { types, ..RootOptions::default() });
    site.write("a.ts", "let a: number;");
    site.write("a.TS", "let a: number;");
    site.write("a.js", "let a;");
    for name in ["/a.ts", "/a.TS"] {
        assert_eq!(site.file(name, NONE).media_type, "text/plain; charset=utf-8");
    }
    assert_eq!(site.file("/a.js", NONE).media_type, "text/javascript; charset=utf-8");
}
