//! Work beside an isolate, started by real coroutines.

use super::*;
use crate::engine::call::coroutine::{Failure, Pool, Runner, Running as Handler, Started};
use std::{rc::Rc, sync::mpsc, task::Waker, thread, time::Duration};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A handler that calls one function of the host.
#[derive(Default)]
struct Calls;

impl Runner for Calls {
    type Job = Box<dyn FnOnce() -> Outcome<i64>>;
    type Done = Outcome<i64>;

    fn run(&mut self, job: Self::Job) -> Self::Done {
        job()
    }
}

fn handler(call: impl FnOnce() -> Outcome<i64> + 'static) -> Handler<Calls> {
    let pool = Rc::new(Pool::<Calls>::default());
    match pool.start(Box::new(call), 0, Waker::noop()) {
        Started::Waits(running) => running,
        Started::Ended(_) => panic!("it does not wait"),
    }
}

async fn result(running: Handler<Calls>) -> Outcome<i64> {
    match running.await {
        Ok(done) => done,
        Err(Failure::Panic(text)) => panic!("{text}"),
        Err(Failure::NoStack) => panic!("no stack"),
    }
}

#[tokio::test]
async fn a_handler_gets_what_its_work_gives() {
    let here = thread::current().id();
    let call = move || beside("a test", move |_| i64::from(thread::current().id() != here));
    assert_eq!(result(handler(call)).await.expect("a number"), 1, "it ran on another thread");
}

#[tokio::test]
async fn work_whose_handler_has_ended_is_told_so() {
    let (told, seen) = mpsc::channel();
    let work = move |cancelled: &Cancelled| {
        let _ = told.send("begun");
        while !cancelled.is_set() {
            thread::yield_now();
        }
        let _ = told.send("cancelled");
        0
    };
    let running = handler(move || beside("a test", work));
    assert_eq!(seen.recv_timeout(PATIENCE), Ok("begun"));
    drop(running);
    assert_eq!(seen.recv_timeout(PATIENCE), Ok("cancelled"));
}

#[tokio::test]
async fn work_that_panics_is_an_error_of_its_handler() {
    let call = || beside("a test", |_| panic!("no more"));
    let error = result(handler(call)).await.expect_err("it panics").to_string();
    assert!(error.contains("a test failed in the host"), "{error}");
}

#[test]
fn the_top_level_is_refused_or_does_the_work_itself() {
    let refused = beside("a test", |_| 1).expect_err("the top level cannot wait").to_string();
    assert!(refused.contains("a test waits, and only handlers may wait"), "{refused}");
    let here = thread::current().id();
    let done = beside_or_at_once("a test", move |_| thread::current().id() == here);
    assert!(done.expect("a boolean"));
}
