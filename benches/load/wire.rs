//! Bytes on the wire: websocket frames and handshake, heads of HTTP. What a client needs and no more.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A server that says nothing for this long has lost a message.
pub const PATIENCE: Duration = Duration::from_secs(5);

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// The answer RFC 6455 (section 1.3) gives for the key above.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// A websocket that has shaken hands.
pub fn connect_websocket(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = connect(address)?;
    stream.write_all(HANDSHAKE.as_bytes())?;
    let response = read_head(&mut stream)?;
    if response.starts_with("HTTP/1.1 101 ") && response.contains(ACCEPT) {
        Ok(stream)
    } else {
        Err(io::Error::other(format!("not a websocket handshake: {response}")))
    }
}

/// Reads until a head is complete, and drops what came behind it.
pub fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    const END: &[u8] = b"\r\n\r\n";
    let mut response = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Err(io::Error::other("the server closed a connection in its head")),
            length => response.extend_from_slice(&buffer[..length]),
        }
        if let Some(at) = response.windows(END.len()).position(|bytes| bytes == END) {
            response.truncate(at + END.len());
            return Ok(String::from_utf8_lossy(&response).into_owned());
        }
    }
}

/// The frame in which a server sends a text.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    [header(0, payload.len()), payload.to_vec()].concat()
}

/// A client's frame. Each message of a batch has its own key, as from a real client; none is zero, which would make
/// unmasking free.
pub fn masked_frame(payload: &[u8], index: usize) -> Vec<u8> {
    let key = (index as u32).wrapping_add(1).wrapping_mul(0x9e37_79b9).to_be_bytes();
    let mut frame = header(0x80, payload.len());
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The header of a final text frame; `mask_bit` is 0x80 from a client and 0 from a server.
fn header(mask_bit: u8, length: usize) -> Vec<u8> {
    const FINAL_TEXT: u8 = 0x81;
    match length {
        0..126 => vec![FINAL_TEXT, mask_bit | length as u8],
        126..=0xffff => {
            [&[FINAL_TEXT, mask_bit | 126][..], &(length as u16).to_be_bytes()].concat()
        }
        _ => [&[FINAL_TEXT, mask_bit | 127][..], &(length as u64).to_be_bytes()].concat(),
    }
}
