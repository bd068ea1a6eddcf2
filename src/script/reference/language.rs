//! What is Rhai's own: its functions, asked of an engine, and the words and signs of its grammar, which no engine lists.

use crate::engine::diagnostics::signatures::{self, Signature};
use rhai::Engine;

/// A word or a sign of the grammar: what people look for, how it is written, what it does.
pub(super) struct Word {
    pub(super) names: &'static [&'static str],
    pub(super) form: &'static str,
    pub(super) text: &'static str,
}

const fn word(names: &'static [&'static str], form: &'static str, text: &'static str) -> Word {
    Word { names, form, text }
}

pub(super) const WORDS: &[Word] = &[
    word(&["let"], "let name = value;", "A new variable; without a value it is `()`."),
    word(
        &["const"],
        "const NAME = value;",
        "A value that cannot be changed, nor a part of it; `let copy = NAME` can. In a closure it is a constant, too, unlike in stock Rhai.",
    ),
    word(
        &["fn"],
        "fn name(a, b) { … }",
        "A function, at the top level of a file; its last expression is what it gives.",
    ),
    word(&["private"], "private fn name() { … }", "A function that only its own file sees."),
    word(
        &["|", "||"],
        "|a, b| a + b",
        "A function without a name. Between booleans `||` is \"or\", between numbers `|` joins bits.",
    ),
    word(
        &["if", "else"],
        "if condition { … } else if other { … } else { … }",
        "Also a value: `let x = if a { 1 } else { 2 };`.",
    ),
    word(
        &["switch", "=>", "_"],
        "switch value { 1 | 2 => …, 3..9 => …, \"a\" if condition => …, _ => … }",
        "The first arm that fits; also a value.",
    ),
    word(
        &["for"],
        "for value in list { … }  for (value, at) in list { … }",
        "Walks arrays, maps, blobs, ranges and `text.chars()`.",
    ),
    word(
        &["in", "!in"],
        "value in list  !(value in list)",
        "Is it an element of an array, a key of a map, a part of a text, within a range? In `for` it stands before what is walked.",
    ),
    word(&["while"], "while condition { … }", "Goes on as long as it is true."),
    word(&["loop"], "loop { … }", "Goes on until `break`."),
    word(
        &["do", "until"],
        "do { … } while condition  do { … } until condition",
        "The same with the condition at the end.",
    ),
    word(&["break"], "break;  break value;", "Leaves the loop, whose value it gives."),
    word(&["continue"], "continue;", "Begins the next turn of the loop."),
    word(&["return"], "return;  return value;", "Leaves the function."),
    word(&["throw"], "throw value;", "An error of any value: a text, or a map with a `message`."),
    word(
        &["try", "catch"],
        "try { … } catch (e) { … }",
        "Catches errors. `e` is what was thrown; for an error of Rhai's, a map with `message`, `line` and `error`.",
    ),
    word(
        &["import", "as"],
        "import \"path\" as name;",
        "Makes the functions and exported constants of another file known as `name::…`.",
    ),
    word(
        &["export"],
        "export const NAME = value;",
        "A constant that importing files see. Functions are seen anyway.",
    ),
    word(&["global"], "global::NAME", "A constant of the top level, where a local one hides it."),
    word(&["this"], "this", "What a function was called on: `value.f()`, `value.call(f)`."),
    word(&["true", "false"], "true  false", "The booleans, of type `bool`."),
    word(&["()"], "()", "The empty value: what is not set, not found, or gives nothing."),
    word(
        &["[]", "["],
        "[1, 2, 3]  list[0]  list[-1]  map[key]  text[0..2]",
        "An array; the element at a place or of a key. A place that is not there is an error, a key gives `()`.",
    ),
    word(&["?[", "?.", "?"], "value?[key]  value?.name", "`()` if the value before it is `()`."),
    word(&["??"], "value ?? other", "`other` if the value is `()`."),
    word(&["#{", "{}", "#{}"], "#{ name: value, \"a key\": value }", "A map."),
    word(
        &["."],
        "value.name  value.function(x)",
        "A property; a call with the value as what it is called on.",
    ),
    word(&["::"], "module::function(x)", "A function or constant of a module."),
    word(
        &["=", "+=", "-=", "*=", "/=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>="],
        "name = value;  name += 1;",
        "Assigns; `+=` and its like change what is there.",
    ),
    word(
        &["==", "!="],
        "a == b  a != b",
        "Are they equal? Maps and arrays are compared by what is in them; values of different types are not equal.",
    ),
    word(&["<", "<=", ">", ">="], "a < b", "Compares numbers, strings and characters."),
    word(
        &["&&", "!"],
        "a && b  !a",
        "\"and\" and \"not\" of booleans; the right side of `&&` and `||` is only looked at if it matters.",
    ),
    word(&["+"], "a + b", "The sum; the joining of strings, arrays and maps."),
    word(
        &["-", "*", "/", "%", "**"],
        "a - b  a * b  a / b  a % b  a ** b",
        "Difference, product, quotient, rest, power. Whole numbers give whole ones, and an overflow or a division by zero is an error.",
    ),
    word(&["&", "^", "<<", ">>"], "a & b  a ^ b  a << n  a >> n", "Bits of whole numbers."),
    word(
        &["..", "..="],
        "0..10  0..=9",
        "The numbers from the first up to, and with `=` including, the last.",
    ),
    word(
        &["\"", "string"],
        "\"text\\n\"",
        "A string; `\\n`, `\\t`, `\\\"`, `\\\\`, `\\xHH`, `\\uHHHH` are characters in it. It ends on its line.",
    ),
    word(
        &["`", "${", "${}"],
        "`text ${value}`",
        "A string with values in it, over any number of lines. A `\\n` in it is a backslash and an n: break the line, or use double quotes.",
    ),
    word(&["'", "char"], "'x'", "One character."),
    word(&["//", "/*", "*/", "///"], "// comment  /* comment */", "What nobody reads but people."),
    word(
        &["call"],
        "f.call(x)  value.call(f, x)",
        "Calls what a variable holds; with a value before it, that is `this`.",
    ),
    word(&["curry"], "f.curry(x)", "The same function with its first parameter given."),
    word(&["Fn"], "Fn(\"name\")", "A function by its name, as a value."),
    word(
        &["type_of"],
        "type_of(value) -> string",
        "Its type: `()`, `bool`, `i64`, `f64`, `char`, `string`, `array`, `map`, `blob`, `Fn`, `range`, `Worker`, …",
    ),
    word(
        &["is_def_fn"],
        "is_def_fn(name: string, parameters: int) -> bool",
        "Is there a function of the script of that name with so many parameters?",
    ),
    word(&["is_def_var"], "is_def_var(name: string) -> bool", "Is there a variable of that name?"),
    word(
        &["is_shared"],
        "is_shared(value) -> bool",
        "Does more than one variable hold this very value?",
    ),
];

