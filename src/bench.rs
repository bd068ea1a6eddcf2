//! What `benches/hot.rs` measures: the ways through the crate that every message takes, without a thread, a socket or a
//! runtime around them. Compiled with the feature `bench` only, and no promise to anybody. It drives the rooms' own
//! types; nothing of what is measured may be written here anew.

use crate::{
    engine::{
        call::turns::Turns,
        compile::sources::Sources,
        program::{Program, Start, config::Config},
    },
    log::Log,
    net::{
        ConnHandler, Message,
        budgets::Budgets,
        completion::Completion,
        conn::Conn,
        drivers,
        listen::Listeners,
        transport::{ConnInfo, MemoryEnd, Transport},
    },
    protocol::{Codec, Decoded, Kind, websocket::WebSocket},
    script::{
        Objects,
        ctx::Ctx,
        session::{self, Session},
    },
};
use std::{
    fs,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Messages after which a stage writes what they sent, so that the queue stays as short as in a busy turn.
const TURN: usize = 64;

/// Bytes that the peer of a stage reads at once: as much as a pipe holds.
const READ: usize = 64 * 1024;

/// A script and one connection of its first worker, whose peer is memory.
pub struct Stage {
    ctx: Rc<Ctx>,
    session: Session,
    _conn: Rc<Conn>,
    peer: MemoryEnd,
    sent: Box<[u8]>,
    messages: usize,
}

impl Stage {
    /// Runs the script's top level, opens the connection and calls `on_connect`.
    ///
    /// # Panics
    ///
    /// If any of that fails: it is a mistake in the bench.
    pub fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("the system has a temporary folder");
        let file = folder.path().join("main.rhai");
        fs::write(&file, script).expect("a temporary folder can be written to");
        let config = Config {
            // No limit: filling a map may take a while.
            handler_timeout: Duration::ZERO,
            rehearsal_timeout: Duration::ZERO,
            handler_memory: 0,
            colour: false,
            explains: false,
            optimizes: true,
            kill: Arc::default(),
            register: None,
        };
        let log = Log::new(|record| panic!("the script says: {record}"));
        let listeners = Listeners::default();
        let turns = Arc::new(Turns::limited(Duration::ZERO, 0));
        let ctx = Ctx::new(0, log, listeners, Arc::default(), turns, &Budgets::default(), |_| ());
        let api = Objects(ctx.clone());
        let program =
            Program::compile(&api, &config, Sources::new(&file), Start::FIRST, &ctx.generations);
        let program = program.unwrap_or_else(|fault| panic!("{}", fault.text));
        ctx.generations.declare(Some(program.clone()));
        let declared = program.declare(None).map(drop);
        declared.unwrap_or_else(|fault| panic!("{}", fault.text));
        ctx.generations.declare(None);
        program.edition.accept_state();
        ctx.serve(program);
        *ctx.workers.borrow_mut() = ctx.declared.take();
        let worker = ctx.workers.borrow()[0].clone();
        *ctx.served.borrow_mut() = Some(worker.clone());

        let (near, peer) = MemoryEnd::pair(&ctx.net.shared, &ConnInfo::unix(), None);
        let driver = drivers::open_websocket();
        let (conn, mut session) = session::begin(&worker, Transport::Memory(near), driver);
        at_once(session.on_connect(Waker::noop()));
        let sent = vec![0; READ].into();
        Self { ctx, session, _conn: conn, peer, sent, messages: 0 }
    }

    /// Hands a text message to the script, as a connection does when it has found one in what it read.
    pub fn message(&mut self, text: &str) {
        let Ok(called) = self.session.on_message(Message::Text(text), Waker::noop()) else {
            panic!("not taken: {text}")
        };
        at_once(called);
        self.messages += 1;
        if self.messages.is_multiple_of(TURN) {
            self.flush();
        }
    }

    /// Ends the turn: writes what was sent, and lets the peer read it. Gives its bytes.
    pub fn flush(&mut self) -> usize {
        self.ctx.net.flush_now();
        let mut cx = Context::from_waker(Waker::noop());
        match self.peer.poll_take(&mut cx, &mut self.sent) {
            Poll::Ready(Ok(n)) => n,
            _ => 0,
        }
    }
}

impl Drop for Stage {
    /// Programs and what their variables hold are rings.
    fn drop(&mut self) {
        self.ctx.clear();
    }
}

/// The framing of an open websocket.
#[derive(Default)]
pub struct Frames(WebSocket);

impl Frames {
    /// Finds every whole message in what was read; gives their payloads' bytes.
    ///
    /// # Panics
    ///
    /// If the bytes are not whole messages of one frame each.
    pub fn decode(&mut self, mut read: &mut [u8]) -> usize {
        let mut bytes = 0;
        while !read.is_empty() {
            match self.0.decode(read, &mut Vec::new(), usize::MAX) {
                Ok(Decoded::Message { payload, consumed, .. }) => {
                    bytes += payload.len();
                    read = &mut read[consumed..];
                }
                other => panic!("no message: {other:?}"),
            }
        }
        bytes
    }

    /// Appends a text message.
    ///
    /// # Panics
    ///
    /// Never: every text fits into a frame.
    pub fn encode(&mut self, text: &str, into: &mut Vec<u8>) {
        self.0.encode(Kind::Text, text.as_bytes(), into).expect("every text fits into a frame");
    }
}

/// The result of something that does not wait here.
fn at_once<T>(told: Completion<T>) -> T {
    match told {
        Completion::Ready(result) => result,
        Completion::Pending(_) => panic!("the script waits for something"),
    }
}
