//! The bodies: `@` stands for what makes a name of a variable or a function one of its own.

/// One body of a function.
pub(in crate::engine) struct Body<'a> {
    /// Its variables: lines of `let name@ = value;`.
    pub(in crate::engine) before: &'a str,
    /// What it does, and gives at its end.
    pub(in crate::engine) text: &'a str,
    /// Functions that it calls.
    pub(in crate::engine) functions: &'a str,
    /// The forms in which another result is right, which tests of their own say.
    pub(in crate::engine) differs: &'a [&'a str],
}

const fn body(before: &'static str, text: &'static str) -> Body<'static> {
    Body { before, text, functions: "", differs: &[] }
}

const fn calls(functions: &'static str, before: &'static str, text: &'static str) -> Body<'static> {
    Body { before, text, functions, differs: &[] }
}

const TWO_LISTS: &str = "let a@ = [1, [2]];\nlet b@ = [3, 4];\n";
const TWO_MAPS: &str = "let a@ = #{ x: 1, l: [1] };\nlet b@ = #{ x: 2, y: 3 };\n";

pub(in crate::engine) const BODIES: &[Body<'static>] = &[
    // Functions that change their first argument, called as functions.
    body("let s@ = \" a \";\n", "trim(s@); s@"),
    body("let s@ = \"abc\";\n", "crop(s@, 1); s@"),
    body("let s@ = \"abc\";\n", "replace(s@, \"b\", \"x\"); s@"),
    body("let s@ = \"abc\";\n", "make_upper(s@); s@"),
    body("let s@ = \"abc\";\n", "clear(s@); s@"),
    body("let s@ = \"abc\";\n", "pad(s@, 5, '$'); s@"),
    body("let s@ = \"abc\";\n", "truncate(s@, 1); s@"),
    body("let s@ = \"abc\";\n", "remove(s@, \"b\"); s@"),
    body("let s@ = \"abc\";\n", "append(s@, \"d\"); s@"),
    body("let s@ = \"abc\";\n", "set(s@, 1, 'x'); s@"),
    body("let s@ = \"abc\";\n", "[pop(s@), s@]"),
    body("let s@ = \"abc\";\n", "s@.trim(); s@.make_upper(); s@"),
    body("let b@ = blob(2, 1);\n", "push(b@, 9); b@.len()"),
    body("let b@ = blob(2, 1);\n", "push(b@, 9); b@"),
    body("let b@ = blob(4, 1);\n", "reverse(b@); drain(b@, 0, 1); b@"),
    body("let b@ = blob(4, 1);\n", "set(b@, 0, 7); truncate(b@, 2); b@"),
    body("let b@ = blob(4, 1);\n", "clear(b@); b@"),
    body("let n@ = 1;\n", "set_bit(n@, 3, true); n@"),
    body("let n@ = 1;\n", "set_bits(n@, 1, 2, 3); n@"),
    body("let n@ = 1;\n", "set_tag(n@, 5); tag(n@)"),
    body("let a@ = [1, 2];\n", "push(a@, 3); a@"),
    body("let a@ = [3, 1, 2];\n", "sort(a@); reverse(a@); a@"),
    body("let a@ = [3, 1, 2];\n", "[shift(a@), pop(a@), a@]"),
    body("let a@ = [3, 1, 2];\n", "clear(a@); len(a@)"),
    body("let m@ = #{ a: 1 };\n", "set(m@, \"b\", 2); m@"),
    body("let m@ = #{ a: 1, b: 2 };\n", "[remove(m@, \"a\"), m@]"),
    body("let m@ = #{ a: 1, b: 2 };\n", "clear(m@); m@"),
    calls(
        "fn shout@(s) { make_upper(s); s }",
        "let s@ = \"abc\";\n",
        "let t = shout@(s@); [s@, t]",
    ),
    // Variables that hold references and are assigned to, with closures that capture variables of that name.
    calls(
        "fn elsewhere@() { let room@ = 1; || room@ }",
        "let a@ = #{ x: 1 };\nlet b@ = #{ x: 2 };\n",
        "let room@ = a@; room@ = b@; room@.x",
    ),
    calls(
        "fn elsewhere@() { let room@ = 1; || room@ } fn swap@(room@, b) { room@ = b; room@.x }",
        "let a@ = #{ x: 1 };\nlet b@ = #{ x: 2 };\n",
        "[swap@(a@, b@), a@.x]",
    ),
    calls(
        "fn elsewhere@() { let room@ = 1; || room@ } fn become@(b) { this = b; }",
        "let a@ = #{ x: 1 };\nlet b@ = #{ x: 2 };\n",
        "let room@ = a@; room@.become@(b@); [room@.x, b@.x]",
    ),
    body(
        "let a@ = #{ x: 1 };\nlet b@ = #{ x: 2 };\n",
        "let room = a@; let f = || room.x; room = b@; [f.call(), room.x]",
    ),
    body(
        "let a@ = #{ x: 1 };\nlet b@ = #{ x: 2 };\n",
        "let room = a@; let f = || { room = b@; }; f.call(); room.x",
    ),
    body(
        "let a@ = #{ x: 1 };\nlet b@ = #{ x: 2 };\n",
        "let room = (); let f = || room.x; room = a@; let x = f.call(); room = b@; [x, f.call()]",
    ),
    body(
        "let node@ = #{ n: 1, next: #{ n: 2, next: #{ n: 3, next: () } } };\n",
        "let at = node@; let sum = 0; let f = || at.n; while at != () { sum += f.call(); at = at.next; } sum",
    ),
    body(
        "let a@ = [1];\nlet b@ = [2];\n",
        "let both = a@; let f = |x| { both += x; both.len() }; [f.call(5), f.call(6), both.len(), a@.len() > 0]",
    ),
    body("let a@ = #{ x: 1 };\n", "let f = || a@.x; a@ = #{ x: 2 }; [f.call(), a@.x]"),
    body(
        "let a@ = #{ x: 1 };\n",
        "let f = || { a@ = #{ x: 3 }; a@.x }; [f.call(), a@.x, f.call()]",
    ),
    body("let a@ = [1];\n", "a@ = [2, 3]; a@ += 4; a@.push(5); a@"),
    body("let a@ = [1];\n", "a@ = 5; a@ += 1; let f = || a@; a@ = \"text\"; [f.call(), a@]"),
    body("let a@ = #{ x: 1 };\n", "a@ = (); let x = a@ == (); a@ = [1]; a@.push(2); [x, a@]"),
    body("let a@ = #{ x: 1 };\n", "a@ += #{ y: 2 }; a@"),
    calls("fn change@(m) { m = [m]; m }", "let a@ = #{ x: 1 };\n", "let b = change@(a@); [a@, b]"),
    body(
        "let list@ = [#{ n: 1 }, #{ n: 2 }];\n",
        "let last = (); for x in list@ { last = x; x = #{ n: 9 }; } last.n",
    ),
    body(
        "let list@ = [#{ n: 1 }, #{ n: 2 }];\n",
        "let sum = 0; let at = list@[0]; list@.for_each(|| { at = this; sum += at.n; }); [sum, at.n]",
    ),
    body("let a@ = [1, 2];\n", "let b = take(a@); [a@, b]"),
    body("let a@ = [1, 2];\n", "let b = a@.take(); [a@, b]"),
    body("let s@ = \"abc\";\n", "let b = [take(s@)]; s@ = 5; [b, s@.take(), s@]"),
    body("let a@ = [1];\n", "for i in 0..3 { a@ = [take(a@)]; } a@"),
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
    body(
        "const LIMIT@ = 3;\n",
        "let a = [0]; a.insert(0, LIMIT@); push(a, LIMIT@); a.pad(5, LIMIT@); for i in 0..5 { a[i] += 1; } a",
    ),
    body("const LIMIT@ = 3;\n", "let m = #{}; m.set(\"n\", LIMIT@); m.n += 1; m"),
    body("const LIMIT@ = [3];\n", "let a = [0]; a.push(LIMIT@); a[1][0] += 1; [a, LIMIT@]"),
    body("const LIMIT@ = 3;\n", "let m = #{}; m.n = LIMIT@; m.n += 1; m"),
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
    // Two arrays or maps, of which either may be a reference.
    body(TWO_LISTS, "a@ += b@; a@"),
    body(TWO_LISTS, "a@ += b@; b@ += a@; [a@, b@]"),
    body(TWO_LISTS, "a@ += take(b@); a@"),
    body(TWO_LISTS, "let z = [0]; z += b@; z += if true { a@ }; z += (); z"),
    body(TWO_LISTS, "let z = #{ l: [0] }; z.l += b@; z.l += b@[1]; z"),
    body(TWO_LISTS, "let z = [0]; let add = |x| { z += x; }; add.call(a@); add.call(7); z"),
    body(TWO_LISTS, "a@ + b@"),
    body(TWO_LISTS, "a@.append(b@); a@"),
    body(TWO_LISTS, "a@.insert(1, b@); a@"),
    body(TWO_LISTS, "a@.push(b@); a@"),
    body(TWO_LISTS, "a@ - b@"),
    body(TWO_LISTS, "a@ -= b@; a@"),
    body(TWO_LISTS, "[a@ == b@, a@ != b@, a@ == [1, [2]], [1, [2]] == a@]"),
    body(TWO_LISTS, "[[2] in a@, b@ in a@, b@ in [b@], 3 in b@, [2] !in a@]"),
    body(TWO_LISTS, "[a@.contains([2]), a@.index_of([2]), [a@, b@].index_of(b@)]"),
    body(TWO_LISTS, "a@.splice(0, 1, b@); a@"),
    body(TWO_LISTS, "let n = 1; n += b@.len(); let s = \"\"; s += b@[0]; [n, s]"),
    body(TWO_LISTS, "let l = [a@, a@, b@]; l.dedup(); l"),
    body(TWO_MAPS, "a@ += b@; a@"),
    body(TWO_MAPS, "a@ + b@"),
    body(TWO_MAPS, "a@.mixin(b@); a@"),
    body(TWO_MAPS, "a@.fill_with(b@); a@"),
    body(TWO_MAPS, "a@ -= b@; a@"),
    body(TWO_MAPS, "[a@ == b@, a@ != b@, a@ == #{ x: 1, l: [1] }, #{ x: 1, l: [1] } == a@]"),
    body(TWO_MAPS, "let z = []; z += b@; z"),
    // Maps and arrays that are switched on.
    body(TWO_LISTS, "switch a@ { [1, [2]] => \"hit\", _ => \"other\" }"),
    body(
        TWO_LISTS,
        "switch b@ { [1, [2]] => \"no\", 5 | [3, 4] if true => \"hit\", _ => \"other\" }",
    ),
    body(TWO_LISTS, "switch [b@, 1] { [[3, 4], 1] => \"hit\", _ => \"other\" }"),
    body(TWO_LISTS, "switch a@.len() { 2 => switch a@[1] { [2] => \"hit\" }, _ => \"other\" }"),
    body(TWO_LISTS, "switch a@ { [] => 1, [1] => 2, #{} => 3 }"),
    body(TWO_MAPS, "switch a@ { #{ l: [1], x: 1 } => \"hit\", _ => \"other\" }"),
    body(TWO_MAPS, "switch b@ { #{ l: [1], x: 1 } => \"no\", _ => \"other\" }"),
    body(TWO_MAPS, "switch a@.l { \"l\" => 1, [1] => { \"hit\" } _ => \"other\" }"),
    // Values in order.
    body("let a@ = [3, 1, 2];\n", "a@.sort(|x, y| x < y); a@"),
    body("let a@ = [3, 1, 2];\n", "a@.sort(|x, y| y - x); a@.dedup(|x, y| x - y == 1); a@"),
    body("let a@ = [\"b\", \"a\", \"c\"];\n", "[a@.order(), a@.order_desc()]"),
    body("let a@ = [1, 1.0, 2, 2];\n", "a@.dedup(); a@"),
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
