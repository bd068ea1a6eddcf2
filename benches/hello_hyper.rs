//! An HTTP server that rhost is measured against: hyper, one thread, nothing else.
//!
//! Usage: `hello_hyper [PORT]`. It listens on 127.0.0.1 (port 0 or none: a free one), prints `listening ADDR` and answers
//! `hello` to everything until it is stopped. Answers to pipelined requests are written together, as far as hyper does.

use std::convert::Infallible;
use std::io::{self, Write};

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    let mut port = 0;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--bench" => {
                return writeln!(io::stderr(), "a server, not a benchmark: run scripts/bench");
            }
            number => {
                port =
                    number.parse().map_err(|_| io::Error::other(format!("not a port: {number}")))?
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(port))
}

async fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let hello = service_fn(|_| async {
            let mut response = hyper::Response::new("hello".to_owned());
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, html);
            Ok::<_, Infallible>(response)
        });
        // A peer that breaks the protocol or leaves costs its own connection; that is nothing to report here.
        tokio::spawn(
            http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), hello),
        );
    }
}
