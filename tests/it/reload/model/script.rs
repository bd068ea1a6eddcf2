//! A script as data: what its lines are, and the text that they make.

use std::collections::BTreeMap;

/// Constants and functions from this number on stand in the library.
pub const LIBRARY: usize = 100;

/// One part of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Number(i64),
    Constant(usize),
    Function(usize),
    Variable(usize),
    /// The functions that fill tables and lists.
    Filler,
}

pub type Sum = Vec<Part>;

/// What a value is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    Sum(Sum),
    Map(Vec<(String, Sum)>),
    List(Vec<Sum>),
}

/// What holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A variable of the top level.
    Variable(usize),
    /// A property of the worker that the top level sets.
    Property(usize),
    /// One that `on_worker_start` sets.
    Start(usize),
}

/// A statement of the top level or of `on_worker_start`.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    Set(Place, Made),
    /// A variable that was set before is assigned to.
    Assign(usize, Sum),
    /// An entry of a map; through a function if that is true.
    Entry(Place, String, Made, bool),
    /// A value for a list; through a function if that is true.
    Push(Place, Sum, bool),
    /// A timer with its interval, and what its closure computes. Its number holds its id.
    Timer(usize, usize, Sum),
    /// A closure in a map, and what it adds to what it is given.
    Hook(usize, Sum),
}

/// What makes the host reject a script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flaw {
    Syntax,
    TopLevel,
    Start,
}

#[derive(Clone, Debug)]
pub struct Script {
    pub constants: BTreeMap<usize, Sum>,
    pub functions: BTreeMap<usize, Sum>,
    pub lines: Vec<Line>,
    pub start: Vec<Line>,
    /// A local of `on_worker_start` that the inner worker counts up, and what that adds.
    pub inner: [Sum; 2],
    /// A local of `on_connect` that a closure of the connection captures, and what that adds.
    pub held: [Sum; 2],
    /// A local that a closure of the connection counts up, and what that adds.
    pub counted: [Sum; 2],
    /// A local of a function that `on_close` and a callback of the worker count up.
    pub installed: [Sum; 2],
    /// What closures add that a handler makes.
    pub made: Sum,
    /// What the functions that fill do besides.
    pub filler: i64,
    /// Where comments stand.
    pub comments: usize,
    pub flaw: Option<Flaw>,
}

pub fn sum_text(sum: &Sum, in_library: bool) -> String {
    let part = |part: &Part| {
        let prefix = |n: usize| if n >= LIBRARY && !in_library { "lib::" } else { "" };
        match *part {
            Part::Number(n) => n.to_string(),
            Part::Constant(n) => format!("{}K{n}", prefix(n)),
            Part::Function(n) => format!("{}f{n}()", prefix(n)),
            Part::Variable(n) => format!("v{n}"),
            Part::Filler => unreachable!("no value"),
        }
    };
    let parts: Vec<String> = sum.iter().map(part).collect();
    parts.join(" + ")
}

fn text(sum: &Sum) -> String {
    sum_text(sum, false)
}

impl Made {
    pub fn text(&self) -> String {
        match self {
            Made::Sum(sum) => text(sum),
            Made::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, sum)| format!("{key}: {}", text(sum))).collect();
                format!("#{{ {} }}", entries.join(", "))
            }
            Made::List(values) => {
                format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", "))
            }
        }
    }

    pub fn sums(&self) -> Vec<&Sum> {
        match self {
            Made::Sum(sum) => vec![sum],
            Made::Map(entries) => entries.iter().map(|(_, sum)| sum).collect(),
            Made::List(values) => values.iter().collect(),
        }
    }

    pub fn sums_mut(&mut self) -> Vec<&mut Sum> {
        match self {
            Made::Sum(sum) => vec![sum],
            Made::Map(entries) => entries.iter_mut().map(|(_, sum)| sum).collect(),
            Made::List(values) => values.iter_mut().collect(),
        }
    }
}

impl Place {
    pub fn name(&self) -> String {
        match self {
            Place::Variable(n) => format!("v{n}"),
            Place::Property(n) => format!("p{n}"),
            Place::Start(n) => format!("s{n}"),
        }
    }

    pub fn text(&self) -> String {
        match self {
            Place::Variable(_) => self.name(),
            _ => format!("w.{}", self.name()),
        }
    }
}

impl Line {
    pub fn text(&self, in_start: bool) -> String {
        match self {
            Line::Set(place @ Place::Variable(_), made) => {
                format!("let {} = {};", place.text(), made.text())
            }
            Line::Set(place, made) => format!("{} = {};", place.text(), made.text()),
            Line::Assign(n, sum) => format!("v{n} = {};", text(sum)),
            Line::Entry(place, key, made, true) => {
                format!("put({}, \"{key}\", {});", place.text(), made.text())
            }
            Line::Entry(place, key, made, false) => {
                format!("{}[\"{key}\"] = {};", place.text(), made.text())
            }
            Line::Push(place, sum, true) => format!("append({}, {});", place.text(), text(sum)),
            Line::Push(place, sum, false) => format!("{}.push({});", place.text(), text(sum)),
            Line::Timer(n, every, sum) => {
                let holder = if in_start { "w.t" } else { "let t" };
                format!("{holder}{n} = Timer::add({every}, || {{ w.ticked = {}; }});", text(sum))
            }
            Line::Hook(n, sum) => format!("w.hooks[\"h{n}\"] = |x| x + {};", text(sum)),
        }
    }
}

impl Script {
    /// What a place was set to last, by its line.
    pub fn kinds(&self) -> BTreeMap<Place, &Made> {
        let lines = self.lines.iter().chain(&self.start);
        let sets = lines.filter_map(|line| match line {
            Line::Set(place, made) => Some((*place, made)),
            _ => None,
        });
        sets.collect()
    }

