//! What draws: the functions of `std/random` with the system's generator, and `Generator` with a seed.

use super::{
    identifier::{self, Sorted},
    source::Source,
};
use crate::{
    engine::values::{json, ref_array::RefArray, sizes},
    runtime::outcome::{Outcome, error},
};
use jiff::Timestamp;
use rhai::{Array, Blob, Dynamic};
use std::{cell::RefCell, rc::Rc};

/// The object. A copy draws from the same source.
#[derive(Clone)]
pub(super) struct Generator(Rc<RefCell<State>>);

struct State {
    source: Source,
    sorted: Sorted,
}

impl Generator {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Looks at the values of an array of either kind.
fn with_list<T>(list: &Dynamic, what: &str, f: impl FnOnce(&[Dynamic]) -> T) -> Outcome<T> {
    if let Some(array) = list.read_lock::<RefArray>() {
        return Ok(array.look(f));
    }
    match list.read_lock::<Array>() {
        Some(array) => Ok(f(&array)),
        None => Err(error(format!("{what} takes an array, not {}", json::show(list)))),
    }
}

fn number(value: &Dynamic, what: &str) -> Outcome<f64> {
    let number = value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
    let number = number.ok().filter(|n| n.is_finite());
    number.ok_or_else(|| error(format!("{what} is a number, not {}", json::show(value))))
}

impl Generator {
    fn of(source: Source) -> Self {
        Self(Rc::new(RefCell::new(State { source, sorted: Sorted::default() })))
    }

    pub(super) fn system() -> Self {
        Self::of(Source::System)
    }

    pub(super) fn seeded(seed: i64) -> Self {
        Self::of(Source::seeded(seed as u64))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Source) -> T) -> T {
        f(&mut self.0.borrow_mut().source)
    }

    pub(super) fn int(&self, min: i64, max: i64) -> Outcome<i64> {
        if min > max {
            return Err(error(format!(
                "int takes the least number first: nothing lies from {min} to {max}"
            )));
        }
        Ok(self.with(|source| source.int(min, max)))
    }

    pub(super) fn fraction(&self) -> f64 {
        self.with(Source::fraction)
    }

    pub(super) fn float(&self, min: &Dynamic, max: &Dynamic) -> Outcome<f64> {
        let (least, most) = (number(min, "the least number")?, number(max, "the greatest number")?);
        let width = most - least;
        if least > most || !width.is_finite() {
            return Err(error(format!(
                "float takes the least number first, and one that is not too far from the other: not {least} and {most}"
            )));
        }
        // Rounding may give the end itself, which is left out if it can be.
        let drawn = least + self.fraction() * width;
        Ok(if drawn < most { drawn } else { least })
    }

    pub(super) fn bool(&self, probability: f64) -> Outcome<bool> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(error(format!(
                "a probability lies from 0.0 to 1.0, and {probability} does not"
            )));
        }
        Ok(self.fraction() < probability)
    }

    pub(super) fn bytes(&self, count: i64) -> Outcome<Blob> {
        let length = usize::try_from(count)
            .map_err(|_| error(format!("bytes takes how many, 0 or more, not {count}")))?;
        sizes::check_bytes(length, "the blob")?;
        let mut bytes = vec![0; length];
        self.with(|source| source.fill(&mut bytes));
        Ok(bytes)
    }

    pub(super) fn choice(&self, list: &Dynamic) -> Outcome<Dynamic> {
        with_list(list, "choice", |values| match values.len() {
            0 => Dynamic::UNIT,
            len => values[self.with(|source| source.below(len as u64)) as usize].clone(),
        })
    }

    pub(super) fn shuffle(&self, list: &Dynamic) -> Outcome<Array> {
        let mut values = with_list(list, "shuffle", <[Dynamic]>::to_vec)?;
        self.with(|source| source.shuffle(&mut values));
        Ok(values)
    }

    pub(super) fn sample(&self, list: &Dynamic, count: i64) -> Outcome<Array> {
        with_list(list, "sample", |values| {
            let wanted = usize::try_from(count).ok().filter(|count| *count <= values.len());
            let wanted = wanted.ok_or_else(|| {
                let len = values.len();
                error(format!("sample takes 0 to {len} of these {len} values, not {count}"))
            })?;
            let places = self.with(|source| source.places(values.len(), wanted));
            Ok(places.into_iter().map(|at| values[at].clone()).collect())
        })?
    }

    pub(super) fn uuid(&self) -> String {
        self.with(identifier::uuid_v4)
    }

    pub(super) fn uuid_v7(&self) -> String {
        let millis = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let State { source, sorted } = &mut *self.0.borrow_mut();
        sorted.next(source, millis)
    }

    pub(super) fn token(&self, length: i64, letters: &str) -> Outcome<String> {
        self.with(|source| identifier::token(source, length, letters)).map_err(error)
    }
}
