//! A connection that was accepted and whose handshake is not done. Both sides are strangers to each other until it is, so it
//! has a time limit, and it is nobody's but its own future's.

use crate::net::{
    completion::{Completion, LocalBoxFuture},
    transport::Transport,
};
use std::{io, rc::Rc, time::Duration};
use tokio::time::timeout;

/// What two sides say to each other before the first byte of the protocol, as TLS does. Plain sockets have none.
pub(crate) trait Handshake {
    /// Begins it on a connection, and gives what the protocol is spoken on from then on.
    fn begin(&self, plain: Transport) -> LocalBoxFuture<io::Result<Transport>>;
}

/// See the module.
pub(crate) struct Incoming {
    plain: Transport,
    handshake: Option<Rc<dyn Handshake>>,
}

impl Incoming {
    pub(super) fn new(plain: Transport, handshake: Option<Rc<dyn Handshake>>) -> Self {
        Self { plain, handshake }
    }

    /// The transport: at once where there is no handshake, else when it is done. One that takes longer than `limit` is an
    /// error of the kind `TimedOut`; a limit of zero is off.
    pub(crate) fn handshake(self, limit: Duration) -> Completion<io::Result<Transport>> {
        let Some(handshake) = self.handshake else { return Completion::Ready(Ok(self.plain)) };
        let done = handshake.begin(self.plain);
        Completion::pending(async move {
            if limit.is_zero() {
                return done.await;
            }
            timeout(limit, done).await.unwrap_or_else(|late| Err(late.into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{
        address::Address,
        listen::{Claimant, Listener, Listeners, Owner},
    };
    use std::{cell::Cell, net::TcpStream};
    use tokio::{
        runtime::{Builder, LocalOptions},
        sync::Notify,
        task::spawn_local,
    };

    /// The handshake of the first connection goes on until it is told to end, that of others is done at once.
    #[derive(Default)]
    struct SlowFirst {
        begun: Cell<u32>,
        end: Rc<Notify>,
    }

    impl Handshake for SlowFirst {
        fn begin(&self, plain: Transport) -> LocalBoxFuture<io::Result<Transport>> {
            self.begun.set(self.begun.get() + 1);
            let waits = (self.begun.get() == 1).then(|| self.end.clone());
            Box::pin(async move {
                if let Some(end) = waits {
                    end.notified().await;
                }
                Ok(plain)
            })
        }
    }

    fn on_a_loop(test: impl Future<Output = ()>) {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        runtime.expect("a runtime").block_on(test);
    }

    /// A listener on a free port whose connections have this handshake, and where it is.
    fn listener(handshake: Rc<dyn Handshake>) -> (Rc<Listener>, std::net::SocketAddr) {
        let address = Address::parse("tcp://127.0.0.1:0").expect("an address");
        let by = Claimant::new(Owner::Isolate(0), 0);
        let bound = Listeners::default().bind(&address, &by).expect("a free port").remove(0);
        let at = bound.address.endpoint.to_string().parse().expect("ip and port");
        (Rc::new(Listener::open(bound, Some(handshake)).expect("a socket")), at)
    }

    async fn next(listener: &Rc<Listener>) -> Incoming {
        let (weak, log) = (Rc::downgrade(listener), crate::log::Log::new(|_| ()));
        Listener::accept(&weak, &log, "w").await.expect("it lives")
    }

    #[test]
    fn a_handshake_that_takes_its_time_delays_no_other_connection() {
        on_a_loop(async {
            let slow = Rc::new(SlowFirst::default());
            let (listener, at) = listener(slow.clone());
            let _clients = [TcpStream::connect(at), TcpStream::connect(at)];
            let Completion::Pending(first) = next(&listener).await.handshake(Duration::ZERO) else {
                panic!("a handshake was begun");
            };
            let first = spawn_local(first);
            let second = next(&listener).await.handshake(Duration::ZERO).finish().await;
            assert!(
                second.is_ok() && !first.is_finished(),
                "the second did not wait for the first"
            );
            slow.end.notify_one();
            assert!(first.await.expect("no panic").is_ok());
        });
    }

    #[test]
    fn a_handshake_that_never_ends_is_given_up_in_time() {
        on_a_loop(async {
            let (listener, at) = listener(Rc::new(SlowFirst::default()));
            let _client = TcpStream::connect(at);
            let ended = next(&listener).await.handshake(Duration::from_millis(1)).finish().await;
            assert!(ended.is_err_and(|e| e.kind() == io::ErrorKind::TimedOut));
        });
    }
}
