//! A thread that looks again and again which handlers run, so that a handler that keeps its isolate busy is known with
//! the time it takes, and ended when that is too long, although no handler looks at a clock.

use super::board::{Board, GRAIN};
use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
};

/// The running thread; it ends when this is dropped.
pub(super) struct BusyWatch {
    _end: mpsc::Sender<()>,
}

impl BusyWatch {
    pub(super) fn start(board: Arc<Board>) -> io::Result<Self> {
        let (end, ended) = mpsc::channel();
        thread::Builder::new().name("busy watch".into()).spawn(move || {
            while ended.recv_timeout(GRAIN) == Err(RecvTimeoutError::Timeout) {
                board.look();
            }
        })?;
        Ok(Self { _end: end })
    }
}
