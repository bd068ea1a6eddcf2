//! A real browser for tests: headless Chromium, driven through chromedriver's WebDriver protocol.
//!
//! Only what a test of a page needs is here: open it, ask it, wait for it. Whatever goes wrong
//! panics and says what, for this is test code. There is no WebDriver client: the few calls are JSON
//! over HTTP/1.1, and `serde_json` is here anyway. `scripts/setup`
//! installs the two programs.
//!
//! The browser keeps to this machine: host names other than `localhost` do not resolve in it. All
//! that it and its driver write, from profile to sockets, lies in one directory that goes when the
//! [`Browser`] is dropped.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::support::{client::Client, http::HttpClient};
use serde_json::{Value, json};

/// What [`Browser::wait_for`] grants a page.
const PATIENCE: Duration = Duration::from_secs(30);
/// What one WebDriver call may take. A browser that starts while all cores compile needs most of
/// this.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// chromedriver itself has little to do until it says its port.
const DRIVER_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A browser with one page. Dropping it ends the browser and its driver and removes what they
/// wrote.
pub struct Browser {
    home: PathBuf,
    driver: Child,
    port: u16,
    session: Option<String>,
}

impl Browser {
    /// Starts a browser and returns when it has loaded `url`.
    #[track_caller]
    pub fn open(url: &str) -> Browser {
        let home = new_home();
        let driver = start_driver(&home);
        // From here on drop cleans up, whatever panics below.
        let mut browser = Browser { home, driver, port: 0, session: None };
        let stdout = browser.driver.stdout.take().expect("stdout is piped");
        browser.port = announced_port(stdout);
        browser.start_session();
        browser.session_call("POST", "/url", &json!({ "url": url }));
        // The driver reports most pages that cannot be loaded, not all; the browser's own page
        // about it is no success.
        let shown = browser.eval("return location.protocol");
        assert!(shown != "chrome-error:", "the browser cannot load {url}");
        browser
    }

    /// Goes to another address and returns when that is loaded.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.session_call("POST", "/url", &json!({ "url": url }));
    }

    /// Gives the page the size of another screen, however small, from now on.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let body = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        self.session_call("POST", "/goog/cdp/execute", &body);
    }

    /// Loses a cookie of the page, also one that scripts cannot see.
    #[track_caller]
    pub fn forget_cookie(&self, name: &str) {
        self.session_call("DELETE", &format!("/cookie/{name}"), &json!({}));
    }

    /// Runs `js` in the page as the body of a function and gives back what it returns:
    /// `eval("return document.title")`.
    #[track_caller]
    pub fn eval(&self, js: &str) -> Value {
        self.session_call("POST", "/execute/sync", &json!({ "script": js, "args": [] }))
    }

    /// Waits until the expression `js_condition` is true in the page, looking at every change of
    /// the document and every 25 ms. A condition that throws counts as not yet true. Panics after
    /// 10 s with what the page shows.
    #[track_caller]
    pub fn wait_for(&self, js_condition: &str) {
        let deadline = Instant::now() + PATIENCE;
        let script = WAIT.replace("CONDITION", js_condition);
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).as_millis();
            let body =
                json!({ "script": script, "args": [u64::try_from(left).expect("some seconds")] });
            let waited = self.try_session_call("POST", "/execute/async", &body);
            let seen = match waited {
                Ok(seen) => seen,
                // The page was reloaded or went elsewhere meanwhile: wait in the new one. The
                // driver calls that a script timeout, and a true one comes only after `left`.
                Err(error) if left > 0 && error.starts_with("script timeout") => continue,
                Err(error) => panic!("cannot wait for `{js_condition}`: {error}"),
            };
            if seen["met"] == true {
                return;
            }
            let field = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
            panic!(
                "`{js_condition}` did not become true within {PATIENCE:?}{}\nat {}, which says:\n{}",
                field("error"),
                field("url"),
                field("text")
            );
        }
    }

    fn start_session(&mut self) {
        let capabilities = json!({
            "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                // The driver's own limits lie above those of `wait_for` and below those of the
                // sockets.
                "timeouts": { "script": 15_000, "pageLoad": 30_000 },
                "goog:chromeOptions": { "args": chromium_args(&self.home) },
            } }
        });
        let created = self.call("POST", "/session", &capabilities).unwrap_or_else(|error| {
            panic!("chromedriver cannot start chromium (see scripts/setup): {error}")
        });
        let session = created["sessionId"].as_str();
        self.session =
            Some(session.unwrap_or_else(|| panic!("no session id in {created}")).to_owned());
    }

    #[track_caller]
    fn session_call(&self, method: &str, path: &str, body: &Value) -> Value {
        match self.try_session_call(method, path, body) {
            Ok(value) => value,
            Err(error) => panic!("WebDriver {method} {path} with {body}: {error}"),
        }
    }

    fn try_session_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let session = self.session.as_ref().expect("a session exists once `open` has returned");
        self.call(method, &format!("/session/{session}{path}"), body)
    }

    /// One WebDriver call: the `value` of the answer, or the driver's words on why there is none.
    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let (status, answer) =
            exchange(self.port, method, path, &body.to_string()).map_err(|error| {
                format!("chromedriver on port {} does not answer: {error}", self.port)
            })?;
        let mut answer: Value = serde_json::from_str(&answer)
            .map_err(|error| format!("status {status}, {error} in {answer:?}"))?;
        let value = answer["value"].take();
        if status == 200 {
            return Ok(value);
        }
        let part = |name: &str| value[name].as_str().unwrap_or("?").to_owned();
        Err(format!("{}: {}", part("error"), part("message")))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Nothing here may panic: a test that already failed would abort the whole run.
        let path = self.session.take().map(|session| format!("/session/{session}"));
        let ended = path.map_or(Ok(Value::Null), |path| self.call("DELETE", &path, &json!({})));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        if let Err(error) = ended {
            eprintln!("the browser did not end when asked to: {error}");
            // It ends with its driver, at the other end of the pipe, and writes for a moment more.
            thread::sleep(Duration::from_millis(500));
        }
        remove_home(&self.home);
    }
}

