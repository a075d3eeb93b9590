//! The release build of the server, in a process of its own, so that its time and memory are its own.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::workspace;
use crate::wait::until;

/// Ticks of `/proc/<pid>/stat` in a second: fixed on Linux for programs.
const TICKS: f64 = 100.0;

/// A running server with the bench's workspace.
pub struct Released {
    _folder: TempDir,
    process: Child,
    /// `127.0.0.1:port`.
    pub host: String,
    /// Address of its database.
    pub database: String,
}

impl Released {
    /// Builds the server if it is not, and starts it.
    ///
    /// # Panics
    /// When that fails.
    pub async fn start() -> Self {
        build().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = {
            let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            free.local_addr().expect("the port").port()
        };
        let host = format!("127.0.0.1:{port}");
        let database = workspace::furnish(folder.path(), &format!("http://{host}")).await;
        let process = Command::new(binary())
            .env("CAUSERIE_LISTEN", &host)
            .env("CAUSERIE_DATABASE_URL", &database)
            .env("CAUSERIE_DATA", folder.path())
            .env("CAUSERIE_LOG", "warn")
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
        Self {
            _folder: folder,
            process,
            host,
            database,
        }
    }

    /// Ends it.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub async fn stop(&mut self) {
        self.process.kill().await.expect("the server ends");
    }

    fn proc_file(&self, name: &str) -> String {
        let pid = self.process.id().expect("the server runs");
        fs::read_to_string(format!("/proc/{pid}/{name}")).expect("Linux keeps figures of processes")
    }

    /// Processor time that it has used.
    ///
    /// # Panics
    /// When it does not run any more.
    pub fn processor_time(&self) -> Duration {
        let stat = self.proc_file("stat");
        // The name of the program stands in brackets and may hold blanks.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        Duration::from_secs_f64(ticks / TICKS)
    }

    /// Memory that is in use, MB of 1024 KB.
    ///
    /// # Panics
    /// When it does not run any more.
    pub fn resident_megabytes(&self) -> f64 {
        let status = self.proc_file("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
        kilobytes.expect("Linux tells the resident size") / 1024.0
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
