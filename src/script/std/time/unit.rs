//! The units that dates are counted in, by the names that scripts write.

/// A unit, from the longest to the shortest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl Unit {
    /// Each with its name; an `s` may follow.
    const NAMES: [(&str, Unit); 9] = [
        ("year", Unit::Year),
        ("quarter", Unit::Quarter),
        ("month", Unit::Month),
        ("week", Unit::Week),
        ("day", Unit::Day),
        ("hour", Unit::Hour),
        ("minute", Unit::Minute),
        ("second", Unit::Second),
        ("millisecond", Unit::Millisecond),
    ];

    /// The unit of that name, in the singular or the plural.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let singular = name.strip_suffix('s').unwrap_or(name);
        let found = Self::NAMES.iter().find(|(known, _)| *known == singular);
        found.map(|(_, unit)| *unit).ok_or_else(|| {
            let known: Vec<_> = Self::NAMES.iter().map(|(known, _)| format!("`{known}`")).collect();
            format!("a unit of time is one of {}, not `{name}`", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn a_unit_is_known_in_the_singular_and_the_plural() {
        assert_eq!(Unit::named("day"), Ok(Unit::Day));
        assert_eq!(Unit::named("days"), Ok(Unit::Day));
        let told = Unit::named("fortnight").expect_err("no unit");
        assert!(told.contains("`week`") && told.ends_with("not `fortnight`"), "{told}");
    }
}
