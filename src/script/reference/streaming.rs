//! `Chunk` and `ServerSentEvents`: HTTP answers that are sent bit by bit.

use super::{Entry, Section};

pub(super) const CHUNK: Section = Section {
    title: "Chunk",
    owner: "Chunk",
    about: "A part of an answer that was begun by a `Response` with the header `Transfer-Encoding: chunked`. To an \
        HTTP/1.0 client the parts go without chunk sizes, and the connection closes at the end.",
    operators: &[("to_string", "`Chunk(12 bytes)`, as `print` shows it; `to_debug` is the same.")],
    entries: &[Entry::new(
        "Chunk",
        &["Chunk(data: any) -> Chunk"],
        "A part: what `connection.send` takes; an empty one ends the answer. Sent when no stream was begun it is an error. \
            `send` gives `false` when the client is gone. A part that the queue has no room for is not sent either, and \
            the connection ends without the end of the answer, so that the client sees that it is cut: send no more \
            between `on_buffer_full` and `on_buffer_drain`, or while `send_buffer_size` is at `max_send_buffer_size`. \
            Parts go to the stream that is open, so end what sends them, a timer for example, with their own stream.",
        r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }, "first "));
    Timer::delay(0.01, || {
        connection.send(Chunk("second"));
        connection.send(Chunk(""));
        print("sent");  // prints sent
    });
};
Worker::run_all();
"#,
    )],
};

pub(super) const EVENTS: Section = Section {
    title: "ServerSentEvents",
    owner: "ServerSentEvents",
    about: "An event for a page's `EventSource`, in an answer that was begun by a `Response` with the header \
        `Content-Type: text/event-stream`. A browser that lost the connection comes again by itself, with the last id \
        as `request.header(\"Last-Event-ID\")`.",
    operators: &[("to_string", "The event as it is sent; `to_debug` is the same.")],
    entries: &[Entry::new(
        "ServerSentEvents",
        &["ServerSentEvents(fields: map) -> ServerSentEvents"],
        "An event of these fields, all of which may be missing: `event` (its name), `id`, `retry` (milliseconds until the \
            browser comes again), `data` (as for `connection.send`; may have several lines), and `\"\"`, a comment that \
            keeps proxies awake. Other fields, and line breaks in `event` and `id`, are an error. When the client is \
            gone, or the queue has no room for this event, `send` gives `false`. A stream of events is the last answer \
            of its connection: end timers in `on_close`. `connection.close()` or `Chunk(\"\")` ends the stream.",
        r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let headers = #{ "Content-Type": "text/event-stream", "Cache-Control": "no-cache" };
    connection.send(Response(200, headers));
    connection.on_close = |connection| Timer::del(connection.timer);
    connection.ticks = 0;
    connection.timer = Timer::repeat(0.01, || {
        connection.ticks += 1;
        let event = #{ event: "tick", id: connection.ticks, data: #{ n: connection.ticks } };
        connection.send(ServerSentEvents(event));
        if connection.ticks == 3 { print("three ticks"); }  // prints three ticks
    });
};
Worker::run_all();
"#,
    )],
};
