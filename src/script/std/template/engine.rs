//! Pages made of templates and data. A template is found by its name in one folder, and whatever it includes or extends
//! lies there too.

use crate::script::std::tree::Tree;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, TemplateSource, UndefinedBehavior, Value,
    escape_formatter,
    value::{Object, ValueKind},
};
use std::{fmt, io, sync::Arc};

/// Steps that one rendering may take, some millions of them a second. Fixed: a page that takes more has a loop without end.
const FUEL: u64 = 5_000_000;

/// Calls inside each other: blocks, macros, includes. Fixed: each takes some hundred bytes of a handler's stack, and more is a
/// template that includes itself.
const MAX_DEPTH: usize = 100;

/// Bytes of one page. Fixed: as much as a message may reasonably have.
const MAX_PAGE: usize = 64 << 20;

/// Bytes of one template. Fixed: beyond it somebody has named the wrong file.
pub(super) const MAX_TEMPLATE: u64 = 4 << 20;

/// Where templates come from: the text of one by its name, and what tells one text from a later one.
pub(super) trait Source: Send + Sync + 'static {
    /// What changes when the text does.
    type Stamp: PartialEq + Send + Sync + 'static;

    /// The text of a template; nothing if there is none.
    fn text(&self, name: &str) -> io::Result<Option<(String, Self::Stamp)>>;

    /// What the text is like now; nothing if there is none.
    fn stamp(&self, name: &str) -> Option<Self::Stamp>;
}

/// The templates of one folder, compiled when they are first asked for and again when they have changed.
pub(super) struct Templates(Environment<'static>);

impl Templates {
    /// Those of a source.
    pub(super) fn new(source: impl Source) -> Self {
        let mut environment = environment();
        let source = Arc::new(source);
        environment.set_loader(move |name| {
            let found = source.text(name).map_err(|fault| {
                let text = format!("the template {name} cannot be read: {fault}");
                Error::new(ErrorKind::InvalidOperation, text)
            })?;
            Ok(found.map(|(text, stamp)| {
                let (source, name) = (source.clone(), name.to_owned());
                let is_current = move || source.stamp(&name).as_ref() == Some(&stamp);
                TemplateSource::new(text).with_uptodate_check(is_current)
            }))
        });
        // `{% include "part.html" %}` means the one beside the template that says it, if there is a `./` in front.
        environment.set_path_join_callback(|name, parent| {
            let Some(own) = name.strip_prefix("./") else { return name.into() };
            match parent.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/{own}").into(),
                None => own.to_owned().into(),
            }
        });
        Self(environment)
    }

    /// The page that a template makes of some data.
    pub(super) fn render(&mut self, name: &str, data: &Tree) -> Result<String, String> {
        // What was replaced is kept by the engine until this.
        let page = self.0.get_template(name).and_then(|template| {
            let mut page = Page::default();
            template.render_captured_to(values(data), &mut page).map(|_| page.0)
        });
        finish(page)
    }

    /// Forgets what was compiled.
    pub(super) fn clear(&mut self) {
        self.0.clear_templates();
    }
}

/// The page that a text makes of some data. `name` decides by its ending what is escaped.
pub(super) fn render_text(text: &str, name: &str, data: &Tree) -> Result<String, String> {
    let environment = environment();
    let page = environment.template_from_named_str(name, text).and_then(|template| {
        let mut page = Page::default();
        template.render_captured_to(values(data), &mut page).map(|_| page.0)
    });
    finish(page)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(MAX_DEPTH);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(escape);
    // As scripts write these values, and not as Python does.
    environment.set_formatter(|out, state, value| match value.kind() {
        ValueKind::None => Ok(()),
        ValueKind::Bool => Ok(write!(out, "{}", value.is_true())?),
        _ => escape_formatter(out, state, value),
    });
    environment.set_debug(true);
    environment.add_filter("to_json", |value: Value| {
        let json = tree(&value, 0)?;
        let text = serde_json::to_string(&json)
            .map_err(|fault| Error::new(ErrorKind::BadSerialization, fault.to_string()))?;
        // Safe inside of a script element, whatever the texts say.
        let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        Ok::<_, Error>(Value::from_safe_string(text.replace('\'', "\\u0027")))
    });
    environment
}

