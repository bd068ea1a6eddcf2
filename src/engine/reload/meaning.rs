//! What a value was made by: the text that makes it, and all that this text names, over all files: functions, constants,
//! variables. A reload asks whether another program still says the same.
//!
//! Closures that a text only stores are no part of it, since they follow by themselves: they are the same as long as they
//! have a successor (`relink`).

use crate::engine::{
    compile::{
        closures::Closure,
        modules::{Modules, Unit},
        tokens::{Tokens, begins_statement, closes, opens},
    },
    internals::{
        ANONYMOUS,
        positions::{Place, place, start},
    },
};
use rhai::{AST, ASTNode, Expr, ImmutableString, Stmt, Token};
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    rc::Rc,
};

/// Methods that call the closures which they are given at once, so that what they say is part of the value. Fixed: those of
/// arrays and maps.
const CALLED_AT_ONCE: [&str; 21] = [
    "all",
    "call",
    "chop",
    "dedup",
    "drain",
    "extract",
    "filter",
    "find",
    "find_map",
    "for_each",
    "index_of",
    "map",
    "order",
    "order_by",
    "order_desc",
    "reduce",
    "reduce_rev",
    "retain",
    "some",
    "sort",
    "split",
];

/// A function, a constant or a variable of the top level: its file, and its name.
type Definition = (ImmutableString, ImmutableString);

/// A stretch of a file.
#[derive(Debug)]
struct Passage {
    file: ImmutableString,
    text: u64,
    /// The closures that it stores.
    closures: Vec<ImmutableString>,
    /// What it names.
    names: Vec<Definition>,
}

/// A stretch of a file and all that it depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meaning(Vec<Rc<Passage>>);

impl Meaning {
    /// Does it say what `older` said? `heir` gives the name that a closure of a file has now.
    pub(crate) fn continues(
        &self,
        older: &Meaning,
        heir: &dyn Fn(&str, &str) -> Option<ImmutableString>,
    ) -> bool {
        let is_same = |(old, new): (&Rc<Passage>, &Rc<Passage>)| {
            old.text == new.text
                && old.closures.len() == new.closures.len()
                && old
                    .closures
                    .iter()
                    .zip(&new.closures)
                    .all(|(before, now)| heir(&old.file, before).as_ref() == Some(now))
        };
        older.0.len() == self.0.len() && older.0.iter().zip(&self.0).all(is_same)
    }

    /// Are these the same stretches of the same program?
    pub(in crate::engine) fn is(&self, other: &Meaning) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| Rc::ptr_eq(a, b))
    }

    /// Both of them together.
    pub(crate) fn and(mut self, other: &Meaning) -> Meaning {
        self.0.extend(other.0.iter().cloned());
        self
    }
}

/// Where each name of a file is defined at its top level, as ranges of tokens.
struct Index {
    definitions: HashMap<ImmutableString, Vec<Range<usize>>>,
    functions: HashSet<ImmutableString>,
    /// What imports are called, and the file that each leads to.
    aliases: HashMap<ImmutableString, ImmutableString>,
    /// Those that lead to modules of native functions, which have no text that could be compared.
    natives: HashSet<ImmutableString>,
    closures: HashMap<Place, usize>,
}

/// What is known of the files of one program so far.
#[derive(Default)]
pub(in crate::engine) struct Meanings {
    indexes: RefCell<HashMap<ImmutableString, Rc<Index>>>,
    definitions: RefCell<HashMap<Definition, Rc<Passage>>>,
}

impl Modules {
    /// What the statement says that begins at that place, or the rest of it from there on.
    pub(crate) fn meaning_at(&self, unit: &Unit, at: Place) -> Meaning {
        let from = unit.tokens.index(at);
        self.meaning(unit, from..unit.tokens.end_of_statement(from))
    }

    /// What a stretch of a file says.
    pub(in crate::engine) fn meaning(&self, unit: &Unit, range: Range<usize>) -> Meaning {
        self.follow(Rc::new(self.passage(unit, range)), HashSet::new())
    }

    /// What a stretch of a file says by itself, whatever it depends on.
    pub(in crate::engine) fn words(&self, unit: &Unit, range: Range<usize>) -> Meaning {
        Meaning(vec![Rc::new(self.passage(unit, range))])
    }

    /// What initialises a variable of a file's top level: its `let`, and what is assigned to it there.
    pub(in crate::engine) fn meaning_of(&self, unit: &Unit, name: &ImmutableString) -> Meaning {
        let definition = (unit.file.clone(), name.clone());
        let passage = self.defined(&definition);
        passage.map_or_else(Meaning::default, |p| self.follow(p, HashSet::from([definition])))
    }

