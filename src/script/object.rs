//! How an object with properties is made known to rhai: a getter and a setter for each name that the script mentions (twice
//! as fast as the general way), and an indexer for names that are computed.

use super::{
    connections::Connections,
    value::{Outcome, error},
    worker::Worker,
};
use crate::{
    engine::natives::Natives,
    runtime::registry::{Class, Registry},
};
use rhai::{Dynamic, Engine, FuncRegistration, ImmutableString, NativeCallContext};
use std::collections::BTreeSet;

/// A handle with properties.
pub(crate) trait Object: Clone + 'static {
    /// The type's name in scripts.
    const NAME: &'static str;

    /// Methods that are easily read as properties, `request.path`: doing so is an error that says how to call them.
    const METHODS: &'static [&'static str] = &[];

    /// Names that other languages, and earlier versions, read as properties, with what is called here instead: they are
    /// errors too.
    const INSTEAD: &'static [(&'static str, &'static str)] = &[];

    /// Is this a property that the host defines?
    fn is_known(_name: &str) -> bool {
        false
    }

    /// The value of a property that the host defines.
    fn known(&self, _name: &str) -> Dynamic {
        Dynamic::UNIT
    }

    /// The value of any other property, `()` if it was never set.
    fn free(&self, name: &str) -> Dynamic;

    /// Sets a property of either kind.
    fn set(&self, call: &NativeCallContext, name: &ImmutableString, value: Dynamic) -> Outcome<()>;
}

/// Announces the type with its indexers and its equality.
pub(crate) fn register<'r, 'e, T: Object>(
    registry: &'r mut Registry<'e>,
    same: fn(&T, &T) -> bool,
) -> Class<'r, 'e, T> {
    let (engine, natives) = (&mut *registry.engine, &mut *registry.natives);
    natives.index_getter(engine, |object: &mut T, name: ImmutableString| {
        match T::is_known(&name) {
            true => Ok(object.known(&name)),
            false => check_no_method::<T>(&name).map(|()| object.free(&name)),
        }
    });
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(
        engine,
        |call: NativeCallContext, object: &mut T, name: ImmutableString, value: Dynamic| {
            set(object, &call, &name, T::is_known(&name), value)
        },
    );
    let mut class = registry.class::<T>(T::NAME);
    class.handle(same);
    class
}

/// After `worker.connections.len()` rhai hands the value of `connections` back, in case `len` changed it: what the host
/// defines is only set when it differs, so that this is no error where it cannot be assigned.
fn set<T: Object>(
    object: &T,
    call: &NativeCallContext,
    name: &ImmutableString,
    known: bool,
    value: Dynamic,
) -> Outcome<()> {
    if known && is_unchanged(&object.known(name), &value) {
        return Ok(());
    }
    check_no_method::<T>(name)?;
    object.set(call, name, value)
}

fn check_no_method<T: Object>(name: &str) -> Outcome<()> {
    let handle = T::NAME.to_lowercase();
    if T::METHODS.contains(&name) {
        let text = format!("`{name}` is a method of {}: write `{handle}.{name}()`", T::NAME);
        return Err(error(text));
    }
    match T::INSTEAD.iter().find(|(former, _)| *former == name) {
        Some((_, call)) => {
            Err(error(format!("{} has no `{name}`: write `{handle}.{call}`", T::NAME)))
        }
        None => Ok(()),
    }
}

/// Is it a name that cannot be read or set?
fn is_refused<T: Object>(name: &str) -> bool {
    T::METHODS.contains(&name) || T::INSTEAD.iter().any(|(former, _)| *former == name)
}

fn is_unchanged(now: &Dynamic, value: &Dynamic) -> bool {
    fn both<T: Clone + 'static>(a: &Dynamic, b: &Dynamic, same: fn(&T, &T) -> bool) -> bool {
        match (a.read_lock::<T>(), b.read_lock::<T>()) {
            (Some(a), Some(b)) => same(&a, &b),
            _ => false,
        }
    }
    (now.is_unit() && value.is_unit())
        || both::<i64>(now, value, i64::eq)
        || both::<f64>(now, value, f64::eq)
        || both::<bool>(now, value, bool::eq)
        || both::<ImmutableString>(now, value, ImmutableString::eq)
        || both::<Worker>(now, value, Worker::is_same)
        || both::<Connections>(now, value, |a, b| a.0.is_same(&b.0))
}

/// Registers a getter and a setter for each name.
pub(crate) fn register_properties<T: Object>(
    engine: &mut Engine,
    natives: &mut Natives,
    names: &BTreeSet<ImmutableString>,
) {
    for name in names {
        let key = name.clone();
        let known = T::is_known(name);
        if known {
            natives.getter(engine, name, move |object: &mut T| object.known(&key));
        } else if is_refused::<T>(name) {
            natives.getter(engine, name, move |object: &mut T| -> Outcome<Dynamic> {
                check_no_method::<T>(&key).map(|()| object.free(&key))
            });
        } else {
            natives.getter(engine, name, move |object: &mut T| object.free(&key));
        }
        let key = name.clone();
        FuncRegistration::new_setter(name).with_purity(true).register_into_engine(
            engine,
            move |call: NativeCallContext, object: &mut T, value: Dynamic| {
                set(object, &call, &key, known, value)
            },
        );
    }
}
