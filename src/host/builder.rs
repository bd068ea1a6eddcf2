//! Options of a host. All are fixed at start.

use super::{Host, HostEvent, identity::Identity};
use crate::{
    allocator,
    engine::{
        Register, call::stacks, compile::sources::Sources, lint::Finding, program::config::Config,
    },
    error::{Error, ErrorKind},
    isolate,
    log::{Log, Record},
    script::configuration::Configuration,
};
use rhai::Engine;
use std::{
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long files must be quiet before they are read again. Changed by [`HostBuilder::settle`]. Editors write a file in
/// several steps within a few milliseconds.
const SETTLE: Duration = Duration::from_millis(50);

/// How long a handler may run without waiting. Changed by [`HostBuilder::handler_timeout`]. Nobody writes such a handler
/// on purpose, and while it runs its isolate answers nobody.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the top level may run for a reload. Changed by [`HostBuilder::rehearsal_timeout`]. All clients of the isolate
/// wait meanwhile; a top level that only declares takes milliseconds.
const REHEARSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes that one handler may make anew. Changed by [`HostBuilder::handler_memory`]. Far more than an event needs, and a
/// small machine still has it.
const HANDLER_MEMORY: u64 = 256 << 20;

/// Bytes of the stack of a thread that only looks at a script; more comes behind, for what rhai does with deep values.
/// Fixed: as an isolate has it.
const THREAD_STACK: usize = 8 << 20;

/// How long queues may drain and websockets say goodbye when the host stops. Changed by [`HostBuilder::stop_timeout`].
/// Together with the handlers of `on_close` the host is gone within a second.
const STOP_TIMEOUT: Duration = Duration::from_millis(450);

/// What the supervisor works by.
pub(super) struct HostConfig {
    pub(super) script: PathBuf,
    /// Its text, if that is not to be read from there.
    pub(super) text: Option<Arc<str>>,
    pub(super) watch: bool,
    pub(super) checks: bool,
    pub(super) settle: Duration,
    pub(super) stop_timeout: Duration,
    /// Sockets that listen already.
    pub(super) inherited: Vec<OwnedFd>,
    pub(super) engine: Config,
    pub(super) log: Log,
    /// How many lines of the log are lost.
    pub(super) lost_log_lines: LostLines,
    pub(super) on_event: Arc<dyn Fn(HostEvent) + Send + Sync>,
}

impl HostConfig {
    /// What the next generation is made of. Nothing is read yet.
    pub(super) fn sources(&self) -> Sources {
        Sources::new(&self.script).with_text(self.text.as_ref())
    }
}

/// Tells how many lines of the log are lost.
pub(super) type LostLines = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Builds a [`Host`]. See there for an example.
pub struct HostBuilder {
    script: Option<PathBuf>,
    text: Option<Arc<str>>,
    watch: bool,
    checks: bool,
    settle: Duration,
    stop_timeout: Duration,
    inherited: Vec<OwnedFd>,
    handler_timeout: Duration,
    rehearsal_timeout: Duration,
    handler_memory: Option<u64>,
    colour: bool,
    explains: bool,
    optimizes: bool,
    register: Option<Register>,
    log: Option<Log>,
    lost_log_lines: LostLines,
    on_event: Arc<dyn Fn(HostEvent) + Send + Sync>,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            script: None,
            text: None,
            watch: false,
            checks: true,
            settle: SETTLE,
            stop_timeout: STOP_TIMEOUT,
            inherited: Vec::new(),
            handler_timeout: HANDLER_TIMEOUT,
            rehearsal_timeout: REHEARSAL_TIMEOUT,
            handler_memory: None,
            colour: false,
            explains: false,
            optimizes: true,
            register: None,
            log: None,
            lost_log_lines: Arc::new(|| 0),
            on_event: Arc::new(|_| ()),
        }
    }
}

impl HostBuilder {
    /// The script to run. Required.
    pub fn script(mut self, path: impl AsRef<Path>) -> Self {
        self.script = Some(path.as_ref().to_owned());
        self
    }

