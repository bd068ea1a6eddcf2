//! What a calendar counts, out of what a script gives: `#{ months: 1, days: -2 }` or `"1 month"`.

use super::unit::Unit;
use jiff::Span;

/// Characters of a text. Fixed: longer ones are no such text.
const MAX_TEXT: usize = 100;

/// The span of numbers of units.
pub(super) fn of_units<'a>(
    units: impl IntoIterator<Item = (&'a str, i64)>,
) -> Result<Span, String> {
    units.into_iter().try_fold(Span::new(), |span, (name, n)| {
        let added = match Unit::named(name)? {
            Unit::Year => span.try_years(n),
            Unit::Quarter => {
                let months = n.saturating_mul(3).saturating_add(span.get_months().into());
                span.try_months(months)
            }
            Unit::Month => span.try_months(n.saturating_add(span.get_months().into())),
            Unit::Week => span.try_weeks(n),
            Unit::Day => span.try_days(n),
            Unit::Hour => span.try_hours(n),
            Unit::Minute => span.try_minutes(n),
            Unit::Second => span.try_seconds(n),
            Unit::Millisecond => span.try_milliseconds(n),
        };
        added.map_err(|_| format!("{n} {name} are more than a calendar has"))
    })
}

/// The span of a text: `1 month`, `2w 3d`, `P1M`.
pub(super) fn of_text(text: &str) -> Result<Span, String> {
    let refused = || {
        let shown: String = text.chars().take(MAX_TEXT).collect();
        format!(
            "what is added to a date is written like `1 month`, `2w 3d` or `P1M`, not `{shown}`"
        )
    };
    if text.len() > MAX_TEXT {
        return Err(refused());
    }
    text.trim().parse().map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_added_up() {
        let span = of_units([("years", 1), ("quarters", 1), ("months", 2), ("days", 3)]);
        let span = span.expect("a span");
        assert_eq!((span.get_years(), span.get_months(), span.get_days()), (1, 5, 3));
    }

    #[test]
    fn what_is_no_span_is_told() {
        assert!(of_units([("dayz", 1)]).expect_err("no unit").contains("`dayz`"));
        assert!(of_units([("years", i64::MAX)]).expect_err("too many").contains("years"));
        assert!(of_text("tomorrow").expect_err("no span").ends_with("not `tomorrow`"));
        assert_eq!(of_text("1 month 2 days").expect("a span").get_days(), 2);
    }
}