/// What rhai's sources do not say of their own functions.
const TEXTS: &[(&str, &str)] = &[
    ("abs", "The number without its sign."),
    ("acos", "The arc cosine, in radians."),
    ("acosh", "The inverse hyperbolic cosine."),
    ("asin", "The arc sine, in radians."),
    ("asinh", "The inverse hyperbolic sine."),
    ("atan", "The arc tangent, in radians."),
    ("atanh", "The inverse hyperbolic tangent."),
    ("elapsed", "Seconds since a timestamp."),
    ("max", "The larger of two."),
    ("min", "The smaller of two."),
    ("range", "The numbers from one to another, by a step if given."),
    ("set_tag", "Attaches a number to the value itself."),
    ("sign", "-1, 0 or 1."),
    ("tag", "The number that is attached to the value itself."),
    ("to_char", "The character of a number, or of a string with one character."),
    ("to_chars", "The characters of a string, as an array."),
    ("to_debug", "The value as text, strings in quotes."),
    ("to_degrees", "Degrees of radians."),
    ("to_float", "The number as one with a fraction."),
    ("to_int", "The number as a whole one: what is behind the point is cut off."),
    ("to_json", "The JSON form of the value."),
    ("to_radians", "Radians of degrees."),
    ("to_string", "The value as text."),
];

