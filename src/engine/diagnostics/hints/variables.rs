//! Advice on variables: names that nothing has there, and values that cannot be assigned.

use super::{Hints, defines, did_you_mean, imports, leads_to};
use crate::engine::{
    compile::closures,
    diagnostics::signatures::{self, Signature},
    internals::positions::{Place, place},
};
use rhai::{AST, ASTFlags, ASTNode, ScriptFuncDef, Stmt};

/// Functions of rhai that are called on nothing.
const FREE: [&str; 8] =
    ["print", "debug", "sleep", "parse_json", "to_json", "parse_int", "parse_float", "type_of"];

/// Longer names are not repeated.
const LONG: usize = 60;

/// How many variables are named where none has the name that was written.
const SEEN: usize = 6;

impl Hints<'_> {
    /// A constant is assigned to.
    pub(super) fn constant(&self, name: &str) -> Option<String> {
        let statements = self.asts.iter().flat_map(|ast| ast.statements());
        let is_constant = |statement: &Stmt| match statement {
            Stmt::Var(x, flags, _) => x.0.name == name && flags.contains(ASTFlags::CONSTANT),
            _ => false,
        };
        statements.into_iter().any(is_constant).then(|| {
            format!("`{name}` is a constant: work on a copy, `let copy = {name};`, or define it with `let`")
        })
    }

    /// No variable has that name, there.
    pub(super) fn variable(&self, name: &str, file: &str, at: Place) -> Option<String> {
        if let Some(help) = self.namespace(name, file, at) {
            return Some(help);
        }
        if let Some(help) = self.foreign(name) {
            return Some(help);
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
                // A closure without braces has no end: guess that it is one line.
                let end = end.max((start.0, usize::MAX));
                if start <= at && at <= end {
                    known.extend(f.params.iter().map(|p| p.to_string()));
                    known.extend(locals(ast, start, end));
                }
            }
        }
        let near = did_you_mean(name, known.iter().map(String::as_str));
        near.or_else(|| self.named_otherwise(name)).or_else(|| {
            if self.is_assigned(file, at, name) && name.chars().count() <= LONG {
                return Some(format!("a new variable is made with `let`: `let {name} = …;`"));
            }
            if name.chars().count() > LONG {
                return Some("no variable is called so".into());
            }
            known.sort();
            known.dedup();
            // A closure that reads it would have captured it.
            known.retain(|known| known != name);
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

    /// The name is that of functions which are called with `::`. The one that is written behind it is named, if it is one of
    /// them.
    fn namespace(&self, name: &str, file: &str, at: Place) -> Option<String> {
        let natives = signatures::all(self.engine);
        let space = format!("{name}::");
        let first = natives.iter().find(|f| f.name.starts_with(&space))?;
        let method = self.behind(file, at, name).and_then(|rest| rest.strip_prefix('.'));
        let method = method.map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            format!("{space}{}", &rest[..end.unwrap_or(rest.len())])
        });
        let one = natives.iter().find(|f| Some(&f.name) == method.as_ref()).unwrap_or(first);
        Some(format!("the functions of `{name}` are called so: `{}(…)`", one.name))
    }

    /// A function has that name, which is no variable.
    fn named_otherwise(&self, name: &str) -> Option<String> {
        let natives = signatures::all(self.engine);
        // What is a method of some value would have to be called on one.
        let is_free =
            |f: &Signature| f.name == name && (f.params.is_empty() || FREE.contains(&name));
        let mut own = self.asts.iter().flat_map(|a| a.iter_functions());
        let found = own.any(|f| f.name == name) || natives.iter().any(is_free);
        found.then(|| format!("`{name}` is a function: call it, `{name}(…)`"))
    }

    /// Does the text give a value to the name at that place?
    fn is_assigned(&self, file: &str, at: Place, name: &str) -> bool {
        let rest = self.behind(file, at, name);
        rest.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
    }

    /// What follows a name in its line.
    fn behind(&self, file: &str, at: Place, name: &str) -> Option<&str> {
        let line = self.text(file).lines().nth(at.0.checked_sub(1)?)?;
        let (start, _) = line.char_indices().nth(at.1.checked_sub(1)?)?;
        line[start..].strip_prefix(name).map(str::trim_start)
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
        // What a closure captures is among its parameters, before its own.
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
