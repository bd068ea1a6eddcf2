//! What texts and values become: numbers, repeated keys, depth, and what is said of texts that are no JSON.

use super::*;

/// What a text becomes, written again: `1` is a whole number, `1.0` is not.
fn read(text: &str) -> Result<String, String> {
    decode(text).and_then(|value| encode(&value))
}

#[test]
fn every_kind_of_value_is_read() {
    let table = [
        ("null", "null"),
        (" true\n", "true"),
        ("[false]", "[false]"),
        ("0", "0"),
        ("-7", "-7"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("1.0", "1.0"),
        ("1e2", "100.0"),
        ("-2.5E-3", "-0.0025"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        // What no whole number of a script can be is text.
        ("9223372036854775808", "\"9223372036854775808\""),
        ("-9223372036854775809", "\"-9223372036854775809\""),
        ("18446744073709551615", "\"18446744073709551615\""),
        ("123456789012345678901234567890", "\"123456789012345678901234567890\""),
        ("1e999", "1.7976931348623157e+308"),
        ("1e-999", "0.0"),
        (r#""""#, r#""""#),
        (r#""aé\u00e9\ud83d\ude00\/\n""#, r#""aéé😀/\n""#),
        ("[]", "[]"),
        ("[1,[2.5,[]],{}]", "[1,[2.5,[]],{}]"),
        (r#"{"b":1,"a":{"":null}}"#, r#"{"b":1,"a":{"":null}}"#),
        // The last of them counts, whatever it is.
        (r#"{"a":1,"b":2,"a":[3]}"#, r#"{"a":[3],"b":2}"#),
        (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
        (
            r#"{"a key of more than twenty-three bytes":"v\t"}"#,
            r#"{"a key of more than twenty-three bytes":"v\t"}"#,
        ),
    ];
    for (text, wanted) in table {
        assert_eq!(read(text).as_deref(), Ok(wanted), "{text}");
    }
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    let table = [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("nul", "EOF while parsing a value at line 1 column 3"),
        ("nonsense", "expected ident at line 1 column 2"),
        ("1 2", "trailing characters at line 1 column 3"),
        ("01", "invalid number at line 1 column 2"),
        ("1e9999x", "trailing characters at line 1 column 23"),
        ("NaN", "expected value at line 1 column 1"),
        ("[1,", "EOF while parsing a value at line 1 column 3"),
        ("[1,]", "trailing comma at line 1 column 4"),
        ("[1 2]", "expected `,` or `]` at line 1 column 4"),
        ("{\"a\"\n1}", "expected `:` at line 2 column 1"),
        ("{\"a\":1,}", "trailing comma at line 1 column 8"),
        ("{\"a\":1", "EOF while parsing an object at line 1 column 6"),
        ("{1:2}", "key must be a string at line 1 column 2"),
        ("{\"a\":1 \"b\":2}", "expected `,` or `}` at line 1 column 8"),
        (
            "\"a\u{1}\"",
            "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 3",
        ),
        ("\"\\x\"", "invalid escape at line 1 column 3"),
        ("[1]]", "trailing characters at line 1 column 4"),
    ];
    for (text, wanted) in table {
        assert_eq!(read(text), Err(wanted.to_owned()), "{text:?}");
    }
}

#[test]
fn texts_may_be_nested_to_a_depth() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let inner = if close == "]" { "" } else { "0" };
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        assert_eq!(read(&nested(127)), Ok(nested(127)));
        let error = read(&nested(128)).unwrap_err();
        let column = 128 * open.len() - open.len() + 1;
        assert_eq!(error, format!("recursion limit exceeded at line 1 column {column}"));
    }
}

#[test]
fn short_texts_and_maps_are_of_the_types_that_scripts_know() {
    let value = decode(r#"{"uid":"uid1","list":[1],"half":0.5}"#).unwrap();
    let map = value.cast::<RefMap>();
    assert_eq!(map.get("uid").type_name(), "string");
    assert!(map.get("list").is::<RefArray>() && map.get("half").is_float());
}

#[test]
fn texts_are_written_with_what_has_to_be_escaped() {
    let table = [
        ("plain é😀\u{7f}/'", "\"plain é😀\u{7f}/'\""),
        ("\"\\", r#""\"\\""#),
        ("\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} ", r#""\u0000\b\t\n\u000b\f\r\u001f ""#),
        ("\u{2028}", "\"\u{2028}\""),
        ("", r#""""#),
    ];
    for (text, wanted) in table {
        assert_eq!(encode(&text.into()).as_deref(), Ok(wanted));
        let mut map = Map::new();
        map.insert(text.into(), Dynamic::UNIT);
        assert_eq!(encode(&map.into()), Ok(format!("{{{wanted}:null}}")));
    }
}

#[test]
fn numbers_are_written_as_scripts_write_them() {
    let table: [(Dynamic, &str); 7] = [
        (i64::MIN.into(), "-9223372036854775808"),
        (0.into(), "0"),
        (0.1.into(), "0.1"),
        ((-0.0).into(), "-0.0"),
        (1e21.into(), "1e+21"),
        (f64::MIN_POSITIVE.into(), "2.2250738585072014e-308"),
        ('"'.into(), r#""\"""#),
    ];
    for (value, wanted) in table {
        assert_eq!(encode(&value).as_deref(), Ok(wanted));
    }
    assert_eq!(encode(&f64::NAN.into()), Err("NaN has no JSON form".to_owned()));
}

#[test]
fn floats_are_the_same_after_they_were_written_and_read_and_as_others_write_them() {
    // Bits from a generator of Knuth's: all sizes of floats, and those of measured values.
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^ (state >> 33)
    };
    for _ in 0..20_000 {
        let measured = next() as f64 / next() as f64;
        for n in [f64::from_bits(next()), measured].into_iter().filter(|n| n.is_finite()) {
            let same = |text: &str| {
                let read = decode(text).unwrap().as_float().unwrap();
                assert_eq!(read.to_bits(), n.to_bits(), "{text}");
                // What sessions and libraries read.
                let value: serde_json::Value = serde_json::from_str(text).unwrap();
                assert_eq!(value.as_f64().map(f64::to_bits), Some(n.to_bits()), "{text}");
            };
            same(&encode(&n.into()).unwrap());
            same(&format!("{n:e}"));
        }
    }
    let known = decode("0.46153846153846156").unwrap().as_float();
    assert_eq!(known, Ok(0.46153846153846156));
}
