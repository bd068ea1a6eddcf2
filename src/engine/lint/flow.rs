//! Statements that nothing reaches, and texts that mean something in other quotes.

use super::{
    Found,
    model::{File, Model},
    names::called,
};
use rhai::{ASTFlags, Expr, FnCallExpr, Stmt, StmtBlock};

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    for (block, statements) in file.blocks.iter().enumerate() {
        let is_top = block == 0;
        let ends = |s: &Stmt| ends(s) || is_top && is_last(model, s);
        let Some(end) = statements.iter().position(ends) else { continue };
        let next = statements[end + 1..].iter().find(|s| !matches!(s, Stmt::Noop(_)));
        let Some(next) = next else { continue };
        found.push(match is_last(model, &statements[end]) {
            true => {
                let text =
                    format!("`{}` ends the top level: this is never reached", model.rules.last);
                Found::new("after-run-all", next.position(), text)
            }
            false => {
                let line = statements[end].position().line().unwrap_or_default();
                let text = format!("this is never reached: line {line} never goes on to it");
                Found::new("unreachable", next.position(), text)
            }
        });
    }
    for (at, escape) in &file.escapes {
        let text = format!("`{escape}` stays as it is in backticks: a backslash and a letter");
        let help = format!("break the line itself, or write `${{\"{escape}\"}}`");
        found.push(Found::new("backtick-escape", *at, text).with_help(help));
    }
    for (at, name) in &file.templates {
        let line = at.line().and_then(|line| file.unit.text.lines().nth(line - 1));
        let sign = line.and_then(|line| line.chars().nth(at.position()?.checked_sub(1)?));
        if sign == Some('"') {
            let text = format!("`${{{name}}}` stays as it is in double quotes");
            let help = "write the text in backticks: `…`";
            found.push(Found::new("template", *at, text).with_help(help));
        }
    }
}

/// Is this the call that ends the top level?
fn is_last(model: &Model<'_>, statement: &Stmt) -> bool {
    let is_it = |call: &FnCallExpr| called(call) == model.rules.last;
    match statement {
        Stmt::FnCall(call, _) => is_it(call),
        Stmt::Expr(e) => matches!(&**e, Expr::FnCall(call, _) if is_it(call)),
        _ => false,
    }
}

/// Does nothing that stands after this statement ever run?
fn ends(statement: &Stmt) -> bool {
    match statement {
        Stmt::Return(..) | Stmt::BreakLoop(..) => true,
        Stmt::Block(block) => any_ends(block),
        Stmt::If(x, _) => any_ends(&x.body) && any_ends(&x.branch),
        Stmt::While(x, _) => {
            matches!(x.expr, Expr::Unit(_) | Expr::BoolConstant(true, _)) && !breaks(&x.body)
        }
        _ => false,
    }
}

fn any_ends(block: &StmtBlock) -> bool {
    block.iter().any(ends)
}

/// Can these statements leave the loop that they are the body of? A loop inside has breaks of its own.
fn breaks(block: &StmtBlock) -> bool {
    block.iter().any(|statement| match statement {
        Stmt::BreakLoop(_, options, _) => options.contains(ASTFlags::BREAK),
        Stmt::Block(block) => breaks(block),
        Stmt::If(x, _) => breaks(&x.body) || breaks(&x.branch),
        Stmt::TryCatch(x, _) => breaks(&x.body) || breaks(&x.branch),
        Stmt::Switch(x, _) => x.1.expressions.iter().any(|arm| in_expression(&arm.rhs)),
        Stmt::Expr(e) => in_expression(e),
        Stmt::Var(x, ..) => in_expression(&x.1),
        Stmt::Assignment(x) => in_expression(&x.1.rhs),
        _ => false,
    })
}

/// `if` and `switch` are expressions too.
fn in_expression(e: &Expr) -> bool {
    match e {
        Expr::Stmt(block) => breaks(block),
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => call.args.iter().any(in_expression),
        Expr::Dot(x, ..) | Expr::Index(x, ..) => in_expression(&x.lhs) || in_expression(&x.rhs),
        Expr::And(x, _) | Expr::Or(x, _) | Expr::Coalesce(x, _) => x.iter().any(in_expression),
        _ => false,
    }
}
