//! Functions that change an array that is held by reference.

use super::{Entry, Section};

pub(crate) const SECTION: Section = Section {
    title: "Changing arrays",
    owner: "array",
    about: "What these change is changed for everybody who holds the array.",
    operators: &[],
    entries: &[
        Entry::new(
            "set",
            &["set(index: int, value: any)"],
            "Sets the value at that index. Behind the last one nothing happens, though `list[index] = value` is an error there; \
                what is before the first one is the first.",
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
            "for_each",
            &["for_each(f: function)"],
            "Calls `f` for each value, which is `this` in it and can be changed there; `f(index)` is given its index.",
            r#"
let a = [3, 1, 2, 1];
a.for_each(|| this *= 2);
print(a);  // prints [6,2,4,2]
"#,
        ),
        Entry::new(
            "sort",
            &["sort()", "sort(f: function)"],
            "Sorts it, by `f(a, b)` if given: a number below 0 or `true` says that `a` comes first. Equal values keep their \
                order, and an `f` that contradicts itself gives some order. Values of different types need an `f`. An error in \
                `f` is one of the call, and the array is as it was.",
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
            &["splice(start: int, len: int, values: array)", "splice(part: range, values: array)"],
            "Puts `values` in place of `len` values from `start` on, or of a range like `1..3`.",
            r#"
let a = [3, 1, 2, 1];
a.splice(1, 2, [8, 9]);
print(a);  // prints [3,8,9,1]
"#,
        ),
        Entry::new(
            "split",
            &["split(index: int) -> array"],
            "Takes the values from that index on out and gives them.",
            r#"
let a = [3, 1, 2, 1];
print(a.split(1));  // prints [1,2,1]
print(a);  // prints [3]
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
