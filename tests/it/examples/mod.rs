//! The examples, played as their users meet them.

/// The chat example: two real pages talk while its script is edited.
mod browser_chat;
/// The login example in a real browser: who signs up, is remembered, is refused.
mod browser_login;
/// The manual in a real browser, at two widths.
mod browser_manual;
/// The push example and a real page: an edited handler is live, and the page never reconnects.
mod browser_push;
/// Every command that the README of an example shows, run.
mod commands;
/// The push example on the wire: who logs in, who is pushed to, who leaves.
pub mod push;
/// Every example's conversation, played.
mod session;
/// The shortest path through everything.
mod smoke;
