//! How a script will be served: what the command line and the script's `Worker::configure` say together.

use super::{
    arguments::{LogFormat, Serving},
    exit::{Exit, Failure},
    manner::Manner,
    place,
    script::Script,
    terminal::is_colourful,
    wire::Logs,
};
use clap::{Args, ValueEnum};
use rhost::Configuration;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes after which a new log file is begun. Changed by `Worker::configure(#{ log_file_max_size })`. A size that editors
/// open without complaint.
const LOG_FILE_MAX_SIZE: u64 = 10 * 1024 * 1024;

/// Milliseconds that files must be quiet before they are read again. Changed by `--settle`. Editors write a file in several
/// steps within a few milliseconds.
const SETTLE: u64 = 50;

/// Milliseconds that a top level may run for a reload. Changed by `--rehearsal-timeout`. All clients wait meanwhile.
const REHEARSAL_TIMEOUT: u64 = 1000;

/// Everything that a process has to know to serve. The processes of a daemon are given it as arguments.
#[derive(Args, Clone, Debug)]
pub struct Plan {
    pub file: PathBuf,
    #[arg(long)]
    pub watch: bool,
    #[arg(long)]
    pub settle: u64,
    #[arg(long)]
    pub rehearsal_timeout: u64,
    #[arg(long)]
    pub log_format: LogFormat,
    /// None: that of the default place, as soon as it is taken.
    #[arg(long)]
    pub pid_file: Option<PathBuf>,
    #[arg(long)]
    pub log_file: Option<PathBuf>,
    #[arg(long)]
    pub log_file_max_size: u64,
    /// Where a daemon's output goes, and what its script prints.
    #[arg(long)]
    pub stdout_file: Option<PathBuf>,
    /// Where lines of answered requests go, if not to the log.
    #[arg(long)]
    pub access_log_file: Option<PathBuf>,
    /// Whom the server becomes when everything is bound.
    #[arg(long)]
    pub user: Option<u32>,
    #[arg(long)]
    pub group: Option<u32>,
    /// What the script is given.
    #[arg(trailing_var_arg = true)]
    pub arguments: Vec<String>,
    /// What came through a pipe; none of a script in a file. A daemon has none, for it reads again.
    #[arg(skip)]
    pub text: Option<Arc<str>>,
    /// Are clients of HTTP shown the errors of the script? Only whoever develops it wants that.
    #[arg(skip)]
    pub explains: bool,
}

impl Plan {
    /// Together with what the script configures.
    pub fn new(serving: Serving, watch: bool) -> Result<(Self, Configuration), Failure> {
        let script = Script::open(&serving.file)?.given(serving.arguments);
        let configuration = script.host().colour(is_colourful()).configuration()?;
        let pid_file = serving.pid_file.or(configuration.pid_file.clone());
        let max_size = configuration.log_file_max_size;
        let plan = Self {
            pid_file: pid_file.as_deref().map(place::absolute).transpose()?,
            file: script.file,
            text: script.text,
            arguments: script.arguments,
            watch,
            settle: serving.settle.unwrap_or(SETTLE),
            rehearsal_timeout: serving.rehearsal_timeout.unwrap_or(REHEARSAL_TIMEOUT),
            log_format: serving.log_format.unwrap_or_default(),
            log_file: configuration.log_file.clone(),
            log_file_max_size: max_size.unwrap_or(LOG_FILE_MAX_SIZE),
            stdout_file: configuration.stdout_file.clone(),
            access_log_file: configuration.access_log_file.clone(),
            user: configuration.user,
            group: configuration.group,
            explains: false,
        };
        plan.refuse_shared_files()?;
        Ok((plan, configuration))
    }

    /// The script, to be served.
    pub fn script(&self) -> Script {
        let Self { file, text, arguments, .. } = self;
        Script { file: file.clone(), text: text.clone(), arguments: arguments.clone() }
    }

