//! Randomly changed payloads of all of Meta's channels, in one body with an unchanged element.

use std::collections::HashMap;

use axum::http::StatusCode;
use causerie_server::channels::{Adapter as _, meta};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{
    PAGE,
    tables::{self, COMMENTS, DIRECT},
};
use crate::common::{
    line::Line,
    mutate::{judged, mutated},
    panics::Watched,
};

/// Number of bodies of each channel on each engine.
const BODIES: usize = 60;

/// The payloads of a channel.
struct Kind {
    channel: &'static str,
    object: &'static str,
    /// The elements of the innermost list, which are changed.
    elements: Vec<Value>,
    /// Builds an entry with these elements.
    entry: fn(&[Value]) -> Value,
    /// Builds an element that must arrive, by its number.
    good: fn(usize) -> Value,
}

fn direct(channel: &'static str, object: &'static str) -> Kind {
    let events = tables::cases(DIRECT, channel)
        .into_iter()
        .flat_map(|case| case["events"].as_array().cloned().unwrap_or_default());
    Kind {
        channel,
        object,
        elements: events.map(|event| tables::whole(&event)).collect(),
        entry: |elements| json!({ "id": PAGE, "time": 1_759_999_990_000_i64, "messaging": elements }),
        good: |n| {
            json!({ "sender": { "id": format!("good-{n}") }, "recipient": { "id": PAGE },
                "timestamp": 1_759_999_990_000_i64, "message": { "mid": format!("good-{n}"), "text": format!("good {n}") } })
        },
    }
}

fn values(channel: &str, field: &str) -> Vec<Value> {
    tables::cases(COMMENTS, channel)
        .into_iter()
        .flat_map(|case| case["values"].as_array().cloned().unwrap_or_default())
        .filter(Value::is_object)
        .map(|value| json!({ "field": field, "value": value }))
        .collect()
}

fn whatsapp() -> Kind {
    let message = |rest: Value| {
        let mut message = json!({ "from": "4915112345678", "id": "wamid.A", "timestamp": "1759999990" });
        for (key, entry) in rest.as_object().unwrap() {
            message[key] = entry.clone();
        }
        json!({ "contacts": [{ "profile": { "name": "Ada" }, "wa_id": "4915112345678" }], "messages": [message] })
    };
    let value = |rest: Value| {
        let mut value = json!({ "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "1555", "phone_number_id": PAGE } });
        for (key, entry) in rest.as_object().unwrap() {
            value[key] = entry.clone();
        }
        json!({ "field": "messages", "value": value })
    };
    let messages = [
        json!({ "type": "text", "text": { "body": "Hi" }, "context": { "from": "1555", "id": "wamid.B" } }),
        json!({ "type": "image", "image": { "id": "9", "mime_type": "image/jpeg", "sha256": "x", "caption": "This" } }),
        json!({ "type": "audio", "audio": { "id": "9", "mime_type": "audio/ogg; codecs=opus", "voice": true } }),
        json!({ "type": "location", "location": { "latitude": 1.5, "longitude": 2.5, "name": "Here" } }),
        json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Bo" }, "phones": [{ "phone": "+1 555" }] }] }),
        json!({ "type": "reaction", "reaction": { "message_id": "wamid.A", "emoji": "👍" } }),
        json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": { "response_json": "{\"a\":1}" } } }),
        json!({ "type": "order", "order": { "catalog_id": "1", "product_items": [{ "product_retailer_id": "p", "quantity": 2, "item_price": 3.5, "currency": "EUR" }] } }),
        json!({ "type": "system", "system": { "type": "user_changed_number", "wa_id": "4915112345679", "body": "changed" } }),
        json!({ "type": "unsupported", "errors": [{ "code": 131051 }] }),
        json!({ "type": "text", "text": { "body": "Ad" }, "referral": { "source_url": "https://x.test", "headline": "Chairs" } }),
    ];
    let mut elements: Vec<Value> = messages.into_iter().map(|rest| value(message(rest))).collect();
    elements.push(value(
        json!({ "statuses": [{ "id": "wamid.C", "status": "failed", "timestamp": "1759999990",
        "recipient_id": "4915112345678", "errors": [{ "code": 131026, "title": "Undeliverable" }] }] }),
    ));
    Kind {
        channel: "whatsapp",
        object: "whatsapp_business_account",
        elements,
        entry: |elements| json!({ "id": "777", "changes": elements }),
        good: |n| {
            json!({ "field": "messages", "value": { "messaging_product": "whatsapp",
                "metadata": { "phone_number_id": PAGE },
                "contacts": [{ "profile": { "name": "Good" }, "wa_id": format!("good-{n}") }],
                "messages": [{ "from": format!("good-{n}"), "id": format!("good-{n}"), "timestamp": "1759999990",
                    "type": "text", "text": { "body": format!("good {n}") } }] } })
        },
    }
}

