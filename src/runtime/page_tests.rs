use super::*;

const PAGE: &str = "# Callbacks of a thing (`Thing`)

What it is,
in two lines.

- first
- second,
  longer

## call

- `call(data: any) -> bool`
- `call(data: any, raw: bool) -> bool`

Calls it. This is
the text.

- `raw`: as it is

Waits.

Like PHP's `call_user_func` and `apply`.

```rhai
call(1);

call(2);
```

## Operators

- `==`: the same thing.
- `[]`: an element, and
  more.
";

#[test]
fn a_page_is_read() {
    let section = read(PAGE).unwrap();
    assert_eq!((section.title, section.owner), ("Callbacks of a thing", "Thing"));
    assert_eq!(section.about, "What it is, in two lines.\n\n- first\n- second, longer");
    assert_eq!(section.operators, [("==", "the same thing."), ("[]", "an element, and more.")]);
    let [entry] = section.entries else { panic!("one entry") };
    assert_eq!(entry.name, "call");
    assert_eq!(entry.forms, ["call(data: any) -> bool", "call(data: any, raw: bool) -> bool"]);
    let text = "Calls it. This is the text.\n\n- `raw`: as it is\n\nLike PHP's `call_user_func` and `apply`.";
    assert_eq!(entry.text, text);
    assert_eq!((entry.waits, entry.place), (true, Place::Handler));
    assert_eq!(entry.alike, ["call_user_func", "apply"]);
    assert_eq!(entry.example, "call(1);\n\ncall(2);\n");
}

#[test]
fn a_page_that_lacks_something_says_what() {
    let wrong = [
        ("text", "a page begins with"),
        ("# A\n\n## b\n\n- `b()`\n\nDoes.\n\n```rhai\nb();\n```\n", "A: nothing says what it is"),
        ("# A\n\nIs.\n\n## b\n\nDoes.\n\n```rhai\nb();\n```\n", "A, b: it has no list"),
        ("# A\n\nIs.\n\n## b\n\n- `b()`\n\n```rhai\nb();\n```\n", "A, b: it has no text"),
        ("# A\n\nIs.\n\n## b\n\n- `b()`\n\nDoes.\n", "A, b: it has no example"),
        (
            "# A\n\nIs.\n\n## b\n\n- `b()`\n\n```rhai\nb();\n```\n\nDoes.\n",
            "A, b: the example is not the last",
        ),
    ];
    for (page, why) in wrong {
        let said = read(page).unwrap_err();
        assert!(said.starts_with(why), "{said}");
    }
}
