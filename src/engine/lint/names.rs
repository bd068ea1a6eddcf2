//! Names that nothing defines: variables, functions, modules; and calls with a number of arguments that no function takes.

use super::{
    Found,
    model::{Call, File, FunctionId, Model},
};
use crate::engine::{
    compile::{host_modules::NativeModule, modules::Unit},
    internals::{ANONYMOUS, KEYWORDS},
};
use rhai::{EvalAltResult, Expr, FnCallExpr, Position, Stmt};
use std::{collections::HashMap, rc::Rc};

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    // A file whose name is computed may bring functions of any name.
    let is_open = model.files.iter().flat_map(|f| &f.imports).any(|(_, name)| name.is_none());
    let lenders: Vec<&str> = (model.files.iter().flat_map(|f| &f.calls))
        .filter(|call| call.expr.capture_parent_scope)
        .map(|call| call.expr.name.as_str())
        .collect();
    for (name, function, at) in &file.unknown {
        // A function that is called with `!` sees what its caller has.
        let borrows = |f: FunctionId| lenders.contains(&file.functions[f].name);
        if !file.around(*function).any(borrows) {
            let error = EvalAltResult::ErrorVariableNotFound((*name).to_owned(), *at);
            found.push(Found::error("unknown-variable", *at, error));
        }
    }
    for (at, import) in &file.imports {
        if let Some(import) = import
            && let Err(why) = model.modules.find(&file.unit.file, import)
        {
            found.push(Found::new("unknown-import", *at, why));
        }
    }
    let imports = imports(model, file);
    for call in &file.calls {
        let name = call.expr.name.as_str();
        if let Some(module) = module(call.expr) {
            qualified_call(model, call, module, &imports, found);
        } else if !is_open && !KEYWORDS.contains(&name) && !name.starts_with(ANONYMOUS) {
            plain_call(model, file, call, found);
        }
    }
}

fn plain_call(model: &Model<'_>, file: &File<'_>, call: &Call<'_>, found: &mut Vec<Found>) {
    let (name, given) = (call.expr.name.as_str(), call.expr.args.len());
    // A method's object is a native function's first argument, and a script function's `this`.
    let native = if call.object.is_some() { given + 1 } else { given };
    let natives = model.natives.get(name);
    let own = file.unit.arities(name);
    if own.contains(&given) || natives.is_some_and(|arities| arities.contains(&native)) {
        return;
    }
    // A map may hold a closure of that name, and while a file is imported, its functions can be called as methods.
    let is_imported = || model.files.iter().any(|other| other.unit.arities(name).contains(&given));
    if call.object.is_some() && (model.written.contains(name) || is_imported()) {
        return;
    }
    let is_known = natives.is_some() || !own.is_empty();
    let natives = model.natives.keys().map(String::as_str);
    match respelt(name, natives).filter(|_| !is_known) {
        Some(ours) => found.push(super::properties::foreign(name, ours, call.at)),
        None => found.push(missing(name, given, is_known, call.at)),
    }
}

/// `module::function(…)`.
fn qualified_call(
    model: &Model<'_>,
    call: &Call<'_>,
    module: &str,
    imports: &HashMap<&str, Imported>,
    found: &mut Vec<Found>,
) {
    if call.expr.namespace.path.len() > 1 {
        return; // (what a module imports itself is its own business)
    }
    let (name, given) = (qualified(module, &call.expr.name), call.expr.args.len());
    let arities: Vec<usize> = match imports.get(module) {
        Some(Imported::Unknown) => return,
        Some(Imported::File(unit)) => unit.arities(&call.expr.name),
        Some(Imported::Native(native)) => {
            let arities = native.arities(&call.expr.name);
            let known = native.functions.iter().map(|function| function.name);
            let ours = respelt(&call.expr.name, known).filter(|_| arities.is_empty());
            if let Some(ours) = ours {
                let ours = qualified(module, ours);
                return found.push(super::properties::foreign(&name, &ours, call.at));
            }
            arities
        }
        None if model.natives.keys().any(|n| n.starts_with(&qualified(module, ""))) => {
            let native = model.natives.get(&name);
            native.map_or(Vec::new(), |arities| arities.iter().copied().collect())
        }
        None => {
            let error = EvalAltResult::ErrorModuleNotFound(module.to_owned(), call.at);
            return found.push(Found::error("unknown-module", call.at, error));
        }
    };
    if arities.contains(&given) {
        return;
    }
    match respelt(&name, model.natives.keys().map(String::as_str)).filter(|_| arities.is_empty()) {
        Some(ours) => found.push(super::properties::foreign(&name, ours, call.at)),
        None => found.push(missing(&name, given, !arities.is_empty(), call.at)),
    }
}

fn missing(name: &str, given: usize, is_known: bool, at: Position) -> Found {
    let signature = format!("{name} ({})", vec!["_"; given].join(", "));
    let code = if is_known { "argument-count" } else { "unknown-function" };
    Found::error(code, at, EvalAltResult::ErrorFunctionNotFound(signature, at))
}

/// What an `import` brings.
enum Imported {
    /// That is only known when it runs, or it brings nothing.
    Unknown,
    File(Rc<Unit>),
    Native(Rc<NativeModule>),
}

/// What `import … as` names in this file.
fn imports<'a>(model: &Model<'a>, file: &File<'a>) -> HashMap<&'a str, Imported> {
    let mut imports = HashMap::new();
    let statements = file.blocks.iter().flat_map(|block| block.iter());
    for statement in statements {
        if let Stmt::Import(x, _) = statement {
            let imported = match &x.0 {
                Expr::StringConstant(import, _) => match model.modules.native(import) {
                    Some(native) => Some(Imported::Native(native.clone())),
                    None => model.modules.imported(&file.unit.file, import).map(Imported::File),
                },
                _ => None,
            };
            imports.insert(x.1.name.as_str(), imported.unwrap_or(Imported::Unknown));
        }
    }
    imports
}

/// The module that a call names first, if it names one. Rhai's own question, `root()`, panics where there is none.
pub(super) fn module(call: &FnCallExpr) -> Option<&str> {
    (!call.namespace.is_empty()).then(|| call.namespace.root())
}

/// The function that is called, as it is written in the call.
pub(super) fn called(call: &FnCallExpr) -> String {
    qualified(module(call).unwrap_or_default(), &call.name)
}

/// A function's name as it is written in a call.
pub(super) fn qualified(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// The known name that differs only in its capitals and underscores, as `onMessage` does from `on_message`.
pub(super) fn respelt<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(name);
    known.into_iter().filter(|k| *k != name && fold(k) == folded).min()
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}
