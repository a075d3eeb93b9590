//! A program that a test starts, with all its child processes.

use std::process::{Child, Command};

/// A process and its children, which end when this is dropped.
pub(super) struct Program(Child);

impl Program {
    /// Starts the program as the leader of a new process group.
    ///
    /// # Panics
    /// Panics if the program cannot be started. The message contains `installed`, which says how to install it.
    pub(super) fn start(command: &mut Command, installed: &str) -> Self {
        use std::os::unix::process::CommandExt;
        let started = command.process_group(0).spawn();
        Self(started.unwrap_or_else(|error| panic!("{error}: {installed}")))
    }

    /// Whether the program has ended by itself.
    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The shell's built-in `kill` exists on every system.
        let ended = Command::new("sh")
            .args(["-c", "kill -s KILL -- \"-$1\"", "sh", &self.0.id().to_string()])
            .stderr(std::process::Stdio::null())
            .status();
        if let Err(error) = ended.and_then(|_| self.0.wait()) {
            eprintln!("a driver may have been left behind: {error}");
        }
    }
}
