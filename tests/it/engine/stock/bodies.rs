//! The bodies: `@` stands for what makes a name of a variable or a function one of its own.

/// One body of a function.
pub(super) struct Body {
    /// Its variables: lines of `let name@ = value;`.
    pub(super) before: &'static str,
    /// What it does, and gives at its end.
    pub(super) text: &'static str,
    /// Functions that it calls.
    pub(super) functions: &'static str,
    /// The forms in which another result is right, which tests of their own say.
    pub(super) differs: &'static [&'static str],
}

const fn body(before: &'static str, text: &'static str) -> Body {
    Body { before, text, functions: "", differs: &[] }
}

const fn calls(functions: &'static str, before: &'static str, text: &'static str) -> Body {
    Body { before, text, functions, differs: &[] }
}

pub(super) const BODIES: &[Body] = &[
    // Functions that change their first argument, called as functions.
    body("let a@ = [1, 2];\n", "push(a@, 3); a@"),
    body("let a@ = [3, 1, 2];\n", "sort(a@); reverse(a@); a@"),
    body("let a@ = [3, 1, 2];\n", "[shift(a@), pop(a@), a@]"),
    body("let a@ = [3, 1, 2];\n", "clear(a@); len(a@)"),
    body("let m@ = #{ a: 1 };\n", "set(m@, \"b\", 2); m@"),
    body("let m@ = #{ a: 1, b: 2 };\n", "[remove(m@, \"a\"), m@]"),
    body("let m@ = #{ a: 1, b: 2 };\n", "clear(m@); m@"),
    // Constants inside of arguments.
    calls("fn more@(o) { o.n += 1; o.n }", "const LIMIT@ = 3;\n", "more@(#{ n: LIMIT@ })"),
    calls("fn seti@(o) { o[0] += 1; o }", "const LIMIT@ = 3;\n", "seti@([LIMIT@])"),
    calls("fn seti@(o) { o[0][0] = 7; o }", "const LIMIT@ = 3;\n", "seti@([[LIMIT@]])"),
    calls(
        "fn wrap@(x) { #{ n: x } } fn more@(o) { o.n += 1; o.n }",
        "const LIMIT@ = 3;\n",
        "more@(wrap@(LIMIT@))",
    ),
    calls(
        "fn seti@(o) { o.push(1); o[0] = 4; o[1] = 5; o }",
        "const LIMIT@ = 3;\n",
        "seti@([LIMIT@, LIMIT@])",
    ),
    calls("fn set@(o) { o = 5; o }", "const LIMIT@ = 3;\n", "set@(LIMIT@)"),
    body("const LIMIT@ = 3;\n", "let a = []; a.push(LIMIT@); a[0] = 1; a[0] += 1; a"),
    body(
        "const LIMIT@ = 3;\n",
        "let a = [LIMIT@]; a[0] += 1; let m = #{ n: LIMIT@ }; m.n += 1; [a, m]",
    ),
    body("const LIMIT@ = 3;\n", "let m = #{}; m.n = LIMIT@; m.n += 1; m"),
    body("const C@ = #{ p: 1 };\n", "let f = || { C@.p = 5; C@.p }; [f.call(), C@.p]"),
    body("const C@ = #{ p: 1 };\n", "let f = || { C@.p += 5; C@ }; [f.call(), C@.p]"),
    body("const C@ = [1];\n", "let f = || { C@[0] = 5; C@ }; [f.call(), C@]"),
    body("const C@ = [1];\n", "let f = || { C@.push(2); C@ }; [f.call(), C@]"),
    body("const C@ = [1];\n", "C@.push(2); C@"),
    body("const C@ = [1];\n", "C@[0] = 2; C@"),
    // Closures in maps.
    body("let o@ = #{ n: 1, add: |x| { this.n += x; this.n } };\n", "o@.add(5); [o@.add(2), o@.n]"),
    body("let o@ = #{ n: 1, get: || this.n };\n", "o@.get()"),
    body("let o@ = #{ n: 1, len: || this.n + 10 };\n", "o@.len()"),
    body("let o@ = #{ n: 1, set: |k, v| { this.n = v; k } };\n", "[o@.set(\"x\", 4), o@.n]"),
    body("let o@ = #{ n: 1, keys: || 5 };\n", "o@.keys()"),
    body(
        "let o@ = #{ n: 1 };\n",
        "let by = 7; o@.more = |x| { this.n += x * by; this.n }; by = 8; [o@.more(1), o@.n]",
    ),
    body(
        "let o@ = #{ inner: #{ n: 1, inc: || { this.n += 1; } } };\n",
        "o@.inner.inc(); o@.inner.n",
    ),
    body("let o@ = #{ n: 1, a: || this.b(), b: || this.n };\n", "o@.a()"),
    body("let o@ = #{ fail: || { throw \"no\"; } };\n", "o@.fail()"),
    body("let o@ = #{ add: 5 };\n", "try { o@.add(1) } catch { \"refused\" }"),
    calls("fn plus@(x) { this.n + x }", "let o@ = #{ n: 1, add: Fn(\"plus@\") };\n", "o@.add(5)"),
    // Arrays.
    body("let a@ = [1, 2];\n", "a@.set(5, 1); a@.set(-5, 9); a@"),
    body("let a@ = [1, 2];\n", "[a@.get(-10), a@.get(2), a@.get(1), a@.get(-1)]"),
    body("let a@ = [];\n", "a@.set(0, 1); [a@.get(0), a@.get(-1), a@]"),
    body("let a@ = [1, 2];\n", "for x in a@ { a@.push(x); } a@"),
    body(
        "let a@ = [1, 2, 3];\n",
        "let seen = []; for x in a@ { a@.remove(0); seen.push(x); } [a@, seen]",
    ),
    body(
        "let a@ = [1, 2, 3];\n",
        "let seen = []; for x in a@ { a@.clear(); seen.push(x); } [a@, seen]",
    ),
    body(
        "let a@ = [1, 2, 3];\n",
        "let seen = []; for x in a@ { a@[1] = 7; seen.push(x); } [a@, seen]",
    ),
    body(
        "let a@ = [1, 2];\n",
        "let n = 0; for x in a@ { for y in a@ { a@.push(y); n += 1; } } [a@, n]",
    ),
    body("let a@ = [1, 2];\n", "a@[2]"),
    body("let a@ = [1, 2];\n", "a@[-3] = 1"),
    body("let a@ = [1, 2];\n", "a@[\"x\"]"),
    body("let a@ = [1, 2];\n", "a@['x'] = 1"),
    body("let a@ = [1, 2];\n", "a@[()] += 1"),
    body("let a@ = [1, 2];\n", "a@ < a@"),
    body("let a@ = [1, 2];\n", "a@ >= [1]"),
    body("let a@ = [1, 2];\n", "a@ > 1"),
    body("let a@ = [1, 2];\n", "\"x\" <= a@"),
    // Maps.
    body("let m@ = #{ a: 1 };\n", "m@['a']"),
    body("let m@ = #{ a: 1 };\n", "m@[()] = 1"),
    body("let m@ = #{ a: 1 };\n", "m@[[1]] += 1"),
    body("let m@ = #{ a: 1 };\n", "m@.remove('a')"),
    body("let m@ = #{ a: 1 };\n", "m@ < m@"),
    body("let m@ = #{ a: 1 };\n", "m@ > #{}"),
    body("let m@ = #{ a: 1 };\n", "m@ <= 1"),
    body("let m@ = #{ a: 1 };\n", "[\"a\" in m@, \"b\" in m@, \"b\" !in m@]"),
];
