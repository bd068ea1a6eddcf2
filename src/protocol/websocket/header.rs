//! The two to fourteen bytes in front of a frame's payload (RFC 6455, 5.2). What a frame means may not enter.

/// Kinds of frames.
pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// Payload bytes that a control frame may have (RFC 6455, 5.5).
pub(super) const MAX_CONTROL: usize = 125;

/// The header of a frame from a client.
pub(super) struct Header {
    /// Is it the last frame of its message?
    pub(super) is_final: bool,
    pub(super) opcode: u8,
    pub(super) mask: [u8; 4],
    /// Bytes of the payload.
    pub(super) length: u64,
    /// Its own bytes.
    pub(super) size: usize,
}

impl Header {
    /// The header that `bytes` begin with; none if it is not complete. The error says what is wrong with it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (opcode, is_final) = (first & 0x0f, first & 0x80 != 0);
        if first & 0x70 != 0 {
            return Err("reserved bits without an extension".into());
        }
        if !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
            return Err(format!("a frame of the unknown kind {opcode}"));
        }
        if second & 0x80 == 0 {
            return Err("a frame that is not masked".into());
        }
        let (length, rest) = match second & 0x7f {
            126 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            short => (u64::from(short), rest),
        };
        if opcode >= CLOSE && (length > MAX_CONTROL as u64 || !is_final) {
            return Err("a control frame too long or fragmented".into());
        }
        let Some((mask, rest)) = rest.split_first_chunk() else { return Ok(None) };
        let size = bytes.len() - rest.len();
        Ok(Some(Self { is_final, opcode, mask: *mask, length, size }))
    }
}

/// Appends one whole message, or control frame, as a server sends it.
pub(super) fn frame(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(payload.len() + 10);
    let first = 0x80 | opcode;
    match payload.len() {
        short @ 0..=125 => out.extend_from_slice(&[first, short as u8]),
        long @ 126..=0xffff => {
            let [a, b] = (long as u16).to_be_bytes();
            out.extend_from_slice(&[first, 126, a, b]);
        }
        longest => {
            out.extend_from_slice(&[first, 127]);
            out.extend_from_slice(&(longest as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// XORs the payload with the mask, as many bytes at a time as the processor can.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let (wide, rest) = payload.as_chunks_mut::<32>();
    for chunk in wide {
        for part in chunk.as_chunks_mut::<4>().0 {
            *part = xor(*part, mask);
        }
    }
    let (parts, rest) = rest.as_chunks_mut::<4>();
    for part in parts {
        *part = xor(*part, mask);
    }
    rest.iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
}

fn xor(part: [u8; 4], mask: [u8; 4]) -> [u8; 4] {
    (u32::from_ne_bytes(part) ^ u32::from_ne_bytes(mask)).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a client sends it.
    fn masked(opcode: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut plain = Vec::new();
        frame(opcode, payload, &mut plain);
        plain[1] |= 0x80;
        let head = plain.len() - payload.len();
        let mut sent = plain[..head].to_vec();
        sent.extend(mask);
        sent.extend(plain[head..].iter().zip(mask.iter().cycle()).map(|(b, k)| b ^ k));
        sent
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        for length in (0..200).chain([65_535, 65_536, 70_001]) {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let mut sent = masked(BINARY, &payload, [1, 0x80, 0xff, 0x37]);
            let header = Header::parse(&sent).ok().flatten().expect("a whole header");
            assert_eq!((header.length, header.opcode), (payload.len() as u64, BINARY));
            assert_eq!(header.size + payload.len(), sent.len());
            for short in 0..header.size {
                assert!(matches!(Header::parse(&sent[..short]), Ok(None)), "{short}");
            }
            let read = &mut sent[header.size..];
            unmask(read, header.mask);
            assert_eq!(read, payload);
        }
    }
}
