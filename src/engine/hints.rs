//! What might help against a script error: the name that was probably meant, the signatures that do
//! exist, the Rhai word for a word of another language.
//!
//! Only guesses from names live here; the report around them is made in `report`. Uses `closures` (for
//! rhai's names of them) and places.

use super::{
    closures::{self, ANONYMOUS},
    foreign_names,
    overflow::Overflow,
    syntax_help,
    tokens::{Place, place},
};
use rhai::{AST, ASTFlags, ASTNode, Engine, EvalAltResult, ScriptFuncDef, Stmt};
use std::{collections::BTreeMap, rc::Rc};

/// Sources by file name, named as in the errors.
pub(crate) type Sources = BTreeMap<String, Rc<str>>;

/// How a panic of Rhai's reads when it finds a variable locked. Only the next turn of a `for` loop meets that: a closure
/// that captured the loop's variable waits in a method of it.
const LOCKED: &str = "called `Option::unwrap()` on a `None` value";

/// The message of a panic, with what may help against it.
pub(crate) fn panicked(message: String) -> String {
    if message != LOCKED {
        return message;
    }
    message
        + "\nhelp: did a closure capture the variable of a `for` loop? All closures made in a loop share it, and one that \
           waits may hold it: write `let x = i;` in the loop and use `x` in the closure"
}

/// What suggestions may be drawn from.
pub(crate) struct Hints<'a> {
    /// The engine that ran the script: its functions.
    pub(crate) engine: &'a Engine,
    /// The programs of the same generation: their functions and variables. Their sources must be named
    /// as in the error for suggestions about variables.
    pub(crate) asts: Vec<&'a AST>,
    /// The files' texts.
    pub(crate) sources: &'a Sources,
    /// The file of a closure that goes by a name of an earlier generation.
    pub(crate) earlier: &'a dyn Fn(&str) -> Option<String>,
}

/// For calls that are nested too deeply.
const ENDLESS: &str = "does a function call itself without end?";

/// How many signatures are shown for a name that exists with other parameters.
const SIGNATURES: usize = 3;

