//! Words, signs and names of functions that people bring along from PHP and JavaScript (and a few from Python), with what
//! is written here instead. Nothing but tables: who looks something up in them decides when it helps.

/// For all names of nothing.
const EMPTY_VALUE: &str = "the empty value is written `()`";
/// For all short forms of it.
const ELSE_IF: &str = "write `else if`";
/// For the operators that are words elsewhere.
const LOGIC: &str = "the operators are `&&`, `||` and `!`";
/// For all words that begin a function.
const FUNCTION: &str =
    "functions are written `fn name(a, b) { … }`, those without a name `|a, b| { … }`";
/// For all words that make classes.
const CLASS: &str = "there are no classes: a map holds data and functions, `#{ n: 1, add: |x| this.n += x }`, and a \
                     connection or worker takes any property";
/// For all ways to load a file.
const IMPORT: &str = "use `import \"path\" as name;` and then `name::function()`";
/// For all loops over the values of a list.
const FOR_EACH: &str = "loops over values are written `for value in list { … }`, with numbers `for (value, at) in list { … }`";
/// For calls that wait.
const NO_ASYNC: &str = "not needed: a call that waits suspends only its own handler";
/// For the parts of a `switch`.
pub(in crate::engine) const SWITCH: &str = "use `switch value { 1 => …, _ => … }`, without `break`";
/// For how the kind of a value is asked for.
const TYPE_OF: &str =
    "use `type_of(value)`, which gives `\"i64\"`, `\"string\"`, `\"array\"`, `\"map\"` …";
/// For what prints without parentheses.
const PRINT: &str = "use `print(value);`";
/// For errors as objects.
const THROW: &str =
    "any value can be thrown: `throw \"no such user\"` or `throw #{ message: \"…\", code: 404 }`";
/// For the length of anything.
const LENGTH: &str = "use `len()`";
/// For parts of a text.
const PART: &str = "use `sub_string(start, length)` or `text[start..end]`";
/// For the place of a value.
const INDEX_OF: &str = "use `index_of(value)`, which gives -1 if there is none, or `value in list`";
/// For values of the other kind.
const AS_TEXT: &str = "use `to_string()` or a text in backticks, `` `${value}` ``";
/// For numbers in a text.
const AS_NUMBER: &str = "use `parse_int(text)` or `parse_float(text)`; of a number, `to_int()`";
/// For the key of a map.
const HAS_KEY: &str = "use `key in map`";
/// For whatever asks whether a value is there.
const IS_SET: &str = "compare with the empty value, `x == ()`, or write `x ?? other`";
/// For what takes something away.
const TAKE_OUT: &str = "use `remove(key)` of a map, `x = ();` for a variable or property";

