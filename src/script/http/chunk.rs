//! `Chunk(data)`: a part of an answer that is sent bit by bit.

use crate::{runtime::registry::Registry, script::value::with_payload};
use rhai::Dynamic;
use std::rc::Rc;

/// Bytes; none end the answer.
#[derive(Clone)]
pub(crate) struct Chunk(Rc<[u8]>);

impl Chunk {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Announces the constructor.
pub(super) fn register(registry: &mut Registry) {
    registry
        .class::<Chunk>("Chunk")
        .handle(|a, b| Rc::ptr_eq(&a.0, &b.0))
        .constructor(|data: Dynamic| with_payload(&data, |_, bytes| Chunk(bytes.into())))
        .display(|chunk| format!("Chunk({} bytes)", chunk.0.len()));
}
