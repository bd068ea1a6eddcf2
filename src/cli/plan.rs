//! How a script will be served: what the command line and the script's `Worker::configure` say together.

use super::{
    arguments::{LogFormat, Serving},
    exit::Failure,
    place,
};
use clap::{Args, ValueEnum};
use rhost::{Configuration, Host};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Bytes after which a new log file is begun. Changed by `Worker::configure(#{ log_file_max_size })`. A size that editors
/// open without complaint.
const LOG_FILE_MAX_SIZE: u64 = 10 * 1024 * 1024;

/// Everything that a process has to know to serve. The processes of a daemon are given it as arguments.
#[derive(Args, Clone, Debug)]
pub struct Plan {
    pub file: PathBuf,
    #[arg(long)]
    pub watch: bool,
    #[arg(long)]
    pub settle: u64,
    #[arg(long)]
    pub log_format: LogFormat,
    /// None: commands cannot reach it.
    #[arg(long)]
    pub pid_file: Option<PathBuf>,
    #[arg(long)]
    pub log_file: Option<PathBuf>,
    #[arg(long)]
    pub log_file_max_size: u64,
    /// Where a daemon's output goes, and what its script prints.
    #[arg(long)]
    pub stdout_file: Option<PathBuf>,
}

impl Plan {
    /// Also says whether the script wants to be a daemon.
    pub fn new(serving: Serving, watch: bool) -> Result<(Self, bool), Failure> {
        let configuration = configuration(&serving.file)?;
        let pid_file = serving.pid_file.or(configuration.pid_file);
        let max_size = configuration.log_file_max_size;
        let plan = Self {
            pid_file: pid_file.as_deref().map(place::absolute).transpose()?,
            file: serving.file,
            watch,
            settle: serving.settle,
            log_format: serving.log_format,
            log_file: configuration.log_file,
            log_file_max_size: max_size.unwrap_or(LOG_FILE_MAX_SIZE),
            stdout_file: configuration.stdout_file,
        };
        Ok((plan, configuration.daemonize == Some(true)))
    }

    /// The arguments of a process that serves by this plan.
    pub fn arguments(&self) -> Vec<OsString> {
        let format = self.log_format.to_possible_value();
        let mut all: Vec<OsString> = vec!["--settle".into(), self.settle.to_string().into()];
        all.extend(["--log-format".into(), format.map_or("text".into(), |f| f.get_name().into())]);
        all.extend(["--log-file-max-size".into(), self.log_file_max_size.to_string().into()]);
        let files = [
            ("--pid-file", &self.pid_file),
            ("--log-file", &self.log_file),
            ("--stdout-file", &self.stdout_file),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                all.extend([name.into(), file.into()]);
            }
        }
        if self.watch {
            all.push("--watch".into());
        }
        // (a script's name may begin with a dash)
        all.extend(["--".into(), self.file.clone().into()]);
        all
    }

    /// The log of a daemon that configures none: beside the script, named like it.
    pub fn log_file_of_a_daemon(&self) -> PathBuf {
        self.log_file.clone().unwrap_or_else(|| self.file.with_extension("log"))
    }

    pub fn is_json(&self) -> bool {
        self.log_format == LogFormat::Json
    }

    /// The script's name in messages.
    pub fn script_name(&self) -> String {
        self.file.display().to_string()
    }
}

fn configuration(file: &Path) -> Result<Configuration, Failure> {
    let builder = Host::builder().script(file).colour(super::terminal::is_colourful());
    Ok(builder.configuration()?)
}
