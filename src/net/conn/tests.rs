//! Connections in memory, whose peer and protocol are the test's.

use super::{Conn, ConnEvent, ConnState, ConnectionSet, Driver, Opener, Sent, Step, linger};
use crate::{
    net::{
        ConnHandler, Message, NotUtf8, Request, Verdict,
        budgets::Budgets,
        completion::Completion,
        conn::{ConnDriver, ConnTask},
        transport::{ConnInfo, MemoryEnd, Transport},
    },
    protocol::{Codec, Decoded, Kind, ProtocolError, id::ProtocolId, text::Text},
};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::{Rc, Weak},
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{
    runtime::{Builder, LocalOptions},
    task::{spawn_local, yield_now},
};

/// Lines, and nothing else.
#[derive(Default)]
struct Lines(Text);

impl Driver for Lines {
    fn protocol(&self) -> ProtocolId {
        ProtocolId::Text
    }

    fn decode(
        &mut self,
        received: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, ProtocolError> {
        self.0.decode(received, out, limit).map(Step::Plain)
    }

    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        self.0.encode(kind, payload, out)
    }
}

fn set() -> Rc<ConnectionSet> {
    ConnectionSet::new(Arc::default(), &Budgets::default())
}

/// A connection without an owner, and its peer.
fn open(set: &ConnectionSet, driver: impl Driver) -> (Rc<Conn>, MemoryEnd) {
    let (near, far) = MemoryEnd::pair(&set.shared, &ConnInfo::unix(), None);
    (set.open(Transport::Memory(near), Box::new(driver), Rc::default()), far)
}

fn on_a_loop(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_time().build_local(LocalOptions::default());
    runtime.expect("a runtime").block_on(test);
}

/// What has come to the peer.
fn taken(peer: &MemoryEnd) -> String {
    let (mut cx, mut bytes) = (Context::from_waker(Waker::noop()), [0; 1024]);
    match peer.poll_take(&mut cx, &mut bytes) {
        Poll::Ready(Ok(n)) => String::from_utf8_lossy(&bytes[..n]).into_owned(),
        Poll::Ready(Err(why)) => panic!("{why}"),
        Poll::Pending => String::new(),
    }
}

#[test]
fn others_have_their_turn_between_two_batches_of_writes() {
    on_a_loop(async {
        let set = set();
        let opened: Vec<_> = (0..=512).map(|_| open(&set, Lines::default())).collect();
        spawn_local(set.clone().run_flusher());
        yield_now().await;
        for (conn, _) in &opened {
            assert_eq!(conn.send_raw(b"to everybody"), Sent::Queued);
        }
        assert_eq!(set.shared.dirty(), 513);
        yield_now().await;
        assert_eq!(set.shared.dirty(), 1);
        yield_now().await;
        assert_eq!(set.shared.dirty(), 0);
    });
}

#[test]
fn a_connection_is_looked_at_when_its_time_has_come_and_not_when_it_has_left() {
    let set = set();
    let open = || open(&set, Lines::default()).0;
    let looked: RefCell<Vec<u64>> = RefCell::default();
    let sweep = |at, next| -> Vec<u64> {
        set.shared.clock.set(at);
        set.sweep(|conn| {
            looked.borrow_mut().push(conn.id);
            next
        });
        looked.take()
    };
    let (a, b) = (open(), open());
    assert_eq!(sweep(100, 300), [a.id, b.id]);
    assert!(sweep(200, 300).is_empty());
    a.leave();
    assert_eq!((sweep(300, 500), set.count()), (vec![b.id], 1));
    let c = open();
    assert_eq!((sweep(400, 500), set.count()), (vec![c.id], 2));
    set.look_at_all();
    assert_eq!(sweep(450, 900), [c.id, b.id], "whatever their time is");
    [b, c].iter().for_each(|conn| conn.leave());
    assert_eq!((sweep(500, 0), set.count()), (vec![], 0));
}

