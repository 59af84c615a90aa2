//! Connections that outlive an exchange, for the next one to the same target.
//!
//! They belong to one version, since what a connection was opened or authorised for must not pass to another, and to the runtime
//! whose task drives them. An exchange has its connection alone: one that breaks off closes it, and only one that is over on both
//! sides gives it back. The address was checked when the connection was opened; whether the host is granted is asked for every request.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::header::{HeaderMap, HeaderName};
use hyper::client::conn::http1;
use tokio::runtime::{self, Handle};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::io::TokioIo;

use super::channel::{Channel, Driver};
use super::connect::{Client, Unconnected};
use super::lookups::Lookups;
use super::target::Target;

/// The smallest buffer that the HTTP library takes, in bytes.
const MIN_HEAD: usize = 8192;
/// A connection is looked after no more often than this.
const LOOK: Duration = Duration::from_secs(1);

/// The idle connections of a version.
pub(super) struct Kept {
    pub(super) client: Arc<Client>,
    lookups: Lookups,
    routes: Mutex<HashMap<Route, Vec<Idle>>>,
}

/// Which exchanges a connection serves: those with one target, on the runtime that drives it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Route {
    pub(super) target: Target,
    runtime: runtime::Id,
}

struct Idle {
    channel: Channel,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

/// A connection during an exchange, and what becomes of it afterwards.
pub(super) struct Loan {
    kept: Arc<Kept>,
    route: Route,
    channel: Channel,
    /// How long it may be idle.
    rest: Duration,
}

impl Route {
    /// The way to `target` from the present runtime.
    pub(super) fn here(target: Target) -> Self {
        let runtime = Handle::current().id();
        Self { target, runtime }
    }
}

impl Kept {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            lookups: Lookups::of_a_version(),
            routes: Mutex::default(),
        }
    }

    /// The connection that was used last, of those that are open as far as is known.
    pub(super) fn take(&self, route: &Route) -> Option<Channel> {
        let mut routes = self.routes();
        let idle = routes.get_mut(route)?;
        let now = Instant::now();
        idle.retain(|idle| idle.until > now);
        let ready = idle.iter().rposition(|idle| idle.channel.is_ready());
        let found = ready.map(|place| idle.remove(place).channel);
        if idle.is_empty() {
            routes.remove(route);
        }
        found
    }

    /// Opens a connection to an address that `private` allows; each step takes `patience` at most.
    pub(super) async fn open(
        self: &Arc<Self>,
        route: &Route,
        private: bool,
        patience: Duration,
    ) -> Result<Channel, Unconnected> {
        let target = (&route.target, &self.lookups);
        let stream = self.client.connect(target, private, patience).await?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(self.client.settings.head.max(MIN_HEAD));
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Error::from)?;
        let task = task::spawn(drive(connection, Arc::downgrade(self), route.clone()));
        Ok(Channel::new(sender, Driver(task.abort_handle())))
    }

    /// Lends `channel` to the body of the response with this head; whether the request was `sent` to its end by now.
    pub(super) fn lend<B>(
        self: &Arc<Self>,
        route: Route,
        channel: Channel,
        response: &http::Response<B>,
        sent: bool,
    ) -> Loan {
        let most = self.client.settings.keep_alive;
        let lasts = sent && response.version() >= http::Version::HTTP_11;
        let rest = match lasts {
            true => promised(response.headers()).map_or(most, |promised| promised.min(most)),
            false => Duration::ZERO,
        };
        Loan {
            kept: Arc::clone(self),
            route,
            channel,
            rest,
        }
    }

    /// Keeps a connection whose exchange is over, if there is room.
    fn put(&self, route: Route, channel: Channel, rest: Duration) {
        if rest.is_zero() {
            return;
        }
        let Ok(place) = Arc::clone(&self.client.places).try_acquire_owned() else {
            return;
        };
        let mut routes = self.routes();
        // Asked under the lock: its driver forgets it, under the lock too, only after it was closed. That it is ready, its driver
        // may be about to say on another thread.
        if channel.is_closed() {
            return;
        }
        let idle = routes.entry(route).or_default();
        if idle.len() < self.client.settings.kept_per_host.max(1) {
            idle.push(Idle {
                channel,
                until: Instant::now() + rest,
                _place: place,
            });
        }
    }

    /// When to look again after the connection that `task` drives; never, if it was idle for long enough.
    fn look_after(&self, route: &Route, task: task::Id) -> Option<Instant> {
        let now = Instant::now();
        let routes = self.routes();
        let mut idle = routes.get(route).into_iter().flatten();
        match idle.find(|idle| idle.channel.task() == task) {
            Some(idle) => (idle.until > now).then_some(idle.until),
            None => Some(now + self.client.settings.keep_alive.max(LOOK)),
        }
    }

    fn forget(&self, route: &Route, task: task::Id) {
        let mut routes = self.routes();
        let Some(idle) = routes.get_mut(route) else {
            return;
        };
        idle.retain(|idle| idle.channel.task() != task);
        if idle.is_empty() {
            routes.remove(route);
        }
    }

    fn routes(&self) -> MutexGuard<'_, HashMap<Route, Vec<Idle>>> {
        // Nothing panics between two changes that belong together.
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan {
    /// Gives the connection back after the response was read to its end.
    pub(super) fn give_back(self) {
        self.kept.put(self.route, self.channel, self.rest);
    }
}

/// Drives a connection until it ends or was idle for too long.
async fn drive(connection: impl Future<Output = hyper::Result<()>>, kept: Weak<Kept>, route: Route) {
    // Whoever sends a request at the last moment gets it back, as the connection is dropped here. Why it ended, its exchange knows.
    watch(connection, &kept, &route).await;
    if let Some(kept) = kept.upgrade() {
        kept.forget(&route, task::id());
    }
}

async fn watch(connection: impl Future<Output = hyper::Result<()>>, kept: &Weak<Kept>, route: &Route) {
    let mut connection = pin!(connection);
    let mut look = Instant::now();
    while timeout_at(look, connection.as_mut()).await.is_err() {
        let next = kept.upgrade().and_then(|kept| kept.look_after(route, task::id()));
        match next {
            Some(next) => look = next,
            None => return,
        }
    }
}

/// How long a server says it keeps an idle connection, less a second for the way.
fn promised(headers: &HeaderMap) -> Option<Duration> {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    let said = headers.get(KEEP_ALIVE)?.to_str().ok()?;
    let seconds = said.split(',').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let seconds = value.trim().parse::<u64>().ok()?;
        name.trim().eq_ignore_ascii_case("timeout").then_some(seconds)
    })?;
    Some(Duration::from_secs(seconds.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_servers_promise_is_trusted_but_for_a_second() {
        for (said, expected) in [
            ("timeout=5", Some(4)),
            ("timeout=5, max=100", Some(4)),
            ("max=100 , Timeout = 3", Some(2)),
            ("timeout=1", Some(0)),
            ("timeout=0", Some(0)),
            ("max=100", None),
            ("timeout=soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("keep-alive"),
                HeaderValue::from_static(said),
            )]);
            assert_eq!(promised(&headers), expected.map(Duration::from_secs), "{said}");
        }
    }
}