    /// The text of the script, for one that is in no file or can be read only once, such as a pipe. What
    /// [`script`](Self::script) names is not read then: it is the script's name in messages, and its folder is where
    /// imports and relative paths begin. A reload runs the same text again, with what it imports as that is by then.
    pub fn script_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into().into());
        self
    }

    /// Adds functions and types of the embedder's own. Called for every engine that is made: one for each isolate and
    /// generation, on that isolate's thread, and one for each look at the script. A function must not block: it stops
    /// its whole isolate. Further calls add further functions.
    pub fn register(mut self, register: impl Fn(&mut Engine) + Send + Sync + 'static) -> Self {
        self.register = Some(match self.register.take() {
            None => Arc::new(register),
            Some(before) => Arc::new(move |engine| {
                before(engine);
                register(engine);
            }),
        });
        self
    }

    /// Reload when a file of the script is saved? Default: no.
    pub fn watch(mut self, watch: bool) -> Self {
        self.watch = watch;
        self
    }

    /// Look for mistakes in the script after each start and reload, on a thread of its own, and warn of them in the log?
    /// Default: yes. See [`HostEvent::Checked`].
    pub fn checks(mut self, checks: bool) -> Self {
        self.checks = checks;
        self
    }

    /// How long files must be quiet before they are read again. Default: 50 ms.
    pub fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// How long a stop waits for queues and goodbyes. Default: 450 ms.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Sockets that listen already, as a service manager hands them to a program that it starts: TCP or Unix, of type
    /// stream. A worker whose address is that of one of them uses it instead of binding; its file, if it has one, is never
    /// removed. Further calls add further sockets. One that no worker asks for is named in the log.
    pub fn inherit(mut self, sockets: impl IntoIterator<Item = OwnedFd>) -> Self {
        self.inherited.extend(sockets);
        self
    }

    /// How long a handler may run without waiting before it is ended where it stands. Default: 5 s.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.handler_timeout = timeout;
        self
    }

    /// How long the script's top level may run for a reload, while its clients wait; one that takes longer is rejected with
    /// the line that it was at. Zero: as long as a handler. The first start, for which nobody waits, may take as long as a handler.
    /// Default: 1 s.
    pub fn rehearsal_timeout(mut self, timeout: Duration) -> Self {
        self.rehearsal_timeout = timeout;
        self
    }

    /// Bytes that a handler may make anew, from its start to its end and across its waits; one that makes more is ended
    /// where it stands. 0 is without a limit. Needs a [`CountingAllocator`](crate::CountingAllocator) as the program's global
    /// allocator: without one, [`build`](Self::build) refuses what is set here, and the default only holds for single large
    /// values. Default: 256 MiB.
    pub fn handler_memory(mut self, bytes: u64) -> Self {
        self.handler_memory = Some(bytes);
        self
    }

    /// Colour fault reports, for a terminal? Default: no.
    pub fn colour(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    /// Show clients of HTTP the error of a script, with its source line, when it costs them their answer? For whoever
    /// develops a script; strangers learn too much from it. Default: no.
    pub fn explain_errors(mut self, explain: bool) -> Self {
        self.explains = explain;
        self
    }

    /// Let handlers and functions take shorter ways that mean the same as what is written? Without, Rhai walks every body as
    /// a tree, which costs about twice as much. For whoever suspects that a handler does something else than what it says.
    /// Default: yes.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("rhost-optimize-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let script = folder.join("plain.rhai");
    /// # std::fs::write(&script, "let twice = |n| n * 2; if twice.call(21) != 42 { throw \"no\"; }")?;
    /// let host = rhost::Host::builder().script(&script).optimize(false).build()?;
    /// let exit_code = host.run()?;
    /// # assert_eq!(exit_code, 0);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn optimize(mut self, optimize: bool) -> Self {
        self.optimizes = optimize;
        self
    }

    /// Where log lines go: what scripts print, faults, what the host does. Default: `tracing` events of the target
    /// `rhost`. Called from several threads; must not block.
    pub fn on_log(mut self, sink: impl Fn(Record) + Send + Sync + 'static) -> Self {
        self.log = Some(handed_to(sink));
        self
    }

    /// How many lines the sink of [`on_log`](Self::on_log) could not keep: asked whenever somebody looks at the status or
    /// the metrics. Default: none. Must not block.
    pub fn lost_log_lines(mut self, count: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.lost_log_lines = Arc::new(count);
        self
    }

    /// Is told what happens to the host. Called from the host's own thread; must not block.
    pub fn on_event(mut self, on_event: impl Fn(HostEvent) + Send + Sync + 'static) -> Self {
        self.on_event = Arc::new(on_event);
        self
    }

    /// Parses the script and looks for what would fail when it runs, or would not do what it seems to, without running
    /// it: names that nothing defines, callbacks that no event has, values that a setting does not take, what nothing
    /// uses. What a host that runs finds in its script is told as [`HostEvent::Checked`].
    ///
    /// # Errors
    ///
    /// If no script was named, or there is no such file. One that cannot be parsed is a finding.
    pub fn check(self) -> Result<Vec<Finding>, Error> {
        self.check_files().map(|(findings, _)| findings)
    }

    /// As [`check`](Self::check), with the absolute paths of all files that were looked at: the script, and what it imports
    /// by names that are written out.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    pub fn check_files(self) -> Result<(Vec<Finding>, Vec<PathBuf>), Error> {
        let (script, config) = (self.existing_script()?, self.engine_config());
        let sources = Sources::new(&script).with_text(self.text.as_ref());
        let findings = apart(|| isolate::check(&config, sources.clone()))?;
        Ok((findings, sources.files().into_iter().map(|(path, _)| path).collect()))
    }

    /// Runs the script's top level, which only declares, for what it says with `Worker::configure`. Nothing is served, and
    /// what it prints is not shown. For whoever has to know before the host starts.
    ///
    /// # Errors
    ///
    /// If no script was named, there is no such file, it does not compile, its top level throws, or the process cannot
    /// become the user or group that its workers ask for.
    pub fn configuration(self) -> Result<Configuration, Error> {
        let (script, config) = (self.existing_script()?, self.engine_config());
        let sources = Sources::new(&script).with_text(self.text.as_ref());
        let loaded = apart(|| isolate::rehearse(&config, sources))??;
        let identity = Identity::of(&loaded.workers)?;
        let (user, group) = identity.map_or((None, None), |identity| identity.ids());
        let listen = loaded.workers.into_iter().map(|worker| worker.declared);
        let listen = listen.filter(|declared| !declared.is_empty()).collect();
        Ok(Configuration { user, group, listen, ..loaded.configuration })
    }

    fn existing_script(&self) -> Result<PathBuf, Error> {
        let none = || Error::new(ErrorKind::Config, "no script was named");
        let script = self.script.clone().ok_or_else(none)?;
        if self.text.is_some() {
            return Ok(script);
        }
        match std::fs::metadata(&script) {
            Ok(_) => Ok(script),
            Err(e) => {
                let text = format!("cannot read {}: {e}", script.display());
                Err(Error::new(ErrorKind::Script, text).with_source(e))
            }
        }
    }

    fn engine_config(&self) -> Config {
        Config {
            handler_timeout: self.handler_timeout,
            rehearsal_timeout: self.rehearsal_timeout,
            handler_memory: self.handler_memory.unwrap_or(HANDLER_MEMORY),
            colour: self.colour,
            explains: self.explains,
            optimizes: self.optimizes,
            kill: Arc::default(),
            register: self.register.clone(),
        }
    }

    /// The host, not started yet.
    ///
    /// # Errors
    ///
    /// If no script was named, there is no such file, or handlers have a limit of memory that nobody counts.
    pub fn build(self) -> Result<Host, Error> {
        if self.handler_memory.is_some_and(|bytes| bytes > 0) && !allocator::counts() {
            let text =
                "handler_memory needs rhost::CountingAllocator as the program's global allocator";
            return Err(Error::new(ErrorKind::Config, text));
        }
        let script = self.existing_script()?;
        let engine = self.engine_config();
        Ok(Host::new(HostConfig {
            script,
            text: self.text,
            watch: self.watch,
            checks: self.checks,
            settle: self.settle,
            stop_timeout: self.stop_timeout,
            inherited: self.inherited,
            engine,
            log: self.log.unwrap_or_else(|| handed_to(trace)),
            lost_log_lines: self.lost_log_lines,
            on_event: self.on_event,
        }))
    }
}

/// Runs something that makes script values where there is stack for them.
fn apart<T: Send>(f: impl FnOnce() -> T + Send) -> Result<T, Error> {
    stacks::on_large_stack(THREAD_STACK, f)
        .map_err(|e| Error::new(ErrorKind::System, "cannot start a thread").with_source(e))
}

/// Records go to this sink, which may keep them: whatever it does with one, the handler that printed it holds it no more.
fn handed_to(sink: impl Fn(Record) + Send + Sync + 'static) -> Log {
    Log::new(move |record| allocator::handing_over(record.bytes(), || sink(record)))
}

/// The default sink.
fn trace(record: Record) {
    use crate::log::Level;
    match record.level {
        Level::Error => tracing::error!(target: "rhost", "{record}"),
        Level::Warn => tracing::warn!(target: "rhost", "{record}"),
        Level::Info => tracing::info!(target: "rhost", "{record}"),
        Level::Debug => tracing::debug!(target: "rhost", "{record}"),
    }
}
