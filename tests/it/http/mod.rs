//! HTTP: the wire, answers, files, forms, sessions, routes.

/// What clients of an `http` worker get for what its script does.
mod answers;
/// Files of a `WebServer`: roots, ranges, compression, and no way out.
mod files;
/// HTTP/2: streams as connections.
mod http2;
/// `std/router`: routes, groups, middleware.
mod router;
/// Sessions: cookies, stores, who may see what; and whom a proxy speaks for.
mod sessions;
/// Forms with files, and large bodies.
mod uploads;
/// Websockets beside HTTP, at one port.
mod websocket;
/// RFC 9110 and 9112, byte by byte: framing, lines, order, time, floods, stops.
mod wire;
