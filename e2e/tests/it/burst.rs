//! A flood of webhooks.

use causerie_e2e::{
    story,
    wait::TIMEOUT,
    webhook_flood::{Line, Plan, burst},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_answered_and_stored_once_in_order() {
    story("burst", async |stage| {
        let line = Line::connect(&stage.server.host()).await;
        let plan = Plan {
            bodies: 500,
            connections: 10,
            contacts: 50,
        };
        let done = burst(&line, plan).await;
        assert_eq!(done.messages, 650);
        // Providers wait for 5 s (`docs/channels.md#delivery-of-webhooks`). This machine runs other tests too; the
        // bench measures the times on an idle one.
        let slowest = done.took.iter().max().expect("answers");
        assert!(*slowest < TIMEOUT, "an answer took {slowest:?}");
        // A second delivery changes nothing: the check inside `burst` would find a second chat or message.
        burst(&line, plan).await;
    })
    .await;
}
