//! Maps that are held by reference.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Maps",
    owner: "map",
    about: "A map becomes a reference when it is assigned to a property or to a top-level variable: `let n = \
        worker.users` is the same map, not a copy, and so are the maps and arrays inside of it. What the host hands out \
        (JSON, queries, forms, headers) are references too. Entries keep the order in which they came. `for value in \
        users` walks over the values, `for (key, value) in users` over both, without a copy, also while the map changes: \
        entries that are taken out are not met any more, new ones not yet. `users.name` is the entry `name`, whatever its \
        name, and `()` if there is none. A function in an entry can be called as a method, `users.greet(\"you\")`, with the \
        map as its `this`, and comes before a function of the same name in this list. The plain maps that a function makes \
        for itself can do the same; their entries have the order of the literal, and what is added to one later follows \
        it, sorted by key.",
    operators: &[
        (
            "[]",
            "The entry of that key or `()`; assigned, the entry is set. Whole numbers stand for their decimal \
                text: `m[7]` is `m[\"7\"]`.",
        ),
        ("+=", "The same as `mixin`."),
        ("+", "A map with the entries of both; the second one's win."),
        ("==", "Are equal entries in both? They may be references or plain maps."),
        ("!=", "Do their entries differ?"),
        ("<", "Maps have no order: this is an error, as `<=`, `>` and `>=` are."),
        ("to_string", "JSON, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "get",
            &["get(key: string | int) -> any", "get(key: string | int, default: any) -> any"],
            "The entry of that key, or `()`; with `default`, that is given if there is none or it is `()`.",
            r#"
let users = #{ ann: 1 };
print(users.get("ann"));  // prints 1
print(users.get("bob") == ());  // prints true
print(users.get("bob", 0));  // prints 0
"#,
        ),
        Entry::new(
            "set",
            &["set(key: string | int, value: any)"],
            "Sets an entry.",
            r#"
let users = #{};
let same = users;
users.set("ann", 1);
print(same);  // prints {"ann":1}
"#,
        ),
        Entry::new(
            "contains",
            &["contains(key: string | int) -> bool"],
            "Is there such an entry? `key in users` asks the same.",
            r#"
let users = #{ ann: 1 };
print("ann" in users);  // prints true
print(users.contains("bob"));  // prints false
"#,
        ),
        Entry::new(
            "remove",
            &["remove(key: string | int) -> any"],
            "Takes an entry out and gives its value, or `()`.",
            r#"
let users = #{ ann: 1 };
print(users.remove("ann"));  // prints 1
print(users.len());  // prints 0
"#,
        ),
        Entry::new(
            "len",
            &["len() -> int"],
            "How many entries there are.",
            r#"
let users = #{ ann: 1, bob: 2 };
print(users.len());  // prints 2
"#,
        ),
        Entry::new(
            "is_empty",
            &["is_empty() -> bool"],
            "Is there no entry?",
            r#"
let users = #{};
print(users.is_empty());  // prints true
"#,
        ),
        Entry::new(
            "clear",
            &["clear()"],
            "Takes all entries out.",
            r#"
let users = #{ ann: 1 };
users.clear();
print(users.len());  // prints 0
"#,
        ),
        Entry::new(
            "keys",
            &["keys() -> array"],
            "The keys, as a copy.",
            r#"
let users = #{};
users.zoe = 1;
users.ann = 2;
print(users.keys());  // prints ["zoe","ann"]
"#,
        ),
        Entry::new(
            "values",
            &["values() -> array"],
            "The values, as a copy of the list (maps inside are still the same maps).",
            r#"
let users = #{ ann: 1, bob: 2 };
print(users.values());  // prints [1,2]
"#,
        ),
        Entry::new(
            "mixin",
            &["mixin(other: map)"],
            "Sets all entries of another map.",
            r#"
let users = #{ ann: 1 };
users.mixin(#{ ann: 2, bob: 3 });
print(users);  // prints {"ann":2,"bob":3}
"#,
        ),
        Entry::new(
            "fill_with",
            &["fill_with(other: map)"],
            "Sets those entries of another map that are not there yet.",
            r#"
let users = #{ ann: 1 };
users.fill_with(#{ ann: 2, bob: 3 });
print(users);  // prints {"ann":1,"bob":3}
"#,
        ),
        Entry::new(
            "map",
            &["map(f: function) -> map"],
            "A map of what `f(key, value)` gives for each entry.",
            r#"
let users = #{ ann: 1, bob: 2 };
print(users.map(|name, n| n * 10));  // prints {"ann":10,"bob":20}
"#,
        ),
        Entry::new(
            "filter",
            &["filter(f: function) -> map"],
            "A map of the entries for which `f(key, value)` gives true.",
            r#"
let users = #{ ann: 1, bob: 2 };
print(users.filter(|name, n| n > 1));  // prints {"bob":2}
"#,
        ),
        Entry::new(
            "drain",
            &["drain(f: function) -> map"],
            "Takes the entries out for which `f(key, value)` gives true, and gives them.",
            r#"
let users = #{ ann: 1, bob: 2 };
print(users.drain(|name, n| n > 1));  // prints {"bob":2}
print(users);  // prints {"ann":1}
"#,
        ),
        Entry::new(
            "retain",
            &["retain(f: function) -> map"],
            "Keeps the entries for which `f(key, value)` gives true, and gives the others.",
            r#"
let users = #{ ann: 1, bob: 2 };
print(users.retain(|name, n| n > 1));  // prints {"ann":1}
print(users);  // prints {"bob":2}
"#,
        ),
        Entry::new(
            "to_map",
            &["to_map() -> map"],
            "A plain Rhai map with the same entries, sorted by key, which is copied when it is assigned to a local variable.",
            r#"
let users = #{ ann: 1 };
fn copy() {
    let mine = users.to_map();
    mine.bob = 2;
    mine.len()
}
print(copy());  // prints 2
print(users.len());  // prints 1
"#,
        ),
    ],
};
