//! How commands reach a running host.

use super::{
    arguments::Target,
    exit::{Exit, Failure},
    place,
    running::Running,
    wire::{Answer, MAX_ANSWER, Request},
};
use rustix::net::sockopt::socket_peercred;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

/// How long a host may take to say how it is. Fixed: it needs milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How long a host that hangs up may take to be gone: then it was ending. Fixed: its monitor and its files need
/// milliseconds.
const GOING: Duration = Duration::from_secs(1);

/// A script that is running.
pub struct Client {
    pub running: Running,
    name: String,
}

impl Client {
    pub fn new(running: Running, name: String) -> Self {
        Self { running, name }
    }

    /// Fails with [`Exit::NotRunning`] if it is not.
    pub fn find(target: &Target) -> Result<Self, Failure> {
        let name = target.name();
        let candidates = match (&target.pid_file, &target.file) {
            (Some(named), _) => vec![place::absolute(named)?],
            (None, Some(script)) => place::candidates(script)?,
            (None, None) => Vec::new(),
        };
        for pid_file in candidates {
            if let Some(running) = Running::find(&pid_file)? {
                return Ok(Self { running, name });
            }
        }
        let mut text = format!("{name} is not running");
        if target.pid_file.is_none() && target.file.as_ref().is_some_and(|file| !file.exists()) {
            text += ", and there is no such file: what was started by another path is found by that one, or by --pid-file";
        }
        Err(Failure::new(Exit::NotRunning, text))
    }

    /// Asks, and waits so long at most; otherwise fails with [`Exit::Silent`].
    pub fn ask(&self, request: &Request, patience: Duration) -> Result<Answer, Failure> {
        let began = Instant::now();
        let answer = self.exchange(request, patience).map_err(|error| {
            let going = GOING.min(patience.saturating_sub(began.elapsed()));
            if self.running.wait_until_gone(Some(going)) {
                return self.has_ended();
            }
            let why = match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    format!("no answer within {:.1} s", patience.as_secs_f64())
                }
                io::ErrorKind::ConnectionRefused => {
                    "its server is not there; a monitor that lives is starting it again".into()
                }
                io::ErrorKind::NotFound => format!(
                    "its server is not there, or somebody has removed {}; a monitor that lives starts the one, and a \
                     server that may puts back the other",
                    place::socket(self.running.pid_file()).display()
                ),
                _ => error.to_string(),
            };
            let who = self.running.who();
            Failure::new(
                Exit::Silent,
                format!("{} runs ({who}) but does not answer: {why}", self.name),
            )
        })?;
        match answer {
            // What is ending has nothing to say any more.
            Answer::Refused(_) if self.running.wait_until_gone(Some(GOING.min(patience))) => {
                Err(self.has_ended())
            }
            Answer::Refused(why) => Err(Failure::new(Exit::Silent, why)),
            answer => Ok(answer),
        }
    }

    fn has_ended(&self) -> Failure {
        Failure::new(Exit::NotRunning, format!("{} is not running", self.name))
    }

    fn exchange(&self, request: &Request, patience: Duration) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(place::socket(self.running.pid_file()))?;
        // In a folder for all, a socket of that name could be anybody's.
        let peer = socket_peercred(&stream)?.uid.as_raw();
        if Some(peer) != self.running.owner() {
            return Err(io::Error::other(format!("its control socket belongs to user {peer}")));
        }
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut answer = String::new();
        BufReader::new(stream.take(MAX_ANSWER)).read_line(&mut answer)?;
        if answer.is_empty() {
            return Err(io::Error::other("it hung up"));
        }
        Ok(serde_json::from_str(&answer)?)
    }

    /// What an answer of the wrong kind is: two versions of rhost that do not understand each other.
    pub fn confused(&self) -> Failure {
        Failure::new(Exit::Failed, format!("{} answers something else", self.name))
    }
}
