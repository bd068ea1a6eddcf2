//! Serving a script in this process: in the foreground, or as the server of a daemon.

use super::{
    control,
    exit::{Exit, Failure},
    files::{access_log_file, limit_rights, log_file},
    herald::{Herald, tell},
    inherited, keeper,
    lines::{LineWriter, Lines},
    logging,
    lost::Lost,
    memory,
    news::News,
    notify,
    outlet::Outlet,
    plan::Plan,
    signals,
    started::{self, Outcome},
    tenancy::Tenancy,
    terminal::{is_colourful, plain},
    turn::Turn,
};
use rhost::{HostEvent, HostHandle, Status};
use std::{
    fs::File,
    io,
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

/// What a process serves, and for whom.
struct Service<'a> {
    plan: &'a Plan,
    colour: bool,
    daemon: bool,
    /// Where a script's prints go, if not to the log.
    prints: Option<LineWriter>,
    /// Where lines of answered requests go, if not to the log.
    accesses: Option<LineWriter>,
    /// Counts of lines that got nowhere.
    lost: Vec<Lost>,
    /// May it serve although commands cannot reach it?
    is_lenient: bool,
    /// None: commands cannot reach it.
    tenancy: Option<Arc<Tenancy>>,
}

/// Serves until it is stopped, and gives the exit code. The turn of a restart ends when the place is taken.
pub fn in_the_foreground(mut plan: Plan, turn: Option<Turn>) -> Result<u8, Failure> {
    limit_rights();
    signals::hold();
    let outlet = match &plan.log_file {
        None => Outlet::stderr(),
        Some(path) => log_file(path, &plan, true)?,
    };
    // A file keeps no colours.
    let colour = is_colourful() && plan.log_file.is_none() && !plan.is_json();
    // The default place is a convenience; one that was named is an order.
    let is_named = plan.pid_file.is_some();
    let taken = match Tenancy::take(&mut plan) {
        Err(failure) if is_named || failure.exit == Exit::AlreadyRunning => return Err(failure),
        taken => taken,
    };
    drop(turn);
    let log = logging::start(outlet, plan.is_json(), colour)?;
    let tenancy = taken.map(Arc::new).map_err(|failure| warn_of_silence(&failure)).ok();
    if let Some(tenancy) = &tenancy {
        keeper::look_after(tenancy)?;
    }
    let accesses = access_log(&plan)?;
    let herald = match plan.is_json() {
        true => Herald::Log,
        false => Herald::Terminal(log.writer.clone()),
    };
    Service {
        plan: &plan,
        colour,
        daemon: false,
        prints: None,
        accesses: accesses.as_ref().map(|lines| lines.writer.clone()),
        lost: accesses.iter().chain([&log]).map(|lines| lines.lost.clone()).collect(),
        is_lenient: !is_named,
        tenancy,
    }
    .run(herald)
}

/// The server of a daemon: its stdin is the locked pid file, its stdout is for the outcome of the start, its stderr is
/// where prints go.
pub fn as_server(plan: &Plan) -> Result<u8, Failure> {
    let failed = |e| Failure::system("the server of a daemon cannot begin", e);
    let tenancy = Arc::new(Tenancy::inherited(plan).map_err(failed)?);
    let starter = File::from(io::stdout().as_fd().try_clone_to_owned().map_err(failed)?);
    rustix::stdio::dup2_stdout(io::stderr()).map_err(|e| failed(e.into()))?;
    let prints = plan.stdout_file.as_deref().map(|path| Lines::to(Outlet::prints(path)?));
    let prints = prints.transpose().map_err(failed)?;
    let complaints = starter.try_clone().map_err(failed)?;
    let monitor = rustix::process::getppid();
    let run = || {
        let outlet = log_file(&plan.log_file_of_a_daemon(), plan, false)?;
        let log = logging::start(outlet, plan.is_json(), false)?;
        keeper::outlive_the_monitor(&tenancy)?;
        let accesses = access_log(plan)?;
        let all = prints.iter().chain(&accesses).chain([&log]);
        let lost = all.map(|lines| lines.lost.clone()).collect();
        let accesses = accesses.as_ref().map(|lines| lines.writer.clone());
        let prints = prints.as_ref().map(|lines| lines.writer.clone());
        let tenancy = Some(tenancy.clone());
        let is_lenient = false;
        let service = Service {
            plan,
            colour: false,
            daemon: true,
            prints,
            accesses,
            lost,
            is_lenient,
            tenancy,
        };
        let code = service.run(Herald::Starter(starter));
        if let Err(failure) = &code {
            tracing::error!("{}", failure.text);
        }
        code
    };
    // A panic must look like a death and not like an exit that a script asked for.
    let code = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| std::process::abort());
    // Whoever was told that it serves listens no more.
    let outcome = match &code {
        Ok(code) => Outcome::Ended(*code),
        Err(failure) => Outcome::Failed(failure.text.clone()),
    };
    tell(&complaints, &outcome);
    if rustix::process::getppid() != monitor {
        let _ = tenancy.adopt();
    }
    code
}

