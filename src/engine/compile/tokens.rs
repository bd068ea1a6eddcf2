//! The tokens of one compiled file, as rhai's parser saw them, and hashes over stretches of them.
//!
//! This is how the engine asks "does the script still say the same thing here?": rhai's own hashes
//! count positions, so they change with every line that moves. Only tokens and places live here; what
//! a stretch of tokens *means* is decided by the callers.

use crate::engine::internals::{
    hooks::on_token,
    positions::{Place, place},
};
use rhai::{Engine, Position, Token};
use std::cell::{OnceCell, RefCell};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

thread_local! {
    /// What the parser delivers while [`Tokens::of`] runs; `None` otherwise, so that a script's own
    /// `eval("…")` does not pile up tokens here.
    static RECORDING: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// Does a statement begin behind this token?
pub(in crate::engine) fn begins_statement(before: Option<&Token>) -> bool {
    matches!(before, None | Some(Token::SemiColon | Token::LeftBrace | Token::RightBrace))
}

/// What the parser has delivered of a file so far.
#[derive(Default)]
struct Recording {
    tokens: Vec<(Token, Place)>,
    /// For each bracket that is open, whether it is that of a map.
    open: Vec<bool>,
}

impl Recording {
    /// Does the next token stand where only the name of a property or of an entry can, behind a dot or in a map?
    fn expects_a_name(&self) -> bool {
        match self.tokens.last() {
            Some((Token::Period | Token::Elvis | Token::MapStart, _)) => true,
            Some((Token::Comma, _)) => self.open.last() == Some(&true),
            _ => false,
        }
    }

    /// Adds a token, and gives it as it is to be parsed.
    fn add(&mut self, token: Token, position: Position) -> Token {
        let token = if self.expects_a_name() { as_name(token) } else { token };
        match token {
            Token::MapStart => self.open.push(true),
            Token::LeftBrace | Token::LeftParen | Token::LeftBracket | Token::QuestionBracket => {
                self.open.push(false)
            }
            Token::RightBrace | Token::RightParen | Token::RightBracket => {
                self.open.pop();
            }
            _ => (),
        }
        let at = match place(position) {
            // The empty text after a `${…}` has no position of its own.
            (0, _) => self.tokens.last().map_or((1, 1), |&(_, last)| last),
            at => at,
        };
        self.tokens.push((token.clone(), at));
        token
    }
}

/// A word that the language keeps for itself as a name: `order.default` and `#{ until: 5 }` mean nothing else. The functions
/// among these words stay what they are, for `f.call(1)` calls one.
fn as_name(token: Token) -> Token {
    const FUNCTIONS: [&str; 10] = [
        "call",
        "curry",
        "type_of",
        "print",
        "debug",
        "eval",
        "Fn",
        "is_def_var",
        "is_def_fn",
        "is_shared",
    ];
    let word = match &token {
        Token::Reserved(word) if !FUNCTIONS.contains(&word.as_str()) => word.to_string(),
        other if other.is_literal() => other.literal_syntax().to_owned(),
        _ => return token,
    };
    match word.starts_with(|c: char| c.is_alphabetic()) {
        true => Token::Identifier(Box::new(word.into())),
        false => token,
    }
}

/// All tokens of one file with their places, in order; comments are left out. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub(crate) struct Tokens(Rc<Listed>);

#[derive(Default, Debug)]
struct Listed {
    all: Vec<(Token, Place)>,
    /// For each token the outermost bracket that is open in front of it; found when it is first asked for.
    outermost: OnceCell<Vec<Option<Place>>>,
}

impl Tokens {
    /// Installs the recorder. The tokenizer alone (`Engine::lex`) would not do: it loses its way after
    /// `${…}`, where only the parser knows that text goes on.
    pub(crate) fn record(engine: &mut Engine) {
        on_token(engine, |token, position| {
            RECORDING.with_borrow_mut(|recording| match recording {
                // Comments for documents arrive as tokens.
                Some(recording) if !matches!(token, Token::Comment(_)) => {
                    recording.add(token, position)
                }
                _ => token,
            })
        });
    }

    /// Runs `compile` and returns its result with the tokens that the parser saw in it.
    pub(crate) fn of<T>(compile: impl FnOnce() -> T) -> (T, Tokens) {
        RECORDING.set(Some(Recording::default()));
        let result = compile();
        let tokens = RECORDING.take().unwrap_or_default().tokens;
        (result, Tokens(Rc::new(Listed { all: tokens, outermost: OnceCell::new() })))
    }

    /// The tokens of a statement of the top level, of which the next one begins at `next`.
    pub(in crate::engine) fn between(&self, at: Place, next: Option<Place>) -> Range<usize> {
        let from = self.index(at);
        let end = self.end_of_statement(from);
        from..next.map_or(end, |next| end.min(self.index(next)).max(from))
    }

    /// Hash of all tokens that begin inside `start..=end`.
    pub(crate) fn span(&self, start: Place, end: Place) -> u64 {
        let from = self.index(start);
        let to = self.0.all.partition_point(|t| t.1 <= end);
        hash(self.0.all.get(from..to).unwrap_or_default())
    }

    /// The tokens of the initialiser of the `let NAME` or `const NAME` inside `start..end` that is in
    /// force at `end`: the last one whose block is still open there. `None` if there is none.
    pub(crate) fn initialiser(&self, name: &str, start: Place, end: Place) -> Option<Range<usize>> {
        let (first, mut i) = (self.index(start), self.index(end));
        let (mut depth, mut ended) = (0, false);
        while i > first {
            i -= 1;
            match &self.0.all[i].0 {
                t if closes(t) => depth += 1,
                t if opens(t) && depth > 0 => depth -= 1,
                t if opens(t) => ended = false,
                Token::SemiColon if depth == 0 => ended = true,
                // Not `ended`: the place is inside this very initialiser, so it means an outer variable.
                Token::Identifier(id) if depth == 0 && ended && id.as_str() == name => {
                    if let [.., (Token::Let | Token::Const, _)] = self.0.all[..i] {
                        let has_value = matches!(self.0.all.get(i + 1), Some((Token::Equals, _)));
                        let from = i + 1 + usize::from(has_value);
                        return Some(from..self.end_of_statement(from));
                    }
                }
                _ => (),
            }
        }
        None
    }

    /// Whether a `let`, `const`, `for` or `catch` inside `start..end` binds `name`, in whatever block.
    pub(crate) fn binds(&self, name: &str, start: Place, end: Place) -> bool {
        use Token::{Catch, Comma, Const, For, Identifier, LeftParen, Let};
        (self.index(start)..self.index(end)).any(|i| {
            matches!(&self.0.all[i].0, Identifier(id) if id.as_str() == name)
                && matches!(
                    &self.0.all[..i],
                    [.., (Let | Const | For, _)]
                        | [.., (For | Catch, _), (LeftParen, _)]
                        | [.., (For, _), (LeftParen, _), (Identifier(_), _), (Comma, _)]
                )
        })
    }

    /// Where the outermost bracket begins that is open at `at`; `None` on the top level.
    pub(crate) fn outermost_open(&self, at: Place) -> Option<Place> {
        let all = self.0.outermost.get_or_init(|| {
            let (mut depth, mut outermost) = (0_usize, None);
            let before = self.0.all.iter().map(|(token, here)| {
                let open = outermost;
                if opens(token) {
                    outermost = outermost.or(Some(*here));
                    depth += 1;
                } else if closes(token) {
                    depth = depth.saturating_sub(1);
                    outermost = outermost.filter(|_| depth > 0);
                }
                open
            });
            before.collect()
        });
        all.get(self.index(at)).copied().flatten()
    }

    /// The bracket that closes the one at `open`.
    pub(in crate::engine) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0;
        let closes_it = |(token, _): &(Token, Place)| {
            depth += i32::from(opens(token)) - i32::from(closes(token));
            depth <= 0
        };
        self.0.all.get(open..)?.iter().position(closes_it).map(|at| open + at)
    }

    /// The tokens themselves, for callers that look at more than equality.
    pub(in crate::engine) fn all(&self) -> &[(Token, Place)] {
        &self.0.all
    }

    /// The tokens from a place on.
    pub(in crate::engine) fn from(&self, at: Place) -> &[(Token, Place)] {
        &self.0.all[self.index(at)..]
    }

    /// The first token at or after a place.
    pub(in crate::engine) fn index(&self, at: Place) -> usize {
        self.0.all.partition_point(|t| t.1 < at)
    }

    /// The first token behind `from` that does not belong to its statement any more.
    pub(in crate::engine) fn end_of_statement(&self, from: usize) -> usize {
        let mut depth = 0;
        for (i, (token, _)) in self.0.all.iter().enumerate().skip(from) {
            match token {
                t if opens(t) => depth += 1,
                t if closes(t) && depth == 0 => return i,
                t if closes(t) => depth -= 1,
                Token::SemiColon if depth == 0 => return i,
                _ => (),
            }
        }
        self.0.all.len()
    }
}

