//! Variables, parameters and functions that nothing uses. A name that begins with `_` says that this is meant.

use super::{
    Found,
    model::{Call, File, FunctionId, How, Model, Origin, TOP_LEVEL, Variable},
    names::called,
};
use crate::engine::internals::positions::place;
use rhai::{Expr, FnAccess, Position, Stmt, Token};
use std::collections::HashSet;

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    variables(model, file, found);
    let is_main = model.files.first().is_some_and(|main| main.unit.file == file.unit.file);
    functions(model, file, is_main && !is_library(model, file), found);
    parameters(model, file, found);
}

fn is_meant(name: &str) -> bool {
    name.starts_with('_')
}

fn variables(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    let exports = || model.files.iter().flat_map(|file| &file.exports);
    for variable in &file.variables {
        let is_declared = matches!(variable.origin, Origin::Let | Origin::Constant);
        let is_used = variable.uses.iter().any(|used| used.how != How::Assign);
        if !is_declared || is_used || is_meant(variable.name) || works_alone(model, variable) {
            continue;
        }
        // Whoever assigns a constant is told of that.
        if variable.origin == Origin::Constant && !variable.uses.is_empty() {
            continue;
        }
        if variable.is_global && exports().any(|name| *name == variable.name) {
            continue;
        }
        let name = variable.name;
        let text = match variable.uses.is_empty() {
            true => format!("nothing uses `{name}`"),
            false => format!("`{name}` is assigned, but nothing reads it"),
        };
        let found_one = Found::new("unused-variable", variable.at, text);
        found.push(found_one.with_help(format!("if that is meant, call it `_{name}`")));
    }
}

/// Does the top level only declare, and nothing that lives on by itself? Then the file is there for others to import it,
/// whoever is asked to look at it alone.
fn is_library(model: &Model<'_>, file: &File<'_>) -> bool {
    let declares = |statement: &Stmt| {
        matches!(statement, Stmt::Var(..) | Stmt::Import(..) | Stmt::Export(..) | Stmt::Noop(_))
    };
    let made_by = model.rules.apart.as_ref().map_or(&[][..], |apart| apart.made_by);
    let starts = |call: &Call<'_>| {
        let name = call.name.as_str();
        call.function == TOP_LEVEL
            && (made_by.contains(&name) || model.rules.caller(name).is_some())
    };
    file.unit.ast.statements().iter().all(declares) && !file.calls.iter().any(starts)
}

/// Is the variable given something that does its work whoever holds it, such as a worker or a timer?
fn works_alone(model: &Model<'_>, variable: &Variable<'_>) -> bool {
    let apart = model.rules.apart.as_ref();
    if apart.is_some_and(|apart| variable.kind == Some(apart.kind)) {
        return true;
    }
    let Some(Expr::FnCall(call, _)) = variable.initial else { return false };
    call.is_qualified() && model.rules.caller(&called(call)).is_some()
}

fn functions(model: &Model<'_>, file: &File<'_>, is_script: bool, found: &mut Vec<Found>) {
    let calls: HashSet<&str> = model
        .files
        .iter()
        .flat_map(|f| f.calls.iter().map(move |call| (f, call)))
        // That a function calls itself is no use of it.
        .filter(|(f, call)| {
            let name = call.expr.name.as_str();
            !f.around(call.function).any(|id| f.functions[id].name == name)
        })
        .map(|(_, call)| call.expr.name.as_str())
        .collect();
    let mut told = HashSet::new();
    for (id, function) in file.functions.iter().enumerate() {
        let Some(def) = function.definition.map(|d| &d.def).filter(|_| !file.is_closure(id)) else {
            continue;
        };
        let name = function.name;
        // What a module has is there for whoever imports it.
        let is_ours = is_script || def.access == FnAccess::Private;
        let is_used = model.is_named(name) || calls.contains(name);
        if is_ours && !is_used && !is_meant(name) && !works_on_state(file, id) {
            let at = header(file, id).map_or(def.body.start_position(), |(at, _)| at);
            if told.insert(name) {
                found.push(
                    Found::new("unused-function", at, format!("nothing calls `{name}`"))
                        .with_help(format!("if that is meant, call it `_{name}`")),
                );
            }
        }
    }
}

/// Returns whether a function works on variables of its file's top level: it is what the script can do with its own state, and
/// may wait for the handler that a later save adds.
fn works_on_state(file: &File<'_>, id: FunctionId) -> bool {
    let state = file.variables.iter().filter(|v| v.is_global && v.origin == Origin::Let);
    state.flat_map(|v| &v.uses).any(|used| file.around(used.function).any(|f| f == id))
}

/// What a callback is given is the event's affair: whoever writes it down documents it, so its parameters are left alone.
fn parameters(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    for (id, function) in file.functions.iter().enumerate().skip(1) {
        if file.is_closure(id) || is_value(model, file, id) {
            continue;
        }
        let header = header(file, id);
        for (at, parameter) in function.parameters.iter().enumerate() {
            let variable = &file.variables[*parameter];
            let name = variable.name;
            if variable.uses.iter().any(|used| used.how != How::Assign) || is_meant(name) {
                continue;
            }
            let Some(at) = header.as_ref().and_then(|(_, parameters)| parameters.get(at)) else {
                continue;
            };
            let text = format!("`{}` does not use its parameter `{name}`", function.name);
            let help = format!("if that is meant, call it `_{name}`");
            found.push(Found::new("unused-parameter", *at, text).with_help(help));
        }
    }
}

/// Is the function used as a value, so that others say what it is given?
fn is_value(model: &Model<'_>, file: &File<'_>, id: FunctionId) -> bool {
    let name = file.functions[id].name;
    let definition = file.functions[id].definition;
    let is_method = definition.is_some_and(|d| d.def.this_type.is_some());
    is_method || model.is_named(name)
}

/// Where the name of a named function stands, and where its parameters do.
fn header(file: &File<'_>, id: FunctionId) -> Option<(Position, Vec<Position>)> {
    let def = &file.functions[id].definition?.def;
    let tokens = file.unit.tokens.all();
    let body = file.unit.tokens.index(place(def.body.start_position()));
    let start = tokens[..body].iter().rposition(|(token, _)| *token == Token::Fn)?;
    let mut names = tokens[start..body].iter().filter_map(|(token, at)| match token {
        Token::Identifier(_) => Some(position(*at)),
        _ => None,
    });
    let name = names.next()?;
    let parameters: Vec<Position> = names.collect();
    (parameters.len() == def.params.len()).then_some((name, parameters))
}

fn position((line, column): (usize, usize)) -> Position {
    let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    match line {
        0 => Position::NONE,
        line => Position::new(number(line), number(column)),
    }
}
