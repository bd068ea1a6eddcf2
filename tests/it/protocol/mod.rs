//! What goes over the wire, byte by byte.

/// `worker.encoding`: strings, blobs, and lines that are not UTF-8.
mod encodings;
/// text, frame and raw bytes on the wire.
mod streams;
/// RFC 6455, byte by byte: frames, handshakes, goodbyes, and the time each may take.
mod websocket;
