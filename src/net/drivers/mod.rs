//! The protocols as connections speak them: a codec of `protocol`, with what it needs of time limits, goodbyes and answers.

mod framed;
pub(crate) mod http;
mod http2;
mod spool;
mod websocket;

pub(crate) use spool::Spool;

use super::conn::Driver;
use crate::protocol::{frame::Frame, id::ProtocolId, raw::Raw, text::Text};
use framed::Framed;
use http::HttpDriver;
use std::{path::PathBuf, rc::Rc};

/// Where large bodies of requests are kept while they come in, as it is set when one does.
pub(crate) type UploadDir = Rc<dyn Fn() -> PathBuf>;

/// A websocket whose request has been answered.
#[cfg(feature = "bench")]
pub(crate) fn open_websocket() -> Box<dyn Driver> {
    Box::<websocket::WebSocketDriver>::default()
}

/// What a new connection speaks, or one that changes its protocol. `upload_dir` is asked by those who take requests.
pub(crate) fn driver(
    protocol: ProtocolId,
    upload_dir: impl FnOnce() -> UploadDir,
) -> Box<dyn Driver> {
    match protocol {
        ProtocolId::Tcp => Box::new(Framed { codec: Raw, protocol }),
        ProtocolId::Text => Box::new(Framed { codec: Text::default(), protocol }),
        ProtocolId::Frame => Box::new(Framed { codec: Frame, protocol }),
        ProtocolId::WebSocket => Box::new(HttpDriver::that_requires_websocket(upload_dir())),
        ProtocolId::Http => Box::new(HttpDriver::new(upload_dir())),
    }
}
