//! Real coroutines, as many as there can be.

use super::*;
use std::rc::Rc;
use tokio::task::LocalSet;

/// Waits until it is told not to.
#[derive(Default)]
struct Waits;

impl Runner for Waits {
    type Job = Rc<Notify>;
    type Done = ();

    fn run(&mut self, job: Rc<Notify>) {
        wait("a test", job.notified()).expect("a coroutine may wait");
    }
}

fn begin(pool: &Rc<Pool<Waits>>, end: &Rc<Notify>) -> Running<Waits> {
    match pool.start(end.clone(), 0, Waker::noop()) {
        Started::Waits(running) => running,
        Started::Ended(_) => panic!("it does not wait"),
    }
}

#[tokio::test]
async fn everybody_who_waits_for_room_gets_it_when_all_end_at_once() {
    let (pool, end) = (Rc::new(Pool::<Waits>::default()), Rc::new(Notify::new()));
    let first: Vec<_> = (0..MAX_FIBERS).map(|_| begin(&pool, &end)).collect();
    assert!(pool.is_full());
    let more = LocalSet::new();
    let (begun, done) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
    for _ in 0..5 {
        let (pool, end, begun, done) = (pool.clone(), end.clone(), begun.clone(), done.clone());
        more.spawn_local(async move {
            pool.room().await;
            let _running = begin(&pool, &end);
            begun.set(begun.get() + 1);
            done.notified().await;
        });
    }
    let all = async {
        tokio::task::yield_now().await;
        assert_eq!(begun.get(), 0, "there is no room");
        drop(first);
        while begun.get() < 5 {
            tokio::task::yield_now().await;
        }
        done.notify_waiters();
    };
    let all = tokio::time::timeout(Duration::from_secs(10), more.run_until(all));
    all.await.expect("all five begin");
}
