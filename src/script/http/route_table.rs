//! `RouteTable()`: finds the value of the route that a request takes. `std/router` is made of it. Like other handles it is
//! declared anew by each run of the top level.

use super::{Chunk, Failure, Request, Response, ServerSentEvents, failure};
use crate::{
    engine::{
        call::{
            coroutine::Runner,
            handler::{Args, Calls, Handler, Job, MAX_ARGS},
        },
        natives::Natives,
        values::{ref_array::RefArray, ref_map::RefMap},
    },
    script::{
        ctx::Ctx,
        object::Object,
        properties::Properties,
        value::{Outcome, error, with_payload},
    },
    web::route_table::{self, Found, Routed},
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, NativeCallContext};
use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

/// The handle.
#[derive(Clone)]
pub(crate) struct RouteTable(Rc<Inner>);

#[derive(Default)]
struct Inner {
    routes: RefCell<route_table::RouteTable<Dynamic>>,
    /// What scripts attach to it.
    properties: Properties,
}

impl RouteTable {
    fn add(&self, method: &str, pattern: &str, value: Dynamic) -> Outcome<()> {
        let method = method.to_ascii_uppercase();
        self.0.routes.borrow_mut().add(&method, pattern, RefMap::wrap(value)).map_err(error)
    }

    fn find(&self, method: &str, path: &str) -> Dynamic {
        Dynamic::from(match self.0.routes.borrow().find(method, path) {
            Found::Route(routed) => shown(routed),
            Found::Others(others) => {
                let found = RefMap::default();
                found.set("allow".into(), allow(others.keys()).into());
                let others =
                    others.into_iter().map(|(m, routed)| (m, Dynamic::from(shown(routed))));
                found.set("others".into(), Dynamic::from(others.collect::<RefMap>()));
                found
            }
            Found::Nothing => RefMap::default(),
        })
    }

    /// The same for a request, which knows from now on which route it took.
    fn find_for(&self, request: &Request) -> Dynamic {
        let found = self.find(request.method(), request.path());
        if let Some(map) = found.read_lock::<RefMap>()
            && let Ok(route) = map.get("route").into_immutable_string()
        {
            request.note_route(route);
        }
        found
    }
}

fn shown(routed: Routed<Dynamic>) -> RefMap {
    let Routed { value, pattern, parameters, rest } = routed;
    let parameters = parameters.into_iter().map(|(name, value)| (name, value.into()));
    RefMap::from_iter([
        ("value", value),
        ("route", pattern.into()),
        ("params", Dynamic::from(parameters.collect::<RefMap>())),
        ("rest", rest.into()),
    ])
}

/// Is this a closure that takes so many arguments? The error says what it takes instead.
fn check(ctx: &Ctx, call: &NativeCallContext, what: &str, f: Dynamic, given: usize) -> Outcome<()> {
    let kind = call.engine().map_type_name(f.type_name()).to_owned();
    let Some(f) = f.try_cast::<FnPtr>() else {
        return Err(error(format!("{what} takes a closure, not a value of type {kind}")));
    };
    let takes = ctx.handler(call, what, given, f)?.takes();
    if takes < given {
        let why = format!("{what}: this takes {takes} argument(s) but is given {given}");
        return Err(error(why));
    }
    Ok(())
}

/// Calls a closure of a route. Rhai's own `call` looks for the names in it where the call stands, so that a function of the
/// router would hide one of the script.
fn invoke(ctx: &Ctx, call: &NativeCallContext, f: FnPtr, args: Array) -> Outcome<Dynamic> {
    let (handler, result) = run(ctx, &f, args)?;
    result.map_err(|why| {
        let (name, file) = (f.fn_name().to_owned(), handler.file().to_owned());
        EvalAltResult::ErrorInFunctionCall(name, file, why, call.call_position()).into()
    })
}

