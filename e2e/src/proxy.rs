//! A TCP proxy on loopback that does to connections what networks do: refuses them, swallows what is sent,
//! breaks them off, makes them slow, serves them in another order.
//!
//! It stands between a browser, or a bare client, and the server, and knows nothing of what it carries. What
//! it does can be changed at any time and says whether running connections or only later ones are meant.

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

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What happens to a connection when it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// Reset as soon as it is accepted.
    Shut,
    /// Accepted and kept waiting.
    Queue,
}

/// A proxy in front of a port. Its connections end with it.
pub struct Proxy {
    port: u16,
    street: Arc<Street>,
    accepting: JoinHandle<()>,
}

/// What the proxy and the tasks of its connections share.
struct Street {
    target: u16,
    state: Mutex<State>,
}

struct State {
    door: Door,
    /// How connections begin, by way.
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
    /// Listens on a free port in front of `target`, a port on loopback, and lets everything pass.
    ///
    /// # Panics
    /// When there is no free port.
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
                // An error of accept is one of the connection that was to be accepted.
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

    /// The port in front.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything passes again. Connections of which something was swallowed cannot go on: they are reset, as
    /// by a router that forgot them. Those that wait are served in the order in which they came.
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

    /// Connections that come from now on are reset at once; running ones go on.
    pub fn refuse(&self) {
        self.street.state().door = Door::Shut;
    }

    /// All connections, running ones and later ones, stay open and nothing gets through, either way.
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

    /// Of the running connections, `way` is dead from now on without being closed; later ones pass.
    pub fn half_open(&self, way: Way) {
        self.each(way, |lane| lane.swallows = true);
    }

    /// Breaks all running connections off (RST on both sides); later ones pass.
    pub fn reset(&self) {
        self.street.state().running.values().for_each(|carrier| carrier.end());
    }

    /// Everything that goes `way` is late by so much; what is on its way keeps its order.
    pub fn delay(&self, way: Way, by: Duration) {
        self.street.state().fresh[way as usize].delay = by;
        self.each(way, |lane| lane.delay = by);
    }

    /// Everything that goes `way` is kept until [`Proxy::pass`], and then comes in its order.
    pub fn hold(&self, way: Way) {
        self.street.state().fresh[way as usize].held = true;
        self.each(way, |lane| lane.held = true);
    }

    /// Every running connection lets `bytes` more pass `way` and then ends in the middle of whatever it
    /// carries; later ones pass.
    pub fn cut(&self, way: Way, bytes: usize) {
        self.each(way, |lane| lane.left = Some(bytes));
    }

    /// Connections that come from now on wait until [`Proxy::serve_newest`] or [`Proxy::pass`].
    pub fn queue(&self) {
        self.street.state().door = Door::Queue;
    }

    /// Serves the connection that came last of those that wait: later ones before earlier ones. `false` when
    /// none waits.
    pub fn serve_newest(&self) -> bool {
        let newest = self.street.state().waiting.pop_back();
        let served = newest.is_some();
        if let Some(client) = newest {
            self.street.serve(client);
        }
        served
    }

    /// Connections that wait.
    pub fn waiting(&self) -> usize {
        self.street.state().waiting.len()
    }

    /// Connections that run.
    pub fn running(&self) -> usize {
        self.street.state().running.len()
    }

    /// Bytes of running connections that were swallowed on the `way`.
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
