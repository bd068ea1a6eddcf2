//! Serving a script in this process: in the foreground, or as the server of a daemon.

use super::{
    control::Control,
    exit::{Exit, Failure},
    inherited,
    lock::{PidFile, Running},
    logging::{self, Lines},
    lost::Lost,
    notify,
    outlet::Outlet,
    place,
    plan::Plan,
    signals,
    started::{self, Outcome},
    terminal::is_colourful,
};
use rhost::{Host, HostEvent};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Mutex,
    thread,
    time::Duration,
};
use tracing_appender::non_blocking::NonBlocking;

/// Who hears that everything serves.
enum Herald {
    Terminal(NonBlocking),
    /// The monitor, which passes it on to whoever started the daemon.
    Starter(File),
    Log,
}

/// Serves until it is stopped, and gives the exit code.
pub fn in_the_foreground(mut plan: Plan) -> Result<u8, Failure> {
    let outlet = match &plan.log_file {
        None => Outlet::stderr(),
        Some(path) => log_file(path, &plan, true)?,
    };
    limit_rights();
    // (a file keeps no colours)
    let colour = is_colourful() && plan.log_file.is_none() && !plan.is_json();
    let pid_file = match take_place(&mut plan) {
        Err(failure) if failure.exit == Exit::AlreadyRunning => return Err(failure),
        taken => taken,
    };
    let log = logging::start(outlet, plan.is_json(), colour);
    let pid_file = match pid_file {
        Ok(pid_file) => Some(pid_file),
        Err(failure) => {
            tracing::warn!("commands cannot reach this host: {}", failure.text);
            None
        }
    };
    let herald = match plan.is_json() {
        true => Herald::Log,
        false => Herald::Terminal(log.writer.clone()),
    };
    let code = serve(&plan, colour, None, vec![log.lost.clone()], herald, pid_file.is_some());
    if let (Some(file), Some(path)) = (pid_file, &plan.pid_file) {
        place::unlink(&plan.file, path);
        file.remove();
    }
    code
}

/// The server of a daemon: its stdin is the locked pid file, its stdout is for the outcome of the start, its stderr is
/// where prints go.
pub fn as_server(plan: &Plan) -> Result<u8, Failure> {
    let failed = |e| Failure::system("the server of a daemon cannot begin", e);
    let path = plan.pid_file.as_deref().ok_or_else(|| failed(io::Error::other("no pid file")))?;
    let pid_file = PidFile::inherited(path).map_err(failed)?;
    let starter = File::from(io::stdout().as_fd().try_clone_to_owned().map_err(failed)?);
    rustix::stdio::dup2_stdout(io::stderr()).map_err(|e| failed(e.into()))?;
    let prints = plan.stdout_file.is_some().then(|| Lines::to(Outlet::prints()));
    let complaints = starter.try_clone().map_err(failed)?;
    let monitor = rustix::process::getppid();
    let run = || {
        let outlet = log_file(&plan.log_file_of_a_daemon(), plan, false)?;
        let log = logging::start(outlet, plan.is_json(), false);
        signals::outlive_the_monitor(pid_file)?;
        let lost = prints.iter().chain([&log]).map(|lines| lines.lost.clone()).collect();
        let prints = prints.as_ref().map(|lines| lines.writer.clone());
        let code = serve(plan, false, prints, lost, Herald::Starter(starter), true);
        if let Err(failure) = &code {
            tracing::error!("{}", failure.text);
        }
        code
    };
    // A panic must look like a death and not like an exit that a script asked for.
    let code = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| std::process::abort());
    if let Err(failure) = &code {
        tell(complaints, &Outcome::Failed(failure.text.clone()));
    }
    // (the monitor cleans up, if there still is one)
    if rustix::process::getppid() != monitor {
        place::unlink(&plan.file, path);
        let _ = std::fs::remove_file(path);
    }
    code
}

/// Files that we create are for others to read at most, whatever the user's mask is.
pub fn limit_rights() {
    use rustix::{fs::Mode, process::umask};
    let given = umask(Mode::WGRP | Mode::WOTH);
    umask(given | Mode::WGRP | Mode::WOTH);
}

