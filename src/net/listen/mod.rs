//! From an address to a connection whose handshake is done. [`Listeners`] owns what the process has bound, [`ListenSet`]
//! shares the sockets of one worker between isolates, [`Listener`] accepts on one of them in one isolate and gives an
//! [`Incoming`], which becomes a transport when its handshake is over. Accepting never waits for a handshake.

mod balancer;
mod bind;
mod bound;
mod claim;
mod descriptors;
mod held;
mod incoming;
mod inherited;
mod lease;
mod listener;
mod pool;
mod put_off;
mod set;
mod socket_file;

pub(crate) use bound::Bound;
pub(crate) use claim::{Claim, Claimant, Owner};
pub(crate) use incoming::Incoming;
pub(crate) use listener::Listener;
pub(crate) use pool::Listeners;
pub(crate) use put_off::PutOff;
pub(crate) use set::{ListenHandle, ListenSet};
