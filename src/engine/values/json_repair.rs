//! JSON that is right by its grammar and that the parser does not take, or not without loss, written so that it does: half
//! of a surrogate pair is U+FFFD, a number beyond all floats the greatest one, and a whole number that no `i64` holds
//! becomes a string of its digits. Only texts that need it come here.

use std::fmt::Write;

/// The text in which the parser finds what is meant. What is no JSON stays none.
pub(in crate::engine) fn repaired(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match rest.starts_with('"') {
            true => string(rest, &mut out),
            false => number(rest, &mut out),
        };
    }
    out.push_str(rest);
    out
}

/// Copies a string, up to its closing quote, and gives what follows it.
fn string<'a>(text: &'a str, out: &mut String) -> &'a str {
    out.push('"');
    let mut rest = &text[1..];
    loop {
        let Some(at) = rest.find(['"', '\\']) else {
            out.push_str(rest);
            return "";
        };
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('"') {
            out.push('"');
            return after;
        }
        rest = escape(rest, out);
    }
}

/// Copies an escape, with its other half if it is one of two, and gives what follows.
fn escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    const ESCAPE: usize = r"\uD83D".len();
    match unit(text) {
        Some(0xd800..=0xdbff) if matches!(unit(&text[ESCAPE..]), Some(0xdc00..=0xdfff)) => {
            out.push_str(&text[..2 * ESCAPE]);
            &text[2 * ESCAPE..]
        }
        Some(0xd800..=0xdfff) => {
            out.push(char::REPLACEMENT_CHARACTER);
            &text[ESCAPE..]
        }
        _ => {
            // A backslash and whatever follows it.
            let end = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
            out.push_str(&text[..end]);
            &text[end..]
        }
    }
}

/// The code unit that a text begins with as `\uXXXX`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// Copies a number and gives what follows it.
fn number<'a>(text: &'a str, out: &mut String) -> &'a str {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let digits = number.strip_prefix('-').unwrap_or(number);
    // A number cannot be a key, whatever it is written as.
    if rest.trim_start().starts_with(':') {
        out.push_str(number);
        return rest;
    }
    let is_whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // Zeros in front are no JSON, and must not become any.
    if is_whole && (digits == "0" || !digits.starts_with('0')) {
        match number.parse::<i64>() {
            Ok(n) => drop(write!(out, "{n}")),
            Err(_) => drop(write!(out, "\"{number}\"")),
        }
    } else if is_number(digits) && number.parse().is_ok_and(f64::is_infinite) {
        let greatest = if number.starts_with('-') { f64::MIN } else { f64::MAX };
        let _ = write!(out, "{greatest:e}");
    } else {
        out.push_str(number);
    }
    rest
}

/// Is this, which has no sign, a number by JSON's grammar?
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}
