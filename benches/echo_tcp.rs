//! The floor under every echo: tokio and a TCP socket, one thread, no protocol at all.
//!
//! Usage: `echo_tcp [PORT]`. It listens on 127.0.0.1 (port 0 or none: a free one), prints `listening ADDR` and sends
//! back whatever it reads until it is stopped.

use std::io::{self, Write};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Bytes taken in one read: more than any load here has under way on one connection.
const READ_BUFFER: usize = 64 * 1024;

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
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(port))
}

async fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A peer that resets the connection ends its own task; that is nothing to report here.
        tokio::spawn(echo(stream));
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; READ_BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}
