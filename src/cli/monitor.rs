//! The parent of a daemon's server: passes signals on to it, and starts it again when it dies.

use super::{
    exit::Failure,
    files::log_file,
    inherited, keeper,
    launch::spawn,
    logging,
    plan::Plan,
    signals::{self, Heard, is_reload},
    started::Outcome,
    tenancy::Tenancy,
};
use nix::{sys::signal::kill, unistd::Pid};
use rustix::process::setsid;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, PipeReader, Write},
    os::{fd::AsFd, unix::process::ExitStatusExt},
    process::{Child, ExitStatus},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::sleep,
};

/// How long after its death the server is started again: at first, and at most. Doubled each time. Fixed: a crash is not
/// noticed by most clients, and a server that cannot live does not keep the machine busy.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// A server that lived so long was well: the next pause is a short one again. Fixed.
const WELL: Duration = Duration::from_secs(10);

pub fn monitor(plan: &Plan) -> Result<u8, Failure> {
    let failed = |e| Failure::system("the monitor of a daemon cannot begin", e);
    inherited::close_all_else().map_err(failed)?;
    setsid().map_err(|e| failed(e.into()))?;
    let tenancy = Arc::new(Tenancy::inherited(plan).map_err(failed)?);
    // Who reads our number may send signals at once: we were started with all of them held.
    tenancy.adopt().map_err(failed)?;
    let starter = File::from(io::stdout().as_fd().try_clone_to_owned().map_err(failed)?);
    rustix::stdio::dup2_stdout(io::stderr()).map_err(|e| failed(e.into()))?;
    // The log is put aside by the server, which may have become a user that could not write to our new one.
    let growing = Plan { log_file_max_size: u64::MAX, ..plan.clone() };
    let outlet = log_file(&plan.log_file_of_a_daemon(), &growing, false);
    let _logging =
        outlet.ok().map(|outlet| logging::start(outlet, plan.is_json(), false)).transpose()?;
    keeper::look_after(&tenancy)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(failed)?.block_on(watch(plan, &tenancy, starter)).map_err(failed)
}

/// Until the server has ended in order; gives its exit code.
async fn watch(plan: &Plan, tenancy: &Tenancy, starter: File) -> io::Result<u8> {
    let mut signals = Signals::new()?;
    signals::release();
    let mut starter = Some(starter);
    let mut pause = PAUSES.0;
    loop {
        let began = Instant::now();
        let (reader, writer) = io::pipe()?;
        let output = io::stderr().as_fd().try_clone_to_owned()?;
        // It hears them when it can.
        signals::hold();
        let child = spawn("server", plan, tenancy, writer, output);
        signals::release();
        let child = child?;
        let is_first = starter.is_some();
        let served = report(reader, starter.take());
        let status = signals.pass_on_until_it_ends(child).await?;
        let has_served = served.await.unwrap_or(false);
        let is_dead = status.code().is_none() || (!has_served && status.code() != Some(0));
        if !is_dead || signals.has_stopped || (is_first && !has_served) {
            return Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
        }
        if began.elapsed() > WELL {
            pause = PAUSES.0;
        }
        let ms = pause.as_millis();
        tracing::error!("the server ended: {}; starting it again in {ms} ms", describe(status));
        tokio::select! {
            () = sleep(pause) => (),
            () = signals.stop() => return Ok(0),
        }
        pause = (2 * pause).min(PAUSES.1);
    }
}

/// Does the server serve, or has it ended in order before? The answer comes at its end at the latest. What it says of its start is passed on.
fn report(reader: PipeReader, starter: Option<File>) -> oneshot::Receiver<bool> {
    let (answer, served) = oneshot::channel();
    thread::spawn(move || {
        let mut has_served = false;
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if let Some(mut starter) = starter.as_ref() {
                let _ = starter.write_all(format!("{line}\n").as_bytes());
            }
            let outcome = serde_json::from_str(&line);
            if !matches!(outcome, Ok(Outcome::Late(_))) {
                has_served = matches!(outcome, Ok(Outcome::Serving { .. } | Outcome::Ended(_)));
                break;
            }
        }
        let _ = answer.send(has_served);
    });
    served
}

fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("killed by signal {signal}"),
        (None, Some(code)) => format!("its start failed with code {code}"),
        (None, None) => "for no known reason".into(),
    }
}

struct Signals {
    passed_on: Heard,
    children: Signal,
    /// Was the server told to stop? Then it is not missed, however it ends.
    has_stopped: bool,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            passed_on: Heard::all()?,
            children: signal(SignalKind::child())?,
            has_stopped: false,
        })
    }

    /// Only here is the child waited for: a signal never reaches another process of its number.
    async fn pass_on_until_it_ends(&mut self, mut child: Child) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            tokio::select! {
                _ = self.children.recv() => (),
                sent = self.passed_on.next() => {
                    self.has_stopped |= !is_reload(sent);
                    // A child that nobody has waited for keeps its number.
                    let _ = kill(Pid::from_raw(child.id().cast_signed()), sent);
                }
            }
        }
    }

    /// While there is no server.
    async fn stop(&mut self) {
        while is_reload(self.passed_on.next().await) {}
    }
}
