//! Chains of `.name` and `[index]`, and calls.

use super::{Link, Put, Walk};
use crate::engine::lint::{
    kinds::{native, operator},
    model::{Access, Call, How, Index, Role, Use},
    names::{module, qualified},
    rules::Kind,
};
use rhai::{ASTFlags, BinaryExpr, Expr, FnCallExpr, Position};

impl<'a> Walk<'a> {
    /// A chain, from its first value on.
    pub(super) fn chain_of(
        &mut self,
        x: &'a BinaryExpr,
        is_dot: bool,
        options: ASTFlags,
        put: Option<Put<'a>>,
    ) -> Kind {
        let (root, is_direct) = match &x.lhs {
            Expr::Variable(name, _, at) if name.2.is_empty() => {
                let how = if put.is_some() { How::Change } else { How::Read };
                let found = self.find(&name.1);
                let is_text = found.is_some_and(|v| self.file.variables[v].kind == Some("string"));
                let changes = how == How::Read && !is_text && self.changes(&x.rhs);
                let how = if changes { How::Change } else { how };
                (self.touch(name.1.as_str(), *at, how), true)
            }
            other => {
                let kind = self.expression(other);
                let link = Link { kind, root: None, is_direct: false };
                return self.chain(&x.rhs, is_dot, options, link, put);
            }
        };
        let kind = root.and_then(|variable| self.file.variables[variable].kind);
        self.chain(&x.rhs, is_dot, options, Link { kind, root, is_direct }, put)
    }

    pub(super) fn used(&self, at: Position, how: How) -> Use {
        Use { function: self.function, at, how, is_tried: self.tried > 0 }
    }

    /// Does the rest of a chain call a method that changes what it is called on?
    fn changes(&self, rest: &Expr) -> bool {
        match rest {
            Expr::MethodCall(call, _) => self.rules.changers.contains(&call.name.as_str()),
            Expr::Dot(x, ..) | Expr::Index(x, ..) => self.changes(&x.lhs) || self.changes(&x.rhs),
            _ => false,
        }
    }

    fn chain(
        &mut self,
        rest: &'a Expr,
        is_dot: bool,
        parent: ASTFlags,
        link: Link,
        put: Option<Put<'a>>,
    ) -> Kind {
        let (next, further) = match rest {
            Expr::Dot(x, ..) | Expr::Index(x, ..) if !parent.contains(ASTFlags::BREAK) => {
                (&x.lhs, Some(&x.rhs))
            }
            _ => (rest, None),
        };
        let last = put.filter(|_| further.is_none());
        let kind = match is_dot {
            true => self.item(next, link, last),
            false => {
                self.expression(next);
                if let Some(put) = last {
                    self.value(put.value, Role::Value);
                }
                let name = match next {
                    Expr::StringConstant(name, _) => Some(name.as_str()),
                    _ => None,
                };
                self.file.indexes.push(Index {
                    kind: link.kind,
                    name,
                    is_assigned: last.is_some(),
                });
                let element = self.rules.elements.iter().find(|(of, _)| Some(*of) == link.kind);
                element.map(|(_, kind)| *kind)
            }
        };
        let Some(further) = further else { return kind };
        let link = Link { kind, root: link.root, is_direct: false };
        self.chain(further, matches!(rest, Expr::Dot(..)), options(rest), link, put)
    }

    /// `.name` or `.name(…)`.
    fn item(&mut self, e: &'a Expr, link: Link, put: Option<Put<'a>>) -> Kind {
        match e {
            Expr::Property(x, at) => {
                let name = x.2.as_str();
                let Link { kind, root, is_direct } = link;
                if let Some(put) = put {
                    let role = match self.rules.callback(kind, name) {
                        Some(_) => {
                            let owner = root.filter(|_| is_direct);
                            Role::Callback { owner, kind, name, at: *at }
                        }
                        None => Role::Value,
                    };
                    self.value(put.value, role);
                }
                let (function, block) = (self.function, self.block);
                let is_variable = self.find(name).is_some();
                self.file.accesses.push(Access {
                    name,
                    at: *at,
                    function,
                    block,
                    kind,
                    root,
                    is_direct,
                    value: put.filter(|put| put.is_plain).map(|put| put.value),
                    is_assigned: put.is_some(),
                    is_tried: self.tried > 0,
                    is_idle: false,
                    is_variable,
                });
                self.rules.property(kind, name).and_then(|property| property.kind)
            }
            Expr::MethodCall(call, at) => self.method(call, *at, link),
            other => self.expression(other),
        }
    }

