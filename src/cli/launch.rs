//! Starting a daemon: takes the pid file, spawns the monitor, waits until its server serves, and says so.

use super::{
    exit::{Exit, Failure},
    lock::PidFile,
    plan::Plan,
    serve::{limit_rights, open_output, take_place},
    started::{self, Outcome},
    terminal::print,
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, PipeWriter},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

pub fn as_daemon(mut plan: Plan) -> Result<u8, Failure> {
    limit_rights();
    plan.log_file = Some(plan.log_file_of_a_daemon());
    let pid_file = take_place(&mut plan)?;
    let output = match &plan.stdout_file {
        Some(path) => open_output(path)?,
        None => nothing()?,
    };
    let failed = |e| Failure::system("cannot start the monitor", e);
    let (reader, writer) = io::pipe().map_err(failed)?;
    spawn("monitor", &plan, &pid_file, writer, output).map_err(failed)?;
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).map_err(failed)?;
    match serde_json::from_str(&line) {
        Ok(Outcome::Serving { rows, watching }) => {
            let script = plan.script_name();
            let watching = if watching { "watching: save the script to reload it. " } else { "" };
            let hint = format!("{watching}`rhost stop {script}` stops.");
            print(&started::table(&script, &rows, &hint));
            Ok(0)
        }
        Ok(Outcome::Failed(text)) => Err(Failure::new(Exit::Failed, text)),
        Err(_) => {
            let log = plan.log_file_of_a_daemon();
            let text = format!("the server ended before it served; see {}", log.display());
            Err(Failure::new(Exit::Failed, text))
        }
    }
}

/// A process of the daemon: our own program once more, with the locked pid file as its stdin.
pub fn spawn(
    role: &str,
    plan: &Plan,
    pid_file: &PidFile,
    outcome: PipeWriter,
    output: impl Into<Stdio>,
) -> io::Result<Child> {
    // (the file may have been replaced by a newer one, or removed)
    Command::new("/proc/self/exe")
        .arg0("rhost")
        .arg(role)
        .args(plan.arguments())
        .stdin(pid_file.share()?)
        .stdout(outcome)
        .stderr(output)
        .spawn()
}

fn nothing() -> Result<File, Failure> {
    let file = File::options().write(true).open("/dev/null");
    file.map_err(|e| Failure::system("/dev/null", e))
}