    /// The names by which commands find it: none of what came through a pipe, for the next may come through the same.
    pub fn names(&self) -> Result<Vec<PathBuf>, Failure> {
        match self.text {
            Some(_) => Ok(Vec::new()),
            None => place::names(&self.file),
        }
    }

    /// A log that is the pid file would be emptied, and a script that is the log would not compile again.
    fn refuse_shared_files(&self) -> Result<(), Failure> {
        let socket = self.pid_file.as_deref().map(place::socket);
        let log_file = self.log_file_of_a_daemon();
        let written = [
            ("log_file", Some(&log_file)),
            ("stdout_file", self.stdout_file.as_ref()),
            ("access_log_file", self.access_log_file.as_ref()),
        ];
        let own = [
            ("the script", Some(&self.file)),
            ("the pid file", self.pid_file.as_ref()),
            ("the control socket", socket.as_ref()),
        ];
        for (name, file) in written {
            for (what, own) in own {
                if let (Some(file), Some(own)) = (file, own)
                    && is_same(file, own)
                {
                    let text = format!("{name} {} is {what}: name another file", file.display());
                    return Err(Failure::new(Exit::Failed, text));
                }
            }
        }
        Ok(())
    }

    /// The arguments of a process that serves by this plan.
    pub fn arguments(&self) -> Vec<OsString> {
        let format = self.log_format.to_possible_value();
        let mut all: Vec<OsString> = vec!["--settle".into(), self.settle.to_string().into()];
        all.extend(["--rehearsal-timeout".into(), self.rehearsal_timeout.to_string().into()]);
        all.extend(["--log-format".into(), format.map_or("text".into(), |f| f.get_name().into())]);
        all.extend(["--log-file-max-size".into(), self.log_file_max_size.to_string().into()]);
        let files = [
            ("--pid-file", &self.pid_file),
            ("--log-file", &self.log_file),
            ("--stdout-file", &self.stdout_file),
            ("--access-log-file", &self.access_log_file),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                all.extend([name.into(), file.into()]);
            }
        }
        for (name, id) in [("--user", self.user), ("--group", self.group)] {
            if let Some(id) = id {
                all.extend([name.into(), id.to_string().into()]);
            }
        }
        if self.watch {
            all.push("--watch".into());
        }
        // A script's name may begin with a dash.
        all.extend(["--".into(), self.file.clone().into()]);
        all.extend(self.arguments.iter().map(OsString::from));
        all
    }

    /// The log of a daemon that configures none: beside the script, named like it.
    pub fn log_file_of_a_daemon(&self) -> PathBuf {
        self.log_file.clone().unwrap_or_else(|| self.file.with_extension("log"))
    }

    /// Where its lines go, by names that mean the same in every working directory.
    pub fn logs(&self, daemon: bool) -> Logs {
        let log_file =
            if daemon { Some(self.log_file_of_a_daemon()) } else { self.log_file.clone() };
        Logs { log_file: log_file.map(|path| std::path::absolute(&path).unwrap_or(path)) }
    }

    pub fn manner(&self, daemon: bool) -> Manner {
        let Self { watch, settle, rehearsal_timeout, log_format, .. } = *self;
        let arguments = self.arguments.clone();
        Manner { daemon, watch, settle, rehearsal_timeout, log_format, arguments }
    }

    pub fn is_json(&self) -> bool {
        self.log_format == LogFormat::Json
    }

    /// The script's name in messages.
    pub fn script_name(&self) -> String {
        self.file.display().to_string()
    }
}

/// The same file, by name or by a link.
fn is_same(one: &Path, other: &Path) -> bool {
    // Where the working directory is gone, a relative path cannot be told from another one.
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = |path| fs::metadata(path).ok().filter(fs::Metadata::is_file);
    let is_one_file = match (found(one), found(other)) {
        (Some(one), Some(other)) => super::lock::is_same(&one, &other),
        _ => false,
    };
    is_one_file || absolute(one) == absolute(other)
}
