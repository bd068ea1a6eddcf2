//! The form of the reference: sections of entries. An entry is a name with all that can be said of it, which its `Display`
//! says to a person at a terminal.

use std::fmt;

/// Where a script may use something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// A whole script. Where a line ends in `// prints …`, it prints exactly that.
    pub example: &'static str,
}

impl Entry {
    /// An entry for something that never waits and may be used everywhere.
    pub(super) const fn new(
        name: &'static str,
        forms: &'static [&'static str],
        text: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, forms, text, waits: false, place: Place::Both, example }
    }

    /// The same, for one place only.
    pub(super) const fn only_in(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same, for a function that may wait; only handlers can.
    pub(super) const fn waiting(mut self) -> Self {
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
        writeln!(f, "\n    {}", self.text)?;
        match (self.place, self.waits) {
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
    pub(super) const fn is_complete(&self) -> bool {
        let mut at = 0;
        while at < self.entries.len() {
            let entry = &self.entries[at];
            let empty = entry.name.is_empty()
                || entry.forms.is_empty()
                || entry.text.is_empty()
                || entry.example.is_empty();
            if empty {
                return false;
            }
            at += 1;
        }
        !self.title.is_empty() && !self.owner.is_empty() && !self.about.is_empty()
    }
}
