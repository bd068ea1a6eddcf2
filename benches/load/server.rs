//! What processes use of processor and memory, where the kernel tells.

use std::fs::read_to_string;
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;

/// A process, by its id.
#[derive(Clone, Copy)]
pub struct Server(pub i32);

impl Server {
    /// Processor time of all its threads, also of those that have ended.
    pub fn processor_time(self) -> Option<Duration> {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(self.0)).ok()?;
        clock.now().ok().map(Duration::from)
    }

    pub fn resident_kib(self) -> Option<u64> {
        let text = read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

/// What this thread did since it began, as the kernel counts it.
#[derive(Clone, Copy)]
pub struct ThreadTime {
    /// On a processor.
    pub busy: Duration,
    /// Ready to run, while others had the processor.
    pub kept_waiting: Duration,
}

pub fn thread_time() -> Option<ThreadTime> {
    let text = read_to_string("/proc/thread-self/schedstat").ok()?;
    let mut nanoseconds = text.split_whitespace().map(|word| word.parse().ok());
    let mut next = || nanoseconds.next()?.map(Duration::from_nanos);
    Some(ThreadTime { busy: next()?, kept_waiting: next()? })
}