impl Hints<'_> {
    /// Advice on the innermost error, which is at `at` in `file`.
    pub(super) fn help(&self, error: &EvalAltResult, file: &str, at: Place) -> Option<String> {
        use EvalAltResult as E;
        match error {
            E::ErrorFunctionNotFound(signature, _) => self.function(signature),
            E::ErrorVariableNotFound(name, _) => self.variable(name, file, at),
            E::ErrorAssignmentToConstant(name, _) => self.constant(name),
            E::ErrorModuleNotFound(name, _) => self.module(name),
            E::ErrorDotExpr(message, _) => self.property(message),
            E::ErrorDataRace(..) => Some(
                "another handler that waits right now, or the call around this one, holds this \
                 variable: work on a copy, `let copy = x;`"
                    .into(),
            ),
            E::ErrorSystem(..) if Overflow::of(error).is_some() => Some(ENDLESS.into()),
            E::ErrorStackOverflow(..) => Some(ENDLESS.into()),
            E::ErrorParsing(kind, _) => syntax_help::help(kind, self.text(file), at),
            _ => None,
        }
    }

    /// The text of a file; none of one that is not known.
    fn text(&self, file: &str) -> &str {
        self.sources.get(file).map_or("", |text| text)
    }

    /// No function has that name and takes those types.
    fn function(&self, signature: &str) -> Option<String> {
        let name = head(signature);
        if let Some(takes) = self.closure_arity(name) {
            let given = arguments(signature);
            let (n, what) = (takes.abs_diff(given), if takes > given { "more" } else { "fewer" });
            let s = if n == 1 { "" } else { "s" };
            return Some(format!("the closure takes {n} argument{s} {what}"));
        }
        if name.starts_with(ANONYMOUS) {
            return Some("this closure belongs to an earlier version of the script".into());
        }
        if !name.starts_with(char::is_alphabetic) && !name.starts_with('_') {
            return None; // an operator: the title has the types
        }
        let own = self.asts.iter().flat_map(|a| a.iter_functions());
        let own = own.filter(|f| !f.name.starts_with(ANONYMOUS));
        let mut all: Vec<String> =
            own.map(|f| format!("{}({})", f.name, f.params.join(", "))).collect();
        all.extend(self.engine.gen_fn_signatures(true));
        let same = all.iter().filter(|f| head(f) == name).map(|f| format!("`{}`", tidy(f)));
        let mut same: Vec<String> = same.collect();
        // (the engine lists its functions in no order)
        same.sort_by_key(|f| (f.len(), f.clone()));
        same.truncate(SIGNATURES);
        if !same.is_empty() {
            return Some(format!("`{name}` exists as {}", same.join(", ")));
        }
        if self.asts.iter().any(|a| a.statements().iter().any(|s| defines(s) == Some(name))) {
            return Some(format!("`{name}` is a variable: `{name}.call(…)` calls what it holds"));
        }
        foreign_names::name(name)
            .map(String::from)
            .or_else(|| did_you_mean(name, all.iter().map(|f| head(f))))
    }

    /// How many arguments the closure of that name takes, captured variables included.
    fn closure_arity(&self, name: &str) -> Option<usize> {
        let mut closures = self.asts.iter().flat_map(|a| a.iter_functions());
        let closure = closures.find(|f| name.starts_with(ANONYMOUS) && f.name == name)?;
        Some(closure.params.len())
    }

    /// A function sees a map, an array or a handle of the top level as a constant that can be changed in place.
    fn constant(&self, name: &str) -> Option<String> {
        let is_let = |s: &Stmt| matches!(s, Stmt::Var(x, flags, _) if x.0.name == name && !flags.contains(ASTFlags::CONSTANT));
        let found = self.asts.iter().any(|ast| ast.statements().iter().any(is_let));
        found.then(|| {
            format!(
                "`{name}` can be changed in place here, `{name}.clear()` or `{name}[key] = …`; \
                 another one can be put there at the top level only"
            )
        })
    }

    /// No variable has that name, there.
    fn variable(&self, name: &str, file: &str, at: Place) -> Option<String> {
        if let Some(help) = foreign_names::name(name) {
            return Some(help.into());
        }
        let here = || self.asts.iter().filter(|a| a.source().unwrap_or_default() == file);
        let later = here().flat_map(|a| a.statements()).find(|s| defines(s) == Some(name));
        if let Some(line) = later.map(|s| place(s.position()).0).filter(|line| *line > at.0) {
            return Some(format!(
                "`{name}` is defined further down, at line {line}; a closure only sees variables \
                 that are defined before it"
            ));
        }
        if let Some(help) = self.elsewhere(name, file) {
            return Some(help);
        }
        let mut known: Vec<String> = Vec::new();
        for ast in here() {
            known.extend(ast.statements().iter().filter_map(defines).map(String::from));
            for f in ast.iter_fn_def() {
                let (start, end) = (place(f.body.start_position()), place(f.body.end_position()));
                // (a closure without braces has no end: guess that it is one line)
                let end = end.max((start.0, usize::MAX));
                if start <= at && at <= end {
                    known.extend(f.params.iter().map(|p| p.to_string()));
                    known.extend(locals(ast, start, end));
                }
            }
        }
        let near = did_you_mean(name, known.iter().map(String::as_str));
        near.or_else(|| {
            let functions = self.engine.gen_fn_signatures(true);
            let found = functions.iter().any(|f| head(f) == name);
            let space = format!("{name}::");
            let inside = functions.iter().map(|f| head(f)).filter(|f| f.starts_with(&space)).min();
            match inside {
                Some(one) => Some(format!("the functions of `{name}` are called so: `{one}(…)`")),
                None => found.then(|| format!("`{name}` is a function: call it, `{name}(…)`")),
            }
        })
    }

    /// A variable has that name, but is not seen from there.
    fn elsewhere(&self, name: &str, file: &str) -> Option<String> {
        let here = || self.asts.iter().filter(|a| a.source().unwrap_or_default() == file);
        let mut line = None;
        for ast in here() {
            ast.walk(&mut |path: &[ASTNode]| {
                if let Some(ASTNode::Stmt(s)) = path.last()
                    && defines(s) == Some(name)
                {
                    line = line.or(Some(place(s.position()).0));
                }
                true
            });
        }
        // (what a closure captures is among its parameters, before its own)
        let parameter = |ast: &&AST| {
            let captured = closures::captured(ast);
            let own = |f: &&ScriptFuncDef| {
                let skipped = captured.get(&f.name).copied().unwrap_or(0);
                f.params.iter().skip(skipped).any(|p| p == name)
            };
            let f = ast.iter_fn_def().map(|f| &**f).find(own)?;
            Some(place(f.body.start_position()).0)
        };
        if let Some(line) = line.or_else(|| here().find_map(parameter)) {
            return Some(format!(
                "`{name}` exists only inside of the block or function at line {line}: define it further out, or hand \
                 it over as an argument"
            ));
        }
        let has = |a: &&&AST| a.statements().iter().any(|s| defines(s) == Some(name));
        let other = self.asts.iter().find(has)?.source()?;
        Some(format!("`{name}` is a variable of {other}: hand it over as an argument"))
    }

    /// No import has that name.
    fn module(&self, name: &str) -> Option<String> {
        let alias = |s: &Stmt| match s {
            Stmt::Import(x, _) => Some(x.1.name.to_string()),
            _ => None,
        };
        let known: Vec<String> =
            self.asts.iter().flat_map(|a| a.statements()).filter_map(alias).collect();
        did_you_mean(name, known.iter().map(String::as_str))
    }

    /// No property has that name: `Unknown property 'x' - a getter is not registered for type 'T'`.
    fn property(&self, message: &str) -> Option<String> {
        let mut quoted = message.split('\'').skip(1).step_by(2);
        let (name, type_name) = (quoted.next()?, quoted.next()?);
        let functions = self.engine.gen_fn_signatures(true);
        let takes = |f: &str| arguments_text(f).contains(&format!("&mut {type_name}"));
        let getter =
            |f: &'_ str| takes(f).then(|| head(f).strip_prefix("get$")).flatten().is_some();
        if functions.iter().any(|f| head(f) == name && takes(f)) {
            return Some(format!("`{name}` is a method: call it, `{name}(…)`"));
        }
        let getters = functions.iter().filter(|f| getter(f));
        did_you_mean(name, getters.map(|f| head(f).trim_start_matches("get$")))
    }
}

