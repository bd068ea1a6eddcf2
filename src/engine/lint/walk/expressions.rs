//! Expressions: what is known of the type of each, the functions and variables that are named in it.

use super::{Link, Walk, chains::beginning, options};
use crate::engine::{
    internals::ANONYMOUS,
    lint::{
        kinds::literal,
        model::{How, Reference, Role, Written},
        rules::Kind,
    },
};
use rhai::{Expr, FnPtr, Position, Stmt};

impl<'a> Walk<'a> {
    /// An expression whose value becomes something: a closure, or the name of a function, may be among it.
    pub(super) fn value(&mut self, e: &'a Expr, role: Role<'a>) -> Kind {
        if let Some((name, captured)) = closure(e) {
            // Rhai's names of closures are those of places: each is made in one.
            if let Some(definition) = self.definitions.get(&*name).copied()
                && self.closures.insert(name)
            {
                self.enter(definition, Some(self.function), role, captured);
            }
            return Some("function");
        }
        let (name, at, written) = match e {
            Expr::StringConstant(text, at) => (text.as_str(), *at, Written::Text),
            Expr::Variable(x, _, at) if x.2.is_empty() && self.find(&x.1).is_none() => {
                (x.1.as_str(), *at, Written::Name)
            }
            Expr::FnCall(call, at) if call.name == "Fn" => match call.args.first() {
                Some(Expr::StringConstant(text, _)) => (text.as_str(), *at, Written::Pointer),
                _ => return self.expression(e),
            },
            _ => return self.expression(e),
        };
        let is_function = self.definitions.contains_key(name);
        if is_function {
            let given = self.given(&role);
            self.seen.called(name, &given);
        }
        if is_function || role != Role::Value {
            let function = self.function;
            self.file.references.push(Reference { name, function, role, written });
        }
        match written {
            Written::Text => {
                self.template(name, at);
                Some("string")
            }
            Written::Pointer => Some("function"),
            Written::Name if is_function => Some("function"),
            Written::Name => self.expression(e),
        }
    }

    pub(super) fn expression(&mut self, e: &'a Expr) -> Kind {
        match e {
            Expr::Variable(x, ..) if !x.2.is_empty() => {
                self.file.exports.push(x.1.as_str());
                None
            }
            Expr::Variable(x, short, at) => {
                let found = self.find(&x.1);
                if found.is_none() && (short.is_some() || x.0.is_some()) {
                    return None; // (rhai has found it, and knows better)
                }
                let found = self.touch(x.1.as_str(), *at, How::Read);
                found.and_then(|variable| self.file.variables[variable].kind)
            }
            Expr::StringConstant(text, at) => {
                self.template(text, *at);
                if self.definitions.contains_key(text.as_str()) {
                    let (name, function) = (text.as_str(), self.function);
                    let (role, written) = (Role::Value, Written::Text);
                    self.file.references.push(Reference { name, function, role, written });
                }
                Some("string")
            }
            Expr::InterpolatedString(parts, _) => {
                self.note_beginning(beginning(parts.first()));
                for part in parts {
                    self.expression(part);
                }
                Some("string")
            }
            Expr::Array(items, _) => {
                for item in items {
                    self.value(item, Role::Value);
                }
                Some("array")
            }
            Expr::Map(x, _) => {
                for (key, value) in &x.0 {
                    self.file.keys.push(key.name.as_str());
                    self.value(value, Role::Value);
                }
                Some("map")
            }
            _ if closure(e).is_some() => self.value(e, Role::Value),
            Expr::Stmt(block) => {
                self.block(block);
                None
            }
            Expr::FnCall(call, at) => self.call(call, *at),
            Expr::MethodCall(call, at) => {
                self.method(call, *at, Link { kind: None, root: None, is_direct: false })
            }
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                self.chain_of(x, matches!(e, Expr::Dot(..)), options(e), None)
            }
            Expr::And(x, _) | Expr::Or(x, _) => {
                for part in x.iter() {
                    self.expression(part);
                }
                Some("bool")
            }
            Expr::Coalesce(x, _) => {
                for part in x.iter() {
                    self.value(part, Role::Value);
                }
                None
            }
            other => literal(other),
        }
    }

    /// `"${name}"` where it stays as it is.
    fn template(&mut self, text: &'a str, at: Position) {
        for (start, _) in text.match_indices("${") {
            let inside = text[start + 2..].trim_start();
            let end = inside.find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = &inside[..end.unwrap_or(inside.len())];
            if inside.contains('}') && self.find(name).is_some() {
                self.file.templates.push((at, name));
                return;
            }
        }
    }
}

/// The closure that an expression makes, by its name, and how many variables it captures.
pub(in crate::engine::lint) fn closure(value: &Expr) -> Option<(String, usize)> {
    match value {
        Expr::DynamicConstant(value, _) => {
            let f = value.read_lock::<FnPtr>()?;
            f.fn_name().starts_with(ANONYMOUS).then(|| (f.fn_name().to_owned(), f.curry().len()))
        }
        Expr::FnCall(call, _) if call.name == "curry" => {
            let (first, captured) = call.args.split_first()?;
            Some((closure(first)?.0, captured.len()))
        }
        Expr::Stmt(block) => match block.statements() {
            // Captured variables are made shared first.
            [Stmt::Share(_), .., Stmt::Expr(inner)] => closure(inner),
            [Stmt::Share(_), .., Stmt::FnCall(call, _)] if call.name == "curry" => {
                let (first, captured) = call.args.split_first()?;
                Some((closure(first)?.0, captured.len()))
            }
            _ => None,
        },
        _ => None,
    }
}