/// Takes the pid file, if nobody else runs this script.
pub fn take_place(plan: &mut Plan) -> Result<PidFile, Failure> {
    let default = place::default(&plan.file);
    if let Ok(default) = &default {
        let led_to = std::fs::read_link(default);
        let running = Running::find(led_to.as_ref().unwrap_or(default))?;
        if let Some(running) = running {
            let text = format!("{} is already running ({})", plan.script_name(), running.who());
            return Err(Failure::new(Exit::AlreadyRunning, text));
        }
        if led_to.is_ok() {
            // (a link that a host left behind)
            let _ = std::fs::remove_file(default);
        }
    }
    let path = match plan.pid_file.take() {
        Some(path) => path,
        None => default?,
    };
    let file = PidFile::take(&path).map_err(|mut failure| {
        failure.text = format!("{}: {}", plan.script_name(), failure.text);
        failure
    })?;
    if let Err(failure) = place::link(&plan.file, &path) {
        file.remove();
        return Err(failure);
    }
    plan.pid_file = Some(path);
    Ok(file)
}

/// Opens what a daemon's output goes to.
pub fn open_output(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new().append(true).create(true).mode(0o644).open(path);
    file.map_err(|e| Failure::system(format!("stdout_file {}", path.display()), e))
}

fn log_file(path: &Path, plan: &Plan, also_stderr: bool) -> Result<Outlet, Failure> {
    let outlet = Outlet::file(path, plan.log_file_max_size, also_stderr);
    outlet.map_err(|e| Failure::system(format!("log_file {}", path.display()), e))
}

fn serve(
    plan: &Plan,
    colour: bool,
    prints: Option<NonBlocking>,
    lost: Vec<Lost>,
    herald: Herald,
    is_reachable: bool,
) -> Result<u8, Failure> {
    raise_descriptor_limit();
    let (script, json) = (plan.script_name(), plan.is_json());
    let name = plan.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let begun = Mutex::new(Some(begun));
    let inherited = inherited::sockets()
        .map_err(|e| Failure::system("cannot listen on a socket of LISTEN_FDS", e))?;
    let host = Host::builder()
        .script(&plan.file)
        .inherit(inherited)
        .watch(plan.watch)
        .settle(Duration::from_millis(plan.settle))
        .colour(colour)
        .on_log(logging::sink(json, prints))
        .lost_log_lines(move || lost.iter().map(Lost::count).sum())
        .on_event(move |event| match event {
            HostEvent::Started { workers, watching } => {
                let begun = begun.lock().map(|mut begun| begun.take());
                if let Ok(Some(begun)) = begun {
                    let _ = begun.send((workers, watching));
                }
            }
            HostEvent::Listening { worker, address, .. } => {
                tracing::info!("listening on {address} (worker {worker})");
            }
            HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_) => notify::ready(),
            HostEvent::Stopped => notify::stopping(),
            _ => (),
        })
        .build()?;
    let handle = host.handle();
    signals::obey(handle.clone())?;
    let socket = plan.pid_file.as_deref().filter(|_| is_reachable).map(place::socket);
    let _control = socket.map(|path| Control::start(&path, &name, handle.clone())).transpose()?;
    // (the host cannot be asked for its status from its own thread, which is where events are told)
    let announce = thread::Builder::new().name("herald".into()).spawn(move || {
        if let Ok((workers, watching)) = has_begun.recv() {
            let rows = started::rows(&workers, handle.status().as_ref());
            notify::ready();
            announce(herald, &script, rows, watching);
        }
    });
    let announce = announce.map_err(|e| Failure::system("cannot start a thread", e))?;
    let code = host.run();
    let _ = announce.join();
    Ok(code?)
}

fn announce(herald: Herald, script: &str, rows: Vec<started::Row>, watching: bool) {
    match herald {
        Herald::Terminal(mut terminal) => {
            let hint = if watching { "watching: save the script to reload it. " } else { "" };
            let table = started::table(script, &rows, &format!("{hint}Ctrl-C stops."));
            let _ = terminal.write_all(table.as_bytes());
        }
        Herald::Starter(pipe) => {
            started::log(script, &rows);
            tell(pipe, &Outcome::Serving { rows, watching });
        }
        Herald::Log => started::log(script, &rows),
    }
}

fn tell(mut pipe: File, outcome: &Outcome) {
    if let Ok(mut line) = serde_json::to_vec(outcome) {
        line.push(b'\n');
        // (whoever started us may have been interrupted)
        let _ = pipe.write_all(&line);
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
