//! Randomly changed updates.

use axum::http::StatusCode;
use causerie_server::channels::{Adapter as _, telegram::Telegram};
use proptest::prelude::*;
use serde_json::Value;

use super::bot::{Bot, UPDATES};
use crate::common::{mutate, panics::Watched};

/// An update of the table with one to three random changes, and the changed places.
fn mutated() -> impl Strategy<Value = (Value, Value, Vec<String>)> {
    let cases: Vec<Value> = serde_json::from_str(UPDATES).expect("a table");
    let all: Vec<Value> = cases
        .iter()
        .flat_map(|case| case["updates"].as_array().expect("updates").clone())
        .filter(|update| update.is_object())
        .collect();
    mutate::mutated(all)
}

#[test]
fn a_mutated_update_is_nobody_elses() {
    let share = mutate::judged(file!(), 3000, mutated(), |(update, changed, places)| {
        let whose = |update: &Value| -> Vec<String> {
            let elements = Telegram.elements(update);
            elements
                .into_iter()
                .filter_map(|element| Some(element.person?.id))
                .collect()
        };
        let before = whose(&update);
        let after = whose(&changed);
        // The changes must not affect whose update it is: none of these fields, and not a button's message, whose chat
        // is the one in which the button was pressed.
        let is_elsewhere = |place: &String| {
            let keys = [
                "chat",
                "from",
                "business_connection_id",
                "direct_messages_topic",
                "user",
            ];
            let holds_none = keys.iter().all(|key| !place.contains(key)) && place != "/callback_query/message";
            holds_none && place.matches('/').count() > 1
        };
        if after.is_empty() || !places.iter().all(is_elsewhere) {
            return Ok(false);
        }
        for person in after {
            prop_assert!(before.contains(&person), "{person} of {changed}");
        }
        Ok(true)
    });
    assert!(share >= 8, "only {share} % of the updates were judged");
}

#[test]
fn a_mutated_update_is_answered_and_processed() {
    let watched = Watched::new();
    let runtime = &watched.runtime;
    let bot = runtime.block_on(Bot::start());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
    let run = runner.run(&mutated(), |(_, changed, _)| {
        let status = runtime.block_on(bot.hook(&changed));
        prop_assert!(status == StatusCode::OK || status.is_client_error(), "{status}");
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
    runtime.block_on(async {
        bot.processed().await;
        // The worker still runs: later updates are processed.
        bot.reset().await;
        bot.customer(8001).await;
        assert_eq!(bot.chats().await.len(), 1);
    });
    assert_eq!(watched.panics(), 0);
}
