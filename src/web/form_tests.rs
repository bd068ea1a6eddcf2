//! Forms as browsers, PHP programs and strangers write them.

use super::*;
use crate::web::chance::Chance;
use std::time::Instant;

/// As JSON-like text, which is easier on the eye than nested enums.
fn shown(value: &FormValue) -> String {
    match value {
        FormValue::Text(text) => format!("{text:?}"),
        FormValue::List(values) => {
            format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(","))
        }
        FormValue::Map(entries) => shown_entries(entries),
    }
}

fn shown_entries(entries: &[(String, FormValue)]) -> String {
    let entries = entries.iter().map(|(key, value)| format!("{key}:{}", shown(value)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

#[track_caller]
fn check(query: &str, expected: &str) {
    assert_eq!(shown_entries(&parse(query.as_bytes()).unwrap()), expected, "{query}");
}

#[test]
fn plain_fields_keep_their_order_and_the_last_of_a_name_wins() {
    check("", "{}");
    check("a=1&b=2", r#"{a:"1",b:"2"}"#);
    check("a=1&b=2&a=3", r#"{a:"3",b:"2"}"#);
    check("a&b=&=x&&c=1=2", r#"{a:"",b:"",c:"1=2"}"#);
    check("a;b=1", r#"{a;b:"1"}"#);
}

#[test]
fn plus_and_percent_are_decoded_once() {
    check("a+b=c+d", r#"{a b:"c d"}"#);
    check("a=%2B%26%3D%25", r#"{a:"+&=%"}"#);
    check("a=%2525", r#"{a:"%25"}"#);
    check("a=%C3%A4%zz%4", r#"{a:"ä%zz%4"}"#);
    check("a=%FF%C3", "{a:\"\u{fffd}\u{fffd}\"}");
    check("a.b=1&c+d=2", r#"{a.b:"1",c d:"2"}"#);
}

#[test]
fn empty_brackets_append() {
    check("a[]=1&a[]=2", r#"{a:["1","2"]}"#);
    check("a%5B%5D=1&a%5b%5d=2", r#"{a:["1","2"]}"#);
    check("a[][]=1&a[][]=2", r#"{a:[["1"],["2"]]}"#);
    check("a[][x]=1&a[][x]=2", r#"{a:[{x:"1"},{x:"2"}]}"#);
}

#[test]
fn keys_nest() {
    check("a[k]=1&a[l]=2&a[k]=3", r#"{a:{k:"3",l:"2"}}"#);
    check("a[k][]=1&a[k][]=2&a[m][n]=3", r#"{a:{k:["1","2"],m:{n:"3"}}}"#);
    check("row[0][id]=7&row[0][n]=x&row[1][id]=8", r#"{row:[{id:"7",n:"x"},{id:"8"}]}"#);
}

#[test]
fn a_list_is_what_counts_from_zero() {
    check("a[0]=x&a[1]=y", r#"{a:["x","y"]}"#);
    check("a[1]=y&a[0]=x", r#"{a:{1:"y",0:"x"}}"#);
    check("a[5]=x&a[]=y", r#"{a:{5:"x",6:"y"}}"#);
    check("a[x]=1&a[]=2", r#"{a:{x:"1",0:"2"}}"#);
    check("a[]=1&a[x]=2", r#"{a:{0:"1",x:"2"}}"#);
    check("a[00]=1&a[-1]=2&a[]=3", r#"{a:{00:"1",-1:"2",0:"3"}}"#);
    check("a[18446744073709551615]=1&a[1]=2", r#"{a:{18446744073709551615:"1",1:"2"}}"#);
    check("a[99999999999999999999]=1&a[]=2", r#"{a:{99999999999999999999:"1",0:"2"}}"#);
}

#[test]
fn a_field_of_another_shape_replaces_the_earlier() {
    check("a=1&a[]=2", r#"{a:["2"]}"#);
    check("a[]=1&a=2", r#"{a:"2"}"#);
    check("a[b]=1&a[b][c]=2", r#"{a:{b:{c:"2"}}}"#);
}

#[test]
fn broken_brackets_are_part_of_a_plain_name() {
    check("a[b=1", r#"{a[b:"1"}"#);
    check("[a]=1&[]=2", r#"{[a]:"1",[]:"2"}"#);
    check("a]=1", r#"{a]:"1"}"#);
    check("a[b]c=1&a[d][e=2", r#"{a:{b:"1",d:"2"}}"#);
    check("a[[b]=1", r#"{a:{[b:"1"}}"#);
}

#[test]
fn what_is_beyond_the_limits_is_an_error_and_nothing_is_left_out() {
    let deep = |depth: usize| format!("a{}=1&b=2", "[x]".repeat(depth));
    assert_eq!(parse(deep(MAX_DEPTH).as_bytes()).unwrap().len(), 2);
    assert_eq!(parse(deep(MAX_DEPTH + 1).as_bytes()), Err(FormError::Depth));
    let many = |n: usize| (0..n).map(|n| format!("f{n}=1&")).collect::<String>();
    assert_eq!(parse(many(MAX_FIELDS).as_bytes()).unwrap().len(), MAX_FIELDS);
    assert_eq!(parse(many(MAX_FIELDS + 1).as_bytes()), Err(FormError::Fields));
    assert_eq!(parse(b"a[18446744073709551615]=1&a[]=2"), Err(FormError::Index));
    let empty = "&".repeat(5000) + "a=1";
    check(&empty, r#"{a:"1"}"#);
}

#[test]
fn hostile_forms_take_time_in_proportion() {
    let began = Instant::now();
    let hostile = |text: String| drop(parse(text.as_bytes()));
    hostile("a[".repeat(4_000_000));
    hostile(format!("a{}", "[]".repeat(4_000_000)));
    hostile("&=[".repeat(3_000_000));
    hostile("%".repeat(8_000_000));
    let appended = "a[]=&".repeat(MAX_FIELDS);
    (0..100).for_each(|_| assert_eq!(parse(appended.as_bytes()).unwrap().len(), 1));
    // A quadratic step would take hours.
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn random_bytes_do_no_harm() {
    let mut chance = Chance::new(1);
    for _ in 0..20_000 {
        let text = chance.bytes_of(b"ab[]]==&&%+0129\xff\x00.", 60);
        let fields = parse(&text).unwrap_or_default();
        assert!(fields.iter().all(|(name, _)| !name.is_empty()), "{text:?}");
        let _ = parse(&chance.bytes(80));
    }
}
