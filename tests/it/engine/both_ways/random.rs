//! Bodies that nobody wrote, made of a seed: chains of handles, calls and returns in each other, with values of any kind
//! where one of another kind may be expected.

use rhai::Engine;
use std::fmt::Write;

/// Expressions in expressions, at most.
const DEPTH: u64 = 4;

/// Blocks in blocks, at most.
const BLOCKS: u64 = 3;

/// Statements in one block, at most.
const STATEMENTS: u64 = 4;

/// Variables of every body, and what begins it: `t` is a reference, `p` a plain map, `c` is captured by a closure.
const BEFORE: &str = "let n = 2; let s = \"ab\"; let t = worker.table; let l = worker.list; let p = #{ a: 1, b: [1, 2] }; \
                      let q = [3, 1]; const K = \"a\"; let c = 1; let f = |x| { c += 1; [x, c] }; ";

/// Makes bodies.
pub(super) struct Woven {
    state: u64,
    text: String,
}

impl Woven {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, text: String::new() }
    }

    /// The text of the next body that can be parsed: rhai sees at once that some values are of the wrong kind.
    pub(super) fn body(&mut self) -> String {
        let mut engine = Engine::new();
        engine.set_max_expr_depths(64, 64);
        loop {
            let text = self.text();
            if engine.compile(format!("fn body() {{ {text} }}")).is_ok() {
                return text;
            }
        }
    }

    fn text(&mut self) -> String {
        self.text = BEFORE.to_owned();
        self.block(0);
        self.text.push_str("note([n, s, p, q, c]); ");
        let end = self.expression(0);
        match self.below(4) {
            0 => write!(self.text, "return {end};"),
            1 => write!(self.text, "note({end});"),
            _ => write!(self.text, "{end}"),
        }
        .expect("text");
        std::mem::take(&mut self.text)
    }

    /// A number below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 8) % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn block(&mut self, depth: u64) {
        for _ in 0..=self.below(STATEMENTS) {
            self.statement(depth);
        }
    }

    fn inside(&mut self, before: &str, depth: u64, after: &str) {
        self.text.push_str(before);
        self.block(depth + 1);
        self.text.push_str(after);
    }

    fn statement(&mut self, depth: u64) {
        let (a, b) = (self.whole(), self.whole());
        let kinds = if depth < BLOCKS { 20 } else { 13 };
        let text = match self.below(kinds) {
            0 => format!("{} = {a};", self.place()),
            1 => format!("{} += {a};", self.place()),
            2 => format!("note({a});"),
            3 => format!("let {} = {a};", self.one(&["n", "s", "t", "l", "p", "q", "fresh"])),
            4 | 5 => format!("{a};"),
            6 => format!("try {{ note({a}); }} catch (e) {{ note(e); note({b}); }}"),
            7 => format!("try {{ {a}; }} catch (e) {{ note(e.message ?? e); }}"),
            8 => format!("if {} {{ return {a}; }}", self.condition()),
            9 => format!("if {} {{ throw {a}; }}", self.condition()),
            10 => format!(
                "for x in {a} {{ note([x, {b}]); if worker.log.len() > 30 {{ return x; }} }}"
            ),
            11 => format!("note(switch {a} {{ 1 | 2 => {b}, \"A\" => 5, _ => n }});"),
            12 => format!("f = |x| {{ {a}; x }};"),
            13 => {
                let condition = self.condition();
                return self.inside(&format!("if {condition} {{ "), depth, "} ");
            }
            14 => {
                let condition = self.condition();
                self.inside(&format!("if {condition} {{ "), depth, "} ");
                return self.inside("else { ", depth, "} ");
            }
            15 => return self.inside("{ ", depth, "} "),
            16 => return self.inside("try { ", depth, "} catch (e) { note(e); } "),
            17 => return self.inside("for i in 0..2 { note(i); ", depth, "} "),
            18 => {
                self.inside("let g = |x| { ", depth, "x }; ");
                format!("note(g.call({a}));")
            }
            _ => {
                let condition = self.condition();
                return self.inside(
                    &format!(
                        "while {condition} {{ if worker.log.len() > 25 {{ break; }} note(0); "
                    ),
                    depth,
                    "} ",
                );
            }
        };
        self.text.push_str(&text);
        self.text.push(' ');
    }

    /// What can be assigned to.
    fn place(&mut self) -> String {
        let part = match self.below(6) {
            0 => format!("[{}]", self.key()),
            1 => format!(".{}", self.one(&["a", "b", "x", "fresh"])),
            2 => format!("[{}][{}]", self.key(), self.key()),
            _ => String::new(),
        };
        let root = match part.is_empty() {
            true => self.one(&[
                "n",
                "s",
                "t",
                "l",
                "p",
                "q",
                "c",
                "worker.text",
                "worker.one",
                "changed",
            ]),
            false => self.one(&[
                "t",
                "l",
                "p",
                "q",
                "worker.table",
                "worker.list",
                "worker.nested",
                "s",
                "K",
            ]),
        };
        format!("{root}{part}")
    }

    fn key(&mut self) -> String {
        match self.below(8) {
            0 => self.expression(DEPTH - 1),
            1 => "note(\"a\")".into(),
            2 => "note(1)".into(),
            3 => "K".into(),
            4 => "{ t = worker.nested; l = [9]; n += 1; \"a\" }".into(),
            _ => self.one(&["0", "1", "-1", "\"a\"", "\"x\"", "n", "s", "7", "\"b\""]).into(),
        }
    }

    fn condition(&mut self) -> String {
        let (a, b) = (self.expression(2), self.expression(2));
        match self.below(6) {
            0 => format!("({a}) == ({b})"),
            1 => format!("({a}) in ({b})"),
            2 => format!("note({a}) != note({b})"),
            3 => "n > 1".into(),
            4 => format!("\"a\" in t && {a} != 1"),
            _ => format!("worker.log.len() < {}", self.below(9)),
        }
    }

    /// An expression that can stand where a block may begin.
    fn whole(&mut self) -> String {
        format!("({})", self.expression(1))
    }

    fn expression(&mut self, depth: u64) -> String {
        if depth >= DEPTH {
            return self.simple();
        }
        let next = depth + 1;
        match self.below(24) {
            0..=4 => self.simple(),
            5..=8 => self.chain(next),
            9 => format!("note({})", self.expression(next)),
            10 => format!("sum({}, {})", self.expression(next), self.expression(next)),
            11 => {
                let name = self.one(&[
                    "grow",
                    "takes_over",
                    "early",
                    "deep_early",
                    "shadow",
                    "thrower",
                    "free_worker",
                ]);
                format!("{name}({})", self.expression(next))
            }
            12 => self
                .one(&[
                    "nothing()",
                    "one_of_worker()",
                    "change_it()",
                    "uses_this()",
                    "with_outer()",
                    "early(2)",
                ])
                .into(),
            13 => {
                let name = self.one(&[
                    "len",
                    "keys",
                    "clear",
                    "pop",
                    "to_json",
                    "type_of",
                    "trim",
                    "parse_json",
                    "take",
                    "m::doubled",
                ]);
                format!("{name}({})", self.expression(next))
            }
            14 => {
                let name = self.one(&[
                    "push", "contains", "remove", "sum", "get", "m::sum", "min", "insert",
                    "unknown",
                ]);
                format!("{name}({}, {})", self.expression(next), self.expression(next))
            }
            15 => format!("[{}, {}]", self.expression(next), self.expression(next)),
            16 => format!("#{{ a: {}, x: {} }}", self.expression(next), self.expression(next)),
            17 => {
                let operator = self.one(&["+", "-", "==", "<", "??", "in"]);
                format!("({} {operator} {})", self.expression(next), self.expression(next))
            }
            18 => format!(
                "{{ {} = {}; {} }}",
                self.one(&["t", "l", "n", "s", "p", "q"]),
                self.expression(next),
                self.expression(next)
            ),
            19 => format!(
                "if {} == 1 {{ {} }} else {{ {} }}",
                self.simple(),
                self.expression(next),
                self.expression(next)
            ),
            20 => format!("f.call({})", self.expression(next)),
            21 => format!("`${{{}}}:${{{}}}`", self.expression(next), self.simple()),
            22 => format!("worker.list.map(|x| [x, {}])", self.expression(next)),
            _ => format!("({})", self.expression(next)),
        }
    }

    fn simple(&mut self) -> String {
        self.one(&[
            "n",
            "s",
            "t",
            "l",
            "p",
            "q",
            "c",
            "K",
            "0",
            "1",
            "2",
            "-1",
            "\"a\"",
            "\"A\"",
            "()",
            "true",
            "1.5",
            "'x'",
            "worker.table",
            "worker.list",
            "worker.text",
            "worker.one",
            "worker.nested",
            "m::T",
            "m::A",
            "global::G",
            "changed",
            "[1]",
            "#{ a: 5 }",
            "worker",
        ])
        .into()
    }

    /// Reads along a handle, and a method at the end.
    fn chain(&mut self, depth: u64) -> String {
        let mut chain: String = self
            .one(&[
                "worker",
                "worker.table",
                "worker.list",
                "worker.nested",
                "t",
                "l",
                "p",
                "q",
                "s",
                "n",
                "K",
                "m::A",
                "m::T",
                "c",
            ])
            .into();
        for _ in 0..self.below(3) {
            match self.below(7) {
                0 | 1 => {
                    write!(chain, ".{}", self.one(&["a", "b", "x", "y", "len", "table", "missing"]))
                }
                2 => write!(chain, "?.{}", self.one(&["a", "x", "y", "missing"])),
                3 => write!(chain, "?[{}]", self.key()),
                _ => write!(chain, "[{}]", self.key()),
            }
            .expect("text");
        }
        let a = self.expression(depth);
        match self.below(12) {
            0 | 1 => (),
            2 => write!(
                chain,
                ".{}()",
                self.one(&[
                    "len",
                    "keys",
                    "pop",
                    "clear",
                    "to_upper",
                    "to_string",
                    "uses_this",
                    "sort",
                    "take"
                ])
            )
            .expect("text"),
            3 | 4 => write!(
                chain,
                ".{}({a})",
                self.one(&[
                    "push", "get", "contains", "remove", "typed", "split", "note", "append"
                ])
            )
            .expect("text"),
            5 | 6 => write!(
                chain,
                ".{}({}, {a})",
                self.one(&["set", "insert", "get", "replace", "sum"]),
                self.key()
            )
            .expect("text"),
            7 => write!(chain, ".map(|x| {{ note(x); {a} }})").expect("text"),
            8 => write!(chain, ".filter(|x| x == {a})").expect("text"),
            9 => write!(chain, ".len() + {a}").expect("text"),
            10 => write!(chain, ".unknown({a})").expect("text"),
            _ => write!(chain, ".get({}).len()", self.key()).expect("text"),
        }
        chain
    }
}
