//! The closures of one compiled file: where each stands, what it captures, and what it can be
//! recognised by in another version of the file.
//!
//! Only looks at programs; pairing two versions is the business of `relink`. Uses `tokens` only.

use crate::engine::{
    compile::tokens::{Tokens, closes, hash, opens},
    internals::{
        ANONYMOUS,
        positions::{Place, place},
    },
};
use rhai::{
    AST, ASTNode, Dynamic, Expr, FnPtr, ImmutableString, Map, ScriptFuncDef, Shared, Stmt, Token,
};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// One closure of a file.
#[derive(Clone, Debug)]
pub(crate) struct Closure {
    /// Rhai's name for it.
    pub(crate) name: ImmutableString,
    /// All parameters; captured variables come first.
    pub(crate) params: Vec<ImmutableString>,
    /// How many of the parameters are captured variables.
    pub(crate) captured: usize,
    /// Its opening `|` (or `||`).
    pub(crate) start: Place,
    /// Its last token.
    pub(crate) end: Place,
    /// The function or closure around it; empty on the top level.
    pub(crate) parent: String,
    /// Hash of its tokens, parameters included.
    pub(in crate::engine) text: u64,
    /// Hash of the statement in front of it, with what other brackets contain left out.
    pub(in crate::engine) slot: Option<u64>,
    /// What it is given to: the property or variable before `=`, the function before `(`.
    pub(in crate::engine) role: Option<String>,
    /// For each captured variable, the tokens of its initialiser if it is local to a block or function.
    pub(in crate::engine) initialisers: Vec<Option<Range<usize>>>,
    /// Which captured variables are certainly variables of the top level.
    pub(in crate::engine) global: Vec<bool>,
    /// The function itself.
    pub(in crate::engine) def: Shared<ScriptFuncDef>,
}

impl Closure {
    /// The captured variables.
    pub(in crate::engine) fn captures(&self) -> &[ImmutableString] {
        &self.params[..self.captured]
    }

    /// The parameters that the caller provides.
    pub(in crate::engine) fn own(&self) -> &[ImmutableString] {
        &self.params[self.captured..]
    }

    /// Can this body run for a closure that was made with those captures? Captured variables are looked
    /// up by name: one that is not used any more does no harm, and one that is missing is found among
    /// the globals if it is one of the top level.
    pub(in crate::engine) fn runs_with(&self, captures: &[ImmutableString]) -> bool {
        self.captures()
            .iter()
            .zip(&self.global)
            .all(|(name, global)| *global || captures.contains(name))
    }
}

/// All closures of a file in source order. `tokens` are those of the compile that made `ast`.
pub(crate) fn closures(ast: &AST, tokens: &Tokens) -> Vec<Closure> {
    let made = Made::list(ast);
    let bars: BTreeSet<Place> = made.bars.values().copied().collect();
    let (mut spans, mut found) = (Vec::new(), Vec::new());
    for def in ast.iter_fn_def() {
        let body = place(def.body.start_position());
        if !def.name.starts_with(ANONYMOUS) {
            let end = end_of_body(tokens, tokens.index(body), &bars);
            spans.extend(end.filter(|_| body.0 > 0).map(|end| (def, body, end)));
            continue;
        }
        // A closure that rhai has folded into a constant (a map, a `curry` of constants) is not where
        // the syntax tree says, or not in the tree at all.
        let bar = made
            .bars
            .get(&def.name)
            .map(|at| tokens.index(*at))
            .filter(|bar| behind_bars(tokens, *bar).is_some())
            .or_else(|| bar_before(tokens, tokens.index(body)));
        if let Some((bar, first)) = bar.and_then(|bar| Some((bar, behind_bars(tokens, bar)?)))
            && let Some(end) = end_of_body(tokens, first, &bars)
        {
            spans.push((def, tokens.all()[bar].1, end));
            found.push((def, bar, end));
        }
    }
    let top: BTreeSet<&str> = ast.statements().iter().filter_map(variable).collect();
    let mut list = Vec::with_capacity(found.len());
    for (def, bar, end) in found {
        let start = tokens.all()[bar].1;
        let around: Vec<_> =
            spans.iter().filter(|(_, from, to)| *from < start && end <= *to).collect();
        let outer = tokens.outermost_open(start);
        let is_global = |name: &ImmutableString| {
            let binds = |f: &ScriptFuncDef| f.params[made.captured(f)..].contains(name);
            top.contains(name.as_str())
                && !around.iter().any(|(f, ..)| binds(f))
                && !outer.is_some_and(|outer| tokens.binds(name, outer, start))
        };
        let captured = if is_curried(tokens, bar) { 0 } else { made.captured(def) };
        let captures = &def.params[..captured];
        let (slot, role) = before(tokens, bar);
        list.push(Closure {
            name: def.name.clone(),
            params: def.params.to_vec(),
            captured: captures.len(),
            start,
            end,
            parent: around
                .iter()
                .max_by_key(|(_, from, _)| *from)
                .map_or_else(String::new, |(f, ..)| f.name.to_string()),
            text: tokens.span(start, end),
            slot,
            role,
            initialisers: captures
                .iter()
                .map(|name| tokens.initialiser(name, outer?, start))
                .collect(),
            global: captures.iter().map(is_global).collect(),
            def: def.clone(),
        });
    }
    list.sort_by_key(|c| c.start);
    list
}

