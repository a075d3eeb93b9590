//! The connection to the server: reconnected with back-off, and dropped when the server is silent.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use causerie_shared::frame::{ClientFrame, FrameError, ServerFrame, decode, encode};
use gloo_timers::callback::{Interval, Timeout};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, Event, MessageEvent, WebSocket};

use super::{clock, local};
use crate::net::pace::{Look, Pace};

/// How often [`Socket::look`] checks the clock.
const WATCH_MS: u32 = 5_000;

/// What the socket reports to its handler.
#[derive(Debug)]
pub enum SocketEvent {
    Opened,
    /// A frame with its bytes, which are passed on to follower tabs.
    Frame(ServerFrame, Vec<u8>),
    /// A frame of another schema version: the server is newer or older than this page.
    OtherSchema,
    /// The connection closed, or failed to open for the `attempt`-th time in a row (0 after an open connection).
    Closed {
        attempt: u32,
    },
}

type Handler = Rc<dyn Fn(SocketEvent)>;

/// A connection to the server that reconnects until it is stopped.
pub struct Socket {
    handler: Handler,
    line: RefCell<Option<Connection>>,
    pace: Cell<Pace>,
    wait: RefCell<Option<Timeout>>,
    watch: RefCell<Option<Interval>>,
    stopped: Cell<bool>,
    wake: RefCell<Vec<Closure<dyn Fn()>>>,
}

struct Connection {
    socket: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(Event)>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing a socket without a code cannot fail.
        drop(self.socket.close());
    }
}

impl Socket {
    /// Connects, and reconnects until [`Socket::stop`].
    pub fn start(handler: impl Fn(SocketEvent) + 'static) -> Rc<Self> {
        let socket = Rc::new(Self {
            handler: Rc::new(handler),
            line: RefCell::new(None),
            pace: Cell::new(Pace::new(clock::now())),
            wait: RefCell::new(None),
            watch: RefCell::new(None),
            stopped: Cell::new(false),
            wake: RefCell::new(vec![]),
        });
        let weak = Rc::downgrade(&socket);
        let watch = Interval::new(WATCH_MS, move || with(&weak, |socket| socket.look()));
        *socket.watch.borrow_mut() = Some(watch);
        socket.listen();
        socket.connect();
        socket
    }

    /// Sends a frame. A frame sent while the connection is down is lost; the core sends what matters again.
    pub fn send(&self, frame: &ClientFrame) {
        if let Some(line) = &*self.line.borrow()
            && line.socket.ready_state() == WebSocket::OPEN
            && line.socket.send_with_u8_array(&encode(frame)).is_err()
        {
            web_sys::console::warn_1(&"a frame could not be sent".into());
        }
    }

    /// Closes the connection and stops reconnecting.
    pub fn stop(&self) {
        self.stopped.set(true);
        self.wait.borrow_mut().take();
        self.watch.borrow_mut().take();
        self.line.borrow_mut().take();
        if let Some(window) = web_sys::window() {
            for wake in self.wake.borrow().iter() {
                let wake = wake.as_ref().unchecked_ref();
                drop(window.remove_event_listener_with_callback("online", wake));
                if let Some(document) = window.document() {
                    drop(document.remove_event_listener_with_callback("visibilitychange", wake));
                }
            }
        }
    }

    /// Reconnects without waiting when the network returns or the page is shown again.
    fn listen(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let wake = Closure::<dyn Fn()>::new(move || with(&weak, |socket| socket.hurry()));
        if let Some(window) = web_sys::window() {
            let listener = wake.as_ref().unchecked_ref();
            let online = window.add_event_listener_with_callback("online", listener);
            let shown = window.document().map_or(Ok(()), |document| {
                document.add_event_listener_with_callback("visibilitychange", listener)
            });
            if online.and(shown).is_err() {
                web_sys::console::warn_1(&"no events about the network".into());
            }
        }
        self.wake.borrow_mut().push(wake);
    }

    /// Tries to connect now, unless the page is hidden, instead of waiting for the next attempt.
    pub fn hurry(self: &Rc<Self>) {
        if !local::hidden() {
            self.pace(|pace| pace.hurry(clock::now()));
        }
        self.look();
    }

    /// Does what is due by the clock: a half-open connection never reports an error, and timers of hidden pages fire
    /// late.
    pub fn look(self: &Rc<Self>) {
        match self.pace.get().look(clock::now()) {
            Look::Fine => {}
            Look::Dead => self.lost(),
            Look::Connect => self.connect(),
        }
    }

    fn pace<T>(&self, change: impl FnOnce(&mut Pace) -> T) -> T {
        let mut pace = self.pace.get();
        let answer = change(&mut pace);
        self.pace.set(pace);
        answer
    }

    fn connect(self: &Rc<Self>) {
        self.wait.borrow_mut().take();
        if self.stopped.get() {
            return;
        }
        self.pace(|pace| pace.connecting(clock::now()));
        let Some(socket) = address().and_then(|address| WebSocket::new(&address).ok()) else {
            return self.lost();
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let weak = Rc::downgrade(self);
        let on_open = Closure::<dyn Fn()>::new(move || {
            with(&weak, |socket| (socket.handler)(SocketEvent::Opened));
        });
        let weak = Rc::downgrade(self);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            with(&weak, |socket| socket.message(&event));
        });
        let weak = Rc::downgrade(self);
        let on_close = Closure::<dyn Fn(Event)>::new(move |_| with(&weak, |socket| socket.lost()));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        let line = Connection {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        };
        *self.line.borrow_mut() = Some(line);
    }

    fn message(self: &Rc<Self>, event: &MessageEvent) {
        let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else {
            return web_sys::console::warn_1(&"a text frame".into());
        };
        let bytes = Uint8Array::new(&buffer).to_vec();
        match decode(&bytes) {
            Ok(frame) => {
                self.pace(|pace| pace.heard(clock::now()));
                (self.handler)(SocketEvent::Frame(frame, bytes));
            }
            Err(FrameError::Schema(_)) => (self.handler)(SocketEvent::OtherSchema),
            Err(error @ FrameError::Malformed) => web_sys::console::warn_1(&error.to_string().into()),
        }
    }

    /// Reports that the connection is lost and schedules the next attempt.
    fn lost(self: &Rc<Self>) {
        self.line.borrow_mut().take();
        let now = clock::now();
        let attempt = self.pace(|pace| pace.lost(now, clock::random()));
        let weak: Weak<Self> = Rc::downgrade(self);
        let again = Timeout::new(self.pace.get().wait(now), move || {
            with(&weak, |socket| socket.connect());
        });
        *self.wait.borrow_mut() = Some(again);
        (self.handler)(SocketEvent::Closed { attempt });
    }
}

fn with(socket: &Weak<Socket>, act: impl FnOnce(&Rc<Socket>)) {
    if let Some(socket) = socket.upgrade() {
        act(&socket);
    }
}

fn address() -> Option<String> {
    let location = web_sys::window()?.location();
    let scheme = if location.protocol().ok()? == "https:" {
        "wss"
    } else {
        "ws"
    };
    Some(format!("{scheme}://{}/api/socket", location.host().ok()?))
}
