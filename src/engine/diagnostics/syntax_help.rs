//! Advice on text that does not compile. Rhai says what it expected; what somebody meant is seen in the words around the
//! place, so these are looked at: a word of another language, a sign that has another meaning there.
//!
//! Uses `words` (which splits the text), `foreign_names` and places.

use crate::engine::{
    diagnostics::{
        foreign_names,
        words::{Word, unclosed_comment, words},
    },
    internals::positions::Place,
    limits::MAX_EXPRESSION_DEPTH,
};
use rhai::{LexError, ParseErrorType as Parse};

const NO_TYPES: &str = "variables and parameters have no types: write the name alone";
const NO_DEFAULTS: &str = "parameters have no default values: define the function once more with fewer parameters, \
                           `fn f(a) { f(a, 2) }`";
const MAP: &str = "maps are written with a `#`: `#{ key: value }`";
const CLOSURE: &str = "functions without a name are written `|a, b| a + b` or `|a, b| { … }`";
const RANGE: &str =
    "loops are written `for i in 0..10 { … }`, over values `for value in list { … }`";
const BRACES: &str = "what belongs to `if`, `else`, `while` and `for` stands in braces, a single statement as well: \
                      `if x == 1 { f(); }`";
const APART: &str =
    "a `let` makes one variable: write one for each, `let a = list[0]; let b = list[1];`";
const CATCH: &str = "write `catch (e)`: what was thrown may be any value, so the name stands alone";
pub(in crate::engine) const JOIN: &str =
    "texts are joined with `+`, or written into one another in backticks: `` `hello ${name}` ``";
const CONVERT: &str =
    "values are converted by functions: `x.to_int()`, `x.to_float()`, `x.to_string()`";
const ASSIGN: &str = "`=` assigns, which is a statement of its own and gives no value: write `==` to compare, or a \
                      statement for each, `b = 5; a = b;`";
const UNDERSCORE: &str =
    "a variable has a name, and `_` alone is none: write `_i`, which says that nothing uses it";
const TRY: &str =
    "`try` gives no value: set a variable in it, `let x = 2; try { x = f(); } catch (e) { … }`";
const DEFAULT_ARM: &str = "`_ => …` takes whatever is left, without a condition: ask in the arm, `_ => if x > 3 { a } else { b }`";
const ELEMENT: &str = "elements of a list are found by `[…]`: `list[0]`";
const NESTED: &str = "named functions stand at the top level of a file; elsewhere make a closure, `let f = |x| x + 1;`";
const INTERPOLATED: &str = "values are written into texts in backticks: `` `hello ${name}` ``";

/// Advice on text that does not compile, at this place of it.
pub(in crate::engine) fn help(kind: &Parse, text: &str, at: Place) -> Option<String> {
    if text.trim_start().starts_with("<?") {
        return Some(
            "a script is Rhai from its first line on, without `<?php` or other tags".into(),
        );
    }
    if matches!(kind, Parse::ExprTooDeep) {
        return Some(too_deep());
    }
    if let Parse::BadInput(LexError::MalformedChar(_)) = kind {
        return Some(SINGLE_QUOTES.into());
    }
    let words = words(text);
    let around = Around::of(&words, at);
    if around.is_at_end()
        && let Some(comment) = unclosed_comment(text)
    {
        return Some(format!("the comment that begins in line {} is never closed", comment.0));
    }
    by_kind(kind, &around)
        .map(str::to_owned)
        .or_else(|| foreign(kind, &around))
        .or_else(|| closes_nothing(&around))
        .or_else(|| missing(kind, &around))
        .or_else(|| (around.is_at_end()).then(|| left_open(&words)).flatten())
}

const SINGLE_QUOTES: &str = "single quotes are for one character; strings take double quotes";

fn too_deep() -> String {
    format!(
        "Rhai nests expressions {MAX_EXPRESSION_DEPTH} levels deep at most, those around this one counted, and each `+` of a \
         row, each `else if` and each call of a chain is a level: put parts into variables (`text += …;`), a long \
         `else if` into a `switch`, whose arms are not counted, and the inside of nested blocks into functions"
    )
}