/// Functions of rhai's that are switched off, or are another one here.
const LEFT_OUT: [&str; 3] = ["eval", "sleep", "exit"];

/// A function of Rhai's under all its signatures.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) meanings: Vec<Meaning>,
}

/// What a function does for some types of parameters.
pub(super) struct Meaning {
    pub(super) forms: Vec<String>,
    pub(super) text: String,
}

impl Function {
    /// What it does for the first of its types.
    pub(super) fn text(&self) -> &str {
        self.meanings.first().map_or("", |meaning| &meaning.text)
    }

    fn add(&mut self, form: String, text: String) {
        match self.meanings.iter_mut().find(|meaning| meaning.text == text) {
            Some(same) => same.forms.push(form),
            None => self.meanings.push(Meaning { forms: vec![form], text }),
        }
    }
}

/// All functions of Rhai's own packages, in the order of the alphabet.
pub(super) fn functions() -> Vec<Function> {
    let mut functions: Vec<Function> = Vec::new();
    let all = signatures::all(&Engine::new());
    for signature in all.iter().filter(|f| f.is_called() && !LEFT_OUT.contains(&&*f.name)) {
        if functions.last().is_none_or(|last| last.name != signature.name) {
            functions.push(Function { name: signature.name.clone(), meanings: Vec::new() });
        }
        if let Some(function) = functions.last_mut() {
            function.add(form(signature), text(signature));
        }
    }
    for function in &mut functions {
        // What is told of none of its types is told of the others.
        let told = function.meanings.iter().any(|meaning| !meaning.text.is_empty());
        let mute = function.meanings.iter().position(|meaning| meaning.text.is_empty());
        if let Some(mute) = mute.filter(|_| told) {
            let forms = function.meanings.remove(mute).forms;
            function.meanings[0].forms.extend(forms);
        }
    }
    functions
}

/// With the names of types that the reference has.
fn form(signature: &Signature) -> String {
    let (head, gives) = signature.text.split_once(" -> ").unwrap_or((&signature.text, ""));
    let params = signature.params.iter().map(|p| named(p)).collect::<Vec<_>>().join(", ");
    let name = head.split('(').next().unwrap_or(head);
    match gives {
        "" => format!("{name}({params})"),
        gives => format!("{name}({params}) -> {}", named(gives)),
    }
}

fn named(type_name: &str) -> &str {
    match type_name {
        "i64" => "int",
        "f64" => "float",
        other => other,
    }
}

fn text(signature: &Signature) -> String {
    if !signature.comment.is_empty() {
        return signature.comment.clone();
    }
    let known = TEXTS.iter().find(|(name, _)| *name == signature.name);
    known.map_or(String::new(), |(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_rhais_has_its_types_and_a_line() {
        let functions = functions();
        assert!(functions.len() > 100, "{}", functions.len());
        let mute: Vec<&str> =
            functions.iter().filter(|f| f.text().is_empty()).map(|f| &*f.name).collect();
        assert!(mute.is_empty(), "{mute:?}");
        let meanings = functions.iter().flat_map(|f| &f.meanings);
        for form in meanings.flat_map(|meaning| &meaning.forms) {
            assert!(!form.contains("::") && !form.contains("Dynamic"), "{form}");
        }
    }

    #[test]
    fn every_word_is_there_once() {
        let mut names: Vec<_> = WORDS.iter().flat_map(|word| word.names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
