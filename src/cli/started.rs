//! What is said when everything serves: the start-up table, or lines in the log.

use super::{
    table::{aligned, cells, or_dash},
    terminal::plain,
};
use rhost::{Status, WorkerInfo};
use serde::{Deserialize, Serialize};

/// A worker, as the table shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub proto: String,
    pub user: String,
    pub worker: String,
    pub listen: String,
    pub count: usize,
}

/// What a daemon's server tells the process that started it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It does not serve yet, for this reason; more will follow.
    Late(String),
    Serving {
        rows: Vec<Row>,
        watching: bool,
    },
    Failed(String),
    /// It ended in order before it served, with this code.
    Ended(u8),
}

/// One row for each worker.
pub fn rows(workers: &[WorkerInfo], status: Option<&Status>) -> Vec<Row> {
    let row = |(at, worker): (usize, &WorkerInfo)| {
        let listen = worker.address.clone().unwrap_or_else(|| "none".into());
        let known = status.and_then(|s| s.workers.get(at));
        let proto = known.map_or("", |k| k.transport.as_str());
        let user = known.map_or("", |k| k.user.as_str());
        Row {
            proto: or_dash(proto),
            user: or_dash(user),
            worker: or_dash(&worker.name),
            listen,
            count: worker.count,
        }
    };
    workers.iter().enumerate().map(row).collect()
}

/// `rhost 0.1.0 runs push.rhai`, and its workers.
pub fn table(script: &str, rows: &[Row], hint: &str) -> String {
    let mut all = vec![cells(&["  proto", "user", "worker", "listen", "count", "state"])];
    for row in rows {
        let (proto, count) = (format!("  {}", row.proto), row.count.to_string());
        all.push(cells(&[&proto, &row.user, &row.worker, &row.listen, &count, "[OK]"]));
    }
    let table = if rows.is_empty() { String::new() } else { aligned(&all) };
    format!("rhost {} runs {script}\n{table}{hint}\n", env!("CARGO_PKG_VERSION"))
}

/// The same as lines of the log.
pub fn log(script: &str, rows: &[Row]) {
    tracing::info!("rhost {} runs {script}, pid {}", env!("CARGO_PKG_VERSION"), std::process::id());
    for row in rows.iter().filter(|row| row.listen != "none") {
        tracing::info!("listening on {} (worker {})", row.listen, plain(&row.worker));
    }
}