/// The words around a place.
struct Around<'a> {
    /// What stands before the place, the nearest last.
    before: &'a [Word<'a>],
    /// What stands there and after it.
    after: &'a [Word<'a>],
}

impl<'a> Around<'a> {
    fn of(words: &'a [Word<'a>], at: Place) -> Self {
        let here = words.iter().position(|word| word.end() > at).unwrap_or(words.len());
        let (before, after) = words.split_at(here);
        Self { before, after }
    }

    /// The text of the word at the place.
    fn here(&self) -> &'a str {
        self.after(0)
    }

    /// So many words further on.
    fn after(&self, steps: usize) -> &'a str {
        self.after.get(steps).map_or("", |word| word.text)
    }

    /// So many words before the place.
    fn before(&self, steps: usize) -> &'a str {
        let at = self.before.len().checked_sub(steps);
        at.and_then(|at| self.before.get(at)).map_or("", |word| word.text)
    }

    /// The words of the statement, up to the place.
    fn statement(&self) -> &'a [Word<'a>] {
        let ends = |word: &Word<'_>| matches!(word.text, ";" | "{" | "}");
        let begin = self.before.iter().rposition(ends).map_or(0, |at| at + 1);
        &self.before[begin..]
    }

    fn begins_with(&self, word: &str) -> bool {
        self.statement().first().is_some_and(|first| first.text == word)
    }

    fn is_at_end(&self) -> bool {
        self.after.is_empty()
    }

    /// Is the innermost brace that is open here that of a `switch`?
    fn is_in_switch(&self) -> bool {
        let Some(open) = open_brackets(self.before).pop() else { return false };
        let before = self.before.iter().take_while(|word| word.at < open.at);
        let before: Vec<&str> = before.map(|word| word.text).collect();
        let begin = before.iter().rposition(|word| matches!(*word, ";" | "{" | "}"));
        before[begin.map_or(0, |at| at + 1)..].contains(&"switch")
    }

    /// Does the place follow parameters, `(a, b)`, and not the arguments of a call?
    fn is_behind_parameters(&self) -> bool {
        let Some((close, before)) = self.before.split_last() else { return false };
        let mut depth = 1;
        let open = before.iter().rposition(|word| {
            depth += i32::from(word.text == ")") - i32::from(word.text == "(");
            depth == 0
        });
        let called = open.and_then(|at| before.get(at.checked_sub(1)?));
        close.text == ")" && open.is_some() && called.is_none_or(|word| !is_key(word.text))
    }

    /// Is this sign part of a name, as in `my-var`, where a name is made?
    fn is_in_new_name(&self) -> bool {
        let (Some(first), [sign, second, ..]) = (self.before.last(), self.after) else {
            return false;
        };
        first.end() == sign.at
            && sign.end() == second.at
            && is_key(second.text)
            && matches!(self.before(2), "let" | "const" | "fn")
    }

    /// Does `=>` or `->` follow the closing parenthesis of what is open here?
    fn is_in_arrow_function(&self) -> bool {
        let close = self.after.iter().position(|word| word.text == ")");
        close.is_some_and(|at| matches!(self.after(at + 1), "=>" | "->"))
    }
}

