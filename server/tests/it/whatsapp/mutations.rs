//! Randomly changed bodies.

use causerie_server::channels::{Adapter as _, inbound_event::InboundEventKind, whatsapp::WhatsApp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CUSTOMER, PHONE, envelope, message, text};
use crate::common::{
    line::{Line, Provider, answer},
    mutate::{judged, mutated},
};

fn valid() -> Vec<Value> {
    let contents = [
        json!({"type": "text", "text": {"body": "Hello"}, "context": {"id": "wamid.q", "forwarded": true}}),
        json!({"type": "image", "image": {"id": "m", "mime_type": "image/png", "caption": "Look"}}),
        json!({"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": "Here"}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1"}]}]}),
        json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{\"a\":[1]}"}}}),
        json!({"type": "order", "order": {"product_items": [{"product_retailer_id": "s", "quantity": 1}]}}),
        json!({"type": "reaction", "reaction": {"message_id": "wamid.q", "emoji": "👍"}}),
        json!({"type": "edit", "edit": {"original_message_id": "wamid.q", "message": {"type": "text", "text": {"body": "B"}}}}),
        json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "16505559999", "body": "changed"}}),
        json!({"type": "unsupported", "errors": [{"code": 131_051, "title": "Unknown"}]}),
    ];
    let numbered = contents.into_iter().enumerate();
    let mut all: Vec<Value> = numbered
        .map(|(at, content)| message(&format!("wamid.{at}"), content))
        .collect();
    all.push(envelope(
        "messages",
        json!({ "statuses": [{ "id": "wamid.o", "status": "failed", "recipient_id": CUSTOMER,
            "errors": [{ "code": 131_026, "title": "No", "error_data": { "details": "d" } }] }] }),
    ));
    all.push(envelope(
        "smb_message_echoes",
        json!({ "message_echoes": [{ "id": "wamid.e", "from": "1", "to": CUSTOMER, "type": "text", "text": { "body": "x" } }] }),
    ));
    all
}

#[test]
fn a_mutated_body_is_nobody_elses() {
    let share = judged(file!(), 3000, mutated(valid()), |(_, body, places)| {
        let untouched = places.iter().all(|place| {
            place.contains("/messages/0/")
                && ["from", "customer", "wa_id", "system"]
                    .iter()
                    .all(|key| !place.ends_with(key))
        });
        let mut persons = 0;
        for element in WhatsApp.elements(&body) {
            prop_assert!(
                ["", "@", PHONE].contains(&element.account.as_str()) || !untouched,
                "{body}"
            );
            if let (Some(person), true) = (&element.person, untouched) {
                prop_assert_eq!(&person.id, CUSTOMER, "{}", body);
                persons += 1;
            }
            if let InboundEventKind::Message(arrived) = &element.what {
                prop_assert!(!arrived.id.is_empty());
            }
        }
        Ok(persons > 0)
    });
    assert!(share >= 4, "only {share} % of the bodies were judged");
}

#[test]
fn a_mutated_body_is_answered_and_what_comes_after_it_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let lines = runtime.block_on(async {
        let provider = Provider::start(|_| answer(404, &json!({}))).await;
        Line::each("whatsapp", PHONE, &provider.url).await
    });
    for line in lines {
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
        let run = runner.run(&mutated(valid()), |(_, body, _)| {
            let status = runtime.block_on(line.hook(body.to_string().as_bytes()));
            prop_assert!(status.is_success() || status.is_client_error(), "{status}");
            Ok(())
        });
        if let Err(error) = run {
            panic!("{error}");
        }
        runtime.block_on(async {
            line.quiesce().await;
            line.call(axum::http::Method::POST, "/test/reset", "".into()).await;
            line.receive(&text("wamid.after", "Still there?")).await;
            assert_eq!(line.messages().await[0]["text"], "Still there?");
        });
    }
}
