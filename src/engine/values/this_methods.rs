//! `room.count.add(1)` where `add` is a function of the script that changes its `this`, and `count` is what a reference or a
//! handle holds. Rhai hands such a function a copy, and puts the copy back where it came from only when a function of the
//! host may have changed it. So the call becomes one of a function of the host, which calls the script's.

use crate::engine::{
    internals::{evaluate, hooks::on_token, tree},
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, FnCallExpr, FnPtr, FuncRegistration,
    ImmutableString, Map, Module, NativeCallContext, Position, RhaiFunc, ScriptFuncDef, Shared,
    Stmt, Token,
};
use std::{any::TypeId, collections::HashSet, rc::Rc};

/// What rhai knows the host's function by. No script can have such a name.
const NAME: &str = "this\u{5}";

/// Rhai's method that calls a function, or a closure with what it is called on as `this`.
const CALL: &str = "call";

/// What stands for that name where its hash is taken from.
const STAND_IN: &str = "this_method";

/// Parameters that such a function has at most; with more it stays as it is. Fixed: rhai looks for each combination of them.
const MAX_PARAMS: usize = 8;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

type Function = dyn Fn(Option<NativeCallContext>, &mut [&mut Dynamic]) -> Outcome<Dynamic>;

/// The functions and closures of a file that may change their `this`: name, and number of parameters.
pub(in crate::engine) type ThisMethods = HashSet<(ImmutableString, usize)>;

/// Finds them.
pub(in crate::engine) fn of(ast: &AST) -> ThisMethods {
    let may_change = |def: &&Shared<ScriptFuncDef>| {
        def.params.len() <= MAX_PARAMS && changes_this(&tree::body(def))
    };
    ast.iter_fn_def().filter(may_change).map(|def| (def.name.clone(), def.params.len())).collect()
}

/// Is anything done in a body that may change `this` itself?
fn changes_this(body: &Expr) -> bool {
    let is_this = |e: Option<&Expr>| matches!(e, Some(Expr::ThisPtr(_)));
    let mut found = false;
    body.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
        found |= match path.last() {
            Some(ASTNode::Stmt(Stmt::Assignment(x))) => match &x.1.lhs {
                Expr::Index(parts, ..) => is_this(Some(&parts.lhs)),
                target => is_this(Some(target)),
            },
            Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
                call.op_token.is_none() && is_this(call.args.first())
            }
            Some(ASTNode::Expr(Expr::Dot(parts, ..))) if is_this(Some(&parts.lhs)) => {
                match &parts.rhs {
                    Expr::Dot(rest, ..) | Expr::Index(rest, ..) => {
                        matches!(rest.lhs, Expr::MethodCall(..))
                    }
                    last => matches!(last, Expr::MethodCall(..)),
                }
            }
            _ => false,
        };
        !found
    });
    found
}

/// Is the method that is called such a function, or one that `call` is given as a closure?
pub(in crate::engine) fn is_called(call: &FnCallExpr, known: &ThisMethods) -> bool {
    if call.name != CALL {
        return known.contains(&(call.name.clone(), call.args.len()));
    }
    let Some(Expr::DynamicConstant(value, _)) = call.args.first().and_then(closure) else {
        return false;
    };
    let f = value.read_lock::<FnPtr>().filter(|f| f.is_anonymous());
    f.is_some_and(|f| known.iter().any(|(name, _)| name == f.fn_name()))
}

/// The closure that an expression makes: alone, or with what it captures.
fn closure(made: &Expr) -> Option<&Expr> {
    let curry = match made {
        Expr::FnCall(call, _) => call,
        Expr::Stmt(block) => match block.statements().last() {
            Some(Stmt::FnCall(call, _)) => call,
            Some(Stmt::Expr(last)) => return closure(last),
            _ => return None,
        },
        constant => return Some(constant),
    };
    curry.args.first().filter(|_| curry.name == "curry")
}

