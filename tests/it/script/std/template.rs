//! `std/template`.

use super::{importing, printed_with, said};
use crate::support::host::TestHost;
use std::fs;

#[test]
fn a_page_is_made_of_templates_and_of_data_of_either_kind() {
    let files = [
        (
            "templates/base.html",
            "<title>{% block title %}{% endblock %}</title>{% block body %}{% endblock %}",
        ),
        (
            "templates/users.html",
            "{% extends \"base.html\" %}{% block title %}{{ title }}{% endblock %}{% block body %}{% for user in users %}{% include \"parts/user.html\" %}{% endfor %}{% endblock %}",
        ),
        ("templates/parts/user.html", "<li>{{ loop.index }} {{ user.name }}</li>"),
        ("mails/hello.txt", "Hello {{ name }}"),
    ];
    let body = r#"
worker.users = [#{ name: "<ann>" }, #{ name: "bob" }];
print(template::render("users.html", #{ title: "A & B", users: worker.users }));
print(template::render("hello.txt", #{ name: "<ann>" }, #{ folder: "mails" }));
"#;
    let page = "<title>A &amp; B</title><li>1 &lt;ann&gt;</li><li>2 bob</li>";
    assert_eq!(printed_with(&["template"], body, &files), [page, "Hello <ann>"]);
}

#[test]
fn an_edit_of_a_template_is_seen_with_the_next_page() {
    let script = importing(&["template"])
        + "let worker = Worker(\"text://127.0.0.1:0\");\nworker.on_message = |c, line| c.send(template::render(\"page.html\", #{ x: line }));";
    let mut host = TestHost::start_with(&script, &[("templates/page.html", "one {{ x }}")]);
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("a"), "one a");
    fs::write(host.path("templates/page.html"), "number two {{ x }}").expect("a file");
    assert_eq!(client.ask("b"), "number two b");
    assert_eq!(host.logged("reloaded"), 0, "a template is no file of the script");
}

#[test]
fn nothing_outside_of_the_folder_is_a_template() {
    let files =
        [("templates/page.html", "{% include \"../secret.txt\" %}"), ("secret.txt", "secret")];
    let body = r#"
for name in ["../secret.txt", "/etc/passwd", "page.html"] {
    try { print(template::render(name, #{})); } catch (why) { print(why.contains("leads out of the root")); }
}
"#;
    assert_eq!(printed_with(&["template"], body, &files), ["true", "true", "true"]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    let cases = [
        (
            "template::render_text(\"a\\n{{ x.y.z }}\", #{})",
            "render_text: text.html:2: undefined value",
        ),
        ("template::render_text(\"{% for %}\", #{})", "render_text: text.html:1: syntax error"),
        (
            "template::render_text(\"{{ x }}\", 1)",
            "render_text: the data is a map, not a whole number",
        ),
        (
            "template::render_text(\"{{ x }}\", #{ x: worker })",
            "render_text: the data: a value of type Worker is no data",
        ),
        ("template::render(\"no.html\", #{})", "render: the folder "),
        (
            "template::render_text(\"{% for a in range(100000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}\", #{})",
            "render_text: ",
        ),
    ];
    for (call, wanted) in cases {
        let text = said(&["template"], call);
        assert!(text.contains(wanted), "{call}: {text}");
    }
}
