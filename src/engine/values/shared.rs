//! What scripts hold by reference: a value that all handles share, and that another one can stand for after a reload.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

enum State<T> {
    Own(T),
    /// After a reload, what the new program's initialiser made stands for what lives on.
    Alias(Shared<T>),
}

/// The handle.
pub(crate) struct Shared<T>(Rc<RefCell<State<T>>>);

/// A handle that does not keep the value.
pub(in crate::engine) struct WeakShared<T>(Weak<RefCell<State<T>>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Clone for WeakShared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> WeakShared<T> {
    pub(in crate::engine) fn upgrade(&self) -> Option<Shared<T>> {
        self.0.upgrade().map(Shared)
    }
}

impl<T> Shared<T> {
    pub(super) fn own(value: T) -> Self {
        Self(Rc::new(RefCell::new(State::Own(value))))
    }

    /// The value, to be changed. The closure must not run scripts or drop values of them.
    pub(super) fn change<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let alias = match &mut *self.0.borrow_mut() {
            State::Own(value) => return f(value),
            State::Alias(other) => other.clone(),
        };
        alias.change(f)
    }

    /// A look at the value. The closure must not run scripts.
    pub(super) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        let alias = match &*self.0.borrow() {
            State::Own(value) => return f(value),
            State::Alias(other) => other.clone(),
        };
        alias.read(f)
    }

    /// From now on this handle is `other`.
    pub(crate) fn alias_to(&self, other: &Self) {
        let other = other.resolved();
        if !Rc::ptr_eq(&self.resolved().0, &other.0) {
            let old = self.0.replace(State::Alias(other));
            drop(old);
        }
    }

    /// The handle that has the value.
    pub(super) fn resolved(&self) -> Self {
        match &*self.0.borrow() {
            State::Own(_) => self.clone(),
            State::Alias(other) => other.resolved(),
        }
    }

    pub(in crate::engine) fn downgrade(&self) -> WeakShared<T> {
        WeakShared(Rc::downgrade(&self.resolved().0))
    }

    /// How many handles of it there are; `None` for one that stands for another.
    pub(crate) fn holders(&self) -> Option<usize> {
        let owns = matches!(&*self.0.borrow(), State::Own(_));
        owns.then(|| Rc::strong_count(&self.0))
    }

    /// What tells it from all others that live.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.resolved().0).addr()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.resolved().0, &other.resolved().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_of_an_alias_means_what_lives() {
        let (living, new, newer) = (Shared::own(1), Shared::own(2), Shared::own(3));
        new.alias_to(&living);
        newer.alias_to(&new);
        newer.change(|n| *n = 7);
        assert_eq!(living.read(|n| *n), 7);
        assert!(newer.is_same(&living) && newer.address() == living.address());
        assert_eq!(newer.holders(), None, "the holders of an alias tell nothing");
        assert_eq!(living.holders(), Some(3), "its own, and one for each alias");
    }

    #[test]
    fn two_handles_that_are_to_mean_each_other_mean_the_first() {
        let (a, b) = (Shared::own("a"), Shared::own("b"));
        b.alias_to(&a);
        a.alias_to(&b);
        assert_eq!((a.read(|s| *s), b.read(|s| *s)), ("a", "a"));
    }

    #[test]
    fn a_weak_handle_keeps_nothing_and_follows_aliases() {
        let (living, new) = (Shared::own(1), Shared::own(2));
        new.alias_to(&living);
        let weak = new.downgrade();
        drop(new);
        assert!(weak.upgrade().is_some_and(|found| found.is_same(&living)));
        drop(living);
        assert!(weak.upgrade().is_none());
    }
}