/// Words and signs of the grammar.
const WORDS: &[(&str, &str)] = &[
    ("var", "use `let`"),
    ("static", "use `const`"),
    ("final", "use `const`"),
    ("global", "a function sees the variables of the top level: nothing has to be declared"),
    ("null", EMPTY_VALUE),
    ("NULL", EMPTY_VALUE),
    ("nil", EMPTY_VALUE),
    ("None", EMPTY_VALUE),
    ("undefined", EMPTY_VALUE),
    ("void", EMPTY_VALUE),
    ("new", "there is no `new`: call the type's name like a function, `Worker(…)`"),
    ("async", NO_ASYNC),
    ("await", NO_ASYNC),
    ("yield", "a handler that waits is suspended by the call that waits: there is no `yield`"),
    ("match", "use `switch`"),
    ("case", SWITCH),
    ("default", "the last arm of a `switch` is `_ => …`; as a name it cannot be used"),
    ("use", IMPORT),
    ("include", IMPORT),
    ("include_once", IMPORT),
    ("require", IMPORT),
    ("require_once", IMPORT),
    ("from", IMPORT),
    ("public", "functions are public unless they are `private`"),
    ("protected", "functions are public unless they are `private`"),
    ("True", "write `true`"),
    ("False", "write `false`"),
    ("TRUE", "write `true`"),
    ("FALSE", "write `false`"),
    ("self", "use `this`"),
    ("super", "there are no classes, so there is nothing above: call the function by its name"),
    ("elif", ELSE_IF),
    ("elseif", ELSE_IF),
    ("and", LOGIC),
    ("or", LOGIC),
    ("not", LOGIC),
    ("function", FUNCTION),
    ("func", FUNCTION),
    ("def", FUNCTION),
    ("lambda", FUNCTION),
    ("class", CLASS),
    ("interface", CLASS),
    ("trait", CLASS),
    ("struct", CLASS),
    ("foreach", FOR_EACH),
    ("echo", PRINT),
    ("typeof", TYPE_OF),
    ("instanceof", TYPE_OF),
    ("delete", TAKE_OUT),
    ("unset", TAKE_OUT),
    (
        "finally",
        "there is no `finally`: what must happen in any case stands behind the `catch` block",
    ),
    ("except", "errors are caught by `try { … } catch (e) { … }`"),
    ("raise", THROW),
    ("pass", "an empty block is written `{ }`"),
    ("as", "values are converted by functions: `to_int()`, `to_float()`, `to_string()`"),
    ("of", FOR_EACH),
    ("goto", "there is no `goto`: use `loop`, `break` and functions"),
    ("exit", "use `Worker::stop_all(3)` to stop the host, `return` to end a handler"),
    ("die", "use `Worker::stop_all(code)` to stop the host, `return` to end a handler"),
    ("namespace", "each file is a module of its own: it needs no name"),
    ("module", "each file is a module of its own: it needs no name"),
    ("package", "each file is a module of its own: it needs no name"),
    ("++", "use `+= 1`"),
    ("--", "use `-= 1`"),
    ("===", "use `==`"),
    ("!==", "use `!=`"),
    ("<>", "use `!=`"),
    ("?", "use `if condition { a } else { b }`, which is an expression"),
    ("#", "comments begin with `//`"),
    ("#!", "a script has no `#!` line: start it with `rhost run FILE`"),
    ("...", "there is no spreading of values: hand over the array, or join with `+`"),
    (":=", "use `let name = value;` for a new variable, `=` for one that exists"),
    ("->", "properties and methods are written with a dot: `connection.send(data)`"),
    ("=>", "maps are written `#{ key: value }`, functions without a name `|x| x + 1`"),
    ("@", "there is no `@`: errors are caught by `try { … } catch (e) { … }`"),
    ("$", "variables have no `$`: write the name alone"),
    ("~", "there is no `~`: texts are joined with `+`"),
];

