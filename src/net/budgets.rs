//! What a process may hold for all its peers together: what waits for them, and what they have sent of messages that are not
//! whole yet. One does not use up the other, so that those who send without end keep nobody from being answered.

use super::budget::Budget;
use std::sync::Arc;

/// Bytes of queues of all peers together. Changed by `Worker::configure(#{ max_queued_bytes })`. It is room for 256
/// peers that read nothing while their queues are full (`max_send_buffer_size`), and a quarter of a small server's memory.
pub(crate) const MAX_QUEUED_BYTES: u64 = 256 << 20;

/// Bytes of unfinished messages of all peers together. Changed by `Worker::configure(#{ max_received_bytes })`. It is room
/// for 25 peers that are about to complete a message of the largest size (`max_package_size`), and as much as the queues.
pub(crate) const MAX_RECEIVED_BYTES: u64 = 256 << 20;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Budgets {
    pub(crate) queued: Arc<Budget>,
    pub(crate) received: Arc<Budget>,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            queued: Arc::new(Budget::new(MAX_QUEUED_BYTES)),
            received: Arc::new(Budget::new(MAX_RECEIVED_BYTES)),
        }
    }
}
