//! Makes isolates, numbers them, and passes on what their scripts ask of the host.

use super::{builder::HostConfig, handle::Order};
use crate::{
    isolate::Isolate,
    net::{budgets::Budgets, listen::Listeners},
    script::{ctx::Wish, http::Sessions},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::Sender,
    },
};

/// Events of one kind that may wait for the embedder; further faults are only logged. Fixed.
const MAX_WAITING_FAULTS: usize = 1_000;

/// See the module.
pub(super) struct Spawner {
    orders: Sender<Order>,
    stopping: Arc<AtomicBool>,
    /// Faults that the embedder has not been told of yet.
    waiting_faults: Arc<AtomicUsize>,
    next_id: usize,
}

impl Spawner {
    /// Wishes become `orders`; one to stop is known by `stopping` at once.
    pub(super) fn new(orders: Sender<Order>, stopping: Arc<AtomicBool>) -> Self {
        Self { orders, stopping, waiting_faults: Arc::default(), next_id: 0 }
    }

    pub(super) fn spawn(
        &mut self,
        config: &HostConfig,
        listeners: &Listeners,
        budgets: &Budgets,
        sessions: &Arc<Sessions>,
    ) -> io::Result<Isolate> {
        let id = self.next_id;
        self.next_id += 1;
        let orders = self.orders.clone();
        let (stopping, waiting) = (self.stopping.clone(), self.waiting_faults.clone());
        let wishes = move |wish| {
            match wish {
                Wish::Stop { .. } => stopping.store(true, Ordering::Relaxed),
                Wish::Fault(_) if waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING_FAULTS => {
                    waiting.fetch_sub(1, Ordering::Relaxed);
                    return;
                }
                _ => (),
            }
            let _ = orders.send(Order::Wish(wish));
        };
        let (engine, log) = (config.engine.clone(), config.log.clone());
        let (budgets, sessions) = (budgets.clone(), sessions.clone());
        Isolate::spawn(id, engine, log, listeners.clone(), budgets, sessions, wishes)
    }

    /// The embedder has been told of a fault.
    pub(super) fn told_of_fault(&self) {
        self.waiting_faults.fetch_sub(1, Ordering::Relaxed);
    }
}
