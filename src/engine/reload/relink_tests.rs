//! Old closures are really called here, in a small host that has globals the way the engine has them.

use super::*;
use crate::engine::compile::{closures::closures, tokens::Tokens};
use rhai::{Caches, Engine, EvalContext, Expr, GlobalRuntimeState, NativeCallContext};
use rhai::{Position, Scope, Stmt, StmtBlock};
use std::rc::Rc;
use std::{cell::RefCell, collections::BTreeMap};

type Table<T> = Rc<RefCell<BTreeMap<String, T>>>;

/// `keep(key, closure)` in a script puts a closure into `kept` once and into `fresh` always.
struct Host {
    engine: Engine,
    kept: Table<FnPtr>,
    fresh: Table<FnPtr>,
    globals: Table<Dynamic>,
    state: GlobalRuntimeState,
    closures: Vec<Rc<Closure>>,
    tokens: Tokens,
    names: Names,
    generation: u64,
    plain: Shared<Module>,
}

impl Host {
    fn start(script: &str) -> Host {
        let mut engine = Engine::new();
        Tokens::record(&mut engine);
        engine.set_max_expr_depths(64, 64);
        let (kept, fresh) = (Table::<FnPtr>::default(), Table::<FnPtr>::default());
        let globals = Table::<Dynamic>::default();
        let (k, f, g) = (kept.clone(), fresh.clone(), globals.clone());
        engine.register_fn("keep", move |key: &str, value: FnPtr| {
            k.borrow_mut().entry(key.into()).or_insert(value.clone());
            f.borrow_mut().insert(key.into(), value);
        });
        #[allow(deprecated)]
        engine.on_var(move |name, index, context| {
            let local = index != 0 || context.scope().contains(name);
            Ok(if local { None } else { g.borrow().get(name).cloned() })
        });
        let state = engine.new_global_runtime_state();
        let (closures, names) = (Vec::new(), Names::default());
        let mut host = Host {
            engine,
            kept,
            fresh,
            globals,
            state,
            closures,
            tokens: Tokens::default(),
            names,
            generation: 0,
            plain: Shared::default(),
        };
        host.reload(script);
        host
    }

    /// Runs the script as the next generation; top-level variables keep their values.
    #[allow(deprecated)] // volatile, like all of rhai's internals
    fn reload(&mut self, script: &str) -> HashMap<String, Fate> {
        let (ast, tokens) = Tokens::of(|| self.engine.compile(script));
        let ast = ast.unwrap();
        let new = closures(&ast, &tokens);
        let fate = align(&self.closures, &new);
        self.generation += 1;
        self.names = self.names.next(self.generation, &fate, &self.closures, &new);
        self.closures = new;
        self.tokens = tokens;
        self.state = self.engine.new_global_runtime_state();
        self.plain = ast.shared_lib().clone();
        self.state.lib.push(self.names.library(&ast));
        let kept = self.kept.borrow();
        let named =
            |(key, f): (&String, &FnPtr)| Some((key.clone(), fate.get(f.fn_name())?.clone()));
        let fates = kept.iter().filter_map(named).collect();
        drop(kept);
        let (mut scope, mut caches) = (Scope::new(), Caches::new());
        for s in ast.statements() {
            let block = StmtBlock::new([s.clone()], s.position(), Position::NONE);
            let one = Expr::Stmt(Box::new(block));
            let _ = EvalContext::new(&self.engine, &mut self.state, &mut caches, &mut scope, None)
                .eval_expression_tree_raw(&(&one).into(), false)
                .unwrap();
            if let Stmt::Var(x, ..) = s {
                let value = scope.get_mut(&x.0.name).unwrap();
                let live = self.globals.borrow().get(x.0.name.as_str()).cloned();
                *value = live.unwrap_or_else(|| value.take().into_shared());
                self.globals.borrow_mut().insert(x.0.name.to_string(), value.clone());
            }
        }
        fates
    }

    fn run(&self, f: &FnPtr) -> String {
        let context: NativeCallContext =
            (&self.engine, "cb", None, &self.state, Position::NONE).into();
        let result = f.call_raw(&context, None, [Dynamic::from("x")]);
        result.map_or_else(|e| format!("error: {e}"), |v| v.to_string())
    }

