//! The supervisor: runs the workers, restarts a worker that ended or panicked, and knows which workers are down.

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

/// First and longest pause before a restart, milliseconds. Each pause is twice as long as the one before.
const FIRST_PAUSE: Millis = 500;
const LONGEST_PAUSE: Millis = 60_000;
/// A run of this length resets the pause to the first, milliseconds.
const RAN_WELL: Millis = 60_000;
/// How often a worker polls for work that another node wrote, in case a notification was lost.
const FALLBACK_INTERVAL: Duration = Duration::from_secs(3);

/// The workers that are down.
#[derive(Debug, Default)]
pub struct Workers(Mutex<BTreeSet<&'static str>>);

impl Workers {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the names of the workers that wait for a restart.
    pub fn down(&self) -> Vec<&'static str> {
        self.lock().iter().copied().collect()
    }
}

type Run = Arc<dyn Fn(Shared) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

struct Worker {
    name: &'static str,
    run: Run,
    /// Time of the last start or of the scheduled restart, and the number of short runs in a row.
    began: Millis,
    failures: u32,
}

/// A list of workers that [`Supervisor::start`] runs.
pub struct Supervisor {
    app: Shared,
    workers: Vec<Worker>,
}

impl Supervisor {
    /// Creates a supervisor without workers.
    pub fn new(app: &Shared) -> Self {
        Self {
            app: app.clone(),
            workers: vec![],
        }
    }

    /// Adds a worker. `run` is called at each start; its future must end at the shutdown only. It must first look for
    /// work before it waits for a wake-up, because the previous run may have consumed one.
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

    /// Starts all workers and keeps them running until the server stops.
    pub fn start(self) {
        tokio::spawn(supervise(self));
    }
}

async fn supervise(Supervisor { app, workers }: Supervisor) {
    // Held until the last worker has ended: the shutdown waits until all receivers are dropped.
    let shutdown = app.shutdown.subscribe();
    // Installs the recorder, so that the counters below are recorded.
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
    /// Returns the pause before the next restart, milliseconds, and counts the failure.
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

/// Restarts a worker at `due`, and runs it.
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

/// Returns once the server is asked to stop, or at once if it was asked before.
pub async fn stop(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the application was dropped, which is a stop too.
    drop(shutdown.wait_for(|stop| *stop).await);
}

/// Returns when a worker should poll for work of other nodes. Never returns on SQLite, whose only node gets all
/// wake-ups.
pub async fn fallback(app: &App) {
    match app.store.engine() {
        Engine::Postgres => crate::clock::pause(FALLBACK_INTERVAL).await,
        Engine::Sqlite => std::future::pending().await,
    }
}
