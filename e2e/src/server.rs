//! The real server, in the process of the test, on a port and a database of its own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use causerie_server::{
    clock::{Clock, ManualClock},
    config::Config,
    demo, router,
    state::{App, Shared},
    store::{Store, conversations, messages},
};
use causerie_shared::{Millis, ids::ConversationId, message::Author, row::ConversationRow};
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    sync::Mutex,
    task::JoinHandle,
    time::timeout,
};

use crate::port::Port;

/// Monday, 2 March 2026, 09:00 UTC.
const MORNING: Millis = 1_772_442_000_000;
/// How long connections may take to end when the server stops.
const LEAVE: Duration = Duration::from_secs(5);

/// How often the hand of a clock that runs is moved.
const TICK: Duration = Duration::from_millis(20);

/// Ports at which people come in when something stands in front of the server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fronts {
    pub console: Option<u16>,
    pub visitor: Option<u16>,
}

/// A server with the demo's people and inboxes and without its chats. It can be stopped and started again.
pub struct Server {
    folder: TempDir,
    port: Port,
    fronts: Fronts,
    hand: Arc<ManualClock>,
    clock: Clock,
    running: Mutex<Option<Running>>,
}

/// Time passes as long as this lives.
pub struct Flow(JoinHandle<()>);

impl Drop for Flow {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One life of the server. It has a runtime of its own: when that ends, nothing of it goes on.
struct Running {
    app: Shared,
    runtime: Runtime,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Prepares the database and starts.
    ///
    /// # Panics
    /// When anything keeps the server from starting.
    pub async fn start() -> Self {
        Self::behind(Port::take(), Fronts::default()).await
    }

    /// As [`Server::start`], for people who come in by other ports.
    ///
    /// # Panics
    /// When anything keeps the server from starting.
    pub async fn behind(port: Port, fronts: Fronts) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (hand, clock) = ManualClock::new(MORNING);
        let server = Self {
            folder,
            port,
            fronts,
            hand: Arc::new(hand),
            clock,
            running: Mutex::default(),
        };
        server.furnish().await;
        server.open().await;
        server
    }

    fn config(&self) -> Config {
        let mut config = Config::for_test(self.folder.path());
        // Fake providers are connected and looked at by it.
        config.test_api = true;
        config.listen = SocketAddr::from(([127, 0, 0, 1], self.port.number()));
        // The widget's parts are where the visitor comes in; the other ways in are further origins.
        config.public_url = format!("http://127.0.0.1:{}", self.fronts.visitor.unwrap_or(self.port.number()));
        for port in self.fronts.console.into_iter().chain([self.port.number()]) {
            config.origins.push(format!("http://127.0.0.1:{port}"));
        }
        config
    }

    /// The demo's workspace, before any worker runs.
    async fn furnish(&self) {
        let config = self.config();
        let store = Store::open(&config.database_url).await.expect("a database");
        let app = App::new(config, store, self.clock.clone())
            .await
            .expect("the application");
        let app = Arc::new(app);
        demo::workspace(&app).await.expect("the demo's workspace");
        app.store.close().await;
    }

    async fn open(&self) {
        let listener = self.port.listen();
        // The demo's web page is served; its chats are not made, for there are users already.
        let config = Config {
            demo: true,
            ..self.config()
        };
        let clock = self.clock.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let (app, serving) = runtime
            .spawn(async move {
                listener.set_nonblocking(true).expect("a listener for tokio");
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let app = causerie_server::build(config, clock).await.expect("the server starts");
                let service = router::build(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
                let mut stopping = app.shutdown.subscribe();
                let stop = async move {
                    // An error means that the application is gone, which is a stop too.
                    drop(stopping.wait_for(|stop| *stop).await);
                };
                let serve = axum::serve(listener, service).with_graceful_shutdown(stop);
                (app, tokio::spawn(serve.into_future()))
            })
            .await
            .expect("the server starts");
        *self.running.lock().await = Some(Running { app, runtime, serving });
    }

    /// Stops it as a supervisor would: sockets are told, then everything ends.
    pub async fn stop(&self) {
        let Some(Running {
            app,
            runtime,
            mut serving,
        }) = self.running.lock().await.take()
        else {
            return;
        };
        app.shutdown.send_replace(true);
        if timeout(LEAVE, &mut serving).await.is_err() {
            serving.abort();
        }
        app.store.close().await;
        runtime.shutdown_background();
    }

    /// Starts it again on the same port and database.
    ///
    /// # Panics
    /// When anything keeps the server from starting.
    pub async fn restart(&self) {
        self.stop().await;
        self.open().await;
    }

    /// The running application.
    ///
    /// # Panics
    /// When the server is stopped.
    pub async fn app(&self) -> Shared {
        let running = self.running.lock().await;
        running.as_ref().expect("the server runs").app.clone()
    }

    /// The server's clock.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Turns the clock forward; timers that fall due fire.
    pub fn advance(&self, by: Duration) {
        self.hand.advance(by);
    }

    /// Lets time pass as it does outside, until the guard is dropped: messages to providers are paced by it.
    pub fn flow(&self) -> Flow {
        let hand = Arc::clone(&self.hand);
        Flow(tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                hand.advance(TICK);
            }
        }))
    }

    /// An address on the console's origin.
    pub fn url(&self, path: &str) -> String {
        format!(
            "http://127.0.0.1:{}{path}",
            self.fronts.console.unwrap_or(self.port.number())
        )
    }

    /// An address on the origin of the page with the widget.
    pub fn shop(&self, path: &str) -> String {
        format!(
            "http://localhost:{}{path}",
            self.fronts.visitor.unwrap_or(self.port.number())
        )
    }

    /// `127.0.0.1:port`, with nothing in front.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// A conversation as the database has it.
    pub async fn head(&self, conversation: ConversationId) -> ConversationRow {
        let app = self.app().await;
        let mut db = app.store.read().await.expect("a connection");
        let head = conversations::get(&mut db, conversation)
            .await
            .expect("the database answers");
        head.expect("the conversation exists")
    }

    /// Authors and texts of a conversation as the database has them, in order.
    pub async fn texts(&self, conversation: ConversationId) -> Vec<(Author, String)> {
        let app = self.app().await;
        let mut db = app.store.read().await.expect("a connection");
        let stored = messages::newest(&mut db, conversation, 100)
            .await
            .expect("the database answers");
        stored
            .into_iter()
            .map(|message| (message.row.author, message.body))
            .collect()
    }
}
