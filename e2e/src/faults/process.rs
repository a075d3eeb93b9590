//! The server's program in a process that can be killed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use causerie_server::{clock::Clock, config::Config, demo, state::App, store::Store};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{port::Port, wait::until};

/// The name of the database's file, beside which its write-ahead log lies.
pub(super) const DATABASE: &str = "causerie.db";

/// The program, its database with the demo's users, and its port, which stays the same.
pub(super) struct Process {
    folder: TempDir,
    binary: PathBuf,
    child: Option<Child>,
    _port: Port,
    /// `127.0.0.1:port`.
    pub(super) host: String,
}

impl Process {
    /// Builds the program if necessary, and fills a database.
    pub(super) async fn furnish() -> Self {
        let binary = build().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = Port::take();
        let host = format!("127.0.0.1:{}", port.number());
        let mut config = Config::for_test(folder.path());
        config.public_url = format!("http://{host}");
        let store = Store::open(&config.database_url).await.expect("a database");
        let app = App::new(config, store, Clock::System).await.expect("the application");
        let app = Arc::new(app);
        demo::workspace(&app).await.expect("the demo's workspace");
        app.store.close().await;
        Self {
            folder,
            binary,
            child: None,
            _port: port,
            host,
        }
    }

    /// Starts the program and waits until it is ready.
    pub(super) async fn start(&mut self) {
        let folder = self.folder.path();
        let child = Command::new(&self.binary)
            .env("CAUSERIE_LISTEN", &self.host)
            .env(
                "CAUSERIE_DATABASE_URL",
                format!("sqlite://{}", folder.join(DATABASE).display()),
            )
            .env("CAUSERIE_DATA", folder)
            .env("CAUSERIE_LOG", "error")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        self.child = Some(child);
        let ready = format!("http://{}/health/ready", self.host);
        until("the server", async || {
            let answer = reqwest::get(&ready).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Starts the program with the addresses for tests switched on, and returns its exit code and its output.
    pub(super) async fn test_api(&self) -> (Option<i32>, String) {
        let ended = Command::new(&self.binary)
            .env("CAUSERIE_LISTEN", &self.host)
            .env("CAUSERIE_TEST_API", "1")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("the server runs");
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// Kills the program with SIGKILL.
    pub(super) async fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().await.expect("the server ends");
    }

    /// A copy of the database as the last kill left it, its write-ahead log included.
    pub(super) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a temporary folder");
        for name in [DATABASE.to_owned(), format!("{DATABASE}-wal")] {
            let from = self.folder.path().join(&name);
            if from.exists() {
                fs::copy(from, copy.path().join(&name)).expect("the database can be copied");
            }
        }
        copy
    }
}

/// Builds the server in the profile of this program, and returns its path.
async fn build() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--locked",
        "--quiet",
        "--package",
        "causerie-server",
        "--bin",
        "causerie-server",
    ]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let built = command.status().await.expect("cargo runs");
    assert!(built.success(), "the server could not be built");
    let this = env::current_exe().expect("this program's path");
    let folder = this.parent().unwrap_or(Path::new("."));
    // Test programs are one folder deeper.
    let folder = match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().unwrap_or(folder),
        Some(_) | None => folder,
    };
    folder.join("causerie-server")
}
