//! All links of an isolate, each in a place of its own, with the time of the sweeper's next look at it. So many thousands of
//! silent connections are passed over without a look into their memory.

use super::link::Link;
use std::rc::Rc;

struct Place {
    link: Option<Rc<Link>>,
    /// The sweeper's clock at its next look.
    due: u64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Places {
    places: Vec<Place>,
    free: Vec<u32>,
}

impl Places {
    /// Takes a link in, which knows its place from now on.
    pub(super) fn enter(&mut self, link: Rc<Link>) {
        match self.free.pop() {
            Some(place) => {
                link.place.set(place);
                self.places[place as usize] = Place { link: Some(link), due: 0 };
            }
            None => {
                let place = u32::try_from(self.places.len());
                link.place.set(place.expect("there are fewer descriptors than that"));
                self.places.push(Place { link: Some(link), due: 0 });
            }
        }
    }

    /// Gives the link back, if it was here.
    pub(super) fn leave(&mut self, link: &Rc<Link>) -> Option<Rc<Link>> {
        let left = self.place_of(link)?.link.take();
        self.free.push(link.place.get());
        if self.count() == 0 {
            *self = Self::default();
        }
        left
    }

    fn place_of(&mut self, link: &Rc<Link>) -> Option<&mut Place> {
        let place = self.places.get_mut(link.place.get() as usize)?;
        place.link.as_ref().is_some_and(|own| Rc::ptr_eq(own, link)).then_some(place)
    }

    /// The first link from place `at` on whose time has come.
    pub(super) fn due(&self, at: usize, now: u64) -> Option<(usize, Rc<Link>)> {
        let due = self.places.iter().enumerate().skip(at).filter(|(_, place)| place.due <= now);
        due.filter_map(|(at, place)| Some((at, place.link.clone()?))).next()
    }

    pub(super) fn look_again(&mut self, link: &Rc<Link>, due: u64) {
        if let Some(place) = self.place_of(link) {
            place.due = due;
        }
    }

    pub(super) fn links(&self) -> impl Iterator<Item = &Rc<Link>> {
        self.places.iter().filter_map(|place| place.link.as_ref())
    }

    pub(super) fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::turn::Turn;
    use std::{cell::RefCell, sync::Arc};

    #[test]
    fn a_link_is_looked_at_when_its_time_has_come_and_not_when_it_has_left() {
        let turn = Rc::new(Turn::new(Arc::default(), Arc::default()));
        let open = || Link::in_memory(&turn).0;
        let looked: RefCell<Vec<u64>> = RefCell::default();
        let sweep = |at, next| -> Vec<u64> {
            turn.clock.set(at);
            turn.sweep(|link| {
                looked.borrow_mut().push(link.id);
                next
            });
            looked.take()
        };
        let (a, b) = (open(), open());
        assert_eq!(sweep(100, 300), [a.id, b.id]);
        assert!(sweep(200, 300).is_empty());
        turn.leave(&a);
        turn.leave(&a);
        assert_eq!((sweep(300, 500), turn.count()), (vec![b.id], 1));
        let c = open();
        assert_eq!((sweep(400, 500), turn.count()), (vec![c.id], 2));
        turn.look_at_all();
        assert_eq!(sweep(450, 900), [c.id, b.id], "whatever their time is");
        [b, c].iter().for_each(|link| turn.leave(link));
        assert_eq!((sweep(500, 0), turn.count()), (vec![], 0));
    }
}
