//! HTTP beyond the wire: forms, uploads, cookies, sessions, files. No sockets and nothing of Rhai; what a peer sent comes
//! in as text and bytes, and what is to be answered goes out as plain values. Imports only `error`.

pub(crate) mod form;
pub(crate) mod header_parameters;
pub(crate) mod media_type;

pub(crate) mod body_source;
pub(crate) mod multipart;
pub(crate) mod multipart_error;
pub(crate) mod upload;

pub(crate) mod cookies;
pub(crate) mod file_store;
pub(crate) mod memory_store;
pub(crate) mod session_id;
pub(crate) mod session_store;
mod stale_uploads;

pub(crate) mod accept_encoding;
pub(crate) mod answer_headers;
pub(crate) mod compression;
pub(crate) mod document_root;
pub(crate) mod entity_tag;
pub(crate) mod file_answer;
mod listing;
pub(crate) mod location;
pub(crate) mod patience;
mod root_path;
pub(crate) mod route_table;
pub(crate) mod served_file;

#[cfg(test)]
mod chance;
