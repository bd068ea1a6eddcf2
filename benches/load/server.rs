//! What processes use of processor and memory, where the kernel tells.

use std::fs::read_to_string;
use std::time::Duration;

/// A process, by its id.
#[derive(Clone, Copy)]
pub struct Server(pub u32);

impl Server {
    /// Processor time of all its threads, in the clock ticks of the kernel.
    pub fn processor_time(self) -> Option<Duration> {
        let text = read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name of the program, in parentheses, may contain blanks; time in user and in system mode are the 12th and
        // 13th field after it.
        let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let ticks: u64 =
            fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
        let hertz = rustix::param::clock_ticks_per_second();
        Some(Duration::from_secs_f64(ticks as f64 / hertz as f64))
    }

    pub fn resident_kib(self) -> Option<u64> {
        let text = read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

/// Time this thread has spent on a processor.
pub fn thread_time() -> Option<Duration> {
    let text = read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