    /// Adds all that a passage depends on.
    fn follow(&self, first: Rc<Passage>, mut seen: HashSet<Definition>) -> Meaning {
        let (mut all, mut at) = (vec![first], 0);
        while let Some(passage) = all.get(at).cloned() {
            at += 1;
            let new = passage.names.iter().filter(|name| seen.insert((*name).clone()));
            all.extend(new.filter_map(|name| self.defined(name)));
        }
        Meaning(all)
    }

    fn defined(&self, definition: &Definition) -> Option<Rc<Passage>> {
        if let Some(known) = self.meanings.definitions.borrow().get(definition) {
            return Some(known.clone());
        }
        let unit = self.unit(&definition.0)?;
        let ranges = self.index(&unit).definitions.get(&definition.1)?.clone();
        let passages = ranges.into_iter().map(|range| self.passage(&unit, range));
        let whole = passages.reduce(|mut whole, next| {
            whole.text = whole.text.rotate_left(9) ^ next.text;
            whole.closures.extend(next.closures);
            whole.names.extend(next.names);
            whole
        })?;
        let whole = Rc::new(whole);
        self.meanings.definitions.borrow_mut().insert(definition.clone(), whole.clone());
        Some(whole)
    }

    fn index(&self, unit: &Unit) -> Rc<Index> {
        if let Some(known) = self.meanings.indexes.borrow().get(&unit.file) {
            return known.clone();
        }
        let imports = aliases(&unit.ast);
        let natives = imports.iter().filter(|(_, import)| self.native(import).is_some());
        let natives = natives.map(|(alias, _)| alias.clone()).collect();
        let aliases =
            imports.into_iter().filter_map(|(alias, import)| match self.native(&import) {
                Some(_) => Some((alias, import.into())),
                None => Some((alias, self.imported(&unit.file, &import)?.file.clone())),
            });
        let closures = unit.closures.iter().enumerate().map(|(at, c)| (c.start, at));
        let index = Rc::new(Index {
            definitions: definitions(&unit.ast, &unit.tokens),
            functions: unit.ast.iter_fn_def().map(|def| def.name.clone()).collect(),
            aliases: aliases.collect(),
            natives,
            closures: closures.collect(),
        });
        self.meanings.indexes.borrow_mut().insert(unit.file.clone(), index.clone());
        index
    }

    fn passage(&self, unit: &Unit, range: Range<usize>) -> Passage {
        let index = self.index(unit);
        let mut reading = Reading {
            unit,
            index: &index,
            hasher: DefaultHasher::new(),
            closures: Vec::new(),
            names: Vec::new(),
            locals: HashSet::new(),
            start: range.start,
        };
        reading.read(range);
        Passage {
            file: unit.file.clone(),
            text: reading.hasher.finish(),
            closures: reading.closures,
            names: reading.names,
        }
    }
}

/// One passage while it is read.
struct Reading<'a> {
    unit: &'a Unit,
    index: &'a Index,
    hasher: DefaultHasher,
    closures: Vec<ImmutableString>,
    names: Vec<Definition>,
    /// Initialisers of local variables around it that have been read.
    locals: HashSet<usize>,
    /// Its first token.
    start: usize,
}

impl Reading<'_> {
    fn read(&mut self, range: Range<usize>) {
        let all = self.unit.tokens.all();
        let bound = bound(all, range.clone());
        // What is local to the passage is bound in it: only variables around all of it are looked for.
        let start = all.get(range.start).map(|(_, start)| *start);
        let outer = start.and_then(|start| self.unit.tokens.outermost_open(start));
        let mut at = range.start;
        while at < range.end.min(all.len()) {
            let (token, here) = &all[at];
            if let Some(Closure { name, end, .. }) = self.stored(at).map(Rc::as_ref) {
                let (name, behind) = (name.clone(), self.unit.tokens.index(*end) + 1);
                self.closures.push(name);
                at = behind;
                continue;
            }
            token.hash(&mut self.hasher);
            if let Token::Identifier(name) = token
                && !bound.contains(name.as_str())
            {
                self.name(name.as_str(), at, *here, outer);
            }
            at += 1;
        }
    }

    /// The closure that begins there, unless it is called at once.
    fn stored(&self, at: usize) -> Option<&Rc<Closure>> {
        let all = self.unit.tokens.all();
        let (token, here) = &all[at];
        if !matches!(token, Token::Pipe | Token::Or) {
            return None;
        }
        let closure = &self.unit.closures[*self.index.closures.get(here)?];
        (!is_called_at_once(&all[..at])).then_some(closure)
    }

    fn name(&mut self, name: &str, at: usize, here: Place, outer: Option<Place>) {
        let all = self.unit.tokens.all();
        let before = at.checked_sub(1).map(|before| &all[before].0);
        match before {
            // What follows `::` is named by what stands before it.
            Some(Token::DoubleColon) => return,
            Some(Token::Period | Token::Elvis) => {
                let is_called =
                    matches!(all.get(at + 1), Some((Token::LeftParen | Token::Unit, _)));
                if is_called && self.index.functions.contains(name) {
                    self.names.push((self.unit.file.clone(), name.into()));
                }
                return;
            }
            _ => (),
        }
        match &all[at + 1..] {
            // What a statement changes is no part of what it is changed to.
            [
                (Token::Period | Token::Elvis | Token::LeftBracket | Token::QuestionBracket, _),
                ..,
            ] if begins_statement(before) && at == self.start => {
                return;
            }
            // The key of an entry.
            [(Token::Colon, _), ..] => return,
            [(Token::DoubleColon, _), (Token::Identifier(inner), _), ..] => {
                let file = self.index.aliases.get(name).cloned();
                if self.index.natives.contains(name) {
                    file.hash(&mut self.hasher);
                    return;
                }
                return self.names.extend(file.map(|file| (file, inner.as_str().into())));
            }
            _ => (),
        }
        let Some(outer) = outer else { return self.global(name) };
        match self.unit.tokens.initialiser(name, outer, here) {
            Some(range) if self.locals.insert(range.start) => self.read(range),
            Some(_) => (),
            None => self.global(name),
        }
    }

    fn global(&mut self, name: &str) {
        if self.index.definitions.contains_key(name) {
            self.names.push((self.unit.file.clone(), name.into()));
        }
    }
}

