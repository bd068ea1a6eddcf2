//! Lines on their way to an outlet, which a thread of its own writes to: a terminal that is slow, a pipe that nobody reads
//! and a disk that is full must not stop the host.

use super::{lost::Lost, outlet::Outlet};
use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that may wait for an outlet; further lines are dropped. Fixed: a file takes lines faster than handlers
/// print them, and what a terminal has not shown after eight megabytes nobody reads.
const MAX_WAITING: usize = 8 * 1024 * 1024;

/// Bytes beyond those that errors and warnings may take: what a handler prints must not cost the report of another. Fixed.
const RESERVE: usize = 1024 * 1024;

/// What a line costs besides its bytes. Fixed: about the size of its place in the queue, and of its block of memory.
const COST: usize = 48;

/// Bytes that are written in one go. Fixed: enough for a system call to cost nothing.
const PORTION: usize = 64 * 1024;

/// How long the end of the process may wait for lines to be written. Fixed.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The way to an outlet. What waits is written when it is dropped.
pub struct Lines {
    pub writer: LineWriter,
    /// What did not get there.
    pub lost: Lost,
}

impl Lines {
    /// Starts the thread.
    pub fn to(mut outlet: Outlet) -> io::Result<Self> {
        let lost = outlet.lost();
        let queue = Arc::new(Queue { lost: lost.clone(), ..Queue::default() });
        let source = queue.clone();
        let write = move || source.drain_into(&mut outlet);
        thread::Builder::new().name("log".into()).spawn(write)?;
        Ok(Self { writer: LineWriter(queue), lost })
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let queue = &self.writer.0;
        let mut waiting = queue.lock();
        waiting.is_closed = true;
        queue.changed.notify_all();
        let unfinished = |waiting: &mut Waiting| !waiting.is_done;
        let _ = queue.changed.wait_timeout_while(waiting, LAST_LINES, unfinished);
    }
}

/// Takes lines. Cheap to clone.
#[derive(Clone)]
pub struct LineWriter(Arc<Queue>);

impl LineWriter {
    pub fn line(&self, line: &[u8]) {
        self.0.push(line, MAX_WAITING);
    }
}

impl<'a> MakeWriter<'a> for LineWriter {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { queue: &self.0, limit: MAX_WAITING }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line<'a> {
        let is_urgent = *about.level() <= Level::WARN;
        let limit = if is_urgent { MAX_WAITING + RESERVE } else { MAX_WAITING };
        Line { queue: &self.0, limit }
    }
}

/// Takes one line, in one piece.
pub struct Line<'a> {
    queue: &'a Queue,
    limit: usize,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.limit);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    lost: Lost,
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    /// What they cost, those included that are being written.
    cost: usize,
    is_closed: bool,
    /// Is everything written that will be?
    is_done: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No step below panics half way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8], limit: usize) {
        let mut waiting = self.lock();
        let cost = line.len() + COST;
        if waiting.is_closed || waiting.cost + cost > limit {
            return self.lost.add(1);
        }
        waiting.cost += cost;
        waiting.lines.push_back(line.to_vec());
        if waiting.lines.len() == 1 {
            self.changed.notify_all();
        }
    }

    /// Until it is closed and empty.
    fn drain_into(&self, outlet: &mut Outlet) {
        while let Some(lines) = self.portion() {
            outlet.write(&lines);
            let mut waiting = self.lock();
            waiting.cost -= lines.iter().map(|line| line.len() + COST).sum::<usize>();
            let is_empty = waiting.lines.is_empty();
            drop(waiting);
            if is_empty {
                outlet.tell_of_the_lost();
            }
        }
        self.lock().is_done = true;
        self.changed.notify_all();
    }

    /// The next lines, as soon as there are any. None: there will be no more.
    fn portion(&self) -> Option<Vec<Vec<u8>>> {
        let nothing = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.is_closed;
        let waiting = self.changed.wait_while(self.lock(), nothing);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let (mut portion, mut size) = (Vec::new(), 0);
        while size < PORTION
            && let Some(line) = waiting.lines.pop_front()
        {
            size += line.len();
            portion.push(line);
        }
        (!portion.is_empty()).then_some(portion)
    }
}
