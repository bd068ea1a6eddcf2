//! From a rhai error to a block of text in the manner of rustc: what happened, where, through which
//! calls, and what might help.
//!
//! Works on errors and sources only. Who ran the script (a worker, a connection) is added by the caller
//! as a note, and where the text goes is the caller's business too. Uses `hints`, `closures`
//! (for rhai's names of them), `modules` (for which are the host's) and places.

pub(crate) use crate::engine::diagnostics::{
    hints::{Hints, Sources},
    nearest::nearest,
};
use crate::engine::{
    call::overflow::Overflow,
    diagnostics::plain_words::{self, plain},
    internals::{
        ANONYMOUS,
        positions::{Place, place},
    },
    values::{ref_array::RefArray, ref_map::RefMap},
};
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin};
use annotate_snippets::{Renderer, Snippet};
use rhai::{AST, Dynamic, Engine, EvalAltResult, LexError, ParseErrorType, Position};

/// How many calls a report lists from the innermost and from the outermost end.
const FRAMES: (usize, usize) = (12, 4);
/// Longer words are underlined in part.
const WORD: usize = 60;
/// Longer messages are cut: a thrown value may be anything.
const MESSAGE: usize = 1000;

/// How rhai's message ends where `f.call(x)` finds that `f` is no function: it takes it that `x` should have been one.
const NO_FUNCTION: &str = " (expecting Fn)";
/// What is said instead.
const NOT_CALLED: &str = "what is to be called is no function";
const NOT_CALLED_HELP: &str =
    "was it ever set? `if f != () { f.call(x); }` calls what may be missing";

/// An error, ready to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// What happened, without a place.
    pub(crate) title: String,
    /// The code of the finding that this is; none for an error.
    pub(crate) code: Option<&'static str>,
    /// The file in which it happened.
    pub(crate) file: String,
    /// The line, from 1; 0 if it is not known.
    pub(crate) line: usize,
    /// The column, from 1; 0 if it is not known.
    pub(crate) column: usize,
    /// The calls that led there, innermost first.
    pub(crate) frames: Vec<Frame>,
    /// What to try.
    pub(crate) help: Option<String>,
    /// What else is known, one note per line.
    pub(crate) note: Option<String>,
}

/// One call on the way to the error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    /// The caller's file; empty for a line of dots.
    pub(crate) file: String,
    /// Where the call is.
    pub(crate) place: Place,
    /// What is called.
    pub(crate) label: String,
}

impl Report {
    /// Takes an error apart. `main` is the file in which the outermost call is.
    pub(crate) fn of(error: &EvalAltResult, main: &str, hints: &Hints<'_>) -> Report {
        let (inner, mut file, mut calls) = unwrap(error, main, hints);
        let overflow = Overflow::of(inner).map(|overflow| overflow.position);
        let mut at = place(overflow.unwrap_or_else(|| inner.position()));
        // What a module of the host refuses is a mistake where the script calls it.
        let script = calls.iter().position(|call| !hints.host.has(&call.file));
        if let Some(script) = script
            && hints.host.has(&file)
            && matches!(inner, EvalAltResult::ErrorRuntime(..))
        {
            let call = calls.drain(..=script).next_back();
            (file, at) = call.map_or((file, at), |call| (call.file, call.place));
        }
        let mut frames = condense(calls);
        if at.0 == 0 && !frames.is_empty() {
            // A native function may fail without a place: its call is the best there is.
            (file, at) = (frames[0].file.clone(), frames[0].place);
            frames.remove(0);
        }
        let (title, note) = message(inner, hints.engine);
        let mut help = hints.help(inner, &file, at);
        if let EvalAltResult::ErrorMismatchDataType(wanted, ..) = inner
            && let Some(call) = hints.call_of(wanted, &file, at)
        {
            (at, help) = (call, Some(NOT_CALLED_HELP.into()));
        }
        let (line, column) = (at.0, if at.0 > 0 { at.1.max(1) } else { 0 });
        Report { title, code: None, file, line, column, frames, help, note }
    }