    pub(super) fn method(&mut self, call: &'a FnCallExpr, at: Position, link: Link) -> Kind {
        let kinds = self.arguments(call, &call.name, at);
        self.seen.called(&call.name, &kinds);
        self.file.calls.push(Call {
            expr: call,
            name: call.name.to_string(),
            at,
            function: self.function,
            block: self.block,
            is_tried: self.tried > 0,
            object: Some(link.kind),
            root: link.root,
            kinds,
            first: None,
        });
        let forms = self.rules.method(link.kind, &call.name)?;
        forms.iter().find(|form| form.parameters.len() == call.args.len())?.gives
    }

    pub(super) fn call(&mut self, call: &'a FnCallExpr, at: Position) -> Kind {
        if call.op_token.is_some() {
            if call.name == "+" {
                self.note_beginning(beginning(call.args.first()));
            }
            let kinds: Vec<Kind> = call.args.iter().map(|e| self.value(e, Role::Value)).collect();
            return operator(&call.name, &kinds);
        }
        let name = match module(call) {
            None => call.name.to_string(),
            Some(module) => {
                let module = self.aliases.get(module).map_or(module, |file| file.as_str());
                qualified(module, &call.name)
            }
        };
        if call.capture_parent_scope {
            // It sees all variables of its caller.
            for variable in self.sight.clone() {
                let used = self.used(at, How::Read);
                self.file.variables[variable].uses.push(used);
            }
        }
        if name == "Fn" && !matches!(call.args.first(), Some(Expr::StringConstant(..))) {
            let computed = beginning(call.args.first());
            self.note_computed(computed.filter(|text| is_name(text)).unwrap_or_default());
        }
        let kinds = self.arguments(call, &name, at);
        if !call.is_qualified() {
            self.seen.called(&call.name, &kinds);
        }
        let first = match call.args.first() {
            Some(Expr::Variable(x, ..)) if x.2.is_empty() => self.find(&x.1),
            _ => None,
        };
        let forms = self.rules.functions.get(&name);
        let form = forms.and_then(|f| f.iter().find(|f| f.parameters.len() == call.args.len()));
        let gives = form.and_then(|form| form.gives).or(native(&name));
        self.file.calls.push(Call {
            expr: call,
            name,
            at,
            function: self.function,
            block: self.block,
            is_tried: self.tried > 0,
            object: None,
            root: None,
            kinds,
            first,
        });
        gives
    }

    /// A text that is put together may be the name of a function, if it begins like one.
    pub(super) fn note_beginning(&mut self, text: Option<&'a str>) {
        if let Some(text) = text.filter(|text| is_name(text)) {
            self.note_computed(text);
        }
    }

    fn note_computed(&mut self, beginning: &'a str) {
        self.file.computed.push(beginning);
        self.seen.computed(beginning);
    }

    fn arguments(&mut self, call: &'a FnCallExpr, name: &str, at: Position) -> Vec<Kind> {
        let caller = self.rules.caller(name);
        let closure_at = caller.map(|caller| caller.closure_at(call.args.len()));
        let offered = caller.and_then(|caller| {
            let further = match call.args.get(caller.arguments.unwrap_or(usize::MAX)) {
                Some(Expr::Array(items, _)) => Some(items.len()),
                Some(_) => None,
                None => Some(0),
            };
            Some(caller.given.len() + further?)
        });
        let argument = |(position, e)| {
            let role = match closure_at == Some(position) {
                true => Role::Argument { function: name.to_owned(), offered, at },
                false => Role::Value,
            };
            self.value(e, role)
        };
        call.args.iter().enumerate().map(argument).collect()
    }
}

/// How a text begins that is put together, as far as that is written out.
pub(super) fn beginning(text: Option<&Expr>) -> Option<&str> {
    match text? {
        Expr::StringConstant(text, _) => Some(text.as_str()),
        Expr::InterpolatedString(parts, _) => beginning(parts.first()),
        Expr::FnCall(call, _) if call.name == "+" => beginning(call.args.first()),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

pub(super) fn options(e: &Expr) -> ASTFlags {
    match e {
        Expr::Dot(_, options, _) | Expr::Index(_, options, _) => *options,
        _ => ASTFlags::empty(),
    }
}
