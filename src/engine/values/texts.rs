//! What strings can do besides rhai's own functions: all give a new string, and leave the one that they are called on as it
//! is.

use crate::engine::{
    outcome::Outcome,
    values::{pieces, sizes},
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString, Position};

/// What a string is filled up with if the script does not say.
const BLANK: &str = " ";

type Text = ImmutableString;

#[derive(Clone, Copy)]
enum End {
    Left,
    Right,
    Both,
}

/// The text with so many characters, filled up at one end with another text again and again.
fn padded(text: &str, length: i64, padding: &str, end: End) -> Outcome<ImmutableString> {
    let length = usize::try_from(length).unwrap_or(0);
    let missing = length.saturating_sub(text.chars().count());
    let in_padding = padding.chars().count();
    if missing == 0 || in_padding == 0 {
        return Ok(text.into());
    }
    let rest: String = padding.chars().take(missing % in_padding).collect();
    let times = missing / in_padding;
    let bytes = times.saturating_mul(padding.len()).saturating_add(rest.len() + text.len());
    sizes::check_bytes(bytes, "the string")?;
    let mut out = String::with_capacity(bytes);
    if matches!(end, End::Right) {
        out.push_str(text);
    }
    out.extend(std::iter::repeat_n(padding, times));
    out.push_str(&rest);
    if matches!(end, End::Left) {
        out.push_str(text);
    }
    Ok(out.into())
}

fn repeated(text: &str, times: i64) -> Outcome<ImmutableString> {
    let count = usize::try_from(times).map_err(|_| {
        let text = format!("repeat takes how often, 0 or more, not {times}");
        EvalAltResult::ErrorRuntime(text.into(), Position::NONE)
    })?;
    sizes::check_bytes(text.len().saturating_mul(count), "the string")?;
    Ok(text.repeat(count).into())
}

/// The lines without their ends, which may be LF or CR LF. An end at the end of the text begins no line.
fn lines(text: &str) -> Outcome<Array> {
    let count = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    pieces::check_list(count, text.len())?;
    Ok(text.lines().map(Into::into).collect())
}

/// The text without these letters at its ends.
fn trimmed(text: &str, end: End, is_trimmed: impl Fn(char) -> bool) -> &str {
    match end {
        End::Left => text.trim_start_matches(is_trimmed),
        End::Right => text.trim_end_matches(is_trimmed),
        End::Both => text.trim_matches(is_trimmed),
    }
}

/// The text with a capital letter at its beginning.
fn capitalized(text: &str) -> ImmutableString {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect::<String>().into(),
        None => text.into(),
    }
}

/// Whether a float is a number that 64 bits hold.
fn is_whole(n: f64) -> bool {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (-BEYOND..BEYOND).contains(&n)
}

/// Registers them.
pub(in crate::engine) fn register(engine: &mut Engine) {
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    for (name, end) in [("pad_left", End::Left), ("pad_right", End::Right)] {
        pure!(name, move |text: &mut Text, length: i64| padded(text, length, BLANK, end));
        pure!(name, move |text: &mut Text, length: i64, padding: Text| {
            padded(text, length, &padding, end)
        });
        pure!(name, move |text: &mut Text, length: i64, padding: char| {
            padded(text, length, padding.encode_utf8(&mut [0; 4]), end)
        });
    }
    let ends = [("trimmed", End::Both), ("trimmed_start", End::Left), ("trimmed_end", End::Right)];
    for (name, end) in ends {
        pure!(name, move |text: &mut Text| -> Text {
            trimmed(text, end, char::is_whitespace).into()
        });
        pure!(name, move |text: &mut Text, letters: Text| -> Text {
            trimmed(text, end, |letter| letters.contains(letter)).into()
        });
    }
    pure!("repeat", |text: &mut Text, times: i64| repeated(text, times));
    pure!("lines", |text: &mut Text| lines(text));
    pure!("capitalized", |text: &mut Text| capitalized(text));
    pure!("to_int", |text: &mut Text, default: Dynamic| {
        text.trim().parse::<i64>().map_or(default, Dynamic::from)
    });
    pure!("to_float", |text: &mut Text, default: Dynamic| {
        // Words that Rust takes for numbers are none that people write.
        let is_number = |n: &f64| n.is_finite();
        text.trim().parse::<f64>().ok().filter(is_number).map_or(default, Dynamic::from)
    });
    // Also of what is no text: a field of a query that is missing, with a number that stands for it.
    pure!("to_int", |value: Dynamic, default: Dynamic| match value.as_float() {
        Ok(n) if is_whole(n.trunc()) => Dynamic::from(n as i64),
        _ if value.is_int() => value,
        _ => default,
    });
    pure!("to_float", |value: Dynamic, default: Dynamic| match value.as_int() {
        Ok(n) => Dynamic::from(n as f64),
        _ if value.as_float().is_ok_and(f64::is_finite) => value,
        _ => default,
    });
    macro_rules! replacing {
        ($(($find:ty, $by:ty)),*) => {$(
            pure!("replace_all", |text: &mut Text, find: $find, by: $by| -> Outcome<Text> {
                let mut copy = text.clone();
                sizes::replace(&mut copy, &find.to_string(), &by.to_string())?;
                Ok(copy)
            });
        )*};
    }
    replacing!((Text, Text), (Text, char), (char, Text), (char, char));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_filled_up_at_one_end() {
        let padded = |text, length, padding, end| {
            padded(text, length, padding, end).expect("small").to_string()
        };
        assert_eq!(padded("7", 3, "0", End::Left), "007");
        assert_eq!(padded("ä", 3, "12", End::Right), "ä12");
        assert_eq!(padded("ä", 4, "12", End::Left), "121ä");
        assert_eq!(padded("long", 2, "0", End::Left), "long");
        assert_eq!(padded("a", 5, "", End::Left), "a");
        assert_eq!(padded("a", -1, "0", End::Right), "a");
    }

    #[test]
    fn what_would_be_too_long_is_refused() {
        assert!(super::padded("a", i64::MAX, "ab", End::Left).is_err());
        assert!(repeated("ab", i64::MAX).is_err() && repeated("a", -1).is_err());
        assert_eq!(repeated("ab", 2).expect("small"), "abab");
    }

    #[test]
    fn lines_have_no_ends() {
        let of = |text| {
            lines(text).expect("small").into_iter().map(|l| l.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(of("a\r\nb\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(of("a\n"), ["a"]);
        assert!(of("").is_empty());
    }

    #[test]
    fn a_text_begins_with_a_capital_letter() {
        assert_eq!(capitalized("äpfel"), "Äpfel");
        assert_eq!((capitalized("").as_str(), capitalized("ß").as_str()), ("", "SS"));
    }
}
