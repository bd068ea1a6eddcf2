//! The websocket server rhost is measured against: tokio-tungstenite, one thread, nothing else.
//!
//! Usage: `echo_tungstenite [PORT] [--corked]`. It listens on 127.0.0.1 (port 0 or none: a free one), prints
//! `listening ADDR` and echoes until it is stopped. The plain form is the loop everybody writes, which flushes after
//! each message; `--corked` answers all messages of one read with one write, which pays when many are in flight.

use std::io::{self, Write};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite};

type Outcome = Result<(), tungstenite::Error>;

fn main() -> io::Result<()> {
    let (mut port, mut corked) = (0, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--bench" => {
                return writeln!(io::stderr(), "a server, not a benchmark: run scripts/bench");
            }
            "--corked" => corked = true,
            number => {
                port =
                    number.parse().map_err(|_| io::Error::other(format!("not a port: {number}")))?
            }
        }
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(port, corked))
}

async fn serve(port: u16, corked: bool) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A peer that breaks the protocol or leaves costs its own connection; that is nothing to report here.
        tokio::spawn(async move {
            let socket = accept_async(stream).await?;
            if corked { echo_corked(socket).await } else { echo(socket).await }
        });
    }
}

async fn echo(mut socket: WebSocketStream<TcpStream>) -> Outcome {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn echo_corked(mut socket: WebSocketStream<TcpStream>) -> Outcome {
    while let Some(first) = socket.next().await {
        let mut next = Some(Some(first));
        while let Some(Some(message)) = next {
            let message = message?;
            if message.is_text() || message.is_binary() {
                socket.feed(message).await?;
            }
            next = socket.next().now_or_never();
        }
        socket.flush().await?;
    }
    Ok(())
}
