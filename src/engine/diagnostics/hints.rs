//! What might help against a script error: the name that was probably meant, the signatures that do
//! exist, the Rhai word for a word of another language.
//!
//! Only guesses from names live here; the report around them is made in `report`. Uses `closures` (for
//! rhai's names of them) and places.

mod variables;

use crate::engine::{
    call::overflow::Overflow,
    compile::host_modules::{HostModules, NativeFunction, NativeModule},
    diagnostics::{
        foreign_names,
        signatures::{self, Signature},
        syntax_help,
    },
    internals::{
        ANONYMOUS,
        positions::{Place, place},
    },
    limits::MAX_CALL_LEVELS,
    nearest::nearest,
};
use rhai::{AST, ASTNode, Engine, EvalAltResult, Expr, FnAccess, FnPtr, Stmt};
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
    /// The modules of the host, and what it has in place of other languages' functions.
    pub(crate) host: &'a HostModules,
}

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

const EMPTY: &str =
    "this value is empty: was it ever set? `x ?? other` stands for one that may be missing";
const CONDITION: &str =
    "a condition is true or false: compare, `x != ()`, `n > 0`, `list.len() > 0`";

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
fn mismatch(wanted: &str, is: &str) -> Option<&'static str> {
    Some(match wanted {
        "string" if is == "()" => {
            "keys of a map are strings or whole numbers, and this value is empty: was it ever set?"
        }
        _ if is == "()" => EMPTY,
        "bool" => CONDITION,
        "string" => "was a key or a text meant? Write it in quotes, or convert with `to_string()`",
        "i64" => "whole numbers come from `parse_int(text)`, or `to_int()` of another number",
        _ => return None,
    })
}