/// Everything but plain text is HTML until its name says otherwise.
fn escape(name: &str) -> AutoEscape {
    let name =
        [".j2", ".jinja", ".jinja2"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("txt" | "md" | "csv" | "json" | "toml" | "yaml" | "yml" | "conf" | "sql") => {
            AutoEscape::None
        }
        _ => AutoEscape::Html,
    }
}

/// What is written so far.
#[derive(Default)]
struct Page(Vec<u8>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_PAGE {
            let text = format!("the page has more than {} MiB", MAX_PAGE >> 20);
            return Err(io::Error::other(text));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn finish(page: Result<Vec<u8>, Error>) -> Result<String, String> {
    let page = page.map_err(|fault| refusal(&fault))?;
    String::from_utf8(page).map_err(|fault| fault.to_string())
}

/// What is wrong, with the place in the innermost template.
fn refusal(fault: &Error) -> String {
    let mut innermost = fault;
    let mut source = std::error::Error::source(fault);
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<Error>() {
            innermost = inner;
        }
        source = inner.source();
    }
    let what = match (innermost.kind(), innermost.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps: a loop may have no end".to_owned(),
        (ErrorKind::WriteFailure, _) => {
            let source = std::error::Error::source(innermost);
            source.map_or_else(|| innermost.to_string(), ToString::to_string)
        }
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    match (innermost.name(), innermost.line()) {
        (Some(name), Some(line)) => format!("{name}:{line}: {what}"),
        _ => what,
    }
}

/// The data as the engine takes it.
fn values(data: &Tree) -> Value {
    match data {
        Tree::Unit => Value::from(()),
        Tree::Bool(b) => Value::from(*b),
        Tree::Int(n) => Value::from(*n),
        Tree::Float(n) => Value::from(*n),
        Tree::Text(text) => Value::from(text.as_str()),
        Tree::Blob(bytes) => Value::from_bytes(bytes.clone()),
        Tree::List(items) => items.iter().map(values).collect(),
        Tree::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), values(value)));
            Value::from_object(Entries(entries.collect()))
        }
    }
}

/// A map, in the order of the script.
struct Entries(indexmap::IndexMap<String, Value>);

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

impl Object for Entries {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        let keys: Vec<Value> = self.0.keys().map(|key| Value::from(key.as_str())).collect();
        minijinja::value::Enumerator::Values(keys)
    }
}

