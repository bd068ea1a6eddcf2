//! Starting a daemon: takes the pid file, spawns the monitor, waits until its server serves, and says so.

use super::{
    exit::{Exit, Failure},
    files::{limit_rights, open_output},
    plan::Plan,
    running::Running,
    signals,
    started::{self, Outcome},
    tenancy::Tenancy,
    terminal::print,
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, PipeWriter},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long the monitor of a start that has failed may take to give the place back. Fixed: it needs milliseconds.
const CLEANING: Duration = Duration::from_secs(2);

pub fn as_daemon(mut plan: Plan) -> Result<u8, Failure> {
    limit_rights();
    // (the pid file names us until the monitor is there)
    signals::hold();
    plan.log_file = Some(plan.log_file_of_a_daemon());
    let tenancy = Tenancy::take(&mut plan)?;
    let output = match &plan.stdout_file {
        Some(path) => open_output(path, &plan)?,
        None => nothing()?,
    };
    let failed = |e| Failure::system("cannot start the monitor", e);
    let (reader, writer) = io::pipe().map_err(failed)?;
    spawn("monitor", &plan, &tenancy, writer, output).map_err(failed)?;
    let pid_file = tenancy.path().to_owned();
    tenancy.hand_over();
    signals::release_stops();
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).map_err(failed)?;
    let ended = match serde_json::from_str(&line) {
        Ok(Outcome::Serving { rows, watching }) => {
            let script = plan.script_name();
            let watching = if watching { "watching: save the script to reload it. " } else { "" };
            let hint = format!("{watching}`rhost stop {script}` stops.");
            print(&started::table(&script, &rows, &hint));
            return Ok(0);
        }
        Ok(Outcome::Failed(text)) => Err(Failure::new(Exit::Failed, text)),
        Ok(Outcome::Ended(code)) => {
            let script = plan.script_name();
            print(&format!(
                "{script} has ended with code {code}, before it served: it was told to stop, or has nothing to do\n"
            ));
            Ok(code)
        }
        Err(_) => {
            let log = plan.log_file_of_a_daemon();
            let text = format!("the server ended before it served; see {}", log.display());
            Err(Failure::new(Exit::Failed, text))
        }
    };
    // (whoever tries again at once is not to hear that it is running already)
    if let Ok(Some(monitor)) = Running::find(&pid_file) {
        monitor.wait_until_gone(Some(CLEANING));
    }
    ended
}

/// A process of the daemon: our own program once more, with the locked pid file as its stdin.
pub fn spawn(
    role: &str,
    plan: &Plan,
    tenancy: &Tenancy,
    outcome: PipeWriter,
    output: impl Into<Stdio>,
) -> io::Result<Child> {
    // (the file may have been replaced by a newer one, or removed)
    Command::new("/proc/self/exe")
        .arg0("rhost")
        .arg(role)
        .args(plan.arguments())
        .stdin(tenancy.share()?)
        .stdout(outcome)
        .stderr(output)
        .spawn()
}

fn nothing() -> Result<File, Failure> {
    let file = File::options().write(true).open("/dev/null");
    file.map_err(|e| Failure::system("/dev/null", e))
}
