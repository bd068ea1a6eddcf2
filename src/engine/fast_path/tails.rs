//! A `return` at the end of a function says what the function's value is anyway; rhai would make an error of it that
//! travels up through all blocks. `if x { return a; } b` is `if x { a } else { b }`.

use rhai::{ASTFlags, Expr, FlowControl, Position, Stmt, StmtBlock};

/// How many of them one function can have; what follows is left as it is. Fixed: each is a block in a block, which uses as
/// much of the stack as half a call.
const MAX_BRANCHES: usize = 8;

/// Makes returns at the end of a body its value.
pub(in crate::engine) fn unwind(body: &mut Expr) {
    if let Expr::Stmt(block) = body {
        unwind_block(block, MAX_BRANCHES);
    }
}

fn unwind_block(block: &mut StmtBlock, branches: usize) {
    let (start, end) = (block.position(), block.end_position());
    let mut statements = std::mem::take(block.statements_mut()).into_iter();
    let mut before = Vec::new();
    while let Some(mut statement) = statements.next() {
        let rest = statements.as_slice();
        match &mut statement {
            Stmt::Return(value, flags, position) if !flags.contains(ASTFlags::BREAK) => {
                // Nothing behind it ever runs.
                let value = value.take().map_or(Expr::Unit(*position), |value| *value);
                before.push(Stmt::Expr(Box::new(value)));
                break;
            }
            Stmt::If(flow, _) if rest.is_empty() => {
                unwind_flow(flow, branches);
                before.push(statement);
            }
            Stmt::If(flow, _) if branches > 0 && flow.branch.is_empty() && returns(&flow.body) => {
                let rest: Vec<_> = statements.collect();
                let at = rest.first().map_or(Position::NONE, Stmt::position);
                flow.branch = StmtBlock::new(rest, at, end);
                unwind_flow(flow, branches - 1);
                before.push(statement);
                break;
            }
            Stmt::Block(inner) if rest.is_empty() => {
                unwind_block(inner, branches);
                before.push(statement);
            }
            _ => before.push(statement),
        }
    }
    *block = StmtBlock::new(before, start, end);
}

fn unwind_flow(flow: &mut FlowControl, branches: usize) {
    unwind_block(&mut flow.body, branches);
    unwind_block(&mut flow.branch, branches);
}

/// Does it end with a return?
fn returns(block: &StmtBlock) -> bool {
    match block.statements().last() {
        Some(Stmt::Return(_, flags, _)) => !flags.contains(ASTFlags::BREAK),
        _ => false,
    }
}
