//! Tables of payloads, each delivered twice: checks their result, and that the second delivery changes nothing.

use serde_json::{Value, json};

use super::{PAGE, PSID};
use crate::common::line::Line;

pub const DIRECT: &str = include_str!("direct.json");
pub const COMMENTS: &str = include_str!("comments.json");

pub fn cases(table: &str, on: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(table).unwrap();
    let here = |case: &Value| case.get("on").is_none_or(|only| only == on);
    all.into_iter().filter(here).collect()
}

/// A direct message's event, completed with the common fields.
pub fn whole(event: &Value) -> Value {
    let mut whole =
        json!({ "sender": { "id": PSID }, "recipient": { "id": PAGE }, "timestamp": 1_759_999_990_000_i64 });
    for (key, entry) in event.as_object().unwrap() {
        whole[key] = entry.clone();
    }
    whole
}

/// The body of a case of direct messages: all its events in one entry, or its own entries.
pub fn direct(case: &Value, object: &str) -> Value {
    let entries = case.get("entries").cloned().unwrap_or_else(|| {
        let events: Vec<_> = case["events"].as_array().unwrap().iter().map(whole).collect();
        json!([{ "id": PAGE, "time": 1_759_999_990_000_i64, "messaging": events }])
    });
    match case.get("object").and_then(Value::as_str) {
        Some("") => json!({ "entry": entries }),
        other => json!({ "object": other.unwrap_or(object), "entry": entries }),
    }
}

/// The bodies of a case of comments: one with all its changes, or one per change if the changes are in the entry
/// itself.
pub fn comments(case: &Value, object: &str) -> Value {
    let field = match (case.get("field"), object) {
        (Some(field), _) => field.clone(),
        (None, "page") => json!("feed"),
        (None, _) => json!("comments"),
    };
    let values = case["values"].as_array().unwrap();
    let entries: Vec<Value> = if case.get("bare").is_some() {
        let bare = |value| json!({ "id": PAGE, "time": 1_759_999_990, "field": field, "value": value });
        values.iter().map(bare).collect()
    } else {
        let changes: Vec<_> = values
            .iter()
            .map(|value| json!({ "field": field, "value": value }))
            .collect();
        vec![json!({ "id": PAGE, "time": 1_759_999_990, "changes": changes })]
    };
    json!({ "object": object, "entry": entries })
}

fn assert_within(name: &str, wanted: &Value, found: &Value) {
    for (key, value) in wanted.as_object().into_iter().flatten() {
        assert_eq!(&found[key], value, "{name}: {key} of {found:#}");
    }
}

async fn holds(line: &Line, channel: &str, case: &Value, body: &Value) {
    let name = format!("{channel}: {}", case["name"].as_str().unwrap());
    line.receive(body).await;
    let first = line.conversations().await;
    line.receive(body).await;
    let chats = line.conversations().await;
    assert_eq!(first, chats, "{name}, the second time");
    let wanted = case["messages"].as_array().unwrap();
    let count = case["chats"].as_u64().unwrap_or(u64::from(!wanted.is_empty()));
    assert_eq!(chats.len() as u64, count, "{name}: {chats:#?}");
    // Conversations of several people may begin in any order.
    let of_contact = |chat: &&Value| {
        let person = &case["contact"]["external_id"];
        person.is_null() || &chat["contact"]["external_id"] == person
    };
    if let Some(chat) = chats.iter().find(of_contact).or(chats.first()) {
        assert_within(&name, &case["contact"], &chat["contact"]);
        if let Some(thread) = case.get("thread") {
            assert_eq!(&chat["comment_thread"], thread, "{name}");
        }
        if let Some(status) = case.get("status") {
            assert_eq!(&chat["status"], status, "{name}");
        }
        if let Some(other) = case.get("not_named") {
            assert_ne!(&chat["contact"]["name"], other, "{name}");
        }
        let found = chat["messages"].as_array().unwrap();
        assert_eq!(found.len(), wanted.len(), "{name}: {found:#?}");
        for (wanted, found) in wanted.iter().zip(found) {
            assert_within(&name, wanted, found);
        }
    }
    line.reset().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_direct_message_is_what_it_is_and_a_second_time_changes_nothing() {
    for (object, channel) in [("page", "messenger"), ("instagram", "instagram")] {
        for line in Line::each(channel, PAGE, "http://127.0.0.1:1").await {
            for case in cases(DIRECT, channel) {
                holds(&line, channel, &case, &direct(&case, object)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_comment_is_what_it_is_and_a_second_time_changes_nothing() {
    for (object, channel) in [("page", "facebook_comments"), ("instagram", "instagram_comments")] {
        for line in Line::each(channel, PAGE, "http://127.0.0.1:1").await {
            for case in cases(COMMENTS, channel) {
                holds(&line, channel, &case, &comments(&case, object)).await;
            }
        }
    }
}

/// Events of a table in separate bodies have the same result as in one body.
#[tokio::test(flavor = "multi_thread")]
async fn events_one_by_one_are_the_same_as_in_one_body() {
    for line in Line::each("messenger", PAGE, "http://127.0.0.1:1").await {
        for case in cases(DIRECT, "messenger") {
            let Some(events) = case["events"].as_array() else {
                continue;
            };
            for event in events {
                let mut one = case.clone();
                one["events"] = json!([event]);
                line.receive(&direct(&one, "page")).await;
            }
            holds(&line, "one by one", &case, &direct(&case, "page")).await;
        }
    }
}
