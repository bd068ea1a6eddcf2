//! What is told of a start, until everything serves.

use rhost::{StartUnderWay, WorkerInfo};

pub enum News {
    /// An `on_worker_start` takes long.
    Late(StartUnderWay),
    /// Everything serves.
    Begun { workers: Vec<WorkerInfo>, watching: bool },
}