    fn old(&self, key: &str) -> String {
        let f = self.kept.borrow()[key].clone();
        self.run(&f)
    }

    fn fresh(&self, key: &str) -> FnPtr {
        self.fresh.borrow()[key].clone()
    }

    fn closure(&self, f: &FnPtr) -> Rc<Closure> {
        self.closures.iter().find(|c| c.name == f.fn_name()).unwrap().clone()
    }
}

fn is_same(fate: &Fate) -> bool {
    matches!(fate, Fate::Same(_))
}

fn is_edited(fate: &Fate) -> bool {
    matches!(fate, Fate::Edited(_))
}

#[test]
fn old_closures_run_the_new_bodies() {
    let mut host = Host::start(
        r#"let n = 0;
fn helper(x) { `helper 1 ${x}` }
fn setup(p) { keep("in fn", |d| { `setup 1 ${d} ${p}` }); }
keep("outer", |d| { n += 1; keep("nested", |e| { `nested 1 ${e} ${n}` }); helper(d) });
keep("plain", |d| d + " 1");
keep("moved", |d| `moved ${d}`);
keep("curried", |d| |e| d + e + " 1");
keep("if", |d| if n > 0 { d } else { "none" });
setup("p");"#,
    );
    assert_eq!(host.old("outer"), "helper 1 x");
    let fates = host.reload(
        r#"// a new first line
let n = 0;
fn helper(x) { `helper 2 ${x}` }
fn setup(p) { keep("in fn", |d| { `setup 2 ${p} ${d}` }); }

keep("outer", |d| {
    n += 10;
    keep("nested", |e| { `nested 2 ${n} ${e}` });
    helper(d) + "!"
});
keep("plain", |d| d + " 2"); keep("moved",   |d|   `moved ${d}`);
keep("curried", |d| |e| d + e + " 2");
keep("if", |d| if n > 99 { d } else { "none" });
setup("q");"#,
    );
    assert!(is_same(&fates["moved"]) && is_edited(&fates["nested"]) && is_edited(&fates["plain"]));
    assert_eq!(host.old("outer"), "helper 2 x!");
    assert_eq!(host.old("nested"), "nested 2 11 x");
    assert_eq!(host.old("in fn"), "setup 2 p x");
    assert_eq!(host.old("plain"), "x 2");
    assert_eq!(host.old("moved"), "moved x");
    assert_eq!(host.old("if"), "none");
    assert!(host.old("curried").starts_with("Fn"));
    // without aliases all of this would be "function not found"
    host.state.lib[0] = Rc::new(Module::new());
    assert!(host.old("plain").starts_with("error: Function not found"));
}

#[test]
fn closures_are_listed_with_their_spans_and_captures() {
    let script = "let k = 1;
let m = #{ a: |y| 1, b: |y, z| y | z };
let e = [|| {}, |x| {}];
let f = |x| { let q = 0; |a, b| |w, v| v + q + k | x };
let g = curry(|a, b| a + b, 1);
fn n(p) { p.cb = |d| if d?[0] { |t| (t | p) } else { `${k}, ${|| 1}` } }";
    let mut engine = Engine::new();
    Tokens::record(&mut engine);
    engine.set_max_expr_depths(64, 64);
    let (ast, tokens) = Tokens::of(|| engine.compile(script));
    let text: Vec<&str> = script.lines().collect();
    let got: Vec<_> = closures(&ast.unwrap(), &tokens)
        .into_iter()
        .map(|c| {
            assert_eq!(c.start.0, c.end.0);
            let names = c.captures().join(" ");
            (&text[c.start.0 - 1][c.start.1 - 1..c.end.1], names, c.parent.len())
        })
        .collect();
    let anonymous = ANONYMOUS.len() + 16;
    let want = [
        ("|y| 1", "", 0),
        ("|y, z| y | z", "", 0),
        ("|| {}", "", 0),
        ("|x| {}", "", 0),
        ("|x| { let q = 0; |a, b| |w, v| v + q + k | x }", "k", 0),
        ("|a, b| |w, v| v + q + k | x", "q k x", anonymous),
        ("|w, v| v + q + k | x", "q k x", anonymous),
        ("|a, b| a + b", "", 0),
        ("|d| if d?[0] { |t| (t | p) } else { `${k}, ${|| 1}` }", "p k", 1),
        ("|t| (t | p)", "p", anonymous),
        ("|| 1", "", anonymous),
    ];
    let want: Vec<_> = want.map(|(text, names, parent)| (text, names.to_string(), parent)).into();
    assert_eq!(got, want);
}

