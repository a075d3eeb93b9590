//! Failed workers are restarted, and readiness reports them meanwhile.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use causerie_server::{
    Shared,
    clock::{Clock, ManualClock},
    config::Config,
    demo,
    http::router,
    routing,
    state::App,
    store::{Store, conversations},
    workers::{Supervisor, stop},
};
use causerie_shared::conversation::Status;
use tower::ServiceExt as _;

use crate::common::{START, World, eventually};

/// An application without its own workers.
struct Bare {
    app: Shared,
    clock: ManualClock,
    _folder: tempfile::TempDir,
}

impl Bare {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::for_test(folder.path());
        let (hand, clock) = ManualClock::new(START);
        let store = Store::open(&config.database_url).await.unwrap();
        let app = App::new(config, store, Clock::clone(&clock)).await.unwrap();
        Self {
            app: Arc::new(app),
            clock: hand,
            _folder: folder,
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
        let response = router::build(self.app.clone())
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Waits until readiness has this status, and returns its text.
    async fn until_ready_is(&self, status: StatusCode) -> String {
        let reached = eventually(|| async {
            let (is, text) = self.get("/health/ready").await;
            (is == status).then_some(text)
        });
        reached.await.unwrap_or_else(|| panic!("readiness is never {status}"))
    }
}

/// Adds a worker that panics in its first `bad` runs. Returns the counter of its runs.
fn faulty(workers: &mut Supervisor, name: &'static str, bad: u32) -> Arc<AtomicU32> {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    workers.add(name, move |app| {
        let run = counted.fetch_add(1, Ordering::AcqRel);
        async move {
            assert!(run >= bad, "the test wants it so");
            stop(&mut app.shutdown.subscribe()).await;
        }
    });
    runs
}

#[tokio::test]
async fn a_worker_that_panics_is_started_again_and_readiness_names_it_meanwhile() {
    let bare = Bare::new().await;
    assert_eq!(bare.get("/health/ready").await.0, StatusCode::OK);
    let mut workers = Supervisor::new(&bare.app);
    faulty(&mut workers, "healthy", 0);
    let runs = faulty(&mut workers, "faulty", 2);
    workers.start();
    for run in 1..=2 {
        let failed = eventually(|| async {
            let down = bare.app.workers.down() == ["faulty"];
            (runs.load(Ordering::Acquire) == run && down).then_some(())
        });
        failed.await.expect("a run that fails");
        let text = bare.until_ready_is(StatusCode::SERVICE_UNAVAILABLE).await;
        assert_eq!(text, "not running: faulty");
        assert_eq!(bare.get("/health/live").await.0, StatusCode::OK);
        bare.clock.advance(Duration::from_secs(1));
    }
    bare.until_ready_is(StatusCode::OK).await;
    let (_, figures) = bare.get("/metrics").await;
    for line in [
        "causerie_worker_restarts_total{worker=\"faulty\"} 2",
        "causerie_worker_restarts_total{worker=\"healthy\"} 0",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line} in {figures}");
    }
}

#[tokio::test]
async fn the_pause_doubles_to_a_minute_and_begins_anew_after_a_good_run() {
    let bare = Bare::new().await;
    let mut workers = Supervisor::new(&bare.app);
    let fail = Arc::new(tokio::sync::Notify::new());
    let fails = Arc::clone(&fail);
    workers.add("moody", move |_| {
        let fails = Arc::clone(&fails);
        async move { fails.notified().await }
    });
    workers.start();
    for pause in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
        fail.notify_one();
        bare.until_ready_is(StatusCode::SERVICE_UNAVAILABLE).await;
        bare.clock.advance(Duration::from_millis(pause - 1));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(bare.app.workers.down(), ["moody"], "before {pause} ms");
        bare.clock.advance(Duration::from_millis(1));
        bare.until_ready_is(StatusCode::OK).await;
    }
    bare.clock.advance(Duration::from_secs(60));
    fail.notify_one();
    bare.until_ready_is(StatusCode::SERVICE_UNAVAILABLE).await;
    bare.clock.advance(Duration::from_millis(500));
    bare.until_ready_is(StatusCode::OK).await;
}

#[tokio::test]
async fn at_the_shutdown_workers_end_for_good() {
    let bare = Bare::new().await;
    let mut workers = Supervisor::new(&bare.app);
    let runs = faulty(&mut workers, "steady", 0);
    faulty(&mut workers, "broken", u32::MAX);
    workers.start();
    bare.until_ready_is(StatusCode::SERVICE_UNAVAILABLE).await;
    bare.app.shutdown.send_replace(true);
    // No receiver of the shutdown signal is left, so all workers and their supervisor have ended.
    bare.app.shutdown.closed().await;
    assert_eq!(runs.load(Ordering::Acquire), 1);
}

/// A wake-up that the dispatcher had received before it died is not lost.
#[tokio::test]
async fn a_dispatcher_that_is_started_again_finds_the_inboxes_that_wait() {
    let bare = Bare::new().await;
    let demo = demo::workspace(&bare.app).await.unwrap();
    let first = tokio::spawn(routing::run(bare.app.clone()));
    let idle = eventually(|| async { routing::is_at_rest(&bare.app).then_some(()) });
    idle.await.expect("it has nothing to do");
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());

    let ana = {
        let mut db = bare.app.store.read().await.unwrap();
        let users = causerie_server::store::users::users(&mut db).await.unwrap();
        users.iter().find(|user| user.email == "ana@demo.test").unwrap().id
    };
    causerie_server::presence::connected(&bare.app, ana).await.unwrap();
    let chat = World::write_at(&bare.app, &demo.advice, "visitor", "1", "Hello")
        .await
        .conversation;
    let head = || async {
        let mut db = bare.app.store.read().await.unwrap();
        conversations::get(&mut db, chat).await.unwrap().unwrap()
    };
    assert_eq!(head().await.state.status(), Status::Waiting);
    let again = tokio::spawn(routing::run(bare.app.clone()));
    let offered = eventually(|| async { (head().await.state.status() == Status::Assigning).then_some(()) });
    offered.await.expect("the chat is offered");
    again.abort();
}
