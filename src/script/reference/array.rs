//! Arrays that are held by reference.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Arrays",
    owner: "array",
    about: "An array becomes a reference when it is assigned to a property or to a top-level variable, as a map \
        does. Functions that change it change it for everybody who holds it; those that only look are given a \
        copy to look at. They are those of Rhai's plain arrays (`let` in a function), which can do the same. Indices \
        count from 0, negative ones from the end. `for value in list` walks over the values that there are when it begins, \
        whatever becomes of the array meanwhile.",
    operators: &[
        ("[]", "The value at that index; an index out of range is an error."),
        ("+=", "Adds a value at the end, or all values of an array."),
        ("+", "An array of the values of both."),
        ("==", "Are equal values in both? They may be references or plain arrays."),
        ("!=", "Do their values differ?"),
        ("<", "Arrays have no order: this is an error, as `<=`, `>` and `>=` are."),
        ("to_string", "JSON, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "get",
            &["get(index: int) -> any"],
            "The value at that index, or `()` behind the last one; what is before the first one is the first.",
            r#"
let a = [3, 1, 2, 1];
print(a.get(-1));  // prints 1
print(a.get(9) == ());  // prints true
"#,
        ),
        Entry::new(
            "len",
            &["len() -> int", "len: int"],
            "How many values there are.",
            r#"
let a = [3, 1, 2, 1];
print(a.len());  // prints 4
"#,
        ),
        Entry::new(
            "is_empty",
            &["is_empty() -> bool", "is_empty: bool"],
            "Is there no value?",
            r#"
let a = [];
print(a.is_empty());  // prints true
"#,
        ),
        Entry::new(
            "contains",
            &["contains(value: any) -> bool"],
            "Is an equal value in it? `value in a` asks the same.",
            r#"
let a = [3, 1, 2, 1];
print(a.contains(7));  // prints false
"#,
        ),
        Entry::new(
            "to_array",
            &["to_array() -> array"],
            "A plain Rhai array with the same values.",
            r#"
let a = [3, 1, 2, 1];
fn copy() {
    let mine = a.to_array();
    mine.push(9);
    mine.len()
}
print(copy());  // prints 5
"#,
        ),
        Entry::new(
            "map",
            &["map(f: function) -> array"],
            "What `f` gives for each value.",
            r#"
let a = [3, 1, 2, 1];
print(a.map(|n| n * 2));  // prints [6,2,4,2]
"#,
        ),
        Entry::new(
            "filter",
            &["filter(f: function) -> array"],
            "The values for which `f` gives true.",
            r#"
let a = [3, 1, 2, 1];
print(a.filter(|n| n > 1));  // prints [3,2]
"#,
        ),
        Entry::new(
            "some",
            &["some(f: function) -> bool"],
            "Does `f` give true for any value?",
            r#"
let a = [3, 1, 2, 1];
print(a.some(|n| n > 2));  // prints true
"#,
        ),
        Entry::new(
            "all",
            &["all(f: function) -> bool"],
            "Does `f` give true for every value?",
            r#"
let a = [3, 1, 2, 1];
print(a.all(|n| n > 2));  // prints false
"#,
        ),
        Entry::new(
            "find",
            &["find(f: function) -> any", "find(f: function, start: int) -> any"],
            "The first value for which `f` gives true, looking from `start` on, or `()`.",
            r#"
let a = [3, 1, 2, 1];
print(a.find(|n| n < 3));  // prints 1
"#,
        ),
        Entry::new(
            "find_map",
            &["find_map(f: function) -> any", "find_map(f: function, start: int) -> any"],
            "The first result of `f` that is not `()`, looking from `start` on, or `()`.",
            r#"
let a = [3, 1, 2, 1];
print(a.find_map(|n| if n < 3 { n * 10 }));  // prints 10
"#,
        ),
        Entry::new(
            "index_of",
            &["index_of(wanted: any) -> int", "index_of(wanted: any, start: int) -> int"],
            "The index of the first equal value, or of the first for which the function `wanted` gives true, \
                looking from `start` on; -1 if there is none.",
            r#"
let a = [3, 1, 2, 1];
print(a.index_of(1, 2));  // prints 3
"#,
        ),
        Entry::new(
            "reduce",
            &["reduce(f: function) -> any", "reduce(f: function, start: any) -> any"],
            "Folds the values into one, from the first to the last: `f(so_far, value)`. Without `start` it begins \
                with `()`.",
            r#"
let a = [3, 1, 2, 1];
print(a.reduce(|sum, n| sum + n, 0));  // prints 7
print(a.reduce(|text, n| `${text}${n}`, ""));  // prints 3121
"#,
        ),
        Entry::new(
            "reduce_rev",
            &["reduce_rev(f: function) -> any", "reduce_rev(f: function, start: any) -> any"],
            "The same from the last to the first.",
            r#"
let a = [3, 1, 2, 1];
print(a.reduce_rev(|text, n| `${text}${n}`, ""));  // prints 1213
"#,
        ),
        Entry::new(
            "extract",
            &["extract(start: int) -> array", "extract(start: int, len: int) -> array"],
            "A copy of the part from `start` on, or of `len` values. A range can be given instead.",
            r#"
let a = [3, 1, 2, 1];
print(a.extract(2..4));  // prints [2,1]
"#,
        ),
        Entry::new(
            "order",
            &["order() -> array", "order(f: function) -> array"],
            "A copy sorted, by `f(a, b)` if given. Values of different types are an error.",
            r#"
let a = [3, 1, 2, 1];
print(a.order());  // prints [1,1,2,3]
"#,
        ),
        Entry::new(
            "order_desc",
            &["order_desc() -> array"],
            "A copy sorted downwards.",
            r#"
let a = [3, 1, 2, 1];
print(a.order_desc());  // prints [3,2,1,1]
"#,
        ),
        Entry::new(
            "order_by",
            &["order_by(f: function) -> array"],
            "A copy sorted by `f(a, b)`, which gives a number below, equal to or above 0.",
            r#"
let a = [3, 1, 2, 1];
print(a.order_by(|x, y| y - x));  // prints [3,2,1,1]
"#,
        ),
        Entry::new(
            "zip",
            &["zip(other: array, f: function) -> array"],
            "What `f(value, value of the other)` gives for each pair.",
            r#"
let a = [3, 1, 2, 1];
print(a.zip([1, 2], |x, y| x * y));  // prints [3,2]
"#,
        ),
    ],
};