#[test]
fn whoever_was_closed_in_good_order_hears_of_it_at_once_inside_of_a_loop_too() {
    on_a_loop(async {
        let (conn, far) = open(&set(), Lines::default());
        conn.close(0, "");
        linger::close(&conn);
        let polled = poll_fn(|cx| Poll::Ready(far.poll_take(cx, &mut [0; 1]))).await;
        assert!(matches!(polled, Poll::Ready(Ok(0))), "{polled:?}");
    });
}

/// Lines that are answered, and the connection closed, while they are being decoded.
#[derive(Default)]
struct CallsBack {
    lines: Lines,
    conn: Rc<RefCell<Weak<Conn>>>,
}

impl Driver for CallsBack {
    fn protocol(&self) -> ProtocolId {
        ProtocolId::Text
    }

    fn decode(
        &mut self,
        received: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, ProtocolError> {
        let step = self.lines.decode(received, out, limit)?;
        let is_message = matches!(step, Step::Plain(Decoded::Message { .. }));
        if is_message && let Some(conn) = self.conn.borrow().upgrade() {
            assert_eq!(conn.send(Kind::Text, b"in the middle"), Ok(Sent::Queued));
            assert_eq!(conn.send_raw(b"raw\n"), Sent::Queued);
            conn.close(1000, "");
        }
        Ok(step)
    }

    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        if let Some(conn) = self.conn.borrow().upgrade() {
            assert_eq!(conn.queue.len(), 0, "nobody sees it while it is appended to");
        }
        self.lines.encode(kind, payload, out)
    }
}

/// An owner that is no worker: notes what it is told.
#[derive(Default, Clone)]
struct Notes(Rc<RefCell<Vec<String>>>, Rc<Cell<bool>>);

impl Notes {
    fn note(&self, text: impl Into<String>) -> Completion<()> {
        self.0.borrow_mut().push(text.into());
        Completion::Ready(())
    }
}

impl ConnHandler for Notes {
    fn on_connect(&mut self, _: &Waker) -> Completion<()> {
        self.note("connect")
    }

    fn on_message(&mut self, message: Message<'_>, _: &Waker) -> Result<Completion<()>, NotUtf8> {
        let Message::Text(text) = message else { return Err(NotUtf8) };
        Ok(self.note(text))
    }

    fn takes_upgrades(&self) -> bool {
        false
    }

    fn on_upgrade(&mut self, _: Box<Request>, _: &Waker) -> Completion<Verdict> {
        Completion::Ready(Verdict::Accept(Vec::new()))
    }

    fn on_event(&mut self, event: ConnEvent, _: &Waker) -> Completion<()> {
        self.note(format!("{event:?}"))
    }

    fn on_close(&mut self, _: &Waker) -> Completion<()> {
        self.1.set(true);
        self.note("close")
    }

    fn took_long(&mut self) -> bool {
        false
    }

    fn opener(&self) -> Opener {
        Box::new(|_, _| ())
    }
}

#[test]
fn a_codec_may_send_and_close_its_own_connection_while_it_decodes() {
    on_a_loop(async {
        let (set, notes) = (set(), Notes::default());
        let driver = CallsBack::default();
        let own = driver.conn.clone();
        let (conn, far) = open(&set, driver);
        *own.borrow_mut() = Rc::downgrade(&conn);
        spawn_local(set.clone().run_flusher());
        spawn_local(ConnTask::Polling(ConnDriver::new(conn.clone(), set.clone(), notes.clone())));
        assert_eq!(far.try_write(b"hello\nnever seen\n").ok(), Some(17));
        while !notes.1.get() {
            yield_now().await;
        }
        assert_eq!(taken(&far), "in the middle\nraw\n");
        assert_eq!(*notes.0.borrow(), ["connect", "hello", "close"]);
        assert_eq!((conn.state(), set.count()), (ConnState::Closed, 0));
    });
}

#[test]
fn what_a_codec_sends_while_it_decodes_has_the_limit_of_the_queue() {
    let (conn, _far) = open(&set(), Lines::default());
    conn.queue.limit.set(10);
    let sent: Vec<Sent> = conn
        .driver
        .with(|_| (0..3).map(|_| conn.send_raw(b"sixty")).collect())
        .expect("nobody has it");
    assert_eq!(sent, [Sent::Queued, Sent::Queued, Sent::Dropped]);
}
