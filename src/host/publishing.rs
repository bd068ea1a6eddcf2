//! What the supervisor tells others of its isolates, and what it does as the script configures.

use super::{
    WorkerStatus, board::Row, machine, metrics_server::MetricsServer, place::Place,
    supervisor::Supervisor,
};
use crate::{
    error::Error,
    log::Level,
    net::{
        address::Address,
        budgets::{MAX_QUEUED_BYTES, MAX_RECEIVED_BYTES},
        listen::ListenSet,
    },
    script::{configuration::Configuration, plan::WorkerSpec},
};

impl Supervisor {
    /// Puts on the board who runs. To be called whenever places, workers or their sockets have changed.
    pub(super) fn publish(&self) {
        let user = machine::user();
        let workers = self.workers.iter().zip(&self.bound).map(|(spec, bound)| WorkerStatus {
            name: spec.name.clone(),
            declared: spec.declared.clone(),
            address: address_of(spec, bound.as_ref()),
            transport: spec.address.as_ref().map_or("tcp", |a| a.transport.name()).to_owned(),
            user: user.clone(),
            count: spec.count,
        });
        let mut places: Vec<&Place> = self.places.iter().collect();
        places.sort_by_key(|place| place.serves);
        let rows = places.into_iter().map(|place| {
            let (at, id) = place.serves.unzip();
            let title = at.map_or("", |at| self.workers[at].title.as_str());
            Row::new(title, id.unwrap_or_default(), &place.isolate)
        });
        let generation = self.generation.saturating_sub(1);
        self.board.publish(generation, workers.collect(), rows.collect());
    }

    /// Serves metrics, if the script of the first start wants them.
    pub(super) fn serve_metrics(&mut self, configuration: &Configuration) -> Result<(), Error> {
        if let Some(address) = &configuration.metrics {
            let server = MetricsServer::start(address, self.board.clone())?;
            let text = format!("metrics on http://{}/metrics", server.address);
            self.config.log.host(Level::Info, text);
            self.board.serves_metrics(server.address.to_string());
            self.metrics = Some(server);
        }
        Ok(())
    }

    /// Puts into force what the serving generation configures, or says that it has to wait.
    pub(super) fn configured(&self, before: &Configuration) {
        let (budgets, configured) = (&self.board.budgets, &self.configuration);
        budgets.queued.set_limit(configured.max_queued_bytes.unwrap_or(MAX_QUEUED_BYTES));
        budgets.received.set_limit(configured.max_received_bytes.unwrap_or(MAX_RECEIVED_BYTES));
        self.board.set_stop_timeout(self.configuration.stop_timeout);
        let changed = self.configuration.changed_for_the_next_start(before);
        if self.generation > 1 && !changed.is_empty() {
            let have = if changed.len() == 1 { "has" } else { "have" };
            let text = format!(
                "`{}` {have} changed: that takes effect when the host is started anew",
                changed.join("`, `")
            );
            self.config.log.host(Level::Warn, text);
        }
    }
}

/// Where a worker listens, if it does, as text.
pub(super) fn address_of(spec: &WorkerSpec, sockets: Option<&ListenSet>) -> Option<String> {
    // The sockets may be those of another protocol.
    let address = Address { protocol: spec.address.as_ref()?.protocol, ..sockets?.address()? };
    Some(address.to_string())
}