fn kinds() -> Vec<Kind> {
    let changes: fn(&[Value]) -> Value = |elements| json!({ "id": PAGE, "time": 1_759_999_990, "changes": elements });
    vec![
        whatsapp(),
        direct("messenger", "page"),
        direct("instagram", "instagram"),
        Kind {
            channel: "facebook_comments",
            object: "page",
            elements: values("facebook_comments", "feed"),
            entry: changes,
            good: |n| {
                json!({ "field": "feed", "value": { "item": "comment", "verb": "add", "post_id": format!("{PAGE}_9{n}"),
                    "comment_id": format!("9{n}_77{n}"), "from": { "id": format!("good-{n}"), "name": "Good" },
                    "message": format!("good {n}"), "created_time": 1_759_999_990 } })
            },
        },
        Kind {
            channel: "instagram_comments",
            object: "instagram",
            elements: values("instagram_comments", "comments"),
            entry: changes,
            good: |n| {
                json!({ "field": "comments", "value": { "id": format!("good-{n}"), "text": format!("good {n}"),
                    "from": { "id": format!("good-{n}"), "username": "good" }, "media": { "id": format!("m-{n}") } } })
            },
        },
    ]
}

/// A body with a changed element and a good one, in the same list or in separate entries.
fn body(kind: &Kind, runner: &mut TestRunner, n: usize) -> Value {
    let mut draw = |all: Vec<Value>| mutated(all).new_tree(runner).unwrap().current().1;
    let good = (kind.good)(n);
    let entries = if n.is_multiple_of(3) {
        let whole = kind
            .elements
            .iter()
            .map(|one| (kind.entry)(std::slice::from_ref(one)))
            .collect();
        vec![draw(whole), (kind.entry)(&[good])]
    } else {
        vec![(kind.entry)(&[draw(kind.elements.clone()), good])]
    };
    json!({ "object": kind.object, "entry": entries })
}

async fn withstands(line: &Line, kind: &Kind) {
    let mut runner = TestRunner::default();
    let bodies: Vec<Value> = (0..BODIES).map(|n| body(kind, &mut runner, n)).collect();
    for body in &bodies {
        // The second delivery changes nothing.
        for _ in 0..2 {
            let status = line.hook(body.to_string().as_bytes()).await;
            let clear = status == StatusCode::OK || status.is_client_error();
            assert!(clear, "{}: {status} for {body}", kind.channel);
        }
    }
    line.quiesce().await;
    let mut arrived: HashMap<String, usize> = HashMap::new();
    for chat in line.conversations().await {
        let person = chat["contact"]["external_id"].as_str().unwrap_or_default().to_owned();
        let messages = chat["messages"].as_array().unwrap();
        if person.starts_with("good-") {
            assert_eq!(
                messages.len(),
                1,
                "{}: somebody else's bubble is in {chat:#}",
                kind.channel
            );
        }
        for message in messages {
            let text = message["text"].as_str().unwrap_or_default();
            if let Some(n) = text.strip_prefix("good ") {
                assert_eq!(person, format!("good-{n}"), "{}: {text} is in {chat:#}", kind.channel);
                *arrived.entry(n.to_owned()).or_default() += 1;
            }
        }
    }
    for (n, body) in bodies.iter().enumerate() {
        let count = arrived.get(&n.to_string());
        assert_eq!(count, Some(&1), "{}: the good element of {body}", kind.channel);
    }
}

#[test]
fn a_mutation_breaks_nothing_and_its_neighbour_arrives_once() {
    let watched = Watched::new();
    watched.runtime.block_on(async {
        for kind in kinds() {
            for line in Line::each(kind.channel, PAGE, "http://127.0.0.1:1").await {
                withstands(&line, &kind).await;
            }
        }
    });
    assert_eq!(watched.panics(), 0);
}

/// Collects every text and number of a value, as ids are read from them.
fn words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.replace('\0', "")),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(all) => all.iter().for_each(|inner| words(inner, found)),
        Value::Object(fields) => fields.values().for_each(|inner| words(inner, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn meta_bodies() -> Vec<Value> {
    let kinds = kinds().into_iter().filter(|kind| kind.channel != "whatsapp");
    kinds
        .flat_map(|kind| {
            let body =
                move |one: &Value| json!({ "object": kind.object, "entry": [(kind.entry)(std::slice::from_ref(one))] });
            kind.elements.iter().map(body).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_mutation_invents_nobody() {
    let share = judged(file!(), 2000, mutated(meta_bodies()), |(_, changed, _)| {
        let mut known = vec![];
        words(&changed, &mut known);
        let mut persons = 0;
        for element in meta::messenger::Messenger.elements(&changed) {
            prop_assert!(
                known.contains(&element.account),
                "account {} of {changed}",
                element.account
            );
            if let Some(person) = element.person {
                let known = known.contains(&person.id) || person.id.starts_with("unknown-");
                prop_assert!(known && !person.id.is_empty(), "{} of {changed}", person.id);
                persons += 1;
            }
        }
        Ok(persons > 0)
    });
    assert!(share >= 10, "only {share} % of the bodies have anybody in them");
}
