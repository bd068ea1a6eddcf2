//! What can be said on the command line.

use super::{
    exit::{ENVIRONMENT, EXIT_CODES},
    plan::Plan,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// Hosts event-driven network workers written in Rhai.
#[derive(Parser)]
#[command(name = "rhost", version, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a script in the foreground; saving it swaps its handlers while clients stay connected.
    #[command(after_help = ENVIRONMENT)]
    Run {
        #[command(flatten)]
        serving: Serving,
        /// Do not reload when a file of the script is saved.
        #[arg(long)]
        no_watch: bool,
    },
    /// Serve a script, with -d as a daemon.
    #[command(after_help = ENVIRONMENT)]
    Start(Start),
    /// Stop a script that is running, and wait until it is gone.
    Stop(Stop),
    /// Stop a script if it is running, and start it as it was started before. What cannot be started stops nothing.
    Restart {
        #[command(flatten)]
        start: Start,
        /// Serve the open connections first, for 30 s at most, or stop_timeout where that is configured.
        #[arg(short)]
        graceful: bool,
    },
    /// Read a running script again; clients stay connected. Waits for what comes of it.
    Reload {
        #[command(flatten)]
        target: Target,
        /// The same: a reload cuts nobody.
        #[arg(short)]
        graceful: bool,
        /// Close all connections when the new script serves.
        #[arg(long)]
        hard: bool,
        /// Run every initialiser again: variables start anew.
        #[arg(long)]
        reset_state: bool,
        /// Only say what a reload would keep, reset, add and close.
        #[arg(long, conflicts_with_all = ["hard", "reset_state"])]
        dry_run: bool,
        /// What it did, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show how a running script is.
    Status {
        #[command(flatten)]
        target: Target,
        /// Everything, as JSON.
        #[arg(long, conflicts_with = "watch")]
        json: bool,
        /// Show it again each second.
        #[arg(short)]
        watch: bool,
    },
    /// Show the open connections of a running script.
    Connections {
        #[command(flatten)]
        target: Target,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what runs on this machine: what you have started, and for root what anybody has.
    List {
        /// Everything, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the log file of a script that runs, or the one that a daemon has left.
    Logs {
        #[command(flatten)]
        target: Target,
        /// Go on with what is added, also when the file is put aside; Ctrl-C ends it.
        #[arg(short)]
        follow: bool,
        /// Only so many lines at the end [default: all of the file].
        #[arg(short = 'n', value_name = "LINES")]
        lines: Option<u64>,
    },
    /// Look for mistakes in scripts without running them. Exits with 1 if there are any.
    Check {
        /// The scripts.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// As JSON, for editors: a list of file, line, column, code, message, help.
        #[arg(long)]
        json: bool,
    },
    /// Show what scripts can use: all names, everything about one with an example, or the manual in a browser.
    Doc(Doc),
    /// The parent of a daemon: starts its server again if it dies.
    #[command(hide = true)]
    Monitor(Plan),
    /// The server of a daemon.
    #[command(hide = true)]
    Server(Plan),
}

/// What of the manual is shown, and how.
#[derive(Args)]
pub struct Doc {
    /// A name, such as `send`, an object, such as `Timer`, or a chapter, such as `limits`.
    pub name: Option<String>,
    /// List what has all of these words in it.
    #[arg(long, value_name = "WORDS", num_args = 1.., conflicts_with_all = ["name", "json", "serve"])]
    pub search: Vec<String>,
    /// The script reference as JSON, or the part of it that has the name.
    #[arg(long, conflicts_with = "serve")]
    pub json: bool,
    /// Serve the manual as pages, until Ctrl-C [default address: a free port of 127.0.0.1].
    #[arg(
        long,
        value_name = "ADDR",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:0",
        conflicts_with = "name"
    )]
    pub serve: Option<SocketAddr>,
}

/// How to serve a script.
#[derive(Args, Clone)]
pub struct Serving {
    /// The script.
    pub file: PathBuf,
    /// Milliseconds that files must be quiet before they are read again [default: 50].
    #[arg(long, value_name = "MS")]
    pub settle: Option<u64>,
    /// Milliseconds that the top level may run for a reload, while clients wait [default: 1000].
    #[arg(long, value_name = "MS")]
    pub rehearsal_timeout: Option<u64>,
    /// The file that holds the process id; the control socket is beside it.
    #[arg(long, value_name = "P")]
    pub pid_file: Option<PathBuf>,
    /// How log lines look [default: text].
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// What the script is given: `arguments()` of std/env. Options of their own stand behind `--`.
    #[arg(trailing_var_arg = true)]
    pub arguments: Vec<String>,
}

#[derive(Args)]
pub struct Start {
    #[command(flatten)]
    pub serving: Serving,
    /// In the background, started again if it dies.
    #[arg(short)]
    pub daemon: bool,
    /// Reload when a file of the script is saved.
    #[arg(long)]
    pub watch: bool,
}

#[derive(Args)]
pub struct Stop {
    #[command(flatten)]
    pub target: Target,
    /// Serve the open connections first, for 30 s at most, or stop_timeout where that is configured.
    #[arg(short)]
    pub graceful: bool,
    /// How long to wait until it is gone [default: 30 more than its stop takes at most].
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}

/// A script that is running.
#[derive(Args)]
pub struct Target {
    /// The script; not needed beside its pid file.
    #[arg(required_unless_present = "pid_file")]
    pub file: Option<PathBuf>,
    /// Its pid file; needed only if it was started in another environment, or by another user and you are not root.
    #[arg(long, value_name = "P")]
    pub pid_file: Option<PathBuf>,
}

impl Target {
    /// What was named, for messages.
    pub fn name(&self) -> String {
        let named = self.file.as_ref().or(self.pid_file.as_ref());
        named.map(|path| path.display().to_string()).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object for each line.
    Json,
}
