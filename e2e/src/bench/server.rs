//! The release build of the server, in a separate process, so that its time and memory can be measured.

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
    /// The address of its database.
    pub database: String,
}

impl Released {
    /// Builds the server if necessary, and starts it with the bench's workspace.
    ///
    /// # Panics
    /// Panics if the build or the start fails.
    pub async fn start() -> Self {
        let (server, ()) = Self::furnished(async |folder, url| (workspace::furnish(folder, url).await, ())).await;
        server
    }

    /// Builds the server if necessary, and starts it on the database that `furnish` made. `furnish` gets a folder and
    /// the public address, and returns the database's address and a value of its own, which is passed on.
    ///
    /// # Panics
    /// Panics if the build or the start fails.
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
            // The bench has providers on this machine, and visitors from more than one address.
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

    /// Stops the server.
    ///
    /// # Panics
    /// Panics if the server cannot be stopped.
    pub async fn stop(&mut self) {
        self.process.kill().await.expect("the server ends");
    }

    /// The server's process id.
    ///
    /// # Panics
    /// Panics if the server has ended.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("the server runs")
    }

    /// The processor time that the server has used.
    ///
    /// # Panics
    /// Panics if the server has ended.
    pub fn processor_time(&self) -> Duration {
        process::processor_time(self.pid())
    }

    /// The resident memory of the server, in MB of 1024 KB.
    ///
    /// # Panics
    /// Panics if the server has ended.
    pub fn resident_megabytes(&self) -> f64 {
        process::resident_megabytes(self.pid())
    }
}

/// The path of the server, beside this program.
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
