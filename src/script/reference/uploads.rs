//! Files that come with a request, and what else proxies and browsers say of it.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Uploads",
    owner: "Request",
    about: "A form with files (`multipart/form-data`) is read when `post()` or `file()` is first asked for: its fields are \
        what `post()` gives, its files go to temporary files of mode 0600 in `worker.upload_dir`. They are removed when \
        the request is answered and its handler is done. A form that cannot be read is an error that answers 400 when the \
        script does not catch it, one with too much in it (`worker.max_file_uploads`, 1000 fields, 8 MiB in fields) 413. \
        Bodies of more than 256 KiB lie on the disk: `raw_body()`, `body()`, `json()` and `post()` wait for them.",
    operators: &[],
    entries: &[
        Entry::new(
            "file",
            &["file() -> map", "file(name: string) -> any"],
            "The files of a form, by field; or those of one field, `()` without any. Each is a map: `name` (without \
                directories and control characters), `full_path` (the name as it was sent, which may be an attack), \
                `tmp_name` (where it lies), `size`, `type` (as it was sent), `error` (0). Fields such as `photos[]` have \
                a list of them. A field for files that was left empty has none.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let photo = request.file("photo");
    print(photo == ());  // prints true
    connection.send(if photo == () { "no photo" } else { `${photo.name}: ${photo.size} bytes` });
};
Worker::run_all();
"#,
        )
        .waiting(),
        Entry::new(
            "move_file",
            &[
                "move_file(file: any, to: string)",
                "move_file(file: any, to: string, replace: bool)",
            ],
            "Keeps an uploaded file. `file` is the name of its field, or what `file()` gave; a relative path begins \
                where the script lies. It is renamed, or copied to another file system, and takes its place when it is \
                complete. A file that is there already is only replaced if `replace` is true. The file can be read by \
                its owner only. Do not make the path of what a client sent, except of `name`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let photo = request.file("photo");
    if photo != () { request.move_file(photo, `photos/${photo.name}`); }
    connection.send("thank you");
};
Worker::run_all();
"#,
        )
        .waiting(),
        Entry::new(
            "scheme",
            &["scheme() -> string"],
            "`https` if a trusted proxy says that the client came so (see `worker.trusted_proxies`), else `http`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.scheme());  // prints http
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
    ],
};