/// Runs inside the page. The last argument that WebDriver adds is the function that ends the wait.
const WAIT: &str = r"
const [patience, done] = arguments;
let error = '';
const met = () => {
    try { error = ''; return Boolean(CONDITION); } catch (thrown) { error = ` (it throws ${thrown})`; return false; }
};
const stop = (answer) => { observer.disconnect(); clearInterval(interval); clearTimeout(timeout); done(answer); };
const look = () => { if (met()) stop({ met: true }); };
const observer = new MutationObserver(look);
observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
const interval = setInterval(look, 25);
const timeout = setTimeout(() => stop({
    met: met(), error, url: location.href, text: document.body ? document.body.innerText : '(no body)',
}), patience);
look();
";

fn new_home() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("rhost-browser-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let home = env::temp_dir().join(name);
    // A killed run with the same process id may have left one.
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home)
        .unwrap_or_else(|error| panic!("cannot make {}: {error}", home.display()));
    home
}

fn start_driver(home: &Path) -> Child {
    Command::new("chromedriver")
        .arg("--port=0")
        .envs(["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].map(|name| (name, home)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("cannot start chromedriver, run scripts/setup once: {error}")
        })
}

/// Reads `ChromeDriver was started successfully on port 41234.` A pipe has no time limit, so a
/// thread reads; it goes on until the driver ends, lest a full pipe stop the driver.
fn announced_port(stdout: ChildStdout) -> u16 {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let port = line
                .split_once("successfully on port ")
                .map(|(_, port)| port.trim_end_matches('.').parse());
            if let Some(Ok(port)) = port {
                let _ = sender.send(port);
            }
        }
    });
    receiver
        .recv_timeout(DRIVER_TIMEOUT)
        .unwrap_or_else(|_| panic!("chromedriver did not say its port: did it end?"))
}

fn chromium_args(home: &Path) -> Vec<String> {
    let fixed = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        // Tests need nobody else: no proxy of the environment, no name but localhost.
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
        // Driven through a pipe the browser ends when its driver does; through a port it would
        // outlive a killed one.
        "--remote-debugging-pipe",
    ];
    let mut args: Vec<String> = fixed.iter().map(ToString::to_string).collect();
    args.push(format!("--user-data-dir={}", home.join("profile").display()));
    args
}

/// One HTTP exchange on its own connection: the status and the body.
fn exchange(port: u16, method: &str, path: &str, body: &str) -> Result<(u16, String), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT);
    let client = Client::over(stream.map_err(|error| error.to_string())?);
    client.wait_at_most(CALL_TIMEOUT);
    let mut client = HttpClient::of_a_foreign_server(client);
    let lines = ["Content-Type: application/json", "Connection: close"];
    // (whoever ends a browser wants to know what went wrong, and may not panic)
    let asked = AssertUnwindSafe(|| client.ask(method, path, &lines, body));
    let answer = catch_unwind(asked).map_err(|_| "see above".to_owned())?;
    Ok((answer.status, answer.text().to_owned()))
}

/// A process of the browser that is just ending may still write a last file, hence the second
/// attempts.
fn remove_home(home: &Path) {
    let mut removed = fs::remove_dir_all(home);
    for _ in 0..40 {
        if removed.is_ok() || !home.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
        removed = fs::remove_dir_all(home);
    }
    eprintln!("{} is left behind: {removed:?}", home.display());
}
