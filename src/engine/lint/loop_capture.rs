//! Closures that are kept for later although they capture the variable of the `for` loop in which they are made. Rhai has
//! one such variable for all turns of the loop: whatever it holds in the end is what all of them see.
//!
//! Loops over what may be connections, workers or maps that properties hold are left
//! alone, for these are captured as they are; and so are closures that are called at once, as by `map` or `filter`.

use super::{
    Found,
    model::{File, Model},
    names::called,
};
use rhai::{ASTFlags, ASTNode, Expr, FlowControl, FnCallExpr, Stmt, StmtBlock};

/// Functions of maps and arrays that keep a closure they are given.
const KEEPERS: [&str; 3] = ["push", "insert", "set"];

/// Functions that give plain values only, to be looped over.
const PLAIN: [&str; 6] = ["range", "keys", "chars", "split", "bits", "bytes"];

/// Every such closure, where it captures the variable.
pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    file.unit.ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Share(captured))) = path.last()
            && is_kept(model, path)
        {
            for (variable, _) in captured.iter().filter(|(name, _)| is_shared(path, &name.name)) {
                let name = variable.name.as_str();
                let text = format!(
                    "all closures made in this loop share its variable `{name}` and will see its last value: write \
                     `let x = {name};` in the loop and use `x` in the closure"
                );
                found.push(Found::new("loop-capture", variable.pos, text));
            }
        }
        true
    });
}

/// Is the closure at the end of this path put somewhere? Its block, which captures and then makes it, is the last but one.
fn is_kept(model: &Model<'_>, path: &[ASTNode]) -> bool {
    let keeps = |call: &FnCallExpr| match call.is_qualified() {
        true => model.rules.caller(&called(call)).is_some_and(|caller| caller.is_later),
        false => KEEPERS.contains(&call.name.as_str()),
    };
    match path {
        [.., ASTNode::Stmt(Stmt::Assignment(_)), ASTNode::Expr(_), _] => true,
        [.., ASTNode::Stmt(Stmt::FnCall(call, _)), ASTNode::Expr(_), _]
        | [
            ..,
            ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _)),
            ASTNode::Expr(_),
            _,
        ] => keeps(call),
        _ => false,
    }
}

/// Is this the variable, or the counter, of the innermost loop around that has one of this name, and is it one cell for
/// all turns?
fn is_shared(path: &[ASTNode], name: &str) -> bool {
    for node in path.iter().rev() {
        let x = match node {
            ASTNode::Stmt(Stmt::For(x, _)) => x,
            ASTNode::Stmt(Stmt::If(x, _)) if ends(&x.body) || ends(&x.branch) => return false,
            ASTNode::Stmt(Stmt::Block(block)) if ends(block) => return false,
            _ => continue,
        };
        let (variable, counter, flow) = &**x;
        if declares(flow, name) || ends(&flow.body) {
            return false;
        }
        if counter.as_ref().is_some_and(|c| c.name == name) {
            return true;
        }
        if variable.name == name {
            return is_plain(&flow.expr);
        }
    }
    false
}

/// Is the turn that runs this block certainly the last one?
fn ends(block: &StmtBlock) -> bool {
    match block.statements().last() {
        Some(Stmt::BreakLoop(_, options, _)) => options.contains(ASTFlags::BREAK),
        last => matches!(last, Some(Stmt::Return(..))),
    }
}

/// Has the loop's body a variable of its own with that name?
fn declares(flow: &FlowControl, name: &str) -> bool {
    let is_it = |s: &Stmt| matches!(s, Stmt::Var(x, ..) if x.0.name == name);
    flow.body.statements().iter().any(is_it)
}

/// Does a loop over this certainly give plain values only?
fn is_plain(looped: &Expr) -> bool {
    match looped {
        Expr::Array(..) | Expr::Map(..) => looped.is_constant(),
        // The last of a chain: `worker.table.keys()`.
        Expr::Dot(x, ..) => is_plain(&x.rhs),
        _ => looped.is_constant() || is_plain_call(looped),
    }
}

fn is_plain_call(e: &Expr) -> bool {
    match e {
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => {
            let name = call.name.as_str();
            name.starts_with("..") || PLAIN.contains(&name)
        }
        _ => false,
    }
}