/// Does the script itself give the closure its first arguments, with a `curry` around it?
fn is_curried(tokens: &Tokens, bar: usize) -> bool {
    match &tokens.all()[..bar] {
        [.., (Token::Identifier(name) | Token::Reserved(name), _), (Token::LeftParen, _)] => {
            name.as_str() == "curry"
        }
        _ => false,
    }
}

/// Makes closures those of a program that runs instead of the one that they were found in.
pub(in crate::engine) fn run_in(closures: &mut [Closure], runs: &AST) {
    let defs: HashMap<_, _> = runs.iter_fn_def().map(|def| (&def.name, def)).collect();
    for closure in closures {
        if let Some(def) = defs.get(&closure.name) {
            closure.def = (*def).clone();
        }
    }
}

/// How many variables each closure of a program captures, of those that capture any.
pub(in crate::engine) fn captured(ast: &AST) -> HashMap<ImmutableString, usize> {
    Made::list(ast).captured
}

/// The name that a statement defines, if it is a `let` or `const`.
fn variable(statement: &Stmt) -> Option<&str> {
    match statement {
        Stmt::Var(x, ..) => Some(x.0.name.as_str()),
        _ => None,
    }
}

/// What the syntax tree tells about where closures are made.
#[derive(Default)]
struct Made {
    /// Number of captured variables, for closures that have any.
    captured: HashMap<ImmutableString, usize>,
    /// Place of the opening bar.
    bars: HashMap<ImmutableString, Place>,
}

impl Made {
    /// Walks the whole tree, functions included.
    fn list(ast: &AST) -> Made {
        let mut made = Made::default();
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::DynamicConstant(value, at))) => {
                    if let Some(f) = value.read_lock::<FnPtr>() {
                        made.bars.insert(f.fn_name().into(), place(*at));
                    }
                    made.folded(value);
                }
                // Rhai makes a capturing closure with a call of `curry` that stands where the closure
                // stands. In a `curry` that the script has written, the name comes first.
                Some(
                    ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)),
                ) if call.name == "curry" => {
                    if let Some(Expr::DynamicConstant(value, bar)) = call.args.first()
                        && bar == at
                        && let Some(f) = value.read_lock::<FnPtr>()
                    {
                        made.captured.insert(f.fn_name().into(), call.args.len() - 1);
                    }
                }
                _ => (),
            }
            true
        });
        made
    }

    /// A value that rhai has made when it parsed the file: closures in it have captured nothing but constants.
    fn folded(&mut self, value: &Dynamic) {
        if let Some(f) = value.read_lock::<FnPtr>().filter(|f| f.is_anonymous()) {
            if f.is_curried() {
                self.captured.insert(f.fn_name().into(), f.curry().len());
            }
            f.curry().iter().for_each(|held| self.folded(held));
        } else if let Ok(values) = value.as_array_ref() {
            values.iter().for_each(|value| self.folded(value));
        } else if let Some(map) = value.read_lock::<Map>() {
            map.values().for_each(|value| self.folded(value));
        }
    }

    /// How many of a function's parameters are captured variables.
    fn captured(&self, f: &ScriptFuncDef) -> usize {
        self.captured.get(&f.name).copied().unwrap_or(0)
    }
}

