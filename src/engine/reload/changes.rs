//! What a reload did to values, by the names that its line tells.

/// Names that are told of one map or array. Fixed: a line is read.
const MAX_NAMES: usize = 5;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// Variables and properties that live on.
    pub(crate) kept: Vec<String>,
    /// Those, and entries, that were initialised anew because what initialises them was edited.
    pub(crate) reset: Vec<String>,
    /// Entries that only the new run puts in.
    pub(crate) added: Vec<String>,
    /// Entries that only the old run had put in.
    pub(crate) removed: Vec<String>,
}

impl Changes {
    /// Adds those of another part of the script, or of another isolate, which tells of the same values.
    pub(crate) fn add(&mut self, more: Changes) {
        let lists = [
            (&mut self.kept, more.kept),
            (&mut self.reset, more.reset),
            (&mut self.added, more.added),
            (&mut self.removed, more.removed),
        ];
        for (list, more) in lists {
            let new: Vec<String> = more.into_iter().filter(|name| !list.contains(name)).collect();
            list.extend(new);
        }
    }

    /// The same for the entries of the map or array `name`, of which only some are told.
    pub(in crate::engine) fn add_entries(&mut self, name: &str, mut more: Changes) {
        for list in [&mut more.reset, &mut more.added, &mut more.removed] {
            let others = list.len().saturating_sub(MAX_NAMES);
            list.truncate(MAX_NAMES);
            if others > 0 {
                list.push(format!("{others} more of {name}"));
            }
        }
        self.add(more);
    }
}