/// Variables that are defined anywhere between two places.
fn locals(ast: &AST, start: Place, end: Place) -> Vec<String> {
    let mut names = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(s)) = path.last() {
            let inside = (start..=end).contains(&place(s.position()));
            names.extend(defines(s).filter(|_| inside).map(String::from));
        }
        true
    });
    names
}

/// The variable that a statement defines.
fn defines(statement: &Stmt) -> Option<&str> {
    match statement {
        Stmt::Var(x, ..) => Some(x.0.name.as_str()),
        Stmt::For(x, _) => Some(x.0.name.as_str()),
        _ => None,
    }
}

/// The usual sentence, if a known name is near.
fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|n| format!("did you mean `{n}`?"))
}

/// The function's name in a signature.
fn head(signature: &str) -> &str {
    signature.split(['(', ' ']).next().unwrap_or_default()
}

/// What stands between the outer parentheses of a signature.
fn arguments_text(signature: &str) -> &str {
    let open = signature.find('(').map_or(signature.len(), |i| i + 1);
    let rest = &signature[open..];
    let end = rest.find(") ->").or_else(|| rest.rfind(')')).unwrap_or(rest.len());
    &rest[..end]
}

/// How many types a signature lists. The type `()` may be among them, and no type contains a comma
/// outside of brackets.
fn arguments(signature: &str) -> usize {
    let text = arguments_text(signature);
    let mut depth = 0;
    let comma = |c: char| {
        depth += i32::from(matches!(c, '(' | '<')) - i32::from(matches!(c, ')' | '>'));
        c == ',' && depth == 0
    };
    let commas = text.chars().map(comma).filter(|is| *is).count();
    if text.is_empty() { 0 } else { commas + 1 }
}

/// A native signature without what only Rust needs.
fn tidy(signature: &str) -> String {
    let plain = signature.replace("_: ", "").replace("&mut ", "");
    let plain = plain.replace("types::dynamic::Dynamic", "any");
    let (takes, gives) = plain.split_once(" -> ").unwrap_or((&plain, "()"));
    // (a function that may fail gives `core::result::Result<T,alloc::boxed::Box<…>>`)
    let gives = match gives.split_once("Result<") {
        Some((_, inner)) => inner.split(',').next().unwrap_or(inner),
        None => gives,
    };
    let gives = gives.rsplit("::").next().unwrap_or(gives).trim_matches(['<', '>', ' ']);
    if gives == "()" { takes.to_owned() } else { format!("{takes} -> {gives}") }
}

/// The nearest known name within a small edit distance; of equals the one that begins most alike, and the first of those
/// in the alphabet, for the engine lists its functions in no order.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = name.chars().collect();
    // Short names are all alike, and what is this long was not typed.
    let limit = match letters.len() {
        0..=2 | 65.. => return None,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .filter(|k| *k != name && k.len() <= 4 * 65)
        .map(|k| (distance(&letters, &k.chars().collect::<Vec<_>>()), k))
        .filter(|(d, k)| *d <= limit && *d < k.chars().count())
        .min_by_key(|(d, k)| {
            let alike = k.chars().zip(&letters).take_while(|(a, b)| a == *b).count();
            (*d, std::cmp::Reverse(alike), *k)
        })
        .map(|(_, k)| k)
}

/// Edit distance in which two swapped neighbours count as one edit: the usual slip of the fingers.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[a.len()][b.len()]
}
