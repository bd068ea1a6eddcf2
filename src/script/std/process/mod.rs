//! `std/process`: programs that run beside the host.

mod child;

use self::child::{MAX_OUTPUT, MOST_OUTPUT, Program, TIMEOUT};
use super::{
    argument::Options,
    tree::{Tree, list_of},
};
use crate::{
    engine::values::{
        json,
        ref_map::{RefMap, Table},
    },
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        waiting::waiting,
    },
    script::ctx::Ctx,
};
use rhai::{Dynamic, ImmutableString};
use std::{collections::BTreeMap, io, path::Path, rc::Rc};
use tokio::sync::Semaphore;

/// Programs of all isolates that run at once; further ones wait for their turn. Fixed: each is a process of its own, and a
/// flood of requests must not become a flood of these.
const MAX_AT_ONCE: usize = 32;

static TURNS: Semaphore = Semaphore::const_new(MAX_AT_ONCE);

const RUN: &str = "run";

/// The functions of the module.
pub(super) fn module(ctx: &Rc<Ctx>) -> Namespace {
    const OPTIONS: [&str; 6] = ["input", "timeout", "max_output", "cwd", "env", "blob"];
    let mut module = Namespace::new("std/process");
    let home = ctx.clone();
    module.waiting(RUN, move |command: ImmutableString| {
        run(&home, &command, &Dynamic::from_array(Vec::new()), &Options::none(RUN))
    });
    let home = ctx.clone();
    module.waiting(RUN, move |command: ImmutableString, arguments: Dynamic| {
        run(&home, &command, &arguments, &Options::none(RUN))
    });
    let home = ctx.clone();
    module.waiting(RUN, move |command: ImmutableString, arguments: Dynamic, options: Dynamic| {
        run(&home, &command, &arguments, &Options::of(RUN, &options, &OPTIONS)?)
    });
    module
}

fn run(ctx: &Ctx, command: &str, arguments: &Dynamic, options: &Options) -> Outcome<RefMap> {
    let program = program(ctx, command, arguments, options)?;
    let is_blob = options.flag("blob")?.unwrap_or(false);
    let ended = waiting(RUN, async move {
        let _turn = TURNS.acquire().await.map_err(io::Error::other)?;
        program.run().await
    })?;
    let ended = ended.map_err(|fault| {
        let why = match fault.kind() {
            io::ErrorKind::NotFound => "there is no such program".to_owned(),
            _ => fault.to_string(),
        };
        error(format!("{RUN}: {command}: {why}"))
    })?;
    let output = |bytes: Vec<u8>| match is_blob {
        true => Dynamic::from_blob(bytes),
        false => String::from_utf8_lossy(&bytes).into_owned().into(),
    };
    let number = |n: Option<i32>| n.map_or(Dynamic::UNIT, |n| i64::from(n).into());
    let mut table = Table::default();
    for (name, value) in [
        ("code", number(ended.code)),
        ("signal", number(ended.signal)),
        ("stdout", output(ended.output)),
        ("stderr", output(ended.errors)),
    ] {
        drop(table.set(name.into(), value));
    }
    Ok(RefMap::from(table))
}

fn program(ctx: &Ctx, command: &str, arguments: &Dynamic, options: &Options) -> Outcome<Program> {
    let refuse = |why: String| error(format!("{RUN}: {why}"));
    let home = ctx.program().ok_or_else(|| error("no program is running"))?.directory();
    if command.is_empty() || command.contains('\0') {
        return Err(refuse("the command is the name of a program, or a path".to_owned()));
    }
    // A name is looked for as a shell does; a path begins where all paths of scripts do.
    let is_path = command.contains('/');
    let name = if is_path { home.join(command) } else { Path::new(command).to_owned() };
    let given = list_of(arguments).ok_or_else(|| {
        refuse(format!("the arguments are an array, not {}", json::show(arguments)))
    })?;
    let arguments = given.iter().map(|argument| {
        let text = Tree::of(argument).ok().and_then(|argument| argument.plain_text());
        text.filter(|text| !text.contains('\0')).ok_or_else(|| {
            refuse(format!("an argument is a string or a number, not {}", json::show(argument)))
        })
    });
    let max_output = options.whole("max_output", 0..=MOST_OUTPUT)?;
    Ok(Program {
        name,
        arguments: arguments.collect::<Outcome<_>>()?,
        directory: home.join(options.text("cwd")?.unwrap_or_default()),
        variables: variables(options)?,
        input: options.bytes("input")?,
        timeout: options.seconds("timeout")?.unwrap_or(TIMEOUT),
        max_output: max_output.and_then(|n| usize::try_from(n).ok()).unwrap_or(MAX_OUTPUT),
    })
}

fn variables(options: &Options) -> Outcome<BTreeMap<String, Option<String>>> {
    let refuse = |why: &str| error(format!("{RUN}: the option `env` {why}"));
    let Some(given) = options.get("env") else { return Ok(BTreeMap::new()) };
    let Some(entries) = RefMap::entries_of(given) else {
        return Err(refuse("is a map of variables"));
    };
    let variables = entries.into_iter().map(|(name, value)| {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(refuse(&format!("has no variable of the name {name:?}")));
        }
        if value.is_unit() {
            return Ok((name.to_string(), None));
        }
        let text = Tree::of(&value).ok().and_then(|value| value.plain_text());
        let text = text.filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| refuse(&format!("has no text for `{name}`")))?;
        Ok((name.to_string(), Some(text)))
    });
    variables.collect()
}
