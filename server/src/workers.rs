//! The supervisor: runs the workers, starts one again that ended or panicked, and knows which of them do not run.

use std::{
    collections::{BTreeSet, HashMap},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use causerie_shared::Millis;
use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};

use crate::{
    state::{App, Shared},
    store::Engine,
    telemetry,
};

/// First and longest pause before a worker is started again, milliseconds; each is twice as long as the one before.
const FIRST_PAUSE: Millis = 500;
const LONGEST_PAUSE: Millis = 60_000;
/// After a run of this length the pauses begin anew, milliseconds.
const RAN_WELL: Millis = 60_000;
/// How long a worker may overlook what another node wrote, when no notification came of it.
const FALLBACK: Duration = Duration::from_secs(3);

/// The workers that should run and do not.
#[derive(Debug, Default)]
pub struct Workers(Mutex<BTreeSet<&'static str>>);

impl Workers {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names of the workers that wait to be started again.
    pub fn down(&self) -> Vec<&'static str> {
        self.lock().iter().copied().collect()
    }
}

type Run = Arc<dyn Fn(Shared) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

struct Worker {
    name: &'static str,
    run: Run,
    /// When it was started last, and how often it ended soon after its start, in a row.
    began: Millis,
    failures: u32,
}

/// The workers before they run.
pub struct Supervisor {
    app: Shared,
    workers: Vec<Worker>,
}

impl Supervisor {
    /// A supervisor without workers.
    pub fn new(app: &Shared) -> Self {
        Self {
            app: app.clone(),
            workers: vec![],
        }
    }

    /// Adds a worker. `run` is called at each start; its future ends at the shutdown only. It begins with what there is
    /// to do, because the run before it may have taken a wake-up with it.
    pub fn add<F>(&mut self, name: &'static str, run: impl Fn(Shared) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.workers.push(Worker {
            name,
            run: Arc::new(move |app| Box::pin(run(app))),
            began: 0,
            failures: 0,
        });
    }

    /// Starts all workers, and keeps them running until the server stops.
    pub fn start(self) {
        tokio::spawn(supervise(self));
    }
}

async fn supervise(Supervisor { app, workers }: Supervisor) {
    // Held until the last worker has ended: the shutdown waits for it.
    let shutdown = app.shutdown.subscribe();
    // Figures count from here on.
    telemetry::metrics();
    let mut tasks = JoinSet::new();
    let mut running: HashMap<Id, Worker> = HashMap::new();
    for mut worker in workers {
        metrics::counter!("causerie_worker_restarts_total", "worker" => worker.name).increment(0);
        worker.began = app.clock.now();
        let task = tasks.spawn((worker.run)(app.clone()));
        running.insert(task.id(), worker);
    }
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, panic) = match ended {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error)),
        };
        let Some(mut worker) = running.remove(&id) else {
            continue;
        };
        if *shutdown.borrow() {
            continue;
        }
        let name = worker.name;
        app.workers.lock().insert(name);
        let pause = worker.pause(app.clock.now());
        match panic {
            Some(panic) => tracing::error!(worker = name, %panic, pause, "a worker panicked and is started again"),
            None => tracing::error!(worker = name, pause, "a worker ended and is started again"),
        }
        let due = app.clock.now() + pause;
        worker.began = due;
        let task = tasks.spawn(again(app.clone(), name, due, Arc::clone(&worker.run)));
        running.insert(task.id(), worker);
    }
}

impl Worker {
    /// The pause before it is started again, milliseconds.
    fn pause(&mut self, now: Millis) -> Millis {
        if now - self.began >= RAN_WELL {
            self.failures = 0;
        }
        let pause = FIRST_PAUSE
            .saturating_mul(1 << self.failures.min(10))
            .min(LONGEST_PAUSE);
        self.failures += 1;
        pause
    }
}

/// Starts a worker again at `due`.
async fn again(app: Shared, name: &'static str, due: Millis, run: Run) {
    let mut shutdown = app.shutdown.subscribe();
    tokio::select! {
        () = app.clock.sleep_until(due) => {}
        () = stop(&mut shutdown) => return,
    }
    app.workers.lock().remove(name);
    metrics::counter!("causerie_worker_restarts_total", "worker" => name).increment(1);
    tracing::info!(worker = name, "a worker runs again");
    run(app).await;
}

/// Returns once the server is to stop, also when it was said before.
pub async fn stop(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the application is gone, which is a stop too.
    drop(shutdown.wait_for(|stop| *stop).await);
}

/// Returns when a worker should look by itself for what another node left to do. SQLite has one node, whose wake-ups
/// are complete.
pub async fn fallback(app: &App) {
    match app.store.engine() {
        Engine::Postgres => tokio::time::sleep(FALLBACK).await,
        Engine::Sqlite => std::future::pending().await,
    }
}
