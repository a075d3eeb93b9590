//! A TCP proxy on loopback that imitates network faults: it refuses connections, drops data, breaks connections off,
//! delays them, or serves them in another order.
//!
//! It stands between a browser or another client and the server, and does not interpret the bytes. Faults can be
//! changed at any time; each method says whether it affects running connections or only later ones.

mod connection;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use connection::{Carrier, Lane};

/// The direction of a flow of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What happens to a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// The connection is reset as soon as it is accepted.
    Shut,
    /// The connection is accepted and waits.
    Queue,
}

/// A proxy in front of a port. Its connections end when it is dropped.
pub struct Proxy {
    port: u16,
    street: Arc<Street>,
    accepting: JoinHandle<()>,
}

/// The state that the proxy shares with the tasks of its connections.
struct Street {
    target: u16,
    state: Mutex<State>,
}

struct State {
    door: Door,
    /// The settings with which a connection begins, by direction.
    fresh: [Lane; 2],
    waiting: VecDeque<TcpStream>,
    running: BTreeMap<u64, Arc<Carrier>>,
    next: u64,
}

impl Street {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(self: &Arc<Self>, client: TcpStream) {
        let mut state = self.state();
        match state.door {
            Door::Open => {
                drop(state);
                self.serve(client);
            }
            Door::Shut => connection::reset(&client),
            Door::Queue => state.waiting.push_back(client),
        }
    }

    fn serve(self: &Arc<Self>, client: TcpStream) {
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        let carrier = Arc::new(Carrier::new(state.fresh));
        state.running.insert(number, Arc::clone(&carrier));
        drop(state);
        let street = Arc::clone(self);
        tokio::spawn(async move {
            carrier.carry(client, street.target).await;
            street.state().running.remove(&number);
        });
    }
}

impl Proxy {
    /// Listens on a free port in front of `target`, a port on loopback, and forwards everything.
    ///
    /// # Panics
    /// Panics if there is no free port.
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("the port").port();
        let street = Arc::new(Street {
            target,
            state: Mutex::new(State {
                door: Door::Open,
                fresh: [Lane::default(); 2],
                waiting: VecDeque::new(),
                running: BTreeMap::new(),
                next: 0,
            }),
        });
        let accepting = tokio::spawn({
            let street = Arc::clone(&street);
            async move {
                // An error of `accept` concerns only the connection that was to be accepted.
                loop {
                    if let Ok((client, _)) = listener.accept().await {
                        street.arrive(client);
                    }
                }
            }
        });
        Self {
            port,
            street,
            accepting,
        }
    }

    /// The port on which the proxy listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forwards everything again. Connections that lost data cannot continue and are reset, as by a router without
    /// their state. Waiting connections are served in their order.
    pub fn pass(&self) {
        let mut state = self.street.state();
        state.door = Door::Open;
        state.fresh = [Lane::default(); 2];
        for carrier in state.running.values() {
            carrier.heal();
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(|client| self.street.serve(client));
    }

    /// Resets new connections at once. Running ones continue.
    pub fn refuse(&self) {
        self.street.state().door = Door::Shut;
    }

    /// Keeps all connections open, running and new ones, and drops all data in both directions.
    pub fn black_hole(&self) {
        let mut state = self.street.state();
        state.door = Door::Open;
        for way in [Way::Up, Way::Down] {
            state.fresh[way as usize].swallows = true;
            state
                .running
                .values()
                .for_each(|carrier| carrier.lane(way, |lane| lane.swallows = true));
        }
    }

    /// Drops the data of running connections in direction `way` without closing them. Later connections are not
    /// affected.
    pub fn half_open(&self, way: Way) {
        self.each(way, |lane| lane.swallows = true);
    }

    /// Resets all running connections on both sides. Later connections are not affected.
    pub fn reset(&self) {
        self.street.state().running.values().for_each(|carrier| carrier.end());
    }

    /// Delays everything in direction `way`. The order of the bytes stays.
    pub fn delay(&self, way: Way, by: Duration) {
        self.street.state().fresh[way as usize].delay = by;
        self.each(way, |lane| lane.delay = by);
    }

    /// Holds everything in direction `way` back until [`Proxy::pass`], which delivers it in order.
    pub fn hold(&self, way: Way) {
        self.street.state().fresh[way as usize].held = true;
        self.each(way, |lane| lane.held = true);
    }

    /// Forwards `bytes` more of every running connection in direction `way`, then ends the connection, even in the
    /// middle of a frame. Later connections are not affected.
    pub fn cut(&self, way: Way, bytes: usize) {
        self.each(way, |lane| lane.left = Some(bytes));
    }

    /// Makes new connections wait until [`Proxy::serve_newest`] or [`Proxy::pass`].
    pub fn queue(&self) {
        self.street.state().door = Door::Queue;
    }

    /// Serves the newest waiting connection, so that later ones overtake earlier ones. Returns `false` if none waits.
    pub fn serve_newest(&self) -> bool {
        let newest = self.street.state().waiting.pop_back();
        let served = newest.is_some();
        if let Some(client) = newest {
            self.street.serve(client);
        }
        served
    }

    /// The number of waiting connections.
    pub fn waiting(&self) -> usize {
        self.street.state().waiting.len()
    }

    /// The number of running connections.
    pub fn running(&self) -> usize {
        self.street.state().running.len()
    }

    /// The number of dropped bytes of running connections in direction `way`.
    pub fn swallowed(&self, way: Way) -> usize {
        let mut all = 0;
        self.each(way, |lane| all += lane.lost);
        all
    }

    fn each(&self, way: Way, mut change: impl FnMut(&mut Lane)) {
        let state = self.street.state();
        state
            .running
            .values()
            .for_each(|carrier| carrier.lane(way, &mut change));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        let mut state = self.street.state();
        state.waiting.clear();
        state.running.values().for_each(|carrier| carrier.end());
    }
}