    /// The timers, and whether `on_worker_start` makes each.
    pub fn timers(&self) -> Vec<(usize, bool)> {
        let timer = |in_start: bool| {
            move |line: &Line| match line {
                Line::Timer(n, ..) => Some((*n, in_start)),
                _ => None,
            }
        };
        let top = self.lines.iter().filter_map(timer(false));
        top.chain(self.start.iter().filter_map(timer(true))).collect()
    }

    pub fn library(&self) -> String {
        let mut text = String::new();
        for (n, sum) in self.constants.range(LIBRARY..) {
            text += &format!("export const K{n} = {};\n", sum_text(sum, true));
        }
        for (n, sum) in self.functions.range(LIBRARY..) {
            text += &format!("fn f{n}() {{ {} }}\n", sum_text(sum, true));
        }
        text
    }

    pub fn text(&self) -> String {
        let mut all = vec!["import \"lib\" as lib;".to_owned()];
        let constants = self.constants.range(..LIBRARY);
        all.extend(constants.map(|(n, sum)| format!("const K{n} = {};", text(sum))));
        all.push("let w = Worker(\"text://127.0.0.1:0\");".into());
        all.push("w.hooks = #{};".into());
        all.push("w.made = #{};".into());
        all.extend(self.lines.iter().map(|line| line.text(false)));
        let functions = self.functions.range(..LIBRARY);
        all.extend(functions.map(|(n, sum)| format!("fn f{n}() {{ {} }}", text(sum))));
        let filler = self.filler;
        all.push(format!("fn put(table, key, value) {{ {filler}; table[key] = value; }}"));
        all.push(format!("fn append(list, value) {{ {filler}; list.push(value); }}"));
        let [local, more] = &self.installed;
        all.push(format!("fn install(w) {{\n    let count = {};", text(local)));
        all.push("    w.on_error = |c, code, text| { count += 1; };".into());
        let step = format!("count += 1; c.send(`${{count + {}}}`); return;", text(more));
        all.push(format!(
            "    w.on_message = |c, m| {{ if m == \"step\" {{ {step} }} answer(c, m); }};\n}}"
        ));
        all.push("install(w);".into());
        let [base, more] = &self.held;
        let [count, add] = &self.counted;
        all.push(format!(
            "w.on_connect = |c| {{\n    let base = {};\n    c.held = |x| x + base + {};",
            text(base),
            text(more)
        ));
        all.push(format!(
            "    let count = {};\n    c.counted = || {{ count += 1; count + {} }};\n}};",
            text(count),
            text(add)
        ));
        all.push("w.on_worker_start = |w| {".into());
        all.extend(self.start.iter().map(|line| format!("    {}", line.text(true))));
        let [local, more] = &self.inner;
        all.push(format!("    let local = {};", text(local)));
        all.push("    let inner = Worker(\"tcp://127.0.0.1:0\");".into());
        let answer = format!("local += 1; c.send(`${{local + {}}}` + \"\\n\");", text(more));
        all.push(format!("    inner.on_message = |c, m| {{ {answer} }};\n    inner.listen();"));
        if self.flaw == Some(Flaw::Start) {
            all.push("    throw \"no\";".into());
        }
        all.push("};".into());
        all.push(self.answering());
        match self.flaw {
            Some(Flaw::Syntax) => all.push("let flaw = ;".into()),
            Some(Flaw::TopLevel) => all.push("throw \"no\";".into()),
            _ => (),
        }
        let commented = all.into_iter().enumerate().map(|(at, line)| {
            match (at + self.comments).is_multiple_of(5) {
                true => format!("{line} // {}\n", self.comments),
                false => line + "\n",
            }
        });
        commented.collect()
    }

    /// The function that does what a client asks for: `verb place key number`.
    fn answering(&self) -> String {
        let mut arms = String::new();
        for (place, made) in self.kinds() {
            let (name, at) = (place.name(), place.text());
            let verbs: &[(&str, &str)] = match made {
                Made::Sum(_) => &[("set", "@ = n")],
                Made::Map(_) => &[
                    ("put", "@[key] = n"),
                    ("drop", "@.remove(key)"),
                    ("inner", "@[key].n = n"),
                    ("grow", "@[key].push(n)"),
                ],
                Made::List(_) => &[("push", "@.push(n)"), ("cut", "@.remove(n)")],
            };
            for (verb, what) in verbs {
                let what = what.replace('@', &at);
                arms += &format!("        \"{verb} {name}\" => {{ {what}; c.send(\"ok\"); }}\n");
            }
        }
        let mut dump: Vec<String> =
            self.kinds().keys().map(|p| format!("{}: {}", p.name(), p.text())).collect();
        for (n, in_start) in self.timers() {
            let at = if in_start { format!("w.t{n}") } else { format!("t{n}") };
            arms += &format!("        \"end t{n}\" => c.send(`${{Timer::del({at})}}`),\n");
            dump.push(format!("t{n}: {at}"));
        }
        format!(
            r#"fn answer(c, m) {{
    let words = m.split(" ");
    let key = words[2];
    let n = parse_int(words[3]);
    switch words[0] + " " + words[1] {{
        "dump all" => c.send(#{{ {} }}),
        "held it" => c.send(`${{c.held.call(n)}}`),
        "counted it" => c.send(`${{c.counted.call()}}`),
        "hook it" => c.send(`${{w.hooks[key].call(n)}}`),
        "hooks all" => c.send(w.hooks.keys()),
        "make it" => {{ w.made[key] = |x| x + n + {}; c.send("ok"); }}
        "made it" => c.send(`${{w.made[key].call(n)}}`),
{arms}        _ => c.send("what?"),
    }}
}}"#,
            dump.join(", "),
            text(&self.made)
        )
    }
}
