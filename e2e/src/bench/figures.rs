//! Prints figures.

use std::time::Duration;

/// Prints one figure.
pub fn print(label: &str, value: f64, unit: &str) {
    println!("{label} = {value:.1} {unit}");
}

/// Prints the median and the 99th percentile of some times, one per line.
pub fn print_times(label: &str, times: Vec<Duration>) {
    let times = sorted(times);
    print(&format!("{label}, p50"), millis(at(&times, 0.50)), "ms");
    print(
        &format!("{label}, p99 of {}", times.len()),
        millis(at(&times, 0.99)),
        "ms",
    );
}

/// Prints the median of some times.
pub fn print_median(label: &str, times: Vec<Duration>) {
    let times = sorted(times);
    print(
        &format!("{label}, median of {}", times.len()),
        millis(at(&times, 0.50)),
        "ms",
    );
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    assert!(!times.is_empty(), "nothing was measured");
    times.sort_unstable();
    times
}

fn at(sorted: &[Duration], share: f64) -> Duration {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(at(&times, 0.50), Duration::from_millis(50));
        assert_eq!(at(&times, 0.99), Duration::from_millis(99));
        assert_eq!(at(&times[..1], 0.99), Duration::from_millis(1));
    }
}
