//! Figures of a process that Linux provides.

use std::{fs, time::Duration};

/// Ticks per second in `/proc/<pid>/stat`, which Linux fixes for programs.
const TICKS: f64 = 100.0;

fn file(pid: u32, name: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{name}")).expect("Linux keeps figures of processes")
}

/// The processor time that a process has used.
///
/// # Panics
/// Panics if the process has ended.
pub fn processor_time(pid: u32) -> Duration {
    let stat = file(pid, "stat");
    // The name of the program stands in brackets and may contain spaces.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Duration::from_secs_f64(ticks / TICKS)
}

/// The processor time that this process has used, finer than [`processor_time`]: up to the last time that each of its
/// threads waited. Threads that have ended are not included.
///
/// # Panics
/// Panics if Linux does not provide the figures.
pub fn own_time() -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("Linux keeps figures of threads");
    let nanos = threads.filter_map(|thread| {
        let figures = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        figures.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// The resident memory of a process, in MB of 1024 KB.
///
/// # Panics
/// Panics if the process has ended.
pub fn resident_megabytes(pid: u32) -> f64 {
    let status = file(pid, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.expect("Linux tells the resident size") / 1024.0
}
