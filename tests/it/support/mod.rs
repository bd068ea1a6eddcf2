//! What tests are written with: hosts, clients, processes, browsers, and how to wait.

pub mod answer;
pub mod browser;
pub mod client;
pub mod clock;
pub mod daemon;
pub mod exchange;
pub mod findings;
pub mod guards;
pub mod host;
pub mod http;
pub mod process;
pub mod wait;
pub mod websocket;