/// Is a closure that follows these tokens an argument of a method that calls it at once?
fn is_called_at_once(before: &[(Token, Place)]) -> bool {
    let mut depth = 0;
    let open = before.iter().rposition(|(token, _)| {
        if closes(token) {
            depth += 1;
        } else if opens(token) && depth > 0 {
            depth -= 1;
        } else if opens(token) {
            return true;
        }
        false
    });
    match open.map(|open| (&before[open].0, &before[..open])) {
        Some((
            Token::LeftParen,
            [.., (Token::Period | Token::Elvis, _), (Token::Identifier(method), _)],
        )) => CALLED_AT_ONCE.contains(&method.as_str()),
        _ => false,
    }
}

/// The names that a stretch binds itself: variables, parameters.
fn bound(all: &[(Token, Place)], range: Range<usize>) -> HashSet<&str> {
    let mut found = HashSet::new();
    let mut is_list = false;
    for at in range.start..range.end.min(all.len()) {
        match &all[at].0 {
            Token::Identifier(name) => {
                let before = at.checked_sub(1).map(|before| &all[before].0);
                let binds = matches!(before, Some(Token::Let | Token::Const | Token::For));
                if binds || is_list {
                    found.insert(name.as_str());
                }
            }
            // `fn f(a, b)`, `for (a, b) in`, `catch (e)`, and the bars of a closure that is read.
            Token::LeftParen => {
                is_list = match &all[range.start..at] {
                    [.., (Token::For | Token::Catch, _)]
                    | [.., (Token::Fn, _), (Token::Identifier(_), _)] => true,
                    _ => is_list,
                };
            }
            Token::Pipe => {
                let is_closing = is_list;
                is_list = !is_closing && is_parameters(&all[at + 1..]);
            }
            Token::RightParen => is_list = false,
            _ => (),
        }
    }
    found
}

/// Do a closure's parameters and its closing bar follow?
fn is_parameters(rest: &[(Token, Place)]) -> bool {
    let end =
        rest.iter().position(|(token, _)| !matches!(token, Token::Identifier(_) | Token::Comma));
    end.is_some_and(|end| matches!(rest[end].0, Token::Pipe))
}

/// Where each name is defined at the top level.
fn definitions(ast: &AST, tokens: &Tokens) -> HashMap<ImmutableString, Vec<Range<usize>>> {
    let mut found: HashMap<ImmutableString, Vec<Range<usize>>> = HashMap::new();
    for statement in ast.statements() {
        let name = match statement {
            Stmt::Var(x, ..) => x.0.name.clone(),
            Stmt::Assignment(x) => match &x.1.lhs {
                Expr::Variable(variable, ..) if variable.2.is_empty() => variable.1.clone(),
                _ => continue,
            },
            _ => continue,
        };
        let from = tokens.index(start(statement));
        found.entry(name).or_default().push(from..tokens.end_of_statement(from));
    }
    for def in ast.iter_fn_def().filter(|def| !def.name.starts_with(ANONYMOUS)) {
        let body = tokens.index(place(def.body.start_position()));
        let start = tokens.all()[..body].iter().rposition(|(token, _)| *token == Token::Fn);
        let end = tokens.closing(body).map_or(tokens.all().len(), |end| end + 1);
        found.entry(def.name.clone()).or_default().push(start.unwrap_or(body)..end);
    }
    found
}

/// What imports of a file are called, and what they import.
fn aliases(ast: &AST) -> Vec<(ImmutableString, String)> {
    let mut found = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
            && let Expr::StringConstant(name, _) = &import.0
        {
            found.push((import.1.name.clone(), name.to_string()));
        }
        true
    });
    found
}
