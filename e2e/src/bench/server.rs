//! The release build of the server, in a process of its own, so that its time and memory are its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::{process, workspace};
use crate::{port::Port, wait::until};

/// A running server with the bench's workspace.
pub struct Released {
    _folder: TempDir,
    process: Child,
    _port: Port,
    /// `127.0.0.1:port`.
    pub host: String,
    /// Address of its database.
    pub database: String,
}

impl Released {
    /// Builds the server if it is not, and starts it with the bench's workspace.
    ///
    /// # Panics
    /// When that fails.
    pub async fn start() -> Self {
        let (server, ()) = Self::furnished(async |folder, url| (workspace::furnish(folder, url).await, ())).await;
        server
    }

    /// Builds the server if it is not, and starts it with what `furnish` made: it gets a folder and the public
    /// address, and gives the database's address and whatever else it wants to tell.
    ///
    /// # Panics
    /// When that fails.
    pub async fn furnished<T>(furnish: impl AsyncFnOnce(&Path, &str) -> (String, T)) -> (Self, T) {
        build().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = Port::take();
        let host = format!("127.0.0.1:{}", port.number());
        let (database, made) = furnish(folder.path(), &format!("http://{host}")).await;
        let process = Command::new(binary())
            .env("CAUSERIE_LISTEN", &host)
            .env("CAUSERIE_DATABASE_URL", &database)
            .env("CAUSERIE_DATA", folder.path())
            .env("CAUSERIE_LOG", "warn")
            // Providers on this machine, and visitors from more than one address.
            .env("CAUSERIE_ALLOWED_HOSTS", "127.0.0.1,localhost")
            .env("CAUSERIE_TRUSTED_PROXIES", "127.0.0.1")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        until("the server", async || {
            let ready = reqwest::get(format!("http://{host}/health/ready")).await.ok()?;
            ready.status().is_success().then_some(())
        })
        .await;
        let server = Self {
            _folder: folder,
            process,
            _port: port,
            host,
            database,
        };
        (server, made)
    }

    /// Ends it.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub async fn stop(&mut self) {
        self.process.kill().await.expect("the server ends");
    }

    /// Number of its process.
    ///
    /// # Panics
    /// When it does not run any more.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("the server runs")
    }

    /// Processor time that it has used.
    ///
    /// # Panics
    /// When it does not run any more.
    pub fn processor_time(&self) -> Duration {
        process::processor_time(self.pid())
    }

    /// Memory that is in use, MB of 1024 KB.
    ///
    /// # Panics
    /// When it does not run any more.
    pub fn resident_megabytes(&self) -> f64 {
        process::resident_megabytes(self.pid())
    }
}

/// It stands beside this program.
fn binary() -> PathBuf {
    let this = env::current_exe().expect("this program's path");
    this.parent().unwrap_or(Path::new(".")).join("causerie-server")
}

async fn build() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--locked",
            "--release",
            "--quiet",
            "--package",
            "causerie-server",
            "--bin",
            "causerie-server",
        ])
        .status()
        .await
        .expect("cargo runs");
    assert!(built.success(), "the server could not be built");
}