impl Hints<'_> {
    /// Advice on the innermost error, which is at `at` in `file`.
    pub(in crate::engine) fn help(
        &self,
        error: &EvalAltResult,
        file: &str,
        at: Place,
    ) -> Option<String> {
        use EvalAltResult as E;
        match error {
            E::ErrorFunctionNotFound(signature, _) => self.function(signature, file),
            E::ErrorVariableNotFound(name, _) => self.variable(name, file, at),
            E::ErrorAssignmentToConstant(name, _) => self.constant(name),
            E::ErrorModuleNotFound(name, _) => self.module(name),
            E::ErrorDotExpr(message, _) => self.property(message),
            E::ErrorIndexingType(what, _) => Some(index(what)),
            E::ErrorMismatchDataType(wanted, is, _) => Some(mismatch(wanted, is)?.into()),
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

    /// Where the `.call(…)` is whose first argument, at that place, was wanted as a function; `wanted` is rhai's name of that
    /// type.
    pub(in crate::engine) fn call_of(&self, wanted: &str, file: &str, at: Place) -> Option<Place> {
        if wanted != self.engine.map_type_name(std::any::type_name::<FnPtr>()) {
            return None;
        }
        let mut found = None;
        for ast in self.asts.iter().filter(|ast| ast.source().unwrap_or_default() == file) {
            ast.walk(&mut |path: &[ASTNode]| {
                if let Some(ASTNode::Expr(Expr::MethodCall(call, position))) = path.last()
                    && call.name == "call"
                    && call.args.first().is_some_and(|first| place(first.position()) == at)
                {
                    found = Some(place(*position));
                }
                found.is_none()
            });
        }
        found
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
        // The host's `exit` only says that there is none.
        let natives: Vec<&Signature> =
            natives.iter().filter(|f| f.is_called() && f.name != "exit").collect();
        let is_own = own.iter().any(|(own, _)| *own == name);
        if !is_own && let Some(owners) = of_others(name, signature, &natives) {
            return self
                .foreign(name)
                .or_else(|| Some(format!("`{name}` is a method of {owners} only")));
        }
        let natives = natives.iter().map(|f| (&*f.name, f.text.clone()));
        let all: Vec<(&str, String)> = own.into_iter().chain(natives).collect();
        if let Some(help) = exists_as(name, &all) {
            return Some(help);
        }
        if self.asts.iter().any(|a| a.statements().iter().any(|s| defines(s) == Some(name))) {
            return Some(format!("`{name}` is a variable: `{name}.call(…)` calls what it holds"));
        }
        self.foreign(name)
            .or_else(|| did_you_mean(name, all.iter().map(|(name, _)| *name)))
            .or_else(|| Some("`rhost doc` lists the functions that there are".into()))
    }

    /// No operator takes those types.
    fn operator(&self, name: &str, signature: &str) -> Option<String> {
        let types = arguments_text(signature);
        match name {
            "!" if types == "()" => Some(EMPTY.into()),
            "!" => Some(CONDITION.into()),
            "+" | "-" if types == "()" => Some(EMPTY.into()),
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

    /// Advice on a name of another language.
    fn foreign(&self, name: &str) -> Option<String> {
        self.host.advice(name).or_else(|| foreign_names::name(name).map(String::from))
    }

    /// The module of that name in `file` has no such function.
    fn in_module(&self, module: &str, name: &str, file: &str) -> Option<String> {
        if let Some(native) = self.import(module, file).and_then(|import| self.host.native(&import))
        {
            return Some(self.in_native(native, module, name));
        }
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

    /// The native module that is called so here has no such function.
    fn in_native(&self, native: &NativeModule, module: &str, name: &str) -> String {
        let form = |f: &NativeFunction| (f.name, format!("{module}::{}", f.form));
        let all: Vec<(&str, String)> = native.functions.iter().map(form).collect();
        let near = || nearest(name, all.iter().map(|(name, _)| *name));
        exists_as(name, &all)
            .or_else(|| near().map(|near| format!("did you mean `{module}::{near}`?")))
            .or_else(|| self.foreign(name))
            .unwrap_or_else(|| format!("`rhost doc {module}` lists what this module has"))
    }

    /// What `file` imports by that name.
    fn import(&self, alias: &str, file: &str) -> Option<String> {
        let own = self.asts.iter().filter(|ast| ast.source().unwrap_or_default() == file);
        own.flat_map(|ast| imports(ast)).find(|(_, name)| name == alias).map(|(path, _)| path)
    }

    /// The program that `file` imports by that name.
    fn imported(&self, alias: &str, file: &str) -> Option<&AST> {
        let path = self.import(alias, file)?;
        self.asts.iter().find(|ast| leads_to(&path, ast.source().unwrap_or_default())).copied()
    }

    /// How many arguments the closure of that name takes, captured variables included.
    fn closure_arity(&self, name: &str) -> Option<usize> {
        let mut closures = self.asts.iter().flat_map(|a| a.iter_functions());
        let closure = closures.find(|f| name.starts_with(ANONYMOUS) && f.name == name)?;
        Some(closure.params.len())
    }

    /// No import has that name.
    fn module(&self, name: &str) -> Option<String> {
        let alias = |s: &Stmt| match s {
            Stmt::Import(x, _) => Some(x.1.name.to_string()),
            _ => None,
        };
        let known: Vec<String> =
            self.asts.iter().flat_map(|a| a.statements()).filter_map(alias).collect();
        // A module of the host that the file forgot to import.
        let ends_so = |module: &&str| module.rsplit('/').next() == Some(name);
        if let Some(module) = self.host.names().find(ends_so) {
            return Some(format!("import it first: `import \"{module}\" as {name};`"));
        }
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
        if let Some(help) = self.foreign(name) {
            return Some(help);
        }
        let getters = functions.iter().filter(|f| getter(f));
        did_you_mean(name, getters.map(|f| head(f).trim_start_matches("get$")))
    }
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

/// The types of the host's objects that have a method of that name, if what it was called on is of no such type.
fn of_others(name: &str, signature: &str, natives: &[&Signature]) -> Option<String> {
    let given = arguments_text(signature).split(',').next()?.trim();
    let same = || natives.iter().filter(|f| f.name == name);
    let is_object = |kind: &&String| kind.starts_with(char::is_uppercase) && **kind != name;
    let mut owners: Vec<&String> = same().filter_map(|f| f.params.first()).collect();
    owners.dedup();
    let are_others = same().all(|f| f.params.first().is_some_and(|kind| is_object(&kind)))
        && !owners.is_empty()
        && !given.is_empty()
        && owners.iter().all(|kind| *kind != given);
    are_others.then(|| {
        let owners: Vec<String> = owners.iter().map(|kind| format!("`{kind}`")).collect();
        owners.join(" and ")
    })
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
