//! What a script declares, as plain data, and which of it lives already. Pure: nothing is bound or closed here.

use crate::net::address::{Address, Endpoint};
use std::collections::HashSet;

/// A top-level Worker as the host sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WorkerSpec {
    /// Empty if the script set none.
    pub(crate) name: String,
    /// What people call it; no other worker of the script is called so.
    pub(crate) title: String,
    /// As the script wrote it; empty for a Worker without address.
    pub(crate) declared: String,
    pub(crate) address: Option<Address>,
    /// Isolates that serve it.
    pub(crate) count: usize,
    /// Does each of them have a socket of its own?
    pub(crate) reuse_port: bool,
    /// Do reloads give it the new text? (False holds from the reload after the one that says so.)
    pub(crate) reloadable: bool,
    /// Whom the process is to become; empty if the script set none.
    pub(crate) user: String,
    pub(crate) group: String,
    /// Where the script makes it, `main.rhai:3`.
    pub(crate) place: String,
}

impl WorkerSpec {
    /// What its socket is bound to.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.address.as_ref().map(|address| &address.endpoint)
    }
}

/// What people call each of these workers: its name, else its address, else its number, with another number behind it where
/// an earlier one is called so already.
pub(crate) fn titles(workers: &[WorkerSpec]) -> Vec<String> {
    let names = workers.iter().map(|spec| spec.name.clone()).filter(|name| !name.is_empty());
    let mut taken: HashSet<String> = names.collect();
    let title = |(at, spec): (usize, &WorkerSpec)| {
        if !spec.name.is_empty() {
            return spec.name.clone();
        }
        let mut title = match spec.declared.as_str() {
            "" => format!("worker {}", at + 1),
            address => address.to_owned(),
        };
        let plain = title.clone();
        for n in 2.. {
            if taken.insert(title.clone()) {
                break;
            }
            title = format!("{plain} ({n})");
        }
        title
    };
    workers.iter().enumerate().map(title).collect()
}

/// What is wrong with a name that a worker was given at `place` already.
pub(crate) fn same_name(name: &str, place: &str) -> String {
    format!(
        "the worker of {place} has the name `{name}` already: reloads, metrics and the log tell workers apart by \
         their names, so give this one another"
    )
}

/// Does the first, an old worker, go on in the second?
type Rule<'a> = &'a dyn Fn(&WorkerSpec, &WorkerSpec) -> bool;

/// For each new worker, the old one that it continues: the one of the same name, else one of the same address, else one
/// on the same socket with another protocol. Both lists are in order of declaration, and none is used twice.
pub(crate) fn match_up(old: &[WorkerSpec], new: &[WorkerSpec]) -> Vec<Option<usize>> {
    let mut taken = vec![false; old.len()];
    let mut found = vec![None; new.len()];
    let by_name = |o: &WorkerSpec, n: &WorkerSpec| !n.name.is_empty() && o.name == n.name;
    let by_address = |o: &WorkerSpec, n: &WorkerSpec| o.declared == n.declared;
    let by_socket =
        |o: &WorkerSpec, n: &WorkerSpec| n.address.is_some() && o.endpoint() == n.endpoint();
    let rules: [Rule<'_>; 3] = [&by_name, &by_address, &by_socket];
    for rule in rules {
        for (at, spec) in new.iter().enumerate() {
            if found[at].is_none() {
                found[at] = (0..old.len()).find(|o| !taken[*o] && rule(&old[*o], spec));
                found[at].into_iter().for_each(|o| taken[o] = true);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, declared: &str) -> WorkerSpec {
        WorkerSpec { name: name.into(), declared: declared.into(), ..WorkerSpec::default() }
    }

    #[test]
    fn every_worker_has_a_title_of_its_own() {
        let workers =
            [("", ""), ("worker 3", ""), ("", ""), ("a", "t"), ("", "t"), ("", "t"), ("", "")];
        let workers = workers.map(|(name, declared)| spec(name, declared));
        let expected = ["worker 1", "worker 3", "worker 3 (2)", "a", "t", "t (2)", "worker 7"];
        assert_eq!(titles(&workers), expected);
    }

    #[test]
    fn workers_are_matched_by_name_and_then_by_address() {
        let old = [spec("a", "text://1"), spec("", "text://2"), spec("", "text://2")];
        let new = [
            spec("", "text://2"),
            spec("a", "text://9"),
            spec("b", "text://2"),
            spec("", "text://3"),
        ];
        assert_eq!(match_up(&old, &new), [Some(1), Some(0), Some(2), None]);
    }
}
