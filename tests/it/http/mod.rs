//! HTTP: the wire, answers, files, forms, sessions, routes.

/// Cookies that answers set.
mod answer_cookies;
/// What clients of an `http` worker get for what its script does.
mod answers;
/// What caches are told: tags, conditions, `Vary`, and what is for one client.
mod caching;
/// Fields, cookies and headers in their order, and JSON of others.
mod field_order;
/// Files of a `WebServer`: roots, ranges, compression, and no way out.
mod files;
/// Who asked, behind proxies.
mod forwarded;
/// HTTP/2: streams as connections.
mod http2;
/// Where redirects lead.
mod redirects;
/// Roots: deployments, hosts, pages for what is not there, types.
mod roots;
/// `std/router`: routes, groups, middleware.
mod router;
/// Sessions: cookies, stores, who may see what; and whom a proxy speaks for.
mod sessions;
/// Forms with files, and large bodies.
mod uploads;
/// Websockets beside HTTP, at one port.
mod websocket;
/// Forms are taken whole or not at all.
mod whole_forms;
/// RFC 9110 and 9112, byte by byte: framing, lines, order, time, floods, stops.
mod wire;