/// Makes the call of such a method one of the host's function.
pub(in crate::engine) fn redirect(call: &mut FnCallExpr) {
    let Some(hash) = hash(call.args.len() + 1) else { return };
    let name = std::mem::replace(&mut call.name, NAME.into());
    call.args.insert(0, Expr::StringConstant(name, Position::NONE));
    tree::make_native_as(call, hash);
}

/// Rhai's hash of the host's function with so many arguments. It tells nobody how it makes one, but it parses calls.
fn hash(args: usize) -> Option<u64> {
    thread_local! {
        static HASHES: Vec<Option<u64>> = (0..=MAX_PARAMS + 1).map(parsed).collect();
    }
    HASHES.with(|hashes| *hashes.get(args)?)
}

fn parsed(args: usize) -> Option<u64> {
    let mut engine = Engine::new_raw();
    on_token(&mut engine, |token, _| match token {
        Token::Identifier(name) if name.as_str() == STAND_IN => {
            Token::Identifier(Box::new(NAME.into()))
        }
        token => token,
    });
    let ast = engine.compile(format!("x.{STAND_IN}({})", vec!["1"; args].join(","))).ok()?;
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, _))) = path.last() {
            found = Some(call.hashes.native());
        }
        true
    });
    found
}

/// Calls the script's function: `this`, its name, its arguments.
fn call(context: &NativeCallContext, args: &mut [&mut Dynamic]) -> Outcome<Dynamic> {
    let [this, name, given @ ..] = args else { return Ok(Dynamic::UNIT) };
    let name = name.take().into_immutable_string().unwrap_or_default();
    if name == CALL {
        let mut given: Vec<_> = given.iter_mut().map(|value| value.take()).collect();
        if let Some(f) = this.read_lock::<FnPtr>().map(|f| f.clone()) {
            return f.call_raw(context, None, given);
        }
        // It was called with a closure.
        let f = given.remove(0).try_cast::<FnPtr>();
        return f.map_or(Ok(Dynamic::UNIT), |f| f.call_raw(context, Some(this), given));
    }
    // A function in an entry of a plain map comes first, as for rhai.
    if let Some(f) = entry(this, &name) {
        let given: Vec<_> = given.iter_mut().map(|value| value.take()).collect();
        return f.call_raw(context, Some(this), given);
    }
    let mut state = evaluate::state_of(context);
    // Rhai has counted this call, and counts the one that it makes: for the script there is one.
    state.level = state.level.saturating_sub(2);
    let (engine, at) = (context.engine(), context.call_position());
    let mut all: Vec<&mut Dynamic> = Vec::with_capacity(given.len() + 1);
    all.push(this);
    all.extend(given.iter_mut().map(|value| &mut **value));
    evaluate::call_method(engine, &state, at, &name, &mut all)
}

fn entry(this: &Dynamic, name: &str) -> Option<FnPtr> {
    let map = this.read_lock::<Map>()?;
    map.get(name)?.read_lock::<FnPtr>().map(|f| f.clone())
}

/// Registers the host's function. What is a reference by itself is not put back, for others may have put something else in
/// its place meanwhile.
pub(in crate::engine) fn register(engine: &mut Engine, handles: &[TypeId]) {
    let func: Rc<Function> = Rc::new(|context: Option<NativeCallContext>, args| {
        call(&context.expect("it asks for its context"), args)
    });
    let mut module = Module::new();
    let (any, text) = (TypeId::of::<Dynamic>(), TypeId::of::<ImmutableString>());
    let references = [TypeId::of::<RefMap>(), TypeId::of::<RefArray>()];
    for params in 0..=MAX_PARAMS {
        let types = |first| [vec![first, text], vec![any; params]].concat();
        let function = || FuncRegistration::new(NAME);
        function().set_into_module_raw(
            &mut module,
            types(any),
            RhaiFunc::Method {
                func: func.clone(),
                has_context: true,
                is_pure: true,
                is_volatile: true,
            },
        );
        for handle in references.iter().chain(handles) {
            let func = func.clone();
            let kept = RhaiFunc::Pure { func, has_context: true, is_pure: true, is_volatile: true };
            function().set_into_module_raw(&mut module, types(*handle), kept);
        }
    }
    engine.register_global_module(module.into());
}
