//! HTTP: the wire, answers, files, forms, sessions, routes.

/// The access log.
mod access_log;
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
/// What an app learns of errors, and what the log does.
mod router_errors;
/// Which steps of an app and its groups come by.
mod router_steps;
/// Sessions: cookies, stores, who may see what; and whom a proxy speaks for.
mod sessions;
/// The client of these tests, which takes nothing that is not right.
mod strictness;
/// Forms with files, and large bodies.
mod uploads;
/// Websockets beside HTTP, at one port.
mod websocket;
/// Sessions and cookies where websockets are opened.
mod websocket_sessions;
/// Forms are taken whole or not at all.
mod whole_forms;
/// RFC 9110 and 9112, byte by byte: framing, lines, order, time, floods, stops.
mod wire;
