//! Bodies that nobody wrote: made of a seed, the same in each run.

use std::fmt::Write;

/// Variables of every body. Maps and arrays are never put into each other or into other variables: whether that is a copy
/// is what a reference is about.
pub(in crate::engine) const BEFORE: &str = "let n@ = 2;\nlet s@ = \" aB \";\nlet a@ = [3, 1, 2];\nlet m@ = #{ x: 1, y: 2 };\nlet b@ = blob(2, 7);\n";

/// What a body gives: all of its variables.
const AFTER: &str = "[n@, s@, a@, m@, b@.to_array()]";

/// Statements in one block, at most.
const STATEMENTS: u64 = 5;

/// Blocks in blocks, at most.
const DEPTH: u64 = 3;

/// Makes bodies.
pub(in crate::engine) struct Random {
    state: u64,
    text: String,
    /// How many variables the body has declared so far.
    declared: u64,
    /// How many blocks there are around the place that is written.
    depth: u64,
    /// Has the body closures? Rhai gives functions copies of what closures capture, and a variable of the top level is
    /// captured by nobody or by all: such a body calls methods only.
    has_closures: bool,
}

impl Random {
    pub(in crate::engine) fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { state, text: String::new(), declared: 0, depth: 0, has_closures: false }
    }

    /// The text of the next body.
    pub(in crate::engine) fn body(&mut self) -> String {
        self.text.clear();
        self.declared = 0;
        self.has_closures = !self.has_closures;
        self.block();
        self.text.push_str(AFTER);
        std::mem::take(&mut self.text)
    }

    /// A number below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 8) % n
    }

    /// A call of a function that changes its first argument.
    fn call(&self, name: &str, variable: &str, others: &str) -> String {
        let comma = if others.is_empty() { "" } else { ", " };
        match self.has_closures {
            true => format!("{variable}.{name}({others});"),
            false => format!("{name}({variable}{comma}{others});"),
        }
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn number(&mut self) -> String {
        match self.below(9) {
            0 | 1 => format!("{}", self.below(5)),
            2 => "n@".into(),
            3 => "a@.len()".into(),
            4 => "m@.x".into(),
            5 => "len(s@)".into(),
            6 => format!("a@[{}]", self.below(4) as i64 - 1),
            7 => "b@[0]".into(),
            _ => {
                let (left, right) = (self.number(), self.number());
                format!("({left} {} {right})", self.one(&["+", "-", "*"]))
            }
        }
    }

    fn condition(&mut self) -> String {
        let number = self.number();
        match self.below(4) {
            0 => format!("\"{}\" in m@", self.one(&["x", "z"])),
            1 => format!("{number} in a@"),
            _ => format!("{number} {} {}", self.one(&["<", ">=", "=="]), self.below(4)),
        }
    }

    fn block(&mut self) {
        self.depth += 1;
        for _ in 0..=self.below(STATEMENTS) {
            self.statement();
        }
        self.depth -= 1;
    }

    fn inside(&mut self, before: &str, after: &str) {
        self.text.push_str(before);
        self.block();
        self.text.push_str(after);
    }

    fn statement(&mut self) {
        let (number, other) = (self.number(), self.number());
        let text = match self.below(if self.depth < DEPTH { 34 } else { 26 }) {
            0 => format!("n@ = {number};"),
            1 => format!("n@ += {number};"),
            2 => "n@ = n@ - 1;".into(),
            3 => self.call("trim", "s@", ""),
            4 => "s@.make_upper();".into(),
            5 => format!("s@ += {number};"),
            6 => self.call("crop", "s@", "1"),
            7 => "s@ = \" Cd \";".into(),
            8 => self.call("push", "a@", &number),
            9 => format!("a@.push({number});"),
            10 => format!("a@[{}] = {number};", self.below(3) as i64 - 1),
            11 => format!("a@[{}] += {number};", self.below(3)),
            12 => format!("a@ = [{number}, {other}];"),
            13 => format!("n@ = a@.remove({}) ?? 0;", self.below(4)),
            14 => {
                let at = self.below(4);
                self.call("insert", "a@", &format!("{at}, {number}"))
            }
            15 => self.call("reverse", "a@", "") + &*self.call("sort", "a@", ""),
            16 => format!("m@.x = {number};"),
            17 => format!("m@[\"y\"] += {number};"),
            18 => format!("m@ = #{{ x: {number}, y: {other} }};"),
            19 => format!("m@.remove(\"{}\");", self.one(&["x", "z"])),
            20 => self.call("set", "m@", &format!("\"z\", {number}")),
            21 => {
                let byte = self.below(9).to_string();
                self.call("push", "b@", &byte)
            }
            22 => self.call("reverse", "b@", "") + &*self.call("truncate", "b@", "3"),
            23 => {
                let bit = self.below(4);
                self.call("set_bit", "n@", &format!("{bit}, true"))
            }
            24 => format!("a@ += {number}; a@.truncate(5);"),
            25 => format!("m@ += #{{ w: {number} }};"),
            26 => return self.branch(),
            27 => {
                self.declared += 1;
                let name = format!("i{}", self.declared);
                return self.inside(&format!("for {name} in 0..2 {{ n@ += {name}; "), " } ");
            }
            28 => return self.inside("for v in a@ { if a@.len() > 6 { break; } n@ += v; ", " } "),
            29 | 30 if self.has_closures => return self.closure(),
            31 => return self.inside("try { ", " } catch { n@ += 1; } "),
            32 => {
                let number = self.number();
                self.inside(&format!("switch {number} {{ 1 | 2 => {{ "), " } ");
                return self.inside("_ => { ", " } } ");
            }
            _ => {
                self.text.push_str("m@.f = |by| { this.x += by; this.x }; ");
                let number = self.number();
                write!(self.text, "n@ = m@.f({number}); m@.remove(\"f\"); ").expect("text");
                return;
            }
        };
        self.text.push_str(&text);
        self.text.push(' ');
    }

    fn branch(&mut self) {
        let condition = self.condition();
        self.inside(&format!("if {condition} {{ "), " } ");
        self.inside("else { ", " } ");
    }

    fn closure(&mut self) {
        self.declared += 1;
        let name = format!("f{}", self.declared);
        self.inside(&format!("let {name} = || {{ "), "n@ }; ");
        self.statement();
        write!(self.text, "n@ = {name}.call(); ").expect("text");
    }
}
