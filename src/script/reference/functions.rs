//! Functions that belong to no object.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Functions",
    owner: "functions",
    about: "Besides these, all of Rhai's own functions can be used, except `eval`. `text.to_blob()` gives the \
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
        Entry::new("parse_json", &["parse_json(text: string) -> any"],
            "The value of a JSON text; `()` if it is none. Maps and arrays are references, with entries in the order of \
                the text. Whole numbers are integers, or strings of their digits where they do not fit into 64 bits; a \
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
    ],
};
