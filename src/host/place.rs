//! A place in a worker's count, and who fills it.

use super::restart::Restarts;
use crate::isolate::Isolate;

/// What an isolate serves: which of the declared workers, and as which of that worker's isolates. `None` where a script
/// has timers and no worker.
pub(super) type Role = Option<(usize, usize)>;

/// An isolate and the place it fills.
pub(super) struct Place {
    pub(super) isolate: Isolate,
    pub(super) serves: Role,
    pub(super) restarts: Restarts,
}

impl Place {
    pub(super) fn new(isolate: Isolate, serves: Role) -> Self {
        Self { isolate, serves, restarts: Restarts::default() }
    }
}

/// Nobody fills it any more.
impl From<Place> for Isolate {
    fn from(place: Place) -> Self {
        place.isolate
    }
}