/// What the kind of the error and the signs around it tell.
fn by_kind(kind: &Parse, around: &Around<'_>) -> Option<&'static str> {
    let here = around.here();
    let is_parameter = |why: &str| why.contains("parameters");
    Some(match kind {
        Parse::VariableExpected if here == "_" => UNDERSCORE,
        Parse::MissingToken(_, why) if is_parameter(why) && here == "_" => UNDERSCORE,
        Parse::MissingToken(_, why) if why.contains("switch block") => foreign_names::SWITCH,
        Parse::WrongSwitchCaseCondition if here == "if" => DEFAULT_ARM,
        Parse::PropertyExpected
            if here.starts_with(|c: char| c.is_ascii_digit())
                && !around.before(2).starts_with(['"', '`', '\'']) =>
        {
            ELEMENT
        }
        _ if here == "try" && matches!(around.before(1), "=" | "return" | "(" | "," | "=>") => TRY,
        Parse::BadInput(LexError::ImproperSymbol(sign, _)) if sign == "=" => {
            "write `==` to compare"
        }
        Parse::BadInput(LexError::ImproperSymbol(sign, _))
            if sign == "->" && around.is_behind_parameters() =>
        {
            CLOSURE
        }
        _ if here == "-" && around.is_in_new_name() => "names have no `-`: write `my_name`",
        Parse::MissingToken(_, why) if is_parameter(why) && here == ":" => NO_TYPES,
        Parse::MissingToken(_, why) if is_parameter(why) && here == "=" => NO_DEFAULTS,
        Parse::MissingToken(_, why) if why.contains("catch variable") => CATCH,
        Parse::MissingToken(token, _) if token == "catch" => {
            "a `try` needs its `catch (e) { … }`; there is no `finally`: what must happen in any case stands behind it"
        }
        Parse::MissingToken(_, why) if why.contains("iteration variable") => RANGE,
        Parse::MissingToken(token, why)
            if token == "{"
                && (why.contains("statement block") || why.is_empty())
                && !matches!(here, "and" | "or" | "not" | "is") =>
        {
            BRACES
        }
        Parse::MissingToken(token, _) if token == ")" && around.is_in_arrow_function() => CLOSURE,
        Parse::MissingToken(token, _)
            if here == "=" && matches!(token.as_str(), ";" | ")" | "," | "]" | "}") =>
        {
            ASSIGN
        }
        Parse::MissingToken(token, _)
            if token == ";" && around.before(1) == ")" && is_type(around.before(2)) =>
        {
            CONVERT
        }
        Parse::VariableExpected if around.before(1) == "(" && around.before(2) == "for" => RANGE,
        Parse::VariableExpected if around.before(1) == "export" => {
            "functions need no `export`: whoever imports the file sees those that are not `private`"
        }
        Parse::VariableExpected if matches!(here, "[" | "{" | "(") => APART,
        Parse::PropertyExpected if around.before(1) == "." && !here.starts_with('$') => JOIN,
        Parse::FnMissingBody(_) if here == "->" => {
            "functions do not name the type of what they give: `fn f(a) { … }`"
        }
        Parse::FnMissingBody(_) => "what a function does stands in braces: `fn f(a) { a + 1 }`",
        Parse::FnMissingName => CLOSURE,
        Parse::WrongFnDefinition => NESTED,
        Parse::BadInput(LexError::UnexpectedInput(word)) if word == "fn" => CLOSURE,
        Parse::BadInput(LexError::UnexpectedInput(word)) if word == "else" => {
            "an `else` follows the `}` of its `if` at once"
        }
        Parse::BadInput(LexError::UnexpectedInput(word)) if word == "." => {
            "a number has a digit before its point: `0.5`"
        }
        Parse::BadInput(LexError::UnexpectedInput(word))
            if word == ">" && around.before(1) == "<" =>
        {
            "use `!=`"
        }
        Parse::BadInput(LexError::UnterminatedString) if here.starts_with('\'') => SINGLE_QUOTES,
        Parse::BadInput(LexError::UnterminatedString) if here.starts_with('"') => {
            "a string in double quotes ends on its line; one in backticks may have many lines"
        }
        _ if here == ":" && around.before(2) == "let" => NO_TYPES,
        _ if here == ":" && around.is_in_switch() => foreign_names::SWITCH,
        _ if here == ":" && is_key(around.before(1)) && around.before(2) == "{" => MAP,
        _ if here == "," && is_key(around.before(1)) && around.before(2) == "{" => MAP,
        _ if here == "," && around.begins_with("let") => APART,
        _ if here == "=>" && around.before(1).starts_with(['"', '`', '\'']) => MAP,
        _ if here == "=>" => arrow(around),
        _ if here.starts_with(['"', '\'']) && is_prefix(around) => INTERPOLATED,
        _ => return None,
    })
}

/// `=>` in a list is one of a map, anywhere else of a function.
fn arrow(around: &Around<'_>) -> &'static str {
    match around.before(1) == ")" || matches!(around.before(2), "=" | "(" | ",") {
        true => CLOSURE,
        false => MAP,
    }
}

/// `f"…"`.
fn is_prefix(around: &Around<'_>) -> bool {
    let (Some(prefix), Some(string)) = (around.before.last(), around.after.first()) else {
        return false;
    };
    matches!(prefix.text, "f" | "r" | "b") && prefix.end() == string.at
}

fn is_key(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '\''))
}

