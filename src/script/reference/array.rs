//! Arrays that are held by reference.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Arrays",
    owner: "array",
    about: "An array becomes a reference when it is assigned to a property or to a top-level variable, as a map \
        does. Functions that change it change it for everybody who holds it; those that only look are given a \
        copy to look at. Rhai's other array functions work on `to_array()`. Indices count from 0, negative ones \
        from the end.",
    operators: &[
        ("[]", "The value at that index; an index out of range is an error."),
        ("+=", "Adds a value at the end."),
        ("==", "Is it the same array?"),
        ("!=", "Is it another one?"),
        ("to_string", "JSON, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "get",
            &["get(index: int) -> any"],
            "The value at that index, or `()` out of range.",
            r#"
let a = [3, 1, 2, 1];
print(a.get(-1));  // prints 1
print(a.get(9) == ());  // prints true
"#,
        ),
        Entry::new(
            "set",
            &["set(index: int, value: any)"],
            "Sets the value at that index. Out of range is an error.",
            r#"
let a = [3, 1, 2, 1];
a.set(0, 9);
print(a);  // prints [9,1,2,1]
"#,
        ),
        Entry::new(
            "push",
            &["push(value: any)"],
            "Adds a value at the end.",
            r#"
let a = [3, 1, 2, 1];
a.push(9);
print(a);  // prints [3,1,2,1,9]
"#,
        ),
        Entry::new(
            "insert",
            &["insert(index: int, value: any)"],
            "Puts a value before that index; beyond the end, at the end.",
            r#"
let a = [3, 1, 2, 1];
a.insert(0, 9);
print(a);  // prints [9,3,1,2,1]
"#,
        ),
        Entry::new(
            "pop",
            &["pop() -> any"],
            "Takes the last value out; `()` if there is none.",
            r#"
let a = [3, 1, 2, 1];
print(a.pop());  // prints 1
"#,
        ),
        Entry::new(
            "shift",
            &["shift() -> any"],
            "Takes the first value out; `()` if there is none.",
            r#"
let a = [3, 1, 2, 1];
print(a.shift());  // prints 3
"#,
        ),
        Entry::new(
            "remove",
            &["remove(index: int) -> any"],
            "Takes the value at that index out; `()` out of range.",
            r#"
let a = [3, 1, 2, 1];
print(a.remove(0));  // prints 3
"#,
        ),
        Entry::new(
            "len",
            &["len() -> int"],
            "How many values there are.",
            r#"
let a = [3, 1, 2, 1];
print(a.len());  // prints 4
"#,
        ),
        Entry::new(
            "is_empty",
            &["is_empty() -> bool"],
            "Is there no value?",
            r#"
let a = [];
print(a.is_empty());  // prints true
"#,
        ),
        Entry::new(
            "clear",
            &["clear()"],
            "Takes all values out.",
            r#"
let a = [3, 1, 2, 1];
a.clear();
print(a);  // prints []
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
            &["find(f: function) -> any"],
            "The first value for which `f` gives true, or `()`.",
            r#"
let a = [3, 1, 2, 1];
print(a.find(|n| n < 3));  // prints 1
"#,
        ),
        Entry::new(
            "find_map",
            &["find_map(f: function) -> any"],
            "The first result of `f` that is not `()`, or `()`.",
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
            "for_each",
            &["for_each(f: function)"],
            "Calls `f` for each value, which is `this` in it. It sees a copy: use `map` or a loop to change \
                values.",
            r#"
let a = [3, 1, 2, 1];
a.for_each(|| print(this));  // prints 3
"#,
        ),
        Entry::new(
            "reduce",
            &["reduce(f: function) -> any", "reduce(f: function, start: any) -> any"],
            "Folds the values into one, from the first to the last: `f(so_far, value)`. Without `start` it begins \
                with `()`.",
            r#"
let a = [3, 1, 2, 1];
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
            &["order() -> array"],
            "A sorted copy. Values of different types are an error.",
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
        Entry::new(
            "sort",
            &["sort()", "sort(f: function)"],
            "Sorts it, by `f(a, b)` if given. Values of different types need an `f`.",
            r#"
let a = [3, 1, 2, 1];
a.sort();
print(a);  // prints [1,1,2,3]
"#,
        ),
        Entry::new(
            "sort_desc",
            &["sort_desc()"],
            "Sorts it downwards.",
            r#"
let a = [3, 1, 2, 1];
a.sort_desc();
print(a);  // prints [3,2,1,1]
"#,
        ),
        Entry::new(
            "sort_by",
            &["sort_by(f: function)"],
            "Sorts it by `f(a, b)`.",
            r#"
let a = [3, 1, 2, 1];
a.sort_by(|x, y| y - x);
print(a);  // prints [3,2,1,1]
"#,
        ),
        Entry::new(
            "dedup",
            &["dedup()", "dedup(f: function)"],
            "Takes values out that equal the one before them, or for which `f(a, b)` gives true.",
            r#"
let a = [1, 1, 2, 2, 1];
a.dedup();
print(a);  // prints [1,2,1]
"#,
        ),
        Entry::new(
            "retain",
            &["retain(f: function) -> array", "retain(start: int, len: int) -> array"],
            "Keeps the values for which `f` gives true, or the given part, and gives the others. A range can be \
                given instead.",
            r#"
let a = [3, 1, 2, 1];
print(a.retain(|n| n > 1));  // prints [1,1]
print(a);  // prints [3,2]
"#,
        ),
        Entry::new(
            "drain",
            &["drain(f: function) -> array", "drain(start: int, len: int) -> array"],
            "Takes the values out for which `f` gives true, or the given part, and gives them. A range can be \
                given instead.",
            r#"
let a = [3, 1, 2, 1];
print(a.drain(0, 2));  // prints [3,1]
"#,
        ),
        Entry::new(
            "splice",
            &["splice(start: int, len: int, values: array)"],
            "Puts `values` in place of `len` values from `start` on.",
            r#"
let a = [3, 1, 2, 1];
a.splice(1, 2, [8, 9]);
print(a);  // prints [3,8,9,1]
"#,
        ),
        Entry::new(
            "append",
            &["append(values: array)"],
            "Adds all of `values` at the end.",
            r#"
let a = [3, 1, 2, 1];
let more = [8, 9];
a.append(more);
print(a);  // prints [3,1,2,1,8,9]
"#,
        ),
        Entry::new(
            "chop",
            &["chop(len: int)"],
            "Keeps the last `len` values.",
            r#"
let a = [3, 1, 2, 1];
a.chop(2);
print(a);  // prints [2,1]
"#,
        ),
        Entry::new(
            "truncate",
            &["truncate(len: int)"],
            "Keeps the first `len` values.",
            r#"
let a = [3, 1, 2, 1];
a.truncate(2);
print(a);  // prints [3,1]
"#,
        ),
        Entry::new(
            "pad",
            &["pad(len: int, value: any)"],
            "Adds `value` at the end until there are `len`.",
            r#"
let a = [3, 1, 2, 1];
a.pad(6, 0);
print(a);  // prints [3,1,2,1,0,0]
"#,
        ),
        Entry::new(
            "reverse",
            &["reverse()"],
            "Turns the order around.",
            r#"
let a = [3, 1, 2, 1];
a.reverse();
print(a);  // prints [1,2,1,3]
"#,
        ),
    ],
};
