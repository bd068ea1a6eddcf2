//! `std/random`: what a seed gives, and what cannot be drawn.

use super::shows;
use crate::support::findings;

#[test]
fn a_seed_gives_the_same_values_on_every_machine() {
    shows(
        &["random"],
        &[
            (
                "let r = random::seeded(42); [r.int(1, 100), r.int(1, 100), r.int(1, 100)]",
                "[82,32,99]",
            ),
            ("random::seeded(42).shuffle([1, 2, 3, 4, 5])", "[1,4,3,2,5]"),
            ("random::seeded(42).token(8)", "0U-sylIm"),
            ("random::seeded(42).uuid()", "9f687644-4f4d-46d0-9137-6f5774419e51"),
            (
                "let r = random::seeded(1); let same = r; r.int(1, 1000000) != same.int(1, 1000000)",
                "true",
            ),
        ],
    );
}

#[test]
fn values_are_drawn_from_arrays_of_both_kinds() {
    shows(
        &["random"],
        &[
            ("random::choice([])", ""),
            ("random::choice(parse_json(\"[7]\"))", "7"),
            ("random::shuffle(parse_json(\"[1, 2, 3]\")).sum()", "6"),
            ("random::sample(parse_json(\"[1, 2, 3]\"), 3).order()", "[1,2,3]"),
            ("random::sample([1, 2], 0)", "[]"),
            ("let list = [1, 2, 3]; random::shuffle(list); list", "[1,2,3]"),
        ],
    );
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_names_it() {
    let _meant = findings::meant(&["argument-type"]);
    shows(
        &["random"],
        &[
            (
                "random::int(6, 1)",
                "error: int takes the least number first: nothing lies from 6 to 1",
            ),
            (
                "random::float(2, 1)",
                "error: float takes the least number first, and one that is not too far from the other: not 2 and 1",
            ),
            ("random::float(\"a\", 1)", "error: the least number is a number, not \"a\""),
            ("random::bool(1.5)", "error: a probability lies from 0.0 to 1.0, and 1.5 does not"),
            ("random::bytes(-1)", "error: bytes takes how many, 0 or more, not -1"),
            (
                "random::bytes(1 << 40)",
                "error: the blob would be bigger than 256 MiB, the limit of one value",
            ),
            ("random::choice(5)", "error: choice takes an array, not 5"),
            ("random::sample([1], 2)", "error: sample takes 0 to 1 of these 1 values, not 2"),
            ("random::token(0)", "error: a token has 1 to 4096 letters, not 0"),
            (
                "random::token(4, \"aa\")",
                "error: the letters of a token are different ones, and `a` is there twice",
            ),
        ],
    );
}
