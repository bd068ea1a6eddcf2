//! `std/env`: what the script is given from outside: the variables of the process's environment and of a `.env` file, and the
//! arguments of the command line.

mod dot_env;

use crate::{
    engine::values::{ref_array::RefArray, ref_map::RefMap},
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
    },
    script::ctx::Ctx,
};
use rhai::{Dynamic, ImmutableString};
use std::{cell::OnceCell, collections::BTreeMap, env, rc::Rc};

/// The file beside the script whose variables count where the environment has none of their names.
const FILE: &str = ".env";

/// The functions of the module.
pub(super) fn module(ctx: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/env");
    let variables = Rc::new(Variables { ctx: ctx.clone(), of_file: OnceCell::new() });
    let known = variables.clone();
    module.function("get", move |name: ImmutableString| known.get(&name, Dynamic::UNIT));
    let known = variables.clone();
    module
        .function("get", move |name: ImmutableString, default: Dynamic| known.get(&name, default));
    module.function("all", move || variables.all());
    let home = ctx.clone();
    module.function("arguments", move || {
        let program = home.program();
        let given = program.as_ref().map_or(&[][..], |program| program.sources().arguments());
        RefArray::new(given.iter().map(|argument| argument.as_str().into()).collect())
    });
    module
}

/// The variables that one generation of a script sees.
struct Variables {
    ctx: Rc<Ctx>,
    /// Those of the file, or what is wrong with it, read when somebody first asks.
    of_file: OnceCell<Result<BTreeMap<String, String>, String>>,
}

impl Variables {
    fn get(&self, name: &str, default: Dynamic) -> Outcome<Dynamic> {
        // The system's own function takes such a name for a mistake of the program and panics.
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(error(format!(
                "`{name}` is no name of a variable: it is empty, or has `=` or a zero byte in it"
            )));
        }
        if let Some(value) = of_process(name) {
            return Ok(value.into());
        }
        Ok(self.of_file()?.get(name).map_or(default, |value| value.as_str().into()))
    }

    fn all(&self) -> Outcome<RefMap> {
        let mut variables = self.of_file()?.clone();
        variables.extend(env::vars_os().map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        }));
        Ok(RefMap::from_iter(variables.into_iter().map(|(name, value)| (name, value.into()))))
    }

    fn of_file(&self) -> Outcome<&BTreeMap<String, String>> {
        let read = self.of_file.get_or_init(|| self.read());
        read.as_ref().map_err(|why| error(format!("{FILE}: {why}")))
    }

    /// Reads the file as one of the script's, so that an edit of it reloads when the top level has asked.
    fn read(&self) -> Result<BTreeMap<String, String>, String> {
        let Some(program) = self.ctx.program() else { return Ok(BTreeMap::new()) };
        let path = program.directory().join(FILE);
        let bytes = match program.sources().data(&path) {
            Ok(bytes) => bytes,
            // There need be none.
            Err(_) if !path.exists() => return Ok(BTreeMap::new()),
            Err(why) => return Err(why),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        Ok(dot_env::parse(text, of_process)?.into_iter().collect())
    }
}

/// A variable of the process's environment.
fn of_process(name: &str) -> Option<String> {
    let is_name = !name.is_empty() && !name.contains(['=', '\0']);
    let value = if is_name { env::var_os(name) } else { None };
    value.map(|value| value.to_string_lossy().into_owned())
}
