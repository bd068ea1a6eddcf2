//! Rhai's positions as plain pairs that can be compared and stored.

use rhai::{Position, Stmt};

/// A line and a column, both counted from 1; `(0, 0)` for none.
///
/// Rhai keeps both in 16 bits, so beyond 65 535 places repeat: look-ups become vague there, never wrong
/// enough to panic.
pub(crate) type Place = (usize, usize);

/// Where that is.
pub(crate) fn place(p: Position) -> Place {
    (p.line().unwrap_or(0), p.position().unwrap_or(0))
}

/// Rhai's position of a place; `None` beyond its numbers.
pub(in crate::engine) fn position((line, column): Place) -> Option<Position> {
    Some(Position::new(u16::try_from(line).ok()?, u16::try_from(column).ok()?))
}

/// Where a statement begins. Rhai's own position of an assignment is that of its operator, so that two which assign the same
/// to different places would read the same from there on.
pub(in crate::engine) fn start(statement: &Stmt) -> Place {
    place(match statement {
        Stmt::Assignment(x) => x.1.lhs.start_position(),
        Stmt::Expr(e) => e.start_position(),
        _ => statement.position(),
    })
}
