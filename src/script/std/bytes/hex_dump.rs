//! Bytes as people look at them: the position, sixteen bytes, and the letters among them.

use std::fmt::Write;

/// Bytes of one line.
const WIDTH: usize = 16;

/// Bytes that are shown. Fixed: nobody reads more than four thousand lines.
const MAX_SHOWN: usize = 64 << 10;

pub(super) fn hex_dump(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(MAX_SHOWN)];
    let mut text = String::with_capacity(shown.len().div_ceil(WIDTH) * 80);
    for (line, part) in shown.chunks(WIDTH).enumerate() {
        let _ = write!(text, "{:08x} ", line * WIDTH);
        for at in 0..WIDTH {
            text.push_str(if at == WIDTH / 2 { "  " } else { " " });
            match part.get(at) {
                Some(byte) => _ = write!(text, "{byte:02x}"),
                None => text.push_str("  "),
            }
        }
        text.push_str("  |");
        let letter = |byte: &u8| match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        };
        text.extend(part.iter().map(letter));
        text.push_str("|\n");
    }
    if shown.len() < bytes.len() {
        let _ = writeln!(text, "… and {} more bytes", bytes.len() - shown.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_sixteen_bytes() {
        assert_eq!(hex_dump(b""), "");
        assert_eq!(
            hex_dump(b"hello world\x00\xff 123"),
            "00000000  68 65 6c 6c 6f 20 77 6f  72 6c 64 00 ff 20 31 32  |hello world.. 12|\n\
             00000010  33                                                |3|\n"
        );
    }

    #[test]
    fn many_bytes_are_cut() {
        let text = hex_dump(&vec![0; MAX_SHOWN + 5]);
        assert!(text.ends_with("… and 5 more bytes\n"));
        assert_eq!(text.lines().count(), MAX_SHOWN / WIDTH + 1);
    }
}