impl Service<'_> {
    fn run(self, herald: Herald) -> Result<u8, Failure> {
        raise_descriptor_limit();
        let plan = self.plan;
        let lost = self.lost.clone();
        let (begun, has_begun) = mpsc::channel();
        let begun = Mutex::new(Some(begun));
        let inherited = inherited::sockets()
            .map_err(|e| Failure::system("cannot listen on a socket of LISTEN_FDS", e))?;
        let host = plan
            .script()
            .host()
            .inherit(inherited)
            .watch(plan.watch)
            .settle(Duration::from_millis(plan.settle))
            .rehearsal_timeout(Duration::from_millis(plan.rehearsal_timeout))
            .colour(self.colour)
            .explain_errors(plan.explains)
            .on_log(logging::sink(plan.is_json(), self.prints.clone(), self.accesses.clone()))
            .lost_log_lines(move || lost.iter().map(Lost::count).sum())
            .on_event(move |event| match event {
                HostEvent::Started { workers, watching } => {
                    let begun = begun.lock().map(|mut begun| begun.take());
                    if let Ok(Some(news)) = begun {
                        let _ = news.send(News::Begun { workers, watching });
                    }
                }
                HostEvent::StartIsLate(start) => {
                    let begun = begun.lock();
                    if let Some(news) = begun.as_ref().ok().and_then(|begun| begun.as_ref()) {
                        let _ = news.send(News::Late(start));
                    }
                }
                HostEvent::Listening { worker, address, .. } => {
                    tracing::info!("listening on {address} (worker {})", plain(&worker));
                }
                // What has not served yet is not ready because it has read another script.
                HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_)
                    if begun.lock().is_ok_and(|begun| begun.is_none()) =>
                {
                    notify::ready();
                }
                HostEvent::Stopped => notify::stopping(),
                _ => (),
            })
            .build()?;
        if !super::script::is_optimized() {
            tracing::info!(
                "RHOST_OPTIMIZE=0: handlers run as they are written, which takes longer"
            );
        }
        let handle = host.handle();
        signals::obey(handle.clone(), self.tenancy.as_ref(), self.daemon)?;
        memory::tidy_for_ever()?;
        if let Some(tenancy) = &self.tenancy {
            let name = plan.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let manner = plan.manner(self.daemon);
            let logs = plan.logs(self.daemon);
            match control::start(tenancy, name, manner, logs, handle.clone()) {
                Err(failure) if self.is_lenient => warn_of_silence(&failure),
                started => started?,
            }
        }
        let announce = self.announce(herald, has_begun, handle)?;
        let code = host.run();
        let _ = announce.join();
        Ok(code?)
    }

    /// As soon as the host has begun. (It cannot be asked for its status from its own thread, which is where events are
    /// told.)
    fn announce(
        &self,
        herald: Herald,
        has_begun: mpsc::Receiver<News>,
        handle: HostHandle,
    ) -> Result<JoinHandle<()>, Failure> {
        let plan = self.plan.clone();
        let announce = move || {
            for news in has_begun {
                let (workers, watching) = match news {
                    News::Begun { workers, watching } => (workers, watching),
                    News::Late(start) => {
                        herald.late(start.to_string());
                        continue;
                    }
                };
                let status = handle.status();
                // What has nothing to do, or was stopped while it began, ends now, and that is what is said.
                let has_work =
                    |s: &Status| !workers.is_empty() || s.isolates.iter().any(|i| i.timers > 0);
                if handle.is_stopping() || !status.as_ref().is_some_and(has_work) {
                    return;
                }
                let rows = started::rows(&workers, status.as_ref());
                notify::ready();
                herald.announce(&plan.script_name(), rows, watching);
                warn_of_an_unreadable_script(&plan);
                return;
            }
        };
        let thread = thread::Builder::new().name("herald".into()).spawn(announce);
        thread.map_err(|e| Failure::system("cannot start a thread", e))
    }
}

/// The way to the file of answered requests, if it is configured. What waits is written when it is dropped.
fn access_log(plan: &Plan) -> Result<Option<Lines>, Failure> {
    let path = plan.access_log_file.as_ref();
    let failed = |e| Failure::system("cannot start a thread", e);
    path.map(|path| Lines::to(access_log_file(path, plan)?).map_err(failed)).transpose()
}

fn warn_of_silence(failure: &Failure) {
    tracing::warn!("commands cannot reach this host: {}", failure.text);
}

/// Root could read it, but whom the process has become by now may not.
fn warn_of_an_unreadable_script(plan: &Plan) {
    if plan.text.is_none()
        && let Err(error) = File::open(&plan.file)
    {
        tracing::warn!(
            "{} cannot be read by the user that this process has become ({error}): every reload will be rejected \
             until that user may read it and enter its folders",
            plan.script_name()
        );
    }
}

/// Every connection is a descriptor: takes as many as the system lets us have.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, wanted).is_err() {
        tracing::warn!("the limit of open files could not be raised above {:?}", limit.current);
    }
}
