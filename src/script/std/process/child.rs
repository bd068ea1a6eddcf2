//! A program that runs beside the host, with limits on its time and its output. It leads a group of processes of its own, and
//! the whole group ends when nobody waits for it any more.

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    collections::BTreeMap, io, os::unix::process::ExitStatusExt, path::PathBuf, process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{ChildStdin, Command},
    time::timeout,
};

/// Seconds that a program may take. Changed by the option `timeout`.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes that a program may write to each of its outputs. Changed by the option `max_output`.
pub(super) const MAX_OUTPUT: usize = 1 << 20;

/// The most that the option can ask for. Fixed: it is held in memory.
pub(super) const MOST_OUTPUT: i64 = 256 << 20;

/// What is to be run.
pub(super) struct Program {
    /// A name that is looked for as a shell does, or a path.
    pub(super) name: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) directory: PathBuf,
    /// Variables that are set, or taken out of the environment.
    pub(super) variables: BTreeMap<String, Option<String>>,
    /// What it reads; without any it reads nothing.
    pub(super) input: Option<Vec<u8>>,
    pub(super) timeout: Duration,
    pub(super) max_output: usize,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Nothing if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) output: Vec<u8>,
    pub(super) errors: Vec<u8>,
}

/// The processes of a program. They are killed unless the program has ended by itself.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // An error means that all have gone.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Program {
    /// Runs it to its end. Dropping the future kills it.
    pub(super) async fn run(self) -> io::Result<Ended> {
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).current_dir(&self.directory).process_group(0);
        command.kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command.spawn()?;
        let leader = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let mut group = Group(leader);
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let errors = child.stderr.take();
        let work = async {
            tokio::try_join!(
                child.wait(),
                read("output", output, self.max_output),
                read("error output", errors, self.max_output),
                feed(input, self.input.unwrap_or_default()),
            )
        };
        let done = timeout(self.timeout, work).await;
        let (status, output, errors, ()) = done.map_err(|_| {
            let text = format!("it was killed, since it took more than {:?}", self.timeout);
            io::Error::new(io::ErrorKind::TimedOut, text)
        })??;
        group.0 = None;
        Ok(Ended { code: status.code(), signal: status.signal(), output, errors })
    }
}

/// Reads a pipe to its end.
async fn read(what: &str, pipe: Option<impl AsyncRead + Unpin>, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(pipe) = pipe else { return Ok(bytes) };
    // One more than it may be tells whether there is more.
    pipe.take(max as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > max {
        return Err(io::Error::other(format!(
            "it was killed, since its {what} has more than {max} bytes: raise `max_output`"
        )));
    }
    Ok(bytes)
}

/// Writes what the program reads. A program that does not want all of it is none of our concern.
async fn feed(pipe: Option<ChildStdin>, input: Vec<u8>) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    match pipe.write_all(&input).await {
        Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => Err(fault),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str) -> Program {
        Program {
            name: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            directory: "/".into(),
            variables: BTreeMap::new(),
            input: None,
            timeout: Duration::from_secs(20),
            max_output: 1000,
        }
    }

    fn run(program: Program) -> io::Result<Ended> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(program.run())
    }

    /// Waits until there is no such process any more, or only what is left of one that nobody has asked for.
    fn is_gone(id: &str) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            match stat.rsplit_once(')') {
                Some((_, rest)) if !rest.trim_start().starts_with('Z') => (),
                _ => return true,
            }
            std::thread::yield_now();
        }
        false
    }

    #[test]
    fn what_a_program_says_and_how_it_ends_is_told() {
        let ended = run(shell("echo out; echo err >&2; exit 3")).unwrap();
        let wanted =
            Ended { code: Some(3), signal: None, output: b"out\n".into(), errors: b"err\n".into() };
        assert_eq!(ended, wanted);
        let killed = run(shell("kill -TERM $$")).unwrap();
        assert_eq!((killed.code, killed.signal), (None, Some(15)));
        let missing = Program { name: "no-such-program".into(), ..shell("") };
        assert_eq!(run(missing).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn it_reads_its_input_and_sees_its_variables_and_directory() {
        let variables = [("WHO", Some("ann")), ("HOME", None)];
        let variables = variables.map(|(n, v): (&str, Option<&str>)| (n.into(), v.map(Into::into)));
        let program = Program {
            input: Some(b"input".to_vec()),
            variables: variables.into(),
            directory: "/tmp".into(),
            ..shell("cat; echo \" $WHO ${HOME-none}\"; pwd")
        };
        assert_eq!(run(program).unwrap().output, b"input ann none\n/tmp\n");
        let large = Program { input: Some(vec![b'x'; 1 << 20]), ..shell("head -c 3") };
        assert_eq!(run(large).unwrap().output, b"xxx");
        assert_eq!(run(shell("cat")).unwrap().output, b"", "without input it reads nothing");
    }

    #[test]
    fn a_program_that_takes_too_long_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("id");
        let script = format!("sleep 100 & echo $! > {}; wait", note.display());
        let program = Program { timeout: Duration::from_secs(1), ..shell(&script) };
        let fault = run(program).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
        let id = std::fs::read_to_string(&note).unwrap();
        assert!(is_gone(id.trim()), "its own child lives");
    }

    #[test]
    fn a_program_that_writes_too_much_is_killed() {
        let fault = run(shell("yes")).unwrap_err().to_string();
        assert!(fault.contains("its output has more than 1000 bytes"), "{fault}");
        let exact = run(shell("head -c 1000 /dev/zero")).unwrap();
        assert_eq!(exact.output.len(), 1000);
    }
}
