//! A program that a story starts, with all programs that it starts itself.

use std::process::{Child, Command};

/// It and what it started are ended with this.
pub(super) struct Program(Child);

impl Program {
    /// Starts it as the head of a group of its own.
    ///
    /// # Panics
    /// When it cannot be started; says how it gets `installed`.
    pub(super) fn start(command: &mut Command, installed: &str) -> Self {
        use std::os::unix::process::CommandExt;
        let started = command.process_group(0).spawn();
        Self(started.unwrap_or_else(|error| panic!("{error}: {installed}")))
    }

    /// Has it ended by itself?
    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The shell's own `kill`, which every system has.
        let ended = Command::new("sh")
            .args(["-c", "kill -s KILL -- \"-$1\"", "sh", &self.0.id().to_string()])
            .stderr(std::process::Stdio::null())
            .status();
        if let Err(error) = ended.and_then(|_| self.0.wait()) {
            eprintln!("a driver may have been left behind: {error}");
        }
    }
}
