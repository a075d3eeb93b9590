//! The real server, in the test's process, with its own port and database.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use causerie_server::{
    clock::{Clock, ManualClock},
    config::Config,
    demo,
    http::router,
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

/// How often [`Server::flow`] moves the clock.
const TICK: Duration = Duration::from_millis(20);

/// The ports of proxies in front of the server, for those who use one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fronts {
    pub console: Option<u16>,
    pub visitor: Option<u16>,
}

/// A server with the demo's users and inboxes but not its chats. It can be stopped and started again.
pub struct Server {
    folder: TempDir,
    port: Port,
    fronts: Fronts,
    hand: Arc<ManualClock>,
    clock: Clock,
    running: Mutex<Option<Running>>,
}

/// Lets time pass as long as it lives.
pub struct Flow(JoinHandle<()>);

impl Drop for Flow {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One run of the server. It has a runtime of its own, so that none of its tasks outlives it.
struct Running {
    app: Shared,
    runtime: Runtime,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Prepares the database and starts the server.
    ///
    /// # Panics
    /// Panics if the server does not start.
    pub async fn start() -> Self {
        Self::behind(Port::take(), Fronts::default()).await
    }

    /// Starts the server as [`Server::start`] does, on `port` and with proxies in front of it.
    ///
    /// # Panics
    /// Panics if the server does not start.
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
        // The tests connect and inspect fake providers through the addresses for tests.
        config.test_api = true;
        config.listen = SocketAddr::from(([127, 0, 0, 1], self.port.number()));
        // The widget is loaded from the visitor's port; the other ports are further origins.
        config.public_url = format!("http://127.0.0.1:{}", self.fronts.visitor.unwrap_or(self.port.number()));
        for port in self.fronts.console.into_iter().chain([self.port.number()]) {
            config.origins.push(format!("http://127.0.0.1:{port}"));
        }
        config
    }

    /// Creates the demo's workspace before any worker runs.
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
        // The demo's web page is served. Its chats are not created, since users exist already.
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

    /// Stops the server as a supervisor such as systemd would: the sockets are closed, then everything ends.
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

    /// Restarts the server on the same port and database.
    ///
    /// # Panics
    /// Panics if the server does not start.
    pub async fn restart(&self) {
        self.stop().await;
        self.open().await;
    }

    /// The running application.
    ///
    /// # Panics
    /// Panics if the server is stopped.
    pub async fn app(&self) -> Shared {
        let running = self.running.lock().await;
        running.as_ref().expect("the server runs").app.clone()
    }

    /// The server's clock.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Advances the clock. Timers that are due fire.
    pub fn advance(&self, by: Duration) {
        self.hand.advance(by);
    }

    /// Lets time pass in real time until the guard is dropped, since sending to providers is paced by the clock.
    pub fn flow(&self) -> Flow {
        let hand = Arc::clone(&self.hand);
        Flow(tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                hand.advance(TICK);
            }
        }))
    }

    /// A URL on the console's origin.
    pub fn url(&self, path: &str) -> String {
        format!(
            "http://127.0.0.1:{}{path}",
            self.fronts.console.unwrap_or(self.port.number())
        )
    }

    /// A URL on the origin of the page with the widget.
    pub fn shop(&self, path: &str) -> String {
        format!(
            "http://localhost:{}{path}",
            self.fronts.visitor.unwrap_or(self.port.number())
        )
    }

    /// `127.0.0.1:port`, past any proxy.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// A conversation's row in the database.
    pub async fn head(&self, conversation: ConversationId) -> ConversationRow {
        let app = self.app().await;
        let mut db = app.store.read().await.expect("a connection");
        let head = conversations::get(&mut db, conversation)
            .await
            .expect("the database answers");
        head.expect("the conversation exists")
    }

    /// The authors and texts of a conversation in the database, in order.
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
