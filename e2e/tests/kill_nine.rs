//! Kills the shipped server in the middle of its work; `make bench-faults` does so two hundred times.

use causerie_e2e::faults;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_ten_kills_is_there_once_and_in_order() {
    let outcome = faults::kill_nine(10, 3).await;
    assert!(
        outcome.acknowledged >= 100 && outcome.replies >= 10,
        "there was no load: {outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_program_has_no_addresses_for_tests() {
    faults::no_test_api().await;
}
