//! `worker.connections`: a live view of a Worker's connections, in the order they came. Nothing is copied.

use super::{tcp_connection::TcpConnection, worker::Worker};
use crate::runtime::registry::Registry;
use rhai::{Array, Dynamic};

/// The view.
#[derive(Clone)]
pub(crate) struct Connections(pub(crate) Worker);

impl Connections {
    fn len(&self) -> i64 {
        self.0.core().with_connections(|c| c.len() as i64)
    }

    fn get(&self, id: i64) -> Option<TcpConnection> {
        let id = u64::try_from(id).ok()?;
        self.0.core().with_connections(|c| c.get(&id).cloned())
    }
}

/// Walks over the connections that are open when the walk comes to them.
pub(crate) struct Iter {
    worker: Worker,
    last: u64,
}

impl IntoIterator for Connections {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        Iter { worker: self.0, last: 0 }
    }
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let (id, connection) = self.worker.core().with_connections(|c| {
            c.range(self.last + 1..).next().map(|(id, c)| (*id, c.clone()))
        })?;
        self.last = id;
        Some(Dynamic::from(connection))
    }
}

/// Registers the view's functions.
pub(crate) fn register(registry: &mut Registry) {
    registry.engine.register_iterator::<Connections>();
    let mut class = registry.class::<Connections>("Connections");
    class.handle(|a, b| a.0.is_same(&b.0));
    class.index_getter(|c: &mut Connections, id: i64| {
        c.get(id).map_or(Dynamic::UNIT, Dynamic::from)
    });
    class.property("len", |c: &mut Connections| c.len());
    class.method("len", |c: &mut Connections| c.len());
    class.method("is_empty", |c: &mut Connections| c.len() == 0);
    class.method("contains", |c: &mut Connections, id: Dynamic| {
        id.as_int().is_ok_and(|id| c.get(id).is_some())
    });
    class.method("keys", |c: &mut Connections| -> Array {
        c.0.core().with_connections(|c| c.keys().map(|id| (*id as i64).into()).collect())
    });
    class.method("values", |c: &mut Connections| -> Array {
        c.0.core().with_connections(|c| c.values().cloned().map(Dynamic::from).collect())
    });
    class.display(|c: &mut Connections| format!("{} connection(s)", c.len()));
}