    /// What somebody else has found out, at that place.
    pub(crate) fn said(title: String, help: Option<String>, file: &str, at: Position) -> Report {
        let (line, column) = place(at);
        let file = file.to_owned();
        Report { title, code: None, file, line, column, frames: Vec::new(), help, note: None }
    }

    /// Adds a note.
    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Report {
        let note = note.into();
        self.note = Some(match self.note {
            Some(first) => format!("{first}\n{note}"),
            None => note,
        });
        self
    }

    /// The look of rustc's own errors; plain text unless `colour`.
    pub(crate) fn render(&self, sources: &Sources, colour: bool) -> String {
        let title = self.title.as_str();
        let mut group = Group::with_title(match self.code {
            None => Level::ERROR.primary_title(title),
            Some(code) => Level::WARNING.primary_title(title).id(code),
        });
        let at = (self.line, self.column);
        group = show(group, &self.file, at, AnnotationKind::Primary, "", sources);
        for f in &self.frames {
            let kind = AnnotationKind::Context;
            group = match f.file.as_str() {
                "" => group.element(Level::NOTE.message(f.label.as_str())),
                file => show(group, file, f.place, kind, &f.label, sources),
            };
        }
        let help = self.help.iter().map(|h| Level::HELP.message(h.as_str()));
        let notes = self.note.iter().flat_map(|n| n.lines()).map(|n| Level::NOTE.message(n));
        let group = group.elements(help).elements(notes);
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// Where it happened, as in `push.rhai:12:5`.
    pub(crate) fn location(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

/// The innermost error, its file, and the calls from the inside out.
///
/// In `ErrorInFunctionCall` the position is the call's, in the file of the *caller*, and the source is
/// meant to be the file of the *callee*: so each call's file is known from the wrapper outside of it. For a function that
/// was handed to a module and is called there, the source is the module: see `owner`.
fn unwrap<'a>(
    error: &'a EvalAltResult,
    main: &str,
    hints: &Hints<'_>,
) -> (&'a EvalAltResult, String, Vec<Frame>) {
    let (mut error, mut file, mut calls) = (error, main.to_string(), Vec::new());
    loop {
        let (label, source, inner, position) = match error {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                let label = match name.starts_with(ANONYMOUS) {
                    true => CLOSURE.to_string(),
                    false => called(name),
                };
                (label, source, inner, position)
            }
            EvalAltResult::ErrorInModule(name, inner, position) => {
                ("imported here".to_string(), name, inner, position)
            }
            _ => break,
        };
        if !position.is_none() {
            calls.push(Frame { file: file.clone(), place: place(*position), label });
        }
        match error {
            EvalAltResult::ErrorInFunctionCall(name, ..) => {
                if let Some(owner) = owner(name, source, inner.position(), hints) {
                    file = owner;
                }
            }
            _ => file.clone_from(source),
        }
        error = inner;
    }
    calls.reverse();
    if let Some(overflow) = Overflow::of(error) {
        let inner = overflow.calls.iter().map(|call| Frame {
            file: call.file.clone(),
            place: place(call.position),
            label: called(&call.name),
        });
        let inner: Vec<_> = inner.collect();
        file = inner.first().map_or(file, |call| call.file.clone());
        calls.splice(..0, inner);
    }
    (error, file, calls)
}

/// The label of a call.
fn called(name: &str) -> String {
    format!("in a call to `{name}`")
}

/// The file in which the function stands that failed at `at`. `source` is what rhai says. `None`: it is a
/// native one, which stands nowhere.
fn owner(name: &str, source: &str, at: Position, hints: &Hints<'_>) -> Option<String> {
    let is_closure = name.starts_with(ANONYMOUS);
    let defines = |ast: &&&AST| {
        ast.iter_fn_def().filter(|def| def.name == name).any(|def| {
            let within = def.body.start_position()..=def.body.end_position();
            is_closure || at.is_none() || within.contains(&at)
        })
    };
    let mut files = hints.asts.iter().filter(defines).filter_map(|ast| ast.source());
    // A copied file has closures of the same names.
    let first = files.clone().find(|file| *file == source).or_else(|| files.next());
    if let Some(file) = first {
        return Some(file.to_owned());
    }
    // A closure of an older program is in the file that rhai says; `map` and its like are native, and tell of themselves.
    let known = || (hints.earlier)(name).or_else(|| Some(source.to_owned()));
    is_closure.then(known).flatten().filter(|file| !file.is_empty())
}

/// The label of a call that has no name to show.
const CLOSURE: &str = "closure called here";

/// Joins calls that say the same and leaves out the middle of long lists.
fn condense(calls: Vec<Frame>) -> Vec<Frame> {
    let mut runs: Vec<(Frame, usize)> = Vec::new();
    for call in calls {
        match runs.last_mut() {
            Some((last, times)) if *last == call => *times += 1,
            // `list.map(|x| …)`: the function is called where its closure is.
            Some((last, 1))
                if last.label == CLOSURE
                    && (&last.file, last.place) == (&call.file, call.place) =>
            {
                *last = call;
            }
            _ => runs.push((call, 1)),
        }
    }
    let (inner, outer) = FRAMES;
    let total = runs.len();
    let mut frames = Vec::new();
    for (i, (mut frame, times)) in runs.into_iter().enumerate() {
        if total > inner + outer && (inner..total - outer).contains(&i) {
            if i == inner {
                let label = format!("… {} more calls", total - inner - outer);
                frames.push(Frame { file: String::new(), place: (0, 0), label });
            }
            continue;
        }
        if times > 1 {
            frame.label += &format!(", {times} times");
        }
        frames.push(frame);
    }
    frames
}

/// What an error says, and what is worth a note.
fn message(error: &EvalAltResult, engine: &Engine) -> (String, Option<String>) {
    let (title, note) = match error {
        EvalAltResult::ErrorRuntime(value, _) => thrown(value, engine),
        EvalAltResult::ErrorParsing(
            ParseErrorType::BadInput(LexError::ImproperSymbol(sign, _)),
            _,
        ) if sign == "=" => {
            ("Syntax error: `=` assigns, and cannot stand in a condition".into(), None)
        }
        EvalAltResult::ErrorParsing(
            ParseErrorType::BadInput(LexError::ImproperSymbol(sign, _)),
            _,
        ) => (format!("Syntax error: `{sign}` is none of Rhai's signs"), None),
        EvalAltResult::ErrorTerminated(reason, _) if reason.is_unit() => ("stopped".into(), None),
        EvalAltResult::ErrorTerminated(reason, _) => (format!("stopped: {}", text(reason)), None),
        other => (title(engine, &other.to_string()), None),
    };
    let clean = |text: String| cut(&plain(engine, &without_hashes(text)), MESSAGE);
    (clean(title), note.map(clean))
}

/// A message of rhai's without its place, and in the words that scripts know.
pub(in crate::engine) fn title(engine: &Engine, message: &str) -> String {
    let place = message.rfind(" (line ").filter(|_| message.ends_with(')'));
    let short = &message[..place.unwrap_or(message.len())];
    let file = short.rfind(" @ '").filter(|_| short.ends_with('\''));
    let short = &short[..file.unwrap_or(short.len())];
    if short.ends_with(NO_FUNCTION) {
        return NOT_CALLED.into();
    }
    let short = short.replace(" - a getter is not registered for type ", " of type ");
    plain(engine, &without_hashes(short))
}

/// Replaces the names that rhai gives to closures.
fn without_hashes(mut text: String) -> String {
    while let Some(start) = text.find(ANONYMOUS) {
        let hash = text[start + ANONYMOUS.len()..].find(|c: char| !c.is_ascii_hexdigit());
        let end = hash.map_or(text.len(), |n| start + ANONYMOUS.len() + n);
        text.replace_range(start..end, "closure");
    }
    text
}

/// What a `throw` or a failed native function says.
fn thrown(value: &Dynamic, engine: &Engine) -> (String, Option<String>) {
    let value = &unreferenced(value);
    let Some(value) = value.read_lock::<Dynamic>() else {
        return ("uncaught throw".into(), None);
    };
    if value.is_unit() {
        return ("uncaught throw".into(), None);
    }
    if value.is_string() {
        return (text(&value), None);
    }
    let Ok(map) = value.as_map_ref() else {
        let shown = match value.is_variant() {
            true => plain_words::type_name(engine, value.type_name()),
            false => text(&value),
        };
        return (format!("uncaught throw: {shown}"), None);
    };
    let Some(message) = map.get("message") else {
        return (format!("uncaught throw: {}", text(&value)), None);
    };
    // What `catch` hands out, thrown again. Its `source` is not the file that `line` belongs to.
    let first = |k: &str| map.get(k).map(text).unwrap_or_default();
    let note = match map.contains_key("error") && map.contains_key("line") {
        true => format!("first raised at line {}, position {}", first("line"), first("position")),
        false if map.len() > 1 => format!("thrown: {}", text(&value)),
        false => return (text(message), None),
    };
    (text(message), Some(note))
}

/// A map or an array by reference as a plain one.
fn unreferenced(value: &Dynamic) -> Dynamic {
    if let Some(map) = value.read_lock::<RefMap>() {
        return map.to_map().into();
    }
    match value.read_lock::<RefArray>() {
        Some(array) => array.copy().into(),
        None => value.clone(),
    }
}

/// A value in a few words. Rhai's own printing has no bounds.
fn text(value: &Dynamic) -> String {
    match value.read_lock::<Dynamic>() {
        Some(v) if v.is_string() => cut(&v.to_string(), MESSAGE),
        _ => nested(value, 0),
    }
}

/// A value inside of others.
fn nested(value: &Dynamic, depth: usize) -> String {
    const ITEMS: usize = 8;
    let Some(value) = value.read_lock::<Dynamic>() else {
        return "<in use>".into();
    };
    if depth > 3 || value.is_shared() {
        return "…".into();
    }
    let value = &unreferenced(&value);
    let list = |items: Vec<String>, more: bool| items.join(", ") + if more { ", …" } else { "" };
    if let Ok(map) = value.as_map_ref() {
        let pairs = map.iter().map(|(k, v)| format!("{k}: {}", nested(v, depth + 1)));
        return format!("#{{{}}}", list(pairs.take(ITEMS).collect(), map.len() > ITEMS));
    }
    if let Ok(array) = value.as_array_ref() {
        let items = array.iter().map(|v| nested(v, depth + 1));
        return format!("[{}]", list(items.take(ITEMS).collect(), array.len() > ITEMS));
    }
    match value.as_immutable_string_ref() {
        Ok(s) => format!("{:?}", cut(&s, 100)),
        Err(_) => cut(&value.to_string(), 100),
    }
}

/// The first `limit` characters.
fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// Adds one place of a source.
fn show<'a>(
    group: Group<'a>,
    file: &'a str,
    at: Place,
    kind: AnnotationKind,
    label: &'a str,
    sources: &Sources,
) -> Group<'a> {
    let line = at.0.checked_sub(1).and_then(|n| sources.get(file)?.split('\n').nth(n));
    if let Some(line) = line {
        return group.element(excerpt(line, file, at, kind, label));
    }
    let mut origin = Origin::path(file);
    if at.0 > 0 {
        origin = origin.line(at.0).char_column(at.1.max(1));
    }
    let group = group.element(origin);
    match label {
        "" => group,
        label => group.element(Level::NOTE.message(label)),
    }
}

/// One source line with the word at the place underlined.
fn excerpt<'a>(
    line: &str,
    file: &'a str,
    at: Place,
    kind: AnnotationKind,
    label: &'a str,
) -> Element<'a> {
    let line = line.trim_end_matches('\r').to_string();
    let start = line.char_indices().nth(at.1.saturating_sub(1)).map_or(line.len(), |(i, _)| i);
    let rest = &line[start..];
    let run = |of: fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
    let length = match run(|c| c.is_alphanumeric() || c == '_') {
        0 => match run(|c| "+-*/%<>=!&|^~".contains(c)) {
            0 => rest.chars().next().map_or(0, char::len_utf8),
            n => n.min(3),
        },
        n => rest[..n].char_indices().nth(WORD).map_or(n, |(end, _)| end),
    };
    let mut mark: Annotation<'a> = kind.span(start..start + length);
    if !label.is_empty() {
        mark = mark.label(label);
    }
    Snippet::source(line).path(file).line_start(at.0).annotation(mark).into()
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