/// Is this an opening bracket of any kind? The `{` of a `${` arrives as an ordinary brace.
pub(in crate::engine) fn opens(token: &Token) -> bool {
    use Token::{LeftBrace, LeftBracket, LeftParen, MapStart, QuestionBracket};
    matches!(token, LeftParen | LeftBrace | LeftBracket | MapStart | QuestionBracket)
}

/// Is this a closing bracket of any kind?
pub(in crate::engine) fn closes(token: &Token) -> bool {
    use Token::{RightBrace, RightBracket, RightParen};
    matches!(token, RightParen | RightBrace | RightBracket)
}

/// One number for what the tokens say, wherever they stand. The same within one process.
pub(in crate::engine) fn hash<'a>(tokens: impl IntoIterator<Item = &'a (Token, Place)>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (token, _) in tokens {
        token.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(script: &str) -> Tokens {
        let mut engine = Engine::new();
        Tokens::record(&mut engine);
        let (ast, tokens) = Tokens::of(|| engine.compile(script));
        ast.unwrap();
        tokens
    }

    /// Hash of a statement from `at` on.
    fn statement(tokens: &Tokens, at: Place) -> u64 {
        let from = tokens.index(at);
        hash(&tokens.all()[from..tokens.end_of_statement(from)])
    }

    #[test]
    fn a_moved_statement_hashes_the_same_and_an_edited_one_does_not() {
        let a = tokens("let x = 1; w.list = [1, f(2, 3)];");
        let b = tokens("\n/* a; b */ let y = 2;\n  w.list =  [1, // one\n f(2, 3)];");
        assert_eq!(statement(&a, (1, 12)), statement(&b, (3, 3)));
        assert_ne!(statement(&a, (1, 1)), statement(&b, (2, 12)));
        assert_eq!(statement(&tokens("f(1)"), (1, 1)), statement(&tokens("{ f(1) }"), (1, 3)));
    }

    #[test]
    fn an_edit_inside_an_interpolated_string_is_seen() {
        let whole = |s: &str| statement(&tokens(s), (1, 1));
        let base = whole("let s = `a ${x + `in ${1}`} b ${c}`;");
        for other in [
            "let s = `a ${x - `in ${1}`} b ${c}`;",
            "let s = `a ${x + `in ${2}`} b ${c}`;",
            "let s = `a ${x + `im ${1}`} b ${c}`;",
            "let s = `a ${x + `in ${1}`} c ${c}`;",
            "let s = `a ${x + `in ${1}`} b ${c}.`;",
        ] {
            assert_ne!(base, whole(other), "{other}");
        }
        assert_eq!(base, whole("let s = `a ${x  +`in ${ 1 }`} b ${c}`; f()"));
    }

    #[test]
    fn doc_comments_do_not_count() {
        let (a, b) = (tokens("/// old\nfn f() { 1 }"), tokens("fn f() { 1 }"));
        assert_eq!(a.span((1, 1), (9, 9)), b.span((1, 1), (9, 9)));
    }

    #[test]
    fn the_initialiser_is_the_one_in_force() {
        let t = tokens("let n = 0;\nfn f() {\n let n = 1; { let n = 2; }\n let m; let g = n;\n}");
        let (start, end) = ((2, 8), (4, 9));
        let said = |name: &str, start: Place, end: Place| {
            let range = t.initialiser(name, start, end)?;
            Some(t.all()[range].iter().map(|(token, _)| token.clone()).collect::<Vec<_>>())
        };
        assert_eq!(said("n", start, end), Some(vec![Token::IntegerConstant(1)]));
        assert_eq!(said("m", start, end), Some(vec![]));
        assert_eq!(said("f", start, end), None);
        // within its own initialiser a name means something else
        assert_eq!(said("g", start, (4, 17)), None);
        assert_eq!(said("n", (1, 1), (2, 1)), Some(vec![Token::IntegerConstant(0)]));
    }

    #[test]
    fn bindings_and_brackets_are_found() {
        let t = tokens(
            "for (a, b) in [] { try { f(1) } catch (e) { const c = 1; g?[0]; } }\nlet z = 1;",
        );
        let all = ((1, 1), (3, 1));
        for (name, bound) in [
            ("a", true),
            ("b", true),
            ("e", true),
            ("c", true),
            ("z", true),
            ("g", false),
            ("f", false),
        ] {
            assert_eq!(t.binds(name, all.0, all.1), bound, "{name}");
        }
        assert_eq!(t.outermost_open((1, 27)), Some((1, 18)));
        assert_eq!(t.outermost_open((2, 1)), None);
    }

    #[test]
    fn only_a_compile_is_recorded() {
        let mut engine = Engine::new();
        Tokens::record(&mut engine);
        assert_eq!(engine.eval::<i64>("1 + 2").unwrap(), 3);
        let (_, t) = Tokens::of(|| engine.compile("1"));
        assert_eq!(t.all().len(), 1);
        assert!(RECORDING.take().is_none());
    }
}