fn is_type(word: &str) -> bool {
    matches!(word, "int" | "integer" | "float" | "double" | "string" | "bool" | "boolean" | "array")
}

/// A word of another language, at the place or before it in the same statement.
fn foreign(kind: &Parse, around: &Around<'_>) -> Option<String> {
    let advice = |word: &str| foreign_names::word(word).map(str::to_owned);
    if around.here().starts_with('$') {
        let name = around.here().trim_start_matches('$');
        let name = if name.is_empty() { "name" } else { name };
        return Some(format!("variables have no `$`: write `{name}`"));
    }
    match kind {
        Parse::Reserved(word)
            if matches!(word.as_str(), "print" | "debug" | "call" | "type_of" | "curry") =>
        {
            return Some(format!("`{word}` is a function: call it, `{word}(…)`"));
        }
        Parse::Reserved(word) | Parse::UnknownOperator(word) => {
            let kept = || match word.starts_with(char::is_alphabetic) {
                true => format!("Rhai keeps `{word}` for itself: choose another name"),
                false => format!("`{word}` is no operator of Rhai"),
            };
            return advice(word).or_else(|| Some(kept()));
        }
        Parse::BadInput(LexError::ImproperSymbol(sign, _)) => return advice(sign),
        _ => (),
    }
    if around.here() == "if" && !around.begins_with("if") {
        return Some("`if` comes first, also as a value: `let x = if y { 5 } else { 6 };`".into());
    }
    // What begins the statement says more than what follows it: `foreach (a as b)`.
    let first = around.statement().first().map(|word| word.text);
    let said = around.statement().iter().rev().map(|word| word.text);
    let said = first.into_iter().chain([around.here()]).chain(said);
    said.filter(|word| word.starts_with(|c: char| c.is_alphabetic())).find_map(advice)
}

/// A closing bracket for which none is open.
fn closes_nothing(around: &Around<'_>) -> Option<String> {
    let here = around.here();
    let is_closing = matches!(here, ")" | "]" | "}");
    (is_closing && open_brackets(around.before).is_empty()).then(|| {
        format!(
            "this `{here}` closes nothing: it is one too many, or what it closes was never opened"
        )
    })
}

/// Something is missing before the place.
fn missing(kind: &Parse, around: &Around<'_>) -> Option<String> {
    let Parse::MissingToken(token, why) = kind else { return None };
    let last = around.before.last()?;
    let is_next_line = around.after.first().is_none_or(|here| here.at.0 > last.at.0);
    match token.as_str() {
        ";" if why.contains("terminate") && is_next_line && !around.is_at_end() => {
            Some(format!("a `;` is missing at the end of line {}", last.end().0))
        }
        ";" if why.contains("terminate") && !around.is_at_end() => {
            let missing = format!("a `;` or an operator is missing before `{}`", around.here());
            Some(match last.text.starts_with(char::is_alphabetic) {
                true => format!("{missing}, or `{}` is a word of another language", last.text),
                false => missing,
            })
        }
        _ => None,
    }
}

/// The bracket that nothing closes.
fn left_open(words: &[Word<'_>]) -> Option<String> {
    let word = open_brackets(words).pop()?;
    Some(format!("the `{}` of line {} is never closed", word.text, word.at.0))
}

/// The brackets that are open behind these words, the innermost last.
fn open_brackets<'a, 'b>(words: &'b [Word<'a>]) -> Vec<&'b Word<'a>> {
    let mut open: Vec<&Word<'_>> = Vec::new();
    for word in words {
        match word.text {
            "(" | "[" | "{" | "#{" | "${" => open.push(word),
            ")" | "]" | "}" => drop(open.pop()),
            _ => (),
        }
    }
    open
}

#[cfg(test)]
#[path = "syntax_help_tests.rs"]
mod tests;
