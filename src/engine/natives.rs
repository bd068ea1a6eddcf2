//! Functions of the host in a table of their own, so that a call in a handler's body finds them by the types of its
//! values, without rhai's general resolution. Only functions may enter that do not change the value of their first
//! argument itself: handles, whose copies are the same thing, and functions of what they are given. For it may be a copy,
//! or the script's own variable.

use crate::engine::hash::Fast;
use rhai::{
    Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString, NativeCallContext,
    RhaiNativeFunc, Variant,
};
use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};

/// The name under which rhai, and this table, know what `value[key]` calls.
pub(crate) const INDEX_GETTER: &str = "index$get$";

/// The name under which rhai, and this table, know what `value.name` calls.
pub(crate) fn getter(property: &str) -> String {
    format!("get${property}")
}

type Function =
    dyn Fn(Option<NativeCallContext>, &mut [&mut Dynamic]) -> Result<Dynamic, Box<EvalAltResult>>;

/// One function.
#[derive(Clone)]
pub(crate) struct Native {
    pub(in crate::engine) function: Rc<Function>,
    /// Does it want to know where it is called?
    pub(in crate::engine) has_context: bool,
    /// Does it take its first argument by reference? (Others take it away, so that it has to be a copy.)
    pub(in crate::engine) by_reference: bool,
}

/// One function, and the types that it takes.
struct Entry {
    params: Vec<TypeId>,
    native: Native,
}

impl Entry {
    /// How far it is from taking exactly these types: a bit for each parameter that takes anything, the last one first,
    /// which is the order in which rhai looks. `None`: it does not take them.
    fn distance(&self, types: &[TypeId]) -> Option<u32> {
        if self.params.len() != types.len() {
            return None;
        }
        self.params.iter().zip(types).try_fold(0, |distance, (param, given)| {
            let is_any = *param == TypeId::of::<Dynamic>();
            (is_any || param == given).then_some(distance << 1 | u32::from(is_any))
        })
    }
}

/// What the functions of the table are marked with in the engine.
const MARK: &str = "/// of the table";

/// See the module.
#[derive(Default)]
pub(crate) struct Natives {
    known: HashMap<String, Vec<Entry>, Fast>,
    /// Names for which the embedder has functions.
    foreign: HashSet<String, Fast>,
}

impl Natives {
    /// Registers a function or method into the engine and the table.
    pub(crate) fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        engine: &mut Engine,
        name: &str,
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.note(name, function.clone());
        register(engine, FuncRegistration::new(name), function);
    }

    /// The same for what `value.property` gives.
    pub(crate) fn getter<A: 'static, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        engine: &mut Engine,
        property: &str,
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, 1, X, R, F> + Clone + 'static,
    {
        self.note(&getter(property), function.clone());
        register(engine, FuncRegistration::new_getter(property), function);
    }

    /// The same for what `value[key]` gives.
    pub(crate) fn index_getter<A: 'static, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        engine: &mut Engine,
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, 2, X, R, F> + Clone + 'static,
    {
        self.note(INDEX_GETTER, function.clone());
        register(engine, FuncRegistration::new_index_getter(), function);
    }

    fn note<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &str,
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        // Rhai gives these three the same values.
        let texts = [TypeId::of::<&str>(), TypeId::of::<String>()];
        let params = FUNC::param_types();
        let params = params.map(|id| match texts.contains(&id) {
            true => TypeId::of::<ImmutableString>(),
            false => id,
        });
        // Those that call scripts are rhai's: it hands what they were called on back when they are done.
        if params.contains(&TypeId::of::<FnPtr>()) {
            return;
        }
        let function = function.into_rhai_function(true, false);
        let by_reference = function.is_method();
        if let Some(function) = function.get_native_fn() {
            let native = Native { function: function.clone(), has_context: X, by_reference };
            let entry = Entry { params: params.to_vec(), native };
            self.known.entry(name.to_owned()).or_default().push(entry);
        }
    }

    /// The functions whose first argument is of that type: name, types, function.
    pub(in crate::engine) fn of_type(
        &self,
        first: TypeId,
    ) -> impl Iterator<Item = (&str, &[TypeId], &Native)> {
        let all = self.known.iter().flat_map(|(name, entries)| {
            entries.iter().map(|entry| (name.as_str(), &entry.params[..], &entry.native))
        });
        all.filter(move |(_, params, _)| params.first() == Some(&first))
    }

    /// Lets the embedder register functions. Names of theirs are not looked up here any more.
    pub(in crate::engine) fn extend(
        &mut self,
        engine: &mut Engine,
        register: impl FnOnce(&mut Engine),
    ) {
        let before = census(engine);
        register(engine);
        let after = census(engine);
        let names = before.keys().chain(after.keys());
        self.foreign.extend(names.filter(|name| before.get(*name) != after.get(*name)).cloned());
    }

    /// Has the embedder a function of that name?
    pub(in crate::engine) fn is_foreign(&self, name: &str) -> bool {
        self.foreign.contains(name)
    }

    /// Is there any function of that name?
    pub(in crate::engine) fn knows(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// The function of that name that rhai would call for values of these types; of those in the table. One that was
    /// registered twice is the later one.
    pub(in crate::engine) fn find(&self, name: &str, types: &[TypeId]) -> Option<&Native> {
        let known = self.known.get(name)?.iter().rev();
        let fitting = known.filter_map(|entry| Some((entry.distance(types)?, &entry.native)));
        fitting.min_by_key(|(distance, _)| *distance).map(|(_, native)| native)
    }
}

fn register<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
    engine: &mut Engine,
    registration: FuncRegistration,
    function: FUNC,
) where
    R: Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
{
    registration.with_purity(true).with_comments([MARK]).register_into_engine(engine, function);
}

/// How many functions of each name an engine has that are marked, and that are not.
fn census(engine: &Engine) -> BTreeMap<String, (usize, usize)> {
    let mut census = BTreeMap::<_, (usize, usize)>::new();
    let functions = engine.collect_fn_metadata(
        None,
        |info| {
            let is_marked = info.metadata.comments.iter().any(|c| c == MARK);
            Some((info.metadata.name.to_string(), is_marked))
        },
        true,
    );
    for (name, is_marked) in functions {
        let (marked, others) = census.entry(name).or_default();
        *if is_marked { marked } else { others } += 1;
    }
    census
}
