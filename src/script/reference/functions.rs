//! Functions that belong to no object.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Functions",
    owner: "functions",
    about: "Besides these, all of Rhai's own functions can be used, except `eval`: `rhost doc` lists them. `text.to_blob()` gives the \
        bytes of a string, `bytes.as_string()` the text of a blob.",
    operators: &[],
    entries: &[
        Entry::new("print", &["print(value: any)"],
            "Writes a line to the log, with its place in the script. Strings go as they are, maps and arrays as \
                JSON; what is longer than 64 KiB is cut.",
            r#"
print("hello");  // prints hello
print(#{ a: [1, 2] });  // prints {"a":[1,2]}
"#,
        ),
        Entry::new("debug", &["debug(value: any)"],
            "The same at the log's debug level, which `rhost run` shows with `RUST_LOG=debug`.",
            r#"
debug("details");  // prints details
"#,
        ),
        Entry::new("sleep", &["sleep(seconds: number)"],
            "Suspends the handler for so long; everything else goes on, only further messages of the same \
                connection wait. At the top level it is an error.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    sleep(0.01);
    print("awake");  // prints awake
};
Worker::run_all();
"#,
        ).waiting(),
        Entry::new("time", &["time() -> int"],
            "The whole seconds since 1970 in UTC, as in PHP. `std/time` has fractions, dates and zones.",
            r#"
print(time() > 1_700_000_000);  // prints true
"#,
        ),
        Entry::new(
            "file_exists_in",
            &[
                "file_exists_in(directory: string, path: string) -> bool",
                "file_exists_in(directory: string, path: string, options: map) -> bool",
            ],
            "Whether `with_file_in` of the same arguments would find something: a file, the index of a folder, a listing. \
                What lies outside of the directory, by `..` or a link, or is hidden, does not exist. A directory that is not \
                there is an error.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_worker_start = |worker| {
    print(file_exists_in(".", "/no such file.txt"));  // prints false
    print(file_exists_in(".", "../../etc/passwd"));  // prints false
};
Worker::run_all();
"#,
        ).waiting(),
        Entry::new("parse_json", &["parse_json(text: string) -> any", "parse_json(bytes: blob) -> any"],
            "The value of a JSON text; `()` if it is none, is not UTF-8 or is nested deeper than 127 levels. Maps and \
                arrays are references, with entries in the order of the text. Whole numbers are integers, or strings of their digits where they do not fit into 64 bits; a \
                number beyond all floats is the greatest float. Half of a surrogate pair is U+FFFD, `null` is `()`.",
            r#"
let order = parse_json(`{"id": 7, "tags": ["a"]}`);
print(order.id + 1);  // prints 8
print(parse_json("not JSON") == ());  // prints true
print(parse_json("not JSON").id == ());  // prints true
print(parse_json("18446744073709551615"));  // prints 18446744073709551615
"#,
        ),
        Entry::new("to_json", &["to_json(value: any) -> string"],
            "The JSON form of a value. Values that have none (functions, handles, infinite numbers, more than 127 \
                levels) are an error.",
            r#"
print(to_json(#{ id: 7, ok: true, none: () }));  // prints {"id":7,"ok":true,"none":null}
"#,
        ),
        Entry::new("parse_be_int", &[
                "parse_be_int(bytes: blob, range: any) -> int",
                "parse_be_int(bytes: blob, start: int, len: int) -> int",
            ],
            "The whole number of a part of a blob, the highest byte first: eight bytes with a sign, fewer without one. \
                `parse_le_int`, the lowest byte first, is Rhai's. A negative `start` counts from the end.",
            r#"
let bytes = blob(4);
bytes.write_be(2..4, 258);
print(bytes);  // prints [00000102]
print(bytes.parse_be_int(0..4));  // prints 258
"#,
        ),
        Entry::new("parse_be_float", &[
                "parse_be_float(bytes: blob, range: any) -> float",
                "parse_be_float(bytes: blob, start: int, len: int) -> float",
            ],
            "The float of a part of a blob, the highest byte first. It has four bytes or eight, else this is an error.",
            r#"
let bytes = blob(4);
bytes.write_be(0..4, 1.5);
print(bytes.parse_be_float(0..4));  // prints 1.5
"#,
        ),
        Entry::new("parse_le_float", &[
                "parse_le_float(bytes: blob, range: any) -> float",
                "parse_le_float(bytes: blob, start: int, len: int) -> float",
            ],
            "The same with the lowest byte first.",
            r#"
let bytes = blob(4);
bytes.write_le(0..4, 1.5);
print(bytes.parse_le_float(0..4));  // prints 1.5
"#,
        ),
        Entry::new("write_be", &[
                "write_be(bytes: blob, range: any, value: int | float)",
                "write_be(bytes: blob, start: int, len: int, value: int | float)",
            ],
            "Writes a number over a part of a blob, the highest byte first: the lower bytes of a whole number, as many as \
                there is room for; a float where there is room for four bytes or eight, else an error.",
            r#"
let bytes = blob(2);
bytes.write_be(0..2, 258);
print(bytes);  // prints [0102]
"#,
        ),
        Entry::new("write_le", &[
                "write_le(bytes: blob, range: any, value: int | float)",
                "write_le(bytes: blob, start: int, len: int, value: int | float)",
            ],
            "The same with the lowest byte first.",
            r#"
let bytes = blob(2);
bytes.write_le(0..2, 258);
print(bytes);  // prints [0201]
"#,
        ),
    ],
};
