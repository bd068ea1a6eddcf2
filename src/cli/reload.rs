//! `rhost reload`: waits for what comes of it.

use super::{
    arguments::Target,
    client::Client,
    exit::{Exit, Failure},
    terminal::print,
    wire::{Answer, Request},
};
use std::time::Duration;

/// How long a reload may take. Fixed: it needs milliseconds, and two seconds where `on_worker_start` waits.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn reload(target: &Target, hard: bool, reset_state: bool) -> Result<u8, Failure> {
    let client = Client::find(target)?;
    match client.ask(&Request::Reload { hard, reset_state }, PATIENCE)? {
        Answer::Reloaded(summary) => {
            print(&format!("{summary}\n"));
            Ok(0)
        }
        Answer::Rejected(fault) => {
            let text = format!("the reload was rejected, the old script goes on serving\n{fault}");
            Err(Failure::new(Exit::Rejected, text))
        }
        _ => Err(client.confused()),
    }
}
