//! The table: one row per figure, one column per system, and the ratios.

/// A figure of the three systems. It is infinite for messages that never arrived.
pub struct Figure {
    pub label: String,
    pub unit: &'static str,
    pub ours: f64,
    pub hocuspocus: f64,
    pub automerge: f64,
}

/// The value below which a share of the times lies.
///
/// # Panics
/// Panics if `times` is empty.
pub fn percentile(times: &[f64], share: f64) -> f64 {
    assert!(!times.is_empty(), "nothing was measured");
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

fn cell(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.1}")
    } else {
        "never".into()
    }
}

fn ratio(ours: f64, theirs: f64) -> String {
    let ratio = ours / theirs;
    if ratio.is_finite() {
        format!("{ratio:.2}")
    } else {
        "–".into()
    }
}

/// Prints the head of the table.
pub fn print_head() {
    println!(
        "{:<52} {:>10} {:>10} {:>14} {:>11} {:>15}",
        "", "ours", "Hocuspocus", "automerge-repo", "÷ Hocuspocus", "÷ automerge-repo"
    );
}

/// Prints a row.
pub fn print(figure: &Figure) {
    println!(
        "{:<52} {:>10} {:>10} {:>14} {:>11} {:>15}",
        format!("{}, {}", figure.label, figure.unit),
        cell(figure.ours),
        cell(figure.hocuspocus),
        cell(figure.automerge),
        ratio(figure.ours, figure.hocuspocus),
        ratio(figure.ours, figure.automerge),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_came_is_the_worst() {
        let times = [3.0, 1.0, f64::INFINITY, 2.0];
        assert_eq!(percentile(&times, 0.5), 2.0);
        assert_eq!(cell(percentile(&times, 0.99)), "never");
        assert_eq!(ratio(1.0, f64::INFINITY), "0.00");
    }
}
