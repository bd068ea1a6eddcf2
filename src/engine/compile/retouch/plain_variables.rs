//! Variables of a file that only ever hold numbers, texts and the like, as far as its tokens tell.

use crate::engine::compile::tokens::Tokens;
use rhai::Token;
use std::collections::HashSet;

/// Their names: each `let` and each assignment of one is followed by what is written out, and it is nothing that somebody
/// hands in: no parameter, no variable of a loop.
pub(super) fn names(tokens: &Tokens) -> HashSet<&str> {
    let (mut plain, mut others) = (HashSet::new(), HashSet::new());
    let all = tokens.all();
    let token = |at: usize| all.get(at).map(|(token, _)| token);
    for (at, (found, _)) in all.iter().enumerate() {
        match found {
            Token::Fn => others.extend(list(all, at + 3)),
            Token::Pipe => others.extend(list(all, at + 1)),
            Token::For | Token::Catch => {
                let open = usize::from(matches!(token(at + 1), Some(Token::LeftParen)));
                others.extend(list(all, at + 1 + open));
            }
            Token::Identifier(name) => {
                let before = at.checked_sub(1).and_then(token);
                let is_declared = matches!(before, Some(Token::Let | Token::Const));
                let is_set = matches!(token(at + 1), Some(Token::Equals));
                if !is_declared && (!is_set || matches!(before, Some(Token::Period))) {
                    continue;
                }
                let is_written_out =
                    is_set && matches!(token(at + 2), Some(first) if is_plain(first));
                let is_all = !matches!(token(at + 3), Some(Token::Period | Token::LeftBracket));
                match is_written_out && is_all {
                    true => plain.insert(name.as_str()),
                    false => others.insert(name.as_str()),
                };
            }
            _ => (),
        }
    }
    plain.difference(&others).copied().collect()
}

/// The names in a row from this token on, with commas between them.
fn list(all: &[(Token, (usize, usize))], from: usize) -> impl Iterator<Item = &str> {
    let rest = all.get(from..).unwrap_or_default().iter();
    let row = rest.map_while(|(token, _)| match token {
        Token::Identifier(name) => Some(Some(name.as_str())),
        Token::Comma => Some(None),
        _ => None,
    });
    row.flatten()
}

fn is_plain(token: &Token) -> bool {
    matches!(
        token,
        Token::IntegerConstant(_)
            | Token::FloatConstant(..)
            | Token::StringConstant(_)
            | Token::InterpolatedString(_)
            | Token::CharConstant(_)
            | Token::True
            | Token::False
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Engine;

    #[test]
    fn only_what_is_never_given_anything_else_is_plain() {
        let mut engine = Engine::new();
        Tokens::record(&mut engine);
        let script = "let n = 0; let s = \"a\"; let list = []; let m = 1; m = f(); let t = `${n}`;
            fn f(a, p) { let p = 1; p } let g = |q| { let q = 1; q }; for i in 0..3 { let i = 1; }
            for (x, y) in [] { let y = 1; } let d = \"a b\".split(); let u; let o = #{ k: 1 }; o.k = 2;";
        let (ast, tokens) = Tokens::of(|| engine.compile(script));
        ast.unwrap();
        let mut found: Vec<_> = names(&tokens).into_iter().collect();
        found.sort();
        assert_eq!(found, ["n", "s", "t"]);
    }
}
