//! Bytes as text: base64 in its two alphabets, and hexadecimal digits.

use data_encoding::{
    BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE,
};

/// How base64 is written and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Base64 {
    /// `-` and `_` stand for `+` and `/`, which mean something else in addresses and names of files (RFC 4648 §5).
    pub(super) url: bool,
    /// Whether `=` fills up the last group of four. Written by default in the standard alphabet and not in that for
    /// addresses; read with and without, unless this says which.
    pub(super) padding: Option<bool>,
    /// Whether spaces and ends of lines may stand anywhere, as in e-mails and certificates. Default off.
    pub(super) spaces: bool,
}

/// The text of some bytes.
pub(super) fn base64(bytes: &[u8], form: Base64) -> String {
    let is_padded = form.padding.unwrap_or(!form.url);
    let encoding = match (form.url, is_padded) {
        (false, true) => &BASE64,
        (false, false) => &BASE64_NOPAD,
        (true, true) => &BASE64URL,
        (true, false) => &BASE64URL_NOPAD,
    };
    encoding.encode(bytes)
}

/// The bytes of such a text. The error says what is wrong with it, and where.
pub(super) fn from_base64(text: &[u8], form: Base64) -> Result<Vec<u8>, String> {
    let squeezed: Vec<u8>;
    let text = if form.spaces && text.iter().any(u8::is_ascii_whitespace) {
        squeezed = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        &squeezed
    } else {
        text
    };
    let signs = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let has_padding = signs > 0;
    match form.padding {
        Some(true) if !text.len().is_multiple_of(4) => {
            return Err("its length is no multiple of 4: the padding is missing".to_owned());
        }
        Some(false) if has_padding => return Err("it ends with padding".to_owned()),
        _ => (),
    }
    if has_padding && !text.len().is_multiple_of(4) {
        return Err("its padding does not fill up the last group of four".to_owned());
    }
    let encoding = if form.url { &BASE64URL_NOPAD } else { &BASE64_NOPAD };
    encoding.decode(&text[..text.len() - signs]).map_err(|fault| {
        let other = if form.url { b"+/" } else { b"-_" };
        match fault.kind {
            data_encoding::DecodeKind::Symbol if other.contains(&text[fault.position]) => format!(
                "it is written in the {} alphabet: use `url: {}`",
                if form.url { "standard" } else { "URL" },
                !form.url
            ),
            data_encoding::DecodeKind::Symbol => {
                let sign = text[fault.position].escape_ascii();
                format!("`{sign}` at byte {} is no sign of base64", fault.position)
            }
            data_encoding::DecodeKind::Length => "its end is missing".to_owned(),
            _ => "its last sign has bits that no byte uses".to_owned(),
        }
    })
}

/// Two digits for each byte, in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes of such digits, in either case. The error says what is wrong.
pub(super) fn from_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    HEXLOWER_PERMISSIVE.decode(text).map_err(|fault| match fault.kind {
        data_encoding::DecodeKind::Symbol => {
            let sign = text[fault.position].escape_ascii();
            format!("`{sign}` at byte {} is no hexadecimal digit", fault.position)
        }
        _ => "it has an odd number of digits".to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const STANDARD: Base64 = Base64 { url: false, padding: None, spaces: false };
    const URL: Base64 = Base64 { url: true, ..STANDARD };

    /// RFC 4648 §10.
    const VECTORS: [(&str, &str); 7] = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ];

    #[test]
    fn base64_agrees_with_the_vectors_of_its_standard() {
        for (plain, coded) in VECTORS {
            assert_eq!(base64(plain.as_bytes(), STANDARD), coded);
            assert_eq!(base64(plain.as_bytes(), URL), coded.trim_end_matches('='));
            for form in [STANDARD, URL] {
                assert_eq!(from_base64(coded.as_bytes(), form).unwrap(), plain.as_bytes());
                let bare = coded.trim_end_matches('=');
                assert_eq!(from_base64(bare.as_bytes(), form).unwrap(), plain.as_bytes());
            }
        }
    }

    #[test]
    fn each_alphabet_names_the_other() {
        let bytes = [0xfb, 0xff, 0xfe];
        assert_eq!(base64(&bytes, STANDARD), "+//+");
        assert_eq!(base64(&bytes, URL), "-__-");
        assert!(from_base64(b"+//+", URL).unwrap_err().contains("use `url: false`"));
        assert!(from_base64(b"-__-", STANDARD).unwrap_err().contains("use `url: true`"));
    }

    #[test]
    fn padding_is_demanded_refused_or_free() {
        let with = |padding| Base64 { padding: Some(padding), ..STANDARD };
        assert_eq!(base64(b"f", with(false)), "Zg");
        assert_eq!(base64(b"f", Base64 { padding: Some(true), ..URL }), "Zg==");
        assert!(from_base64(b"Zg", with(true)).unwrap_err().contains("padding is missing"));
        assert!(from_base64(b"Zg==", with(false)).unwrap_err().contains("ends with padding"));
        assert!(from_base64(b"Zg=", STANDARD).is_err());
        assert!(from_base64(b"Zg===", STANDARD).is_err());
        assert!(from_base64(b"====", STANDARD).is_err());
    }

    #[test]
    fn what_no_encoder_writes_is_refused() {
        assert!(from_base64(b"Zh==", STANDARD).unwrap_err().contains("bits"));
        assert!(from_base64(b"Z", STANDARD).unwrap_err().contains("end is missing"));
        let why = from_base64(b"Zm9*", STANDARD).unwrap_err();
        assert_eq!(why, "`*` at byte 3 is no sign of base64");
        assert!(from_base64(b"Zm9v\n", STANDARD).is_err());
        let spaced = Base64 { spaces: true, ..STANDARD };
        assert_eq!(from_base64(b" Zm\r\n9v ", spaced).unwrap(), b"foo");
    }

    #[test]
    fn hexadecimal_digits_are_read_in_either_case() {
        assert_eq!(hex(b"foobar"), "666f6f626172");
        assert_eq!(from_hex(b"666F6f626172").unwrap(), b"foobar");
        assert_eq!(from_hex(b"6").unwrap_err(), "it has an odd number of digits");
        assert_eq!(from_hex(b"6x").unwrap_err(), "`x` at byte 1 is no hexadecimal digit");
    }
}
