//! Starting a daemon: takes the pid file, spawns the monitor, waits until its server serves, and says so.

use super::{
    exit::{Exit, Failure},
    files::{limit_rights, open_output},
    inherited,
    plan::Plan,
    running::Running,
    signals,
    started::{self, Outcome},
    tenancy::Tenancy,
    terminal::{plain, print, say},
};
use nix::unistd::{Uid, User};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, PipeWriter},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long the monitor of a start that has failed may take to give the place back. Fixed: it needs milliseconds.
const CLEANING: Duration = Duration::from_secs(2);

/// A file here names each user whose runtime folder stays. Fixed by systemd.
const LINGERING: &str = "/var/lib/systemd/linger";

pub fn as_daemon(mut plan: Plan) -> Result<u8, Failure> {
    if plan.text.is_some() {
        let text = "a daemon reads its script again whenever its server is started, which a pipe does not allow: \
                    save the script in a file";
        return Err(Failure::new(Exit::Failed, text));
    }
    limit_rights();
    // The pid file names us until the monitor is there.
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
    let script = plan.script_name();
    let mut is_first = true;
    let mut lines = BufReader::new(reader).lines();
    let outcome = loop {
        let line = lines.next().transpose().map_err(failed)?.unwrap_or_default();
        match serde_json::from_str(&line) {
            Ok(Outcome::Late(why)) => {
                say(&plain(&format!("rhost: {why}")));
                if std::mem::take(&mut is_first) {
                    say(&format!(
                        "rhost: waiting on: `rhost reload {script}` starts over, `rhost stop {script}` ends the daemon, Ctrl-C \
                         only this command"
                    ));
                }
            }
            outcome => break outcome,
        }
    };
    let ended = match outcome {
        Ok(Outcome::Serving { rows, watching }) => {
            let watching = if watching { "watching: save the script to reload it. " } else { "" };
            let hint = format!("{watching}`rhost stop {script}` stops.");
            print(&started::table(&script, &rows, &hint));
            if is_fleeting(&pid_file, Path::new(LINGERING)) {
                say(&format!(
                    "rhost: warning: {} goes when its user logs out, and no command finds this daemon then: \
                     `loginctl enable-linger` keeps it, or name a --pid-file elsewhere",
                    pid_file.display()
                ));
            }
            return Ok(0);
        }
        Ok(Outcome::Failed(text)) => Err(Failure::new(Exit::Failed, text)),
        Ok(Outcome::Ended(code)) => {
            print(&format!(
                "{script} has ended with code {code}, before it served: it was told to stop, or has nothing to do\n"
            ));
            Ok(code)
        }
        Ok(Outcome::Late(_)) | Err(_) => {
            let log = plan.log_file_of_a_daemon();
            let text = format!("the server ended before it served; see {}", log.display());
            Err(Failure::new(Exit::Failed, text))
        }
    };
    // Whoever tries again at once is not to hear that it is running already.
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
    // The file may have been replaced by a newer one, or removed.
    let mut command = Command::new("/proc/self/exe");
    inherited::hand_on(&mut command);
    command
        .arg0("rhost")
        .arg(role)
        .args(plan.arguments())
        .stdin(tenancy.share()?)
        .stdout(outcome)
        .stderr(output)
        .spawn()
}

/// Is that file in a folder which goes with its user's last session?
fn is_fleeting(file: &Path, lingering: &Path) -> bool {
    let Ok(of_users) = file.strip_prefix("/run/user") else { return false };
    let user = of_users.iter().next().and_then(|id| id.to_str()?.parse().ok());
    let user = user.and_then(|id| User::from_uid(Uid::from_raw(id)).ok().flatten());
    !user.is_some_and(|user| lingering.join(user.name).exists())
}

fn nothing() -> Result<File, Failure> {
    let file = File::options().write(true).open("/dev/null");
    file.map_err(|e| Failure::system("/dev/null", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_folder_goes_with_the_session_unless_its_user_lingers() {
        let lingering = tempfile::tempdir().expect("a folder");
        let is = |file: &str| is_fleeting(Path::new(file), lingering.path());
        assert!(is("/run/user/0/rhost/a.pid") && is("/run/user/x/a.pid"));
        assert!(!is("/run/rhost/a.pid") && !is("/srv/a.pid"));
        File::create(lingering.path().join("root")).expect("a file");
        assert!(!is("/run/user/0/rhost/a.pid"));
    }
}
