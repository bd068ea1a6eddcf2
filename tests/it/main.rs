//! All tests of the host from outside, in one binary. Folders mirror those of `src`. Sockets and files are real, and
//! so is time, but where a test moves it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod support;

/// As the `rhost` command has it: the memory of handlers is limited by what is counted.
#[global_allocator]
static ALLOCATOR: rhost::CountingAllocator = rhost::CountingAllocator::new(std::alloc::System);

mod cli;
mod engine;
mod examples;
mod host;
mod http;
mod net;
mod protocol;
/// Rule by rule, what a saved script keeps and what it changes.
mod reload;
mod script;
/// What the Architecture section promises about the sources.
mod tidy;