/// The first token of a closure's body; `None` if there is no closure at `bar`.
fn behind_bars(tokens: &Tokens, bar: usize) -> Option<usize> {
    let rest = tokens.all().get(bar..)?;
    match rest.first()?.0 {
        Token::Or => Some(bar + 1),
        Token::Pipe => Some(bar + 2 + rest[1..].iter().position(|t| t.0 == Token::Pipe)?),
        _ => None,
    }
}

/// The opening bar of the closure whose body contains the token `body` on its own level.
fn bar_before(tokens: &Tokens, body: usize) -> Option<usize> {
    let mut depth = 0;
    let before = tokens.all().get(..body)?;
    let closing = before.iter().rposition(|(token, _)| {
        if closes(token) {
            depth += 1;
        } else if opens(token) {
            depth -= 1;
        }
        depth <= 0 && matches!(token, Token::Pipe | Token::Or)
    })?;
    match before[closing].0 {
        Token::Or => Some(closing),
        _ => before[..closing].iter().rposition(|t| t.0 == Token::Pipe),
    }
}

/// The last token of a body that begins at `first`. One without braces ends where the brackets around
/// it close or a separator comes; `bars` tells inner closures from the operator `|`.
fn end_of_body(tokens: &Tokens, first: usize, bars: &BTreeSet<Place>) -> Option<Place> {
    let all = tokens.all();
    let braced = all.get(first)?.0 == Token::LeftBrace;
    let (mut depth, mut last, mut i) = (0, first, first);
    while let Some((token, at)) = all.get(i) {
        match token {
            t if opens(t) => depth += 1,
            t if closes(t) && depth == 0 => break,
            t if closes(t) => depth -= 1,
            Token::Comma | Token::SemiColon if depth == 0 => break,
            // The commas between an inner closure's parameters end nothing.
            Token::Pipe if bars.contains(at) => i = behind_bars(tokens, i)? - 1,
            _ => (),
        }
        last = i;
        if braced && depth == 0 {
            break;
        }
        i += 1;
    }
    all.get(last).map(|t| t.1)
}

/// What stands in front of a closure in its statement: the hash of it all, and the name that the
/// closure is given to. What other brackets contain does not count, except an index: `h["a"] = |x| …`.
fn before(tokens: &Tokens, bar: usize) -> (Option<u64>, Option<String>) {
    let all = &tokens.all()[..bar];
    let (mut seen, mut role, mut depth, mut indexes) = (Vec::new(), None, 0, 0);
    for (i, item) in all.iter().enumerate().rev() {
        match &item.0 {
            Token::RightBracket if depth == 0 => {
                indexes += 1;
                seen.push(item);
            }
            Token::LeftBracket if depth == 0 && indexes > 0 => {
                indexes -= 1;
                seen.push(item);
            }
            t if closes(t) => depth += 1,
            t if opens(t) && depth > 0 => depth -= 1,
            Token::LeftBrace | Token::SemiColon if depth == 0 => break,
            t if depth == 0 => {
                if role.is_none() && (opens(t) || matches!(t, Token::Equals | Token::Colon)) {
                    role = match &all[..i] {
                        [.., (Token::Identifier(name), _)] => Some(name.to_string()),
                        [.., (index, _), (Token::RightBracket, _)] => Some(format!("{index:?}")),
                        _ => None,
                    };
                }
                seen.push(item);
            }
            _ => (),
        }
    }
    let slot = (!seen.is_empty()).then(|| hash(seen));
    (slot, role)
}
