//! When it is said that many handlers wait: once at half of the room and once when it is full, and each again only after
//! the number has fallen by a quarter, so that one which swings about the limit fills no log.

/// What there is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowding {
    /// Half of the room is taken.
    Half,
    /// All of it.
    Full,
}

/// Of each of them whether it has been said, and then the number at which it is forgotten.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    half: Option<usize>,
    full: Option<usize>,
}

impl Crowd {
    /// The number has risen to this.
    pub(super) fn has_risen(&mut self, count: usize, room: usize) -> Option<Crowding> {
        let is_new = |told: &mut Option<usize>, limit: usize| {
            let is_new = count >= limit && told.is_none();
            if is_new {
                *told = Some(limit - limit / 4);
            }
            is_new
        };
        if is_new(&mut self.full, room) {
            return Some(Crowding::Full);
        }
        is_new(&mut self.half, room / 2).then_some(Crowding::Half)
    }

    /// It has fallen to this.
    pub(super) fn has_fallen(&mut self, count: usize) {
        for told in [&mut self.half, &mut self.full] {
            *told = told.filter(|low| count > *low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets the number go to each of these in turn, step by step, and gives what is said on the way.
    fn said(ways: &[usize]) -> Vec<(usize, Crowding)> {
        let (mut crowd, mut count, mut said) = (Crowd::default(), 0, Vec::new());
        for way in ways {
            while count < *way {
                count += 1;
                said.extend(crowd.has_risen(count, 80).map(|crowding| (count, crowding)));
            }
            while count > *way {
                count -= 1;
                crowd.has_fallen(count);
            }
        }
        said
    }

    #[test]
    fn each_is_said_once_on_the_way_up() {
        assert_eq!(said(&[39]), []);
        assert_eq!(said(&[80]), [(40, Crowding::Half), (80, Crowding::Full)]);
    }

    #[test]
    fn a_number_that_swings_about_a_limit_is_said_once() {
        let swings = [80, 61, 80, 31, 80, 61, 80];
        let once = [(40, Crowding::Half), (80, Crowding::Full), (80, Crowding::Full)];
        assert_eq!(said(&swings), once, "half was never left by a quarter");
    }

    #[test]
    fn each_is_said_again_after_a_quarter_less() {
        let half = (40, Crowding::Half);
        assert_eq!(said(&[40, 30, 40]), [half, half]);
        let full = (80, Crowding::Full);
        assert_eq!(said(&[80, 60, 80]), [half, full, full]);
        assert_eq!(said(&[80, 0, 80]), [half, full, half, full]);
    }
}