/// Functions and methods. What the host itself has under another spelling (`onMessage`) needs no entry: it is found by its
/// likeness.
const FUNCTIONS: &[(&str, &str)] = &[
    ("length", LENGTH),
    ("size", LENGTH),
    ("count", LENGTH),
    ("strlen", LENGTH),
    ("mb_strlen", LENGTH),
    ("sizeof", LENGTH),
    ("substr", PART),
    ("mb_substr", PART),
    ("substring", PART),
    ("indexOf", INDEX_OF),
    ("findIndex", INDEX_OF),
    ("strpos", INDEX_OF),
    ("array_search", INDEX_OF),
    ("includes", "use `value in list`, `part in text` or `contains(part)`"),
    ("in_array", "use `value in list`"),
    ("str_contains", "use `part in text`"),
    ("hasOwnProperty", HAS_KEY),
    ("array_key_exists", HAS_KEY),
    ("has", HAS_KEY),
    ("isset", IS_SET),
    ("empty", "compare with what you mean: `x == ()`, `x == \"\"`, `x.is_empty()`"),
    ("is_null", IS_SET),
    ("unset", TAKE_OUT),
    ("println", PRINT),
    ("console", PRINT),
    ("echo", PRINT),
    ("printf", "use `print` with a text in backticks, `` print(`${name} is ${age}`) ``"),
    ("sprintf", "write a text in backticks: `` `${name} is ${age}` ``"),
    ("var_dump", "use `print(value)`, which shows maps and arrays as JSON"),
    ("print_r", "use `print(value)`, which shows maps and arrays as JSON"),
    ("json_encode", "use `to_json(value)`"),
    ("stringify", "use `to_json(value)`"),
    ("json_decode", "use `parse_json(text)`"),
    ("JSON", "use `parse_json(text)` and `to_json(value)`"),
    ("parseInt", AS_NUMBER),
    ("intval", AS_NUMBER),
    ("Number", AS_NUMBER),
    ("parseFloat", AS_NUMBER),
    ("floatval", AS_NUMBER),
    ("int", AS_NUMBER),
    ("strval", AS_TEXT),
    ("str", AS_TEXT),
    ("String", AS_TEXT),
    ("toString", AS_TEXT),
    ("gettype", TYPE_OF),
    ("typeof", TYPE_OF),
    ("is_string", TYPE_OF),
    ("is_int", TYPE_OF),
    ("is_array", TYPE_OF),
    (
        "add",
        "use `list.push(value)` for arrays, `map[key] = value` for maps, `+` for numbers and texts",
    ),
    ("array_push", "use `list.push(value)`"),
    ("append", "use `list.push(value)` for one value, `list += other` for all of another list"),
    ("array_pop", "use `list.pop()`"),
    ("array_shift", "use `list.shift()`"),
    ("unshift", "use `list.insert(0, value)`"),
    ("array_unshift", "use `list.insert(0, value)`"),
    ("array_keys", "use `map.keys()`"),
    ("array_values", "use `map.values()`"),
    ("array_map", "use `list.map(|x| …)`"),
    ("array_filter", "use `list.filter(|x| …)`"),
    ("array_merge", "use `list + other`, and for maps `map + other`"),
    ("forEach", "use `for value in list { … }`"),
    ("explode", "use `text.split(delimiter)`"),
    ("toUpperCase", "use `to_upper()`"),
    ("strtoupper", "use `text.to_upper()`"),
    ("toLowerCase", "use `to_lower()`"),
    ("strtolower", "use `text.to_lower()`"),
    ("startsWith", "use `starts_with(text)`"),
    ("endsWith", "use `ends_with(text)`"),
    ("str_starts_with", "use `text.starts_with(part)`"),
    ("str_ends_with", "use `text.ends_with(part)`"),
    ("setTimeout", "use `Timer::delay(seconds, || …)`: seconds, not milliseconds"),
    ("setInterval", "use `Timer::repeat(seconds, || …)`: seconds, not milliseconds"),
    ("clearTimeout", "use `Timer::del(id)`"),
    ("clearInterval", "use `Timer::del(id)`"),
    ("usleep", "use `sleep(seconds)`, which takes fractions"),
    ("Exception", THROW),
    ("Error", THROW),
    ("Array", "arrays are written `[1, 2, 3]`"),
    ("Map", "maps are written `#{ key: value }`"),
    ("Object", "maps are written `#{ key: value }`"),
    ("call_user_func", "use `f.call(…)`"),
    ("func_get_args", "a function takes as many values as it has parameters: take an array"),
    (
        "eval",
        "there is no `eval`: keep functions in a map and call them by their names, `actions[name].call(x)`",
    ),
    ("require", IMPORT),
    ("include", IMPORT),
    ("die", "use `Worker::stop_all(code)` to stop the host, `return` to end a handler"),
    ("exit", "use `Worker::stop_all(3)` to stop the host, `return` to end a handler"),
];

/// Advice on a word or a sign of another language's grammar.
pub(in crate::engine) fn word(word: &str) -> Option<&'static str> {
    find(WORDS, word)
}

/// Advice on a name that is called, read or looked up, and that does not exist here.
pub(crate) fn name(name: &str) -> Option<&'static str> {
    find(FUNCTIONS, name).or_else(|| find(WORDS, name))
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(foreign, _)| *foreign == name).map(|(_, help)| *help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        for table in [WORDS, FUNCTIONS] {
            for (at, (name, help)) in table.iter().enumerate() {
                let twice = table[..at].iter().any(|(other, _)| other == name);
                assert!(!twice && !help.is_empty(), "{name}");
            }
        }
    }
}
