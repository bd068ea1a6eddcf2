//! `Chunk(data)`: a part of an answer that is sent bit by bit.

use crate::script::value::{Outcome, with_payload};
use rhai::{Dynamic, Engine};
use std::rc::Rc;

/// Bytes; none end the answer.
#[derive(Clone)]
pub(crate) struct Chunk(Rc<[u8]>);

impl Chunk {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Registers the constructor.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Chunk>("Chunk");
    engine.register_fn("Chunk", |data: Dynamic| -> Outcome<Chunk> {
        with_payload(&data, |_, bytes| Chunk(bytes.into()))
    });
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |chunk: &mut Chunk| format!("Chunk({} bytes)", chunk.0.len()));
    }
}
