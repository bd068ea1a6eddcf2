//! One exchange of HTTP/2 between those who speak its frames and the connection that stands for it. What is asked and answered
//! passes as values: nothing of it is written as text and parsed again.

use std::{
    cell::{Cell, RefCell},
    task::Waker,
};

/// The head of an answer; names in lower case, and `content-length` if that is known.
#[derive(Debug)]
pub(crate) struct AnswerHead {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
}

/// See the module. Bodies pass as the bytes of the connection.
#[derive(Default)]
pub(crate) struct Stream {
    /// The request's trailers, names in lower case, told before its body ends.
    pub(crate) trailers: RefCell<Vec<(String, String)>>,
    /// Of an answer that has begun, until it is taken.
    head: Cell<Option<AnswerHead>>,
    /// Bytes of the body of an answer that is complete.
    length: Cell<Option<u64>>,
    /// Is the client to be told that its body is welcome?
    invites: Cell<bool>,
    /// Of whoever answers by frames.
    waker: Cell<Option<Waker>>,
}

impl Stream {
    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// `waker` is woken by the next that happens.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.set(Some(waker.clone()));
    }

    pub(super) fn begin(&self, head: AnswerHead) {
        self.head.set(Some(head));
        self.wake();
    }

    /// The answer's body has so many bytes, and this is all of it.
    pub(super) fn complete(&self, length: u64) {
        self.length.set(Some(length));
        self.wake();
    }

    pub(super) fn invite(&self) {
        self.invites.set(true);
        self.wake();
    }

    pub(crate) fn take_head(&self) -> Option<AnswerHead> {
        self.head.take()
    }

    /// How long the body of the answer is, once all of it is on its way.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length.get()
    }

    /// Is the client to be told now that its body is welcome?
    pub(crate) fn takes_invitation(&self) -> bool {
        self.invites.take()
    }

    /// Notes trailers as they came, without those that may not be any.
    pub(crate) fn note_trailers<'a>(&self, trailers: impl Iterator<Item = (&'a str, &'a [u8])>) {
        let told = trailers.filter(|(name, _)| super::chunked::is_trailer(name));
        let told = told.map(|(name, value)| {
            (name.to_ascii_lowercase(), String::from_utf8_lossy(value).into_owned())
        });
        self.trailers.borrow_mut().extend(told);
    }
}
