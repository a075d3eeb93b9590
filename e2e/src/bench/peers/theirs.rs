//! A peer: its server and its load run in separate processes, which are controlled with JSON lines.

use std::{path::PathBuf, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};

use super::super::process;
use crate::port::Port;

/// The folder in which `scripts/peers.sh` puts the packages and the scripts of `e2e/peers`.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers");
/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A Node.js program that answers each line with a line.
struct Program {
    process: Child,
    into: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(script: &str, port: u16) -> Self {
        let mut process = Command::new("node")
            .arg("--expose-gc")
            .arg(PathBuf::from(FOLDER).join(script))
            .arg(port.to_string())
            .current_dir(FOLDER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        Self {
            into: process.stdin.take().expect("its input"),
            from: BufReader::new(process.stdout.take().expect("its output")).lines(),
            process,
        }
    }

    async fn read(&mut self) -> Value {
        let line = timeout(LIMIT, self.from.next_line()).await.expect("an answer in time");
        let line = line.expect("a readable answer").expect("the program still runs");
        serde_json::from_str(&line).expect("JSON")
    }

    async fn ask(&mut self, command: &Value) -> Value {
        let line = format!("{command}\n");
        self.into.write_all(line.as_bytes()).await.expect("the program reads");
        self.read().await
    }
}

/// A running peer.
pub struct Theirs {
    server: Program,
    load: Program,
    _port: Port,
}

impl Theirs {
    /// Starts `<name>-server.mjs` and `<name>-client.mjs`.
    ///
    /// # Panics
    /// Panics if they do not start. `scripts/peers.sh` installs them.
    pub async fn start(name: &str) -> Self {
        let port = Port::take();
        let mut server = Program::start(&format!("{name}-server.mjs"), port.number());
        server.read().await;
        Self {
            server,
            load: Program::start(&format!("{name}-client.mjs"), port.number()),
            _port: port,
        }
    }

    fn pid(&self) -> u32 {
        self.server.process.id().expect("the server runs")
    }

    /// The processor time that the server has used.
    pub fn processor_time(&self) -> Duration {
        process::processor_time(self.pid())
    }

    /// The resident memory of the server after a garbage collection, in MB.
    pub async fn resident_megabytes(&mut self) -> f64 {
        sleep(super::SETTLE).await;
        self.server.ask(&json!({})).await;
        self.server.ask(&json!({})).await;
        process::resident_megabytes(self.pid())
    }

    /// Sends the load a command, and returns its answer.
    pub async fn ask(&mut self, command: Value) -> Value {
        self.load.ask(&command).await
    }

    /// Sends the load a command whose answer contains times in ms. Messages that never arrived count as infinite.
    pub async fn times(&mut self, command: Value) -> Vec<f64> {
        let answer = self.ask(command).await;
        let took = answer["took"].as_array().expect("times");
        let mut took: Vec<f64> = took.iter().filter_map(Value::as_f64).collect();
        let wanted = answer["wanted"].as_f64().unwrap_or(0.0) as usize;
        took.resize(took.len().max(wanted), f64::INFINITY);
        took
    }
}
