//! The form of the reference: sections of entries. An entry is a name with all that can be said of it, which its `Display`
//! says to a person at a terminal.

use super::record::Announced;
use std::fmt;

/// Where a script may use something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// While the file runs from top to bottom, before anything is served.
    TopLevel,
    /// In callbacks, timers, and what they call.
    Handler,
    /// In both.
    Both,
}

/// What one name means.
#[derive(Debug)]
pub struct Entry {
    /// The name alone.
    pub name: &'static str,
    /// Every way to write it, with types: `send(data: any, raw: bool) -> bool`, or `count: int` for a property.
    pub forms: &'static [&'static str],
    /// What it does, with units, results and errors. The first sentence can stand alone.
    pub text: &'static str,
    /// May it suspend the handler that calls it?
    pub waits: bool,
    /// Where it may be used.
    pub place: Place,
    /// What other languages call it: `getenv` of PHP.
    pub alike: &'static [&'static str],
    /// A whole script. Where a line ends in `// prints …`, it prints exactly that.
    pub example: &'static str,
}

impl Entry {
    /// An entry for something that never waits and may be used everywhere.
    pub(crate) const fn new(
        name: &'static str,
        forms: &'static [&'static str],
        text: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, forms, text, waits: false, place: Place::Both, alike: &[], example }
    }

    /// The same, for one place only.
    pub(crate) const fn only_in(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same, for a function that may wait; only handlers can.
    pub(crate) const fn waiting(mut self) -> Self {
        self.waits = true;
        self.place = Place::Handler;
        self
    }

    /// The first sentence.
    pub fn summary(&self) -> &'static str {
        self.text.split_once(". ").map_or(self.text.trim_end_matches('.'), |(first, _)| first)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for form in self.forms {
            writeln!(f, "{form}")?;
        }
        writeln!(f)?;
        for line in self.text.lines() {
            writeln!(f, "{}", format!("    {line}").trim_end())?;
        }
        match (self.place, self.waits) {
            (Place::Both, true) => {
                writeln!(f, "    Waits in handlers; the top level stops meanwhile.")?
            }
            (_, true) => writeln!(f, "    May wait; for handlers only.")?,
            (Place::TopLevel, _) => writeln!(f, "    For the top level only.")?,
            (Place::Handler, _) => writeln!(f, "    For handlers only.")?,
            (Place::Both, _) => (),
        }
        writeln!(f)?;
        self.example.trim().lines().try_for_each(|line| writeln!(f, "        {line}"))
    }
}

/// The entries of one kind of object.
#[derive(Debug)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// Whose names they are: a type, a module, or `functions`.
    pub owner: &'static str,
    /// What the object is.
    pub about: &'static str,
    /// What operators and conversions mean for it: (name, meaning).
    pub operators: &'static [(&'static str, &'static str)],
    /// Its names.
    pub entries: &'static [Entry],
}

impl Section {
    /// The last part of the name of a module, which scripts usually import it as: `env` of `std/env`.
    pub(crate) fn alias(&self) -> Option<&'static str> {
        self.owner.rsplit_once('/').map(|(_, alias)| alias)
    }

    /// A form of an entry without the name of the module: `env::get(…)` → `get(…)`.
    pub(crate) fn plain(&self, form: &'static str) -> &'static str {
        let inner = self.alias().and_then(|alias| form.strip_prefix(alias)?.strip_prefix("::"));
        inner.unwrap_or(form)
    }

    /// The first form of a function that was announced with so many arguments, without the name of its module.
    pub(crate) fn form(&self, function: &Announced) -> Option<&'static str> {
        let entry = self.entries.iter().find(|entry| entry.name == function.name)?;
        let form = entry.forms.iter().find(|form| arguments(form) == function.arguments)?;
        Some(self.plain(form))
    }
}

/// How many arguments a form takes; none for a property. Commas between them are all that a form has.
pub fn arguments(form: &str) -> Option<usize> {
    let (_, rest) =
        form.split_once('(').filter(|(name, _)| !name.contains(':') || name.contains("::"))?;
    let (arguments, _) = rest.split_once(')')?;
    Some(if arguments.is_empty() { 0 } else { arguments.split(',').count() })
}
