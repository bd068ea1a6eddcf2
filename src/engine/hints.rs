//! What might help against a script error: the name that was probably meant, the signatures that do
//! exist, the Rhai word for a word of another language.
//!
//! Only guesses from names live here; the report around them is made in `report`. Uses `closures` (for
//! rhai's names of them) and places.

use super::{
    MAX_CALL_LEVELS,
    closures::{self, ANONYMOUS},
    foreign_names,
    nearest::nearest,
    overflow::Overflow,
    signatures::{self, Signature},
    syntax_help,
    tokens::{Place, place},
};
use rhai::{AST, ASTFlags, ASTNode, Engine, EvalAltResult, Expr, FnAccess, ScriptFuncDef, Stmt};
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

/// Functions of rhai that are called on nothing.
const FREE: [&str; 8] =
    ["print", "debug", "sleep", "parse_json", "to_json", "parse_int", "parse_float", "type_of"];

/// How many variables are named where none has the name that was written.
const SEEN: usize = 6;

/// How many signatures are shown for a name that exists with other parameters.
const SIGNATURES: usize = 3;

const LOOP: &str = "`for` walks arrays, maps, strings (`text.chars()`), blobs and ranges (`0..10`); `()` and single numbers \
                    cannot be walked";
const BOUNDS: &str =
    "the first element is at 0, the last at -1; `list.get(i)` gives `()` where there is none";
const THIS: &str = "`this` is the value that a function is called on, `value.f()`; callbacks get what they need as parameters";
const CONSTANT: &str = "a constant cannot be changed: work on a copy, `let copy = X;`";
const DATA_RACE: &str = "another handler that waits right now, or the call around this one, holds this variable: work on \
                         a copy, `let copy = x;`";

fn too_many_calls() -> String {
    format!(
        "calls may stand {MAX_CALL_LEVELS} deep inside of one another at most, closures and blocks that call included: \
         does a function call itself without end? If not, use a loop and an array of what is left to do"
    )
}

/// Advice on `type [index]` that does not exist.
fn index(what: &str) -> String {
    let (of, with) = what.split_once(" [").unwrap_or((what, ""));
    let with = with.trim_end_matches(']');
    match of {
        "map" if with == "()" => {
            "keys of a map are strings or whole numbers, and this one is `()`: was it ever set?"
                .into()
        }
        "map" => {
            format!("keys of a map are strings or whole numbers: of type {with} there are none")
        }
        "array" | "string" | "blob" => format!(
            "the elements of values of type {of} have whole numbers as places, or ranges, `0..2`"
        ),
        "()" => "this value is empty: ask for that first, `x == ()`, or write `x?[…]`".into(),
        _ => format!("values of type {of} have nothing that is found by `[…]`"),
    }
}

/// Advice where a value of another type was wanted.
fn mismatch(wanted: &str) -> Option<&'static str> {
    Some(match wanted {
        "bool" => "a condition is true or false: compare, `x != ()`, `n > 0`, `list.len() > 0`",
        "string" => "was a key or a text meant? Write it in quotes, or convert with `to_string()`",
        "i64" => "whole numbers come from `parse_int(text)`, or `to_int()` of another number",
        _ => return None,
    })
}

