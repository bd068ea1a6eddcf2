//! Functions that make a list of the pieces of a text or of bytes, which takes many times as much as what they are given:
//! they look first whether the handler may make so much.

use crate::engine::{call::allowance, outcome::Outcome};
use rhai::{Array, Blob, Dynamic, Engine, FuncRegistration, ImmutableString};

/// Bytes of a text that stands in a list, beside its own: the value, the counted reference, and what a short one lies in.
const PIECE: usize = size_of::<Dynamic>() + 48;

/// Refuses a list of so many pieces of a text of so many bytes if the handler may not make it.
pub(in crate::engine) fn check_list(pieces: usize, bytes: usize) -> Outcome<()> {
    allowance::check(pieces * PIECE + bytes, "the list")
}

/// Where a text is cut.
enum Cut {
    At(ImmutableString),
    AtSpace,
}

impl Cut {
    /// How many pieces there are, `segments` at most.
    fn pieces(&self, text: &str, segments: usize) -> usize {
        // Short texts cannot make much, and are not looked through twice.
        let most = match self {
            Cut::At(delimiter) => text.len() / delimiter.len().max(1) + 2,
            Cut::AtSpace => text.len() / 2 + 1,
        };
        if most * PIECE <= PIECE << 10 {
            return most.min(segments);
        }
        let pieces = match self {
            Cut::At(delimiter) => text.matches(delimiter.as_str()).count() + 1,
            Cut::AtSpace => text.split_whitespace().count(),
        };
        pieces.min(segments)
    }

    fn check(&self, text: &str, segments: usize) -> Outcome<()> {
        check_list(self.pieces(text, segments), text.len())
    }
}

fn list<'a>(pieces: impl Iterator<Item = &'a str>) -> Array {
    pieces.map(Into::into).collect()
}

fn one(delimiter: char) -> ImmutableString {
    delimiter.encode_utf8(&mut [0; 4])[..].into()
}

/// `split` from the front, or from the back if it is `rev`, in so many segments at most.
fn split(
    text: &ImmutableString,
    delimiter: ImmutableString,
    segments: Option<i64>,
    rev: bool,
) -> Outcome<Array> {
    let segments = segments.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(1).max(1));
    // Rhai gives an empty text back as it is, also where the delimiter is empty.
    if segments == 1 || text.is_empty() {
        return Ok(vec![text.clone().into()]);
    }
    let cut = Cut::At(delimiter);
    cut.check(text, segments)?;
    let Cut::At(delimiter) = &cut else { return Ok(Array::new()) };
    Ok(match rev {
        true => list(text.rsplitn(segments, delimiter.as_str())),
        false => list(text.splitn(segments, delimiter.as_str())),
    })
}

/// Puts them in the place of rhai's.
pub(in crate::engine) fn register(engine: &mut Engine) {
    type Text = ImmutableString;
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    for (name, rev) in [("split", false), ("split_rev", true)] {
        pure!(name, move |text: &mut Text, by: Text| split(text, by, None, rev));
        pure!(name, move |text: &mut Text, by: char| split(text, one(by), None, rev));
        pure!(name, move |text: &mut Text, by: Text, n: i64| split(text, by, Some(n), rev));
        pure!(name, move |text: &mut Text, by: char, n: i64| split(text, one(by), Some(n), rev));
    }
    pure!("split", |text: &mut Text| {
        if text.is_empty() {
            return Ok(vec![text.clone().into()]);
        }
        Cut::AtSpace.check(text, usize::MAX)?;
        Outcome::Ok(list(text.split_whitespace()))
    });
    pure!("to_chars", |text: &mut Text| {
        allowance::check(text.len() * size_of::<Dynamic>(), "the list")?;
        Outcome::Ok(text.chars().map(Dynamic::from).collect::<Array>())
    });
    pure!("to_array", |blob: &mut Blob| {
        allowance::check(blob.len() * size_of::<Dynamic>(), "the list")?;
        Outcome::Ok(blob.iter().map(|byte| i64::from(*byte).into()).collect::<Array>())
    });
}