#[test]
fn an_edit_and_an_insertion_side_by_side_are_told_apart() {
    let mut host =
        Host::start(r#"keep("a", |d| "a1"); keep("b", |d| "b1"); let c = |d| "c1"; keep("c", c);"#);
    let fates = host.reload(
        r#"keep("new", |d| "n"); keep("b", |d| "b2"); keep("newer", |d| "n"); let c = |d| "c2"; keep("c", c); keep("a", |d| "a1");"#,
    );
    assert!(is_same(&fates["a"]) && is_edited(&fates["b"]) && is_edited(&fates["c"]));
    assert_eq!([host.old("a"), host.old("b"), host.old("c")], ["a1", "b2", "c2"]);
    // a closure given to another name is not a successor
    let fates = host.reload(r#"let d = |d| "d1"; keep("c", d); keep("a", |d| "a1");"#);
    assert!(!fates.contains_key("c"), "fates speak of the last generation only");
    assert!(host.names.current(host.kept.borrow()["c"].fn_name()).is_none());
    assert!(host.names.current(host.kept.borrow()["a"].fn_name()).is_some());
    assert!(host.old("c").starts_with("error: Function not found"));
}

#[test]
fn a_changed_parameter_makes_an_orphan_but_not_of_what_it_made() {
    let mut host = Host::start(r#"keep("a", |d| { keep("in", |e| `1 ${e}`); 1 });"#);
    host.old("a");
    let fates = host.reload(r#"keep("a", |d, more| { keep("in", |e| `2 ${e}`); 2 });"#);
    assert_eq!(fates["a"], Fate::Orphan("it takes other parameters now"));
    assert_eq!(host.old("in"), "2 x");
    let fates = host.reload("let gone = 1;");
    assert!(fates.is_empty() && host.names.current(host.kept.borrow()["in"].fn_name()).is_none());
}

#[test]
fn captured_variables_may_be_swapped_dropped_and_joined_by_globals() {
    let set = |body: &str| {
        format!(
            r#"let g = "g"; let total = 0;
fn f(p) {{ let q = "q"; let r = "r"; keep("a", |d| {{ {body} }}); }}
f("p");"#
        )
    };
    let mut host = Host::start(&set("p + q + d"));
    assert_eq!(host.old("a"), "pqx");
    assert!(is_edited(&host.reload(&set("q + p + d"))["a"]));
    assert_eq!(host.old("a"), "qpx");
    host.reload(&set("q + d"));
    assert_eq!(host.old("a"), "qx");
    host.reload(&set(r#"total += 1; keep("in", |e| `${total} ${e}`); g + q + d + total"#));
    assert_eq!(host.old("a"), "gqx1");
    assert_eq!(host.old("a"), "gqx2");
    assert_eq!(host.old("in"), "2 x");
    let fates = host.reload(&set("r + q + d"));
    assert!(fates["in"].heir().is_none());
    assert!(host.old("a").starts_with("error: Function not found"));
    // a local of the same name is not the global
    let mut host = Host::start(&set("p + d"));
    let shadowed = set("p + g + d").replace("let r", "let g");
    assert_eq!(host.reload(&shadowed)["a"], Fate::Orphan("it captures other variables now"));
}

#[test]
fn names_live_for_some_generations_and_for_ever_if_rebound() {
    let set = |i: u64, used: &str| {
        format!(
            r#"{}let g = "g"; fn f(p) {{ keep("a", |d| `${{p}} {i} ${{d}} {used}`); }} f("p");"#,
            "\n".repeat(i as usize)
        )
    };
    let mut host = Host::start(&set(0, ""));
    let mut slot = host.fresh("a");
    for i in 1..=40 {
        host.reload(&set(i, if i > 20 { "${g}" } else { "" }));
        let alive = host.old("a");
        if i <= KEEP_GENERATIONS {
            assert_eq!(alive.trim_end(), format!("p {i} x"));
        } else {
            assert!(alive.starts_with("error: Function not found"), "{i}: {alive}");
        }
        let globals = host.globals.borrow();
        slot = host.names.rebind(&slot, &|name| globals.get(name).cloned(), &|_| false).unwrap();
        assert_eq!(slot.fn_name(), host.names.current(slot.fn_name()).unwrap());
    }
    assert_eq!(host.names.old.len() as u64, KEEP_GENERATIONS);
    host.state.lib[0] = host.plain.clone();
    assert_eq!(host.run(&slot), "p 40 x g");
}

#[test]
fn a_text_that_comes_back_has_its_old_name_and_means_itself() {
    let (one, two) = (r#"keep("a", |d| "1");"#, r#"keep("a", |d| "2");"#);
    let mut host = Host::start(one);
    host.reload(two);
    let second = host.fresh("a");
    host.reload(one);
    assert_eq!([host.old("a"), host.run(&second)], ["1", "1"]);
    let name = host.fresh("a").fn_name().to_string();
    assert_eq!(host.names.current(second.fn_name()).unwrap(), name.as_str());
    assert_eq!(host.names.current(&name).unwrap(), name.as_str());
}

#[test]
fn a_replaced_callback_carries_over_what_the_function_around_it_started() {
    let set = |what: &str, start: i64, more: &str| {
        format!(
            r#"fn f(p) {{ let n = 0; let s = {start};
keep("a", |d| {{ n += 1; s += 1; `{what} ${{n}} ${{s}} ${{p}}` }}); {more} }}
f({start}); if true {{ let b = 5; keep("b", |d| {{ b += 1; b }}); }}"#
        )
    };
    let mut host = Host::start(&set("old", 10, ""));
    let olds = ["a", "b"].map(|key| (host.fresh(key), host.closure(&host.fresh(key))));
    let before = host.tokens.clone();
    assert_eq!([host.old("a"), host.old("a"), host.old("b")], ["old 1 11 10", "old 2 12 10", "6"]);
    host.reload(&set("new", 20, r#"keep("c", |d| `${s} ${n}`);"#));
    let said = |tokens: &Tokens, range: Range<usize>| {
        tokens.all()[range].iter().map(|(token, _)| token.clone()).collect::<Vec<_>>()
    };
    let is_same = |old, new| said(&before, old) == said(&host.tokens, new);
    let mut pairs = Vec::new();
    for (key, (old, old_closure)) in ["a", "b"].into_iter().zip(olds) {
        let new = host.fresh(key);
        let carried = carry_over(&old, &old_closure, &new, &host.closure(&new), &is_same);
        pairs.push((new, carried));
    }
    // what is unchanged goes on, what is edited or passed in starts anew
    assert_eq!(host.run(&pairs[0].1), "new 3 21 20");
    assert_eq!(host.run(&pairs[1].1), "7");
    // a callback that was not there before sees the variables of the others
    assert_eq!(host.run(&host.fresh("c")), "21 0");
    assert_eq!(host.run(&carry_over_shared(&host.fresh("c"), &pairs)), "21 3");
}

#[test]
fn places_beyond_what_rhai_can_count_do_no_harm() {
    let script = r#"let n = 1; keep("a", |d| { let m = n; keep("b", |e| `${e} ${m}`); d });"#;
    for filler in [" ".repeat(70_000), "\n".repeat(70_000)] {
        let mut host = Host::start(&format!("{filler}{script}{filler}{script}"));
        host.reload(script);
        host.reload(&format!("{filler}{script}"));
    }
    let ast = Engine::new().compile("let f = |x| x;").unwrap();
    assert!(closures(&ast, &Tokens::default()).is_empty());
}

#[test]
fn names_are_forgotten_though_each_generation_leaves_a_closure_behind() {
    let text = |n: u64| {
        format!("fn own_{n}() {{ keep(\"own\", |d| {n}); }}\nkeep(\"a\", |d| `${{d}} {n}`);")
    };
    let mut host = Host::start(&text(0));
    let mut older = (host.names.clone(), host.closures.clone());
    for n in 1..4 * KEEP_GENERATIONS {
        let before = (host.names.clone(), host.closures.clone());
        host.reload(&text(n));
        let fate = align(&older.1, &host.closures);
        host.names.rejoin(host.generation, &fate, &older.0);
        older = before;
    }
    let known = host.names.all().count() as u64;
    assert!(known < 2 * KEEP_GENERATIONS, "{known} names are known");
}