impl Hints<'_> {
    /// Advice on the innermost error, which is at `at` in `file`.
    pub(super) fn help(&self, error: &EvalAltResult, file: &str, at: Place) -> Option<String> {
        use EvalAltResult as E;
        match error {
            E::ErrorFunctionNotFound(signature, _) => self.function(signature, file),
            E::ErrorVariableNotFound(name, _) => self.variable(name, file, at),
            E::ErrorAssignmentToConstant(name, _) => self.constant(name),
            E::ErrorModuleNotFound(name, _) => self.module(name),
            E::ErrorDotExpr(message, _) => self.property(message),
            E::ErrorIndexingType(what, _) => Some(index(what)),
            E::ErrorMismatchDataType(wanted, _, _) => Some(mismatch(wanted)?.into()),
            E::ErrorFor(_) => Some(LOOP.into()),
            E::ErrorArrayBounds(..) => Some(BOUNDS.into()),
            E::ErrorUnboundThis(_) => Some(THIS.into()),
            E::ErrorNonPureMethodCallOnConstant(..) => Some(CONSTANT.into()),
            E::ErrorDataRace(..) => Some(DATA_RACE.into()),
            E::ErrorStackOverflow(..) => Some(too_many_calls()),
            E::ErrorSystem(..) if Overflow::of(error).is_some() => Some(too_many_calls()),
            E::ErrorParsing(kind, _) => syntax_help::help(kind, self.text(file), at),
            _ => None,
        }
    }

    /// The text of a file; none of one that is not known.
    fn text(&self, file: &str) -> &str {
        self.sources.get(file).map_or("", |text| text)
    }

    /// No function has that name and takes those types.
    fn function(&self, signature: &str, file: &str) -> Option<String> {
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
        if !signatures::is_name(name) {
            return self.operator(name, signature);
        }
        if let Some((module, plain)) = name.rsplit_once("::")
            && let Some(help) = self.in_module(module, plain, file)
        {
            return Some(help);
        }
        let own = self.asts.iter().flat_map(|a| a.iter_functions());
        let own = own.filter(|f| !f.name.starts_with(ANONYMOUS));
        let own: Vec<(&str, String)> =
            own.map(|f| (f.name, format!("{}({})", f.name, f.params.join(", ")))).collect();
        let natives = signatures::all(self.engine);
        let natives = natives.iter().filter(|f| f.is_called()).map(|f| (&*f.name, f.text.clone()));
        let all: Vec<(&str, String)> = own.into_iter().chain(natives).collect();
        if let Some(help) = exists_as(name, &all) {
            return Some(help);
        }
        if self.asts.iter().any(|a| a.statements().iter().any(|s| defines(s) == Some(name))) {
            return Some(format!("`{name}` is a variable: `{name}.call(…)` calls what it holds"));
        }
        let foreign = foreign_names::name(name).map(String::from);
        foreign
            .or_else(|| did_you_mean(name, all.iter().map(|(name, _)| *name)))
            .or_else(|| Some("`rhost doc` lists the functions that there are".into()))
    }

    /// No operator takes those types.
    fn operator(&self, name: &str, signature: &str) -> Option<String> {
        let types = arguments_text(signature);
        match name {
            "+" | "-" | "*" | "/" | "%" if types.contains("()") => {
                Some("one of the two is empty: was it ever set? `x ?? 0` stands for a value that may be missing".into())
            }
            "-" | "*" | "/" | "%" if types.contains("string") => {
                Some("a number in a text is read by `parse_int(text)` or `parse_float(text)`".into())
            }
            "+" | "+=" if types.contains("string") => {
                Some("write texts in backticks: `` `${a} and ${b}` `` takes any value".into())
            }
            _ => None,
        }
    }

    /// The module of that name in `file` has no such function.
    fn in_module(&self, module: &str, name: &str, file: &str) -> Option<String> {
        let ast = self.imported(module, file)?;
        let own = ast.iter_functions().filter(|f| !f.name.starts_with(ANONYMOUS));
        let (public, private): (Vec<_>, Vec<_>) = own.partition(|f| f.access == FnAccess::Public);
        if private.iter().any(|f| f.name == name) {
            let there = ast.source().unwrap_or_default();
            return Some(format!(
                "`{name}` is private in {there}: only that file can call it, unless `private` is removed"
            ));
        }
        let public: Vec<(&str, String)> = public
            .iter()
            .map(|f| (f.name, format!("{module}::{}({})", f.name, f.params.join(", "))))
            .collect();
        if let Some(help) = exists_as(name, &public) {
            return Some(help);
        }
        let near = nearest(name, public.iter().map(|(name, _)| *name));
        Some(match near {
            Some(near) => format!("did you mean `{module}::{near}`?"),
            None => {
                let there = ast.source().unwrap_or_default();
                format!("{there} has no function `{name}`")
            }
        })
    }

    /// The program that `file` imports by that name.
    fn imported(&self, alias: &str, file: &str) -> Option<&AST> {
        let mut path = None;
        for ast in self.asts.iter().filter(|ast| ast.source().unwrap_or_default() == file) {
            path = path.or_else(|| imports(ast).into_iter().find(|(_, name)| name == alias));
        }
        let (path, _) = path?;
        self.asts.iter().find(|ast| leads_to(&path, ast.source().unwrap_or_default())).copied()
    }

    /// How many arguments the closure of that name takes, captured variables included.
    fn closure_arity(&self, name: &str) -> Option<usize> {
        let mut closures = self.asts.iter().flat_map(|a| a.iter_functions());
        let closure = closures.find(|f| name.starts_with(ANONYMOUS) && f.name == name)?;
        Some(closure.params.len())
    }

    /// A function sees a map, an array or a handle of the top level as a constant that can be changed in place.
    fn constant(&self, name: &str) -> Option<String> {
        let statements = self.asts.iter().flat_map(|ast| ast.statements());
        let mut defined = statements.filter_map(|statement| match statement {
            Stmt::Var(x, flags, _) if x.0.name == name => Some((&x.1, flags)),
            _ => None,
        });
        let (value, flags) = defined.next()?;
        if flags.contains(ASTFlags::CONSTANT) {
            return Some(format!(
                "`{name}` is a constant: work on a copy, `let copy = {name};`, or define it with `let`"
            ));
        }
        let how = match value {
            Expr::Array(..) => format!("`{name}.push(value)`, `{name}[i] = …` or `{name}.clear()`"),
            Expr::Map(..) => format!("`{name}[key] = …` or `{name}.clear()`"),
            Expr::DynamicConstant(value, _) if value.is_array() => {
                format!("`{name}.push(value)`, `{name}[i] = …` or `{name}.clear()`")
            }
            Expr::DynamicConstant(value, _) if value.is_map() => {
                format!("`{name}[key] = …` or `{name}.clear()`")
            }
            _ => format!("`{name}.property = …`"),
        };
        Some(format!(
            "`{name}` can be changed in place here, {how}; another one can be put there at the top level only"
        ))
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
        near.or_else(|| self.named_otherwise(name)).or_else(|| {
            if self.is_assigned(file, at, name) {
                return Some(format!("a new variable is made with `let`: `let {name} = …;`"));
            }
            known.sort();
            known.dedup();
            let shown: Vec<_> = known.iter().take(SEEN).map(|name| format!("`{name}`")).collect();
            let more = if known.len() > SEEN { " …" } else { "" };
            match shown.is_empty() {
                true => {
                    Some(format!("no variable is called so; one is made with `let {name} = …;`"))
                }
                false => Some(format!(
                    "no variable is called so; seen here are {}{more}",
                    shown.join(", ")
                )),
            }
        })
    }

    /// A function or a module has that name, which is no variable.
    fn named_otherwise(&self, name: &str) -> Option<String> {
        let natives = signatures::all(self.engine);
        let space = format!("{name}::");
        if let Some(one) = natives.iter().find(|f| f.name.starts_with(&space)) {
            return Some(format!("the functions of `{name}` are called so: `{}(…)`", one.name));
        }
        // (what is a method of some value would have to be called on one)
        let is_free =
            |f: &Signature| f.name == name && (f.params.is_empty() || FREE.contains(&name));
        let mut own = self.asts.iter().flat_map(|a| a.iter_functions());
        let found = own.any(|f| f.name == name) || natives.iter().any(is_free);
        found.then(|| format!("`{name}` is a function: call it, `{name}(…)`"))
    }

    /// Does the text give a value to the name at that place?
    fn is_assigned(&self, file: &str, at: Place, name: &str) -> bool {
        let line = at.0.checked_sub(1).and_then(|n| self.text(file).lines().nth(n));
        let rest = line.and_then(|line| {
            line.char_indices().nth(at.1.checked_sub(1)?).map(|(i, _)| &line[i..])
        });
        let rest = rest.and_then(|rest| rest.strip_prefix(name)).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
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
        let other = self.asts.iter().find(has)?;
        Some(self.in_other_file(name, other, file))
    }

    /// The top level of another file has a variable of that name.
    fn in_other_file(&self, name: &str, other: &AST, file: &str) -> String {
        let there = other.source().unwrap_or_default();
        let is_it = |s: &&Stmt| defines(s) == Some(name);
        let (mut is_constant, mut is_exported) = (false, false);
        if let Some(Stmt::Var(_, flags, _)) = other.statements().iter().find(is_it) {
            is_constant = flags.contains(ASTFlags::CONSTANT);
            is_exported = flags.contains(ASTFlags::EXPORTED);
        }
        let here = self.asts.iter().filter(|a| a.source().unwrap_or_default() == file);
        let imported = here.flat_map(|ast| imports(ast)).find(|(path, _)| leads_to(path, there));
        let Some((path, alias)) = imported.filter(|_| is_constant) else {
            return format!("`{name}` is a variable of {there}: hand it over as an argument");
        };
        let stem = path.rsplit('/').next().unwrap_or(&path).trim_end_matches(".rhai").to_owned();
        let (import, alias) = match alias.is_empty() {
            true => (format!("`import \"{path}\" as {stem};` and "), stem),
            false => (String::new(), alias),
        };
        let export = match is_exported {
            true => String::new(),
            false => format!(", with `export const {name} = …;` in {there}"),
        };
        format!("`{name}` is a constant of {there}: write {import}`{alias}::{name}`{export}")
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
        if let Some(help) = foreign_names::name(name) {
            return Some(help.into());
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

/// The usual sentence, if functions of that name exist.
fn exists_as(name: &str, all: &[(&str, String)]) -> Option<String> {
    let mut same: Vec<&String> =
        all.iter().filter(|(known, _)| *known == name).map(|(_, text)| text).collect();
    same.sort_by_key(|text| (text.len(), *text));
    same.dedup();
    let more = if same.len() > SIGNATURES { " …" } else { "" };
    let shown: Vec<_> = same.iter().take(SIGNATURES).map(|text| format!("`{text}`")).collect();
    (!shown.is_empty()).then(|| format!("`{name}` exists as {}{more}", shown.join(", ")))
}

/// What a file imports by fixed names: paths and the names that they have there.
fn imports(ast: &AST) -> Vec<(String, String)> {
    let mut found = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
            && let Expr::StringConstant(path, _) = &import.0
        {
            found.push((path.to_string(), import.1.name.to_string()));
        }
        true
    });
    found
}

/// Is this the file that such an import means? Only the end of its path is compared.
fn leads_to(import: &str, file: &str) -> bool {
    let import = import.trim_start_matches("./").trim_start_matches("../");
    let import = import.strip_suffix(".rhai").unwrap_or(import);
    let file = file.strip_suffix(".rhai").unwrap_or(file);
    let rest = file.strip_suffix(import);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}