/// A value of a template as JSON.
fn tree(value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
    let no_form = |why: &str| Error::new(ErrorKind::BadSerialization, why.to_owned());
    if depth > MAX_DEPTH {
        return Err(no_form("it is nested too deep for JSON"));
    }
    Ok(match value.kind() {
        ValueKind::Undefined | ValueKind::None => serde_json::Value::Null,
        ValueKind::Bool => value.is_true().into(),
        ValueKind::Number => match i64::try_from(value.clone()) {
            Ok(n) if value.is_integer() => n.into(),
            _ => f64::try_from(value.clone())?.into(),
        },
        ValueKind::Map => {
            let keys = value.try_iter()?;
            let entries = keys.map(|key| {
                let inner = tree(&value.get_item(&key)?, depth + 1)?;
                Ok((key.to_string(), inner))
            });
            serde_json::Value::Object(entries.collect::<Result<_, Error>>()?)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|item| tree(&item, depth + 1));
            serde_json::Value::Array(items.collect::<Result<_, _>>()?)
        }
        ValueKind::String => value.to_string().into(),
        _ => return Err(no_form("it has no JSON form")),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, sync::Mutex};

    #[derive(Clone, Default)]
    struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

    impl Shelf {
        fn of(texts: &[(&str, &str)]) -> Self {
            let shelf = Self::default();
            texts.iter().for_each(|(name, text)| shelf.put(name, text));
            shelf
        }

        fn put(&self, name: &str, text: &str) {
            self.0.lock().unwrap().insert(name.to_owned(), text.to_owned());
        }
    }

    impl Source for Shelf {
        type Stamp = String;

        fn text(&self, name: &str) -> io::Result<Option<(String, String)>> {
            Ok(self.stamp(name).map(|text| (text.clone(), text)))
        }

        fn stamp(&self, name: &str) -> Option<String> {
            self.0.lock().unwrap().get(name).cloned()
        }
    }

    fn map(entries: &[(&str, Tree)]) -> Tree {
        Tree::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    fn page(template: &str, data: &Tree) -> String {
        render_text(template, "page.html", data).unwrap()
    }

    #[test]
    fn data_is_escaped_as_the_name_of_the_template_says() {
        let data = map(&[("name", text("<b>&'\""))]);
        assert_eq!(page("{{ name }}", &data), "&lt;b&gt;&amp;&#x27;&quot;");
        assert_eq!(page("{{ name|safe }}", &data), "<b>&'\"");
        assert_eq!(render_text("{{ name }}", "mail.txt", &data).unwrap(), "<b>&'\"");
        assert_eq!(render_text("{{ name }}", "page", &data).unwrap(), "&lt;b&gt;&amp;&#x27;&quot;");
    }

    #[test]
    fn all_kinds_of_data_are_shown_in_their_order() {
        let data = map(&[
            ("z", Tree::Int(1)),
            ("a", Tree::Float(0.5)),
            ("list", Tree::List(vec![text("x"), Tree::Bool(true), Tree::Unit])),
            ("inner", map(&[("z", Tree::Int(1)), ("a", Tree::Int(2))])),
        ]);
        assert_eq!(page("{{ z }} {{ a }} {{ list[0] }} {{ list|length }}", &data), "1 0.5 x 3");
        assert_eq!(
            page("{% for k, v in inner|items %}{{ k }}={{ v }};{% endfor %}", &data),
            "z=1;a=2;"
        );
        assert_eq!(page("{{ list|to_json }}", &data), r#"["x",true,null]"#);
        let evil = map(&[("x", text("</script>'&"))]);
        assert_eq!(
            page("{{ {'x': x}|to_json }}", &evil),
            r#"{"x":"\u003c/script\u003e\u0027\u0026"}"#
        );
    }

    #[test]
    fn pages_extend_and_include_others() {
        let shelf = Shelf::of(&[
            ("base.html", "<h1>{% block title %}none{% endblock %}</h1>"),
            (
                "users/page.html",
                "{% extends 'base.html' %}{% block title %}{% include './name.html' %}{% endblock %}",
            ),
            ("users/name.html", "{{ name }}"),
        ]);
        let mut templates = Templates::new(shelf);
        let data = map(&[("name", text("a&b"))]);
        assert_eq!(templates.render("users/page.html", &data).unwrap(), "<h1>a&amp;b</h1>");
    }

    #[test]
    fn an_edit_is_seen_with_the_next_page() {
        let shelf =
            Shelf::of(&[("page.html", "one {% include 'part.html' %}"), ("part.html", "1")]);
        let mut templates = Templates::new(shelf.clone());
        let nothing = map(&[]);
        assert_eq!(templates.render("page.html", &nothing).unwrap(), "one 1");
        shelf.put("part.html", "2");
        assert_eq!(templates.render("page.html", &nothing).unwrap(), "one 2");
        shelf.put("page.html", "two");
        assert_eq!(templates.render("page.html", &nothing).unwrap(), "two");
    }

    #[test]
    fn faults_are_told_with_template_and_line() {
        let shelf = Shelf::of(&[
            ("page.html", "ok\n{% include 'part.html' %}"),
            ("part.html", "\n\n{{ 1 / 0 }}"),
            ("syntax.html", "\n{% for %}"),
        ]);
        let mut templates = Templates::new(shelf);
        let mut why = |name: &str| templates.render(name, &map(&[])).unwrap_err();
        assert!(why("page.html").starts_with("part.html:3: "), "{}", why("page.html"));
        assert!(why("syntax.html").starts_with("syntax.html:2: "), "{}", why("syntax.html"));
        assert!(why("missing.html").contains("missing.html"), "{}", why("missing.html"));
        let unknown = render_text("{% if x %}{% endif %}{{ x.y.z }}", "p.html", &map(&[]));
        assert!(unknown.unwrap_err().contains("undefined"));
    }

    #[test]
    fn no_template_runs_or_writes_without_end() {
        let endless =
            "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
        let why = render_text(endless, "p.html", &map(&[])).unwrap_err();
        assert!(why.contains("too many steps"), "{why}");
        let shelf = Shelf::of(&[("me.html", "{% include 'me.html' %}")]);
        assert!(Templates::new(shelf).render("me.html", &map(&[])).is_err());
        let doubling = format!("{{% set s = 'x' * 1000 %}}{}", "{% set s = s ~ s %}".repeat(40));
        assert!(render_text(&doubling, "p.html", &map(&[])).is_err());
    }
}
