//! Numbers as people write them, with a fixed number of digits behind the point. What lies in the middle between two is
//! rounded away from zero, as in PHP and in school; rhai and Rust would round it to the even one.

use crate::engine::outcome::Outcome;
use rhai::{Engine, EvalAltResult, FuncRegistration, ImmutableString, Position};

/// Digits behind the point. Fixed: a fraction has seventeen that mean anything.
const MAX_DIGITS: i64 = 30;

fn digits(count: i64) -> Outcome<usize> {
    let count_or_error = usize::try_from(count).ok().filter(|_| count <= MAX_DIGITS);
    count_or_error.ok_or_else(|| {
        let text = format!("a number has 0 to {MAX_DIGITS} digits behind the point, not {count}");
        EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into()
    })
}

/// The number with so many digits behind the point.
fn fixed(number: f64, digits: usize) -> String {
    let text =
        format!("{:.digits$}", if is_middle(number, digits) { away(number) } else { number });
    // What is rounded to zero has no sign.
    let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    match text.strip_prefix('-').filter(|_| is_zero) {
        Some(zero) => zero.to_owned(),
        None => text,
    }
}

/// Does a number lie exactly between two of so many digits?
fn is_middle(number: f64, digits: usize) -> bool {
    // Such a number has one digit more, a 5, and a fraction of twos has no more digits than it has bits behind the point.
    let bits = number * 2_f64.powi(digits as i32 + 1);
    bits.is_finite() && bits.fract() == 0.0 && format!("{number:.*}", digits + 1).ends_with('5')
}

/// The next number that is further from zero.
fn away(number: f64) -> f64 {
    if number < 0.0 { number.next_down() } else { number.next_up() }
}

/// A text of digits with a separator between thousands and a point of one's own.
fn grouped(text: &str, point: &str, separator: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && digit.is_ascii_digit() {
            out.push_str(separator);
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push_str(point);
        out.push_str(rest);
    }
    out
}

/// A whole number with so many digits behind the point, which are zeros.
fn fixed_int(number: i64, digits: usize) -> String {
    match digits {
        0 => number.to_string(),
        digits => format!("{number}.{:0<digits$}", ""),
    }
}

/// Registers them for one kind of number.
fn of<N: Clone + 'static>(
    engine: &mut Engine,
    fixed: impl Fn(&N, usize) -> String + Clone + 'static,
) {
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    let f = fixed.clone();
    pure!("fixed", move |n: &mut N, count: i64| -> Outcome<String> { Ok(f(n, digits(count)?)) });
    let f = fixed.clone();
    pure!("format", move |n: &mut N, count: i64| -> Outcome<String> {
        Ok(grouped(&f(n, digits(count)?), ".", ","))
    });
    let f = fixed.clone();
    pure!("format", move |n: &mut N,
                          count: i64,
                          point: ImmutableString,
                          separator: ImmutableString| {
        Outcome::Ok(grouped(&f(n, digits(count)?), &point, &separator))
    });
    let f = fixed.clone();
    pure!("thousands", move |n: &mut N| grouped(&f(n, 0), ".", ","));
    pure!("thousands", move |n: &mut N, separator: ImmutableString| {
        grouped(&fixed(n, 0), ".", &separator)
    });
}

/// Registers them.
pub(in crate::engine) fn register(engine: &mut Engine) {
    of::<i64>(engine, |n, digits| fixed_int(*n, digits));
    of::<f64>(engine, |n, digits| fixed(*n, digits));
    FuncRegistration::new("round").with_purity(true).register_into_engine(
        engine,
        |n: &mut f64, count: i64| -> Outcome<f64> {
            // A text of digits is a number; what is none is none with fewer digits, too.
            Ok(fixed(*n, digits(count)?).parse().unwrap_or(*n))
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_middle_is_rounded_away_from_zero() {
        for (number, digits, wanted) in [
            (0.5, 0, "1"),
            (1.5, 0, "2"),
            (2.5, 0, "3"),
            (-2.5, 0, "-3"),
            (0.125, 2, "0.13"),
            (0.375, 2, "0.38"),
            (1.005, 2, "1.00"),
            (1234.5678, 2, "1234.57"),
            (2.0, 3, "2.000"),
            (0.1, 20, "0.10000000000000000555"),
            (-0.001, 2, "0.00"),
            (999.995, 2, "1000.00"),
            (1e21, 0, "1000000000000000000000"),
            (f64::INFINITY, 2, "inf"),
            (f64::NAN, 2, "NaN"),
        ] {
            assert_eq!(fixed(number, digits), wanted, "{number} {digits}");
        }
    }

    #[test]
    fn thousands_are_separated() {
        for (text, wanted) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.50", "-1,234,567.50"),
            ("-100", "-100"),
            ("inf", "inf"),
            ("-inf", "-inf"),
        ] {
            assert_eq!(grouped(text, ".", ","), wanted);
        }
        assert_eq!(grouped("1234.5", ",", "."), "1.234,5");
        assert_eq!(fixed_int(i64::MIN, 2), "-9223372036854775808.00");
        assert!(digits(-1).is_err() && digits(31).is_err() && digits(30).is_ok());
    }
}