/// The same, with an error as a value. What answers a request must be something that can be sent: what cannot is the error of
/// the closure that gives it, and stands where that does.
fn attempt(ctx: &Rc<Ctx>, f: &FnPtr, args: Array) -> Outcome<Dynamic> {
    let request = args.iter().find_map(|arg| arg.read_lock::<Request>().map(|r| r.clone()));
    let (handler, result) = run(ctx, f, args)?;
    let result = match result {
        Ok(answer) if request.is_some() => {
            check_answer(&answer).map(|()| answer).map_err(|mut why| {
                why.set_position(handler.position());
                why
            })
        }
        result => result,
    };
    result.or_else(|why| match why.is_catchable() {
        true => Ok(Dynamic::from(Failure::new(ctx, Some(handler), request, why))),
        // What ends the handler from outside goes on to do so.
        false => Err(why),
    })
}

fn run(ctx: &Ctx, f: &FnPtr, args: Array) -> Outcome<(Rc<Handler>, Outcome<Dynamic>)> {
    if args.len() > MAX_ARGS {
        return Err(error(format!("a closure is called with {MAX_ARGS} arguments at most")));
    }
    let handler = ctx.find_handler(f, None, args.len()).map_err(error)?;
    let mut given = Args::default();
    given.iter_mut().zip(args).for_each(|(slot, value)| *slot = value);
    let done = Calls::default().run(Job { handler: handler.clone(), args: given });
    Ok((handler, done.result))
}

/// Can this be sent? What a closure gives that has sent an answer itself, or has none, is for the router.
fn check_answer(value: &Dynamic) -> Outcome<()> {
    let is_sent_otherwise = value.is_unit()
        || value.is_bool()
        || value.read_lock::<Response>().is_some()
        || value.read_lock::<Chunk>().is_some()
        || value.read_lock::<ServerSentEvents>().is_some();
    if is_sent_otherwise { Ok(()) } else { with_payload(value, |_, _| ()) }
}

/// The value of an Allow header. Who has GET has HEAD, and everybody says what else there is.
fn allow<'a>(methods: impl Iterator<Item = &'a String>) -> String {
    let mut methods: BTreeSet<&str> = methods.map(String::as_str).collect();
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    methods.insert("OPTIONS");
    Vec::from_iter(methods).join(", ")
}

impl Object for RouteTable {
    const NAME: &'static str = "RouteTable";

    fn free(&self, name: &str) -> Dynamic {
        self.0.properties.get(name)
    }

    fn set(&self, _: &NativeCallContext, name: &ImmutableString, value: Dynamic) -> Outcome<()> {
        self.0.properties.set(name, value);
        Ok(())
    }
}

/// Registers the constructor and its methods.
pub(super) fn register(engine: &mut Engine, natives: &mut Natives, ctx: &Rc<Ctx>) {
    type This<'a> = &'a mut RouteTable;
    type Text = ImmutableString;
    crate::script::object::register::<RouteTable>(engine, natives, |a, b| Rc::ptr_eq(&a.0, &b.0));
    engine.register_fn("RouteTable", || RouteTable(Rc::default()));
    macro_rules! method {
        ($name:expr, $function:expr) => {
            natives.function(engine, $name, $function);
        };
    }
    method!("add", |table: This, method: Text, pattern: Text, value: Dynamic| {
        table.add(&method, &pattern, value)
    });
    method!("find", |table: This, method: Text, path: Text| table.find(&method, &path));
    method!("find", |table: This, request: Request| table.find_for(&request));
    let home = ctx.clone();
    method!("failure", move |_: This, text: Text| failure::found(&home, &text));
    let home = ctx.clone();
    method!("attempt", move |_: This, f: FnPtr, args: Array| attempt(&home, &f, args));
    macro_rules! invoke {
        ($($list:ty),*) => {$(
            let home = ctx.clone();
            method!("invoke", move |call: NativeCallContext, _: This, f: FnPtr, args: $list| {
                invoke(&home, &call, f, args.into())
            });
        )*};
    }
    invoke!(Array, RefArray);
    let ctx = ctx.clone();
    method!("check", move |call: NativeCallContext,
                           _: This,
                           what: Text,
                           f: Dynamic,
                           given: i64| {
        check(&ctx, &call, &what, f, usize::try_from(given).unwrap_or_default())
    });
    for name in ["to_string", "to_debug"] {
        method!(name, |_: This| "RouteTable()");
    }
}
