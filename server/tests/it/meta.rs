//! Messenger, Instagram and comments through the real router, with payloads as in `docs/channels.md#meta`.

mod comments;
mod desk;
mod mutations;
mod private;
mod tables;
mod windows;

use crate::common::{
    self,
    line::{Got, Line, Provider, answer},
};
use causerie_server::store::messages;
use serde_json::{Value, json};

const PAGE: &str = "1067280970047460";
const PSID: &str = "5678";

fn event(object: &str, event: Value) -> Value {
    let mut whole =
        json!({ "sender": { "id": PSID }, "recipient": { "id": PAGE }, "timestamp": 1_759_999_990_000_i64 });
    for (key, entry) in event.as_object().unwrap() {
        whole[key] = entry.clone();
    }
    json!({ "object": object, "entry": [{ "id": PAGE, "time": 1_759_999_990_000_i64, "messaging": [whole] }] })
}

fn text(object: &str, mid: &str, text: &str) -> Value {
    event(object, json!({ "message": { "mid": mid, "text": text } }))
}

/// A text message that was written `at` milliseconds after the clock's start.
fn text_of(object: &str, mid: &str, text: &str, at: i64) -> Value {
    let mut body = self::text(object, mid, text);
    body["entry"][0]["messaging"][0]["timestamp"] = json!(common::START + at);
    body
}

fn takes(got: &Got) -> (u16, Vec<u8>) {
    if got.target.contains("/comments") || got.target.contains("/replies") {
        return answer(200, &json!({ "id": "200_9" }));
    }
    answer(200, &json!({ "recipient_id": PSID, "message_id": "m_out" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_echo_is_no_second_bubble_and_another_apps_is_one_of_ours() {
    let provider = Provider::start(takes).await;
    for (object, channel) in [("page", "messenger"), ("instagram", "instagram")] {
        for line in Line::each(channel, PAGE, &provider.url).await {
            line.receive(&text(object, "m1", "Hello?")).await;
            line.say("Good morning.", Some("m1")).await;
            let echo = |mid: &str, text: &str| {
                json!({ "object": object, "entry": [{ "id": PAGE, "messaging": [{
                    "sender": {"id": PAGE}, "recipient": {"id": PSID}, "timestamp": 1_760_000_000_000_i64,
                    "message": {"mid": mid, "text": text, "is_echo": true, "app_id": 1}}]}] })
            };
            line.receive(&echo("m_out", "Good morning.")).await;
            line.receive(&echo("m_other", "From the page's own inbox.")).await;
            let messages = line.messages().await;
            let seen: Vec<_> = messages
                .iter()
                .map(|message| {
                    (
                        message["direction"].as_str().unwrap(),
                        message["provider_id"].as_str().unwrap(),
                    )
                })
                .collect();
            assert_eq!(seen, [("in", "m1"), ("out", "m_out"), ("out", "m_other")], "{channel}");
            assert_eq!(messages[1]["quoted"], "m1");
            let sent = provider.got().pop().unwrap();
            assert_eq!(sent.json()["recipient"]["id"], PSID);
            assert_eq!(sent.json()["reply_to"]["mid"], "m1");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_reactions_edits_and_deletions_reach_their_bubbles() {
    let provider = Provider::start(takes).await;
    for line in Line::each("messenger", PAGE, &provider.url).await {
        line.receive(&text("page", "m1", "Hello?")).await;
        line.say("Hello!", None).await;
        let watermark = 1_760_000_100_000_i64;
        line.receive(&event(
            "page",
            json!({"delivery": {"watermark": watermark.to_string()}}),
        ))
        .await;
        assert_eq!(line.messages().await[1]["state"], "delivered");
        line.receive(&event("page", json!({"read": {"watermark": watermark}})))
            .await;
        line.receive(&event("page", json!({"delivery": {"watermark": watermark}})))
            .await;
        assert_eq!(line.messages().await[1]["state"], "read");
        line.receive(&event(
            "page",
            json!({"reaction": {"mid": "m_out", "action": "react", "emoji": "😮", "reaction": "wow"}}),
        ))
        .await;
        line.receive(&event(
            "page",
            json!({"message_edit": {"mid": "m1", "text": "Two", "num_edit": 2}}),
        ))
        .await;
        line.receive(&event(
            "page",
            json!({"message_edit": {"mid": "m1", "text": "One", "num_edit": 1}}),
        ))
        .await;
        let messages = line.messages().await;
        assert_eq!(messages[0]["text"], "Two");
        assert_eq!(messages[1]["reactions"], json!([{"emoji": "😮", "by": "contact"}]));
        line.receive(&event(
            "page",
            json!({"reaction": {"mid": "m_out", "action": "unreact", "emoji": "😮"}}),
        ))
        .await;
        line.receive(&event("page", json!({"message": {"mid": "m1", "is_deleted": true}})))
            .await;
        let messages = line.messages().await;
        assert_eq!(
            (&messages[0]["deleted"], &messages[1]["reactions"]),
            (&json!(true), &json!([]))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_providers_reason_is_said_in_plain_words() {
    let provider = Provider::start(takes).await;
    for line in Line::each("messenger", PAGE, &provider.url).await {
        line.receive(&text("page", "m1", "Hello?")).await;
        provider.answer(|_| {
            answer(
                400,
                &json!({"error": {"code": 10, "error_subcode": 2_018_278, "message": "(#10) …"}}),
            )
        });
        line.say("Too late.", None).await;
        let failed = &line.messages().await[1];
        assert_eq!(failed["state"], "failed");
        assert!(failed["error"].as_str().unwrap().contains("is over"), "{failed}");
        provider.answer(takes);
    }
}

fn feed(value: Value) -> Value {
    let mut whole = json!({ "item": "comment", "verb": "add", "post_id": format!("{PAGE}_100"), "created_time": 1_759_999_990,
        "from": {"id": "77", "name": "Rosa"}, "post": {"permalink_url": "https://f.test/100", "status_type": "photo"} });
    for (key, entry) in value.as_object().unwrap() {
        whole[key] = entry.clone();
    }
    json!({ "object": "page", "entry": [{ "id": PAGE, "time": 1_759_999_990, "changes": [{ "field": "feed", "value": whole }] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_of_comments_is_one_conversation_with_everybodys_replies() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let top = feed(json!({"comment_id": "100_1", "parent_id": format!("{PAGE}_100"), "message": "Is it blue?"}));
        line.receive(&top).await;
        line.receive(&top).await;
        line.receive(&feed(json!({"comment_id": "100_2", "parent_id": "100_1", "message": "I have it in red", "from": {"id": "78", "name": "Otto"}})))
            .await;
        line.say("There is a blue one, too.", None).await;
        assert_eq!(provider.got().pop().unwrap().target, "/v25.0/100_1/comments");
        // The webhook returns our own reply.
        line.receive(&feed(json!({"comment_id": "200_9", "parent_id": "100_1", "message": "There is a blue one, too.", "from": {"id": PAGE}})))
            .await;
        line.receive(&feed(json!({"comment_id": "100_2", "verb": "hide"})))
            .await;
        line.receive(&feed(
            json!({"comment_id": "100_1", "verb": "edited", "message": "Is it light blue?"}),
        ))
        .await;
        line.receive(&feed(json!({"item": "reaction", "reaction_type": "like"})))
            .await;
        let messages = line.messages().await;
        let seen: Vec<_> = messages
            .iter()
            .map(|message| {
                (
                    message["direction"].as_str().unwrap(),
                    message["text"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("in", "Is it light blue?"),
                ("in", "I have it in red"),
                ("out", "There is a blue one, too.")
            ]
        );
        assert_eq!(messages[1]["hidden"], true);
        let chat = &line.conversations().await[0];
        assert_eq!(chat["contact"]["name"], "Rosa");
        assert_eq!(
            chat["comment_thread"],
            json!({"post_id": format!("{PAGE}_100"), "comment_id": "100_1"})
        );
        // Another comment below the same post is another conversation.
        line.receive(&feed(
            json!({"comment_id": "100_5", "message": "Price?", "from": {"id": "79", "name": "Ida"}}),
        ))
        .await;
        assert_eq!(line.conversations().await.len(), 2);
        line.receive(&feed(json!({"comment_id": "100_1", "verb": "remove"})))
            .await;
        assert_eq!(line.conversations().await[0]["messages"][0]["deleted"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_on_instagram_come_in_both_shapes() {
    let provider = Provider::start(takes).await;
    for line in Line::each("instagram_comments", PAGE, &provider.url).await {
        let value = |id: &str, parent: Value| json!({"id": id, "text": "Nice", "from": {"id": "55", "username": "kim"}, "media": {"id": "m1", "media_product_type": "FEED"}, "parent_id": parent});
        line.receive(&json!({"object": "instagram", "entry": [{"id": PAGE, "time": 1_759_999_990, "changes": [{"field": "comments", "value": value("c1", Value::Null)}]}]}))
            .await;
        line.receive(&json!({"object": "instagram", "entry": [{"id": PAGE, "time": 1_759_999_990, "field": "comments", "value": value("c2", json!("c1"))}]}))
            .await;
        assert_eq!(line.messages().await.len(), 2);
        line.say("Thanks!", None).await;
        assert_eq!(provider.got().pop().unwrap().target, "/v25.0/c1/replies");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_and_comes_again_later_undoes_nothing() {
    for line in Line::each("messenger", PAGE, "http://127.0.0.1:1").await {
        let react = |at: i64, action: &str| {
            let mut body = event(
                "page",
                json!({"reaction": {"mid": "m1", "action": action, "emoji": "👍", "reaction": "like"}}),
            );
            body["entry"][0]["messaging"][0]["timestamp"] = json!(1_759_999_990_000 + at);
            body
        };
        line.receive(&text("page", "m1", "Hello?")).await;
        line.receive(&react(1, "react")).await;
        line.receive(&react(2, "unreact")).await;
        line.receive(&react(1, "react")).await;
        assert_eq!(line.messages().await[0]["reactions"], json!([]));
        line.receive(&react(3, "react")).await;
        assert_eq!(line.messages().await[0]["reactions"].as_array().unwrap().len(), 1);
    }
    for line in Line::each("facebook_comments", PAGE, "http://127.0.0.1:1").await {
        let hide = |at: i64, verb: &str| {
            let mut body = feed(json!({"comment_id": "100_1", "verb": verb, "from": {"id": PAGE}}));
            body["entry"][0]["time"] = json!(1_759_999_990 + at);
            body
        };
        line.receive(&feed(json!({"comment_id": "100_1", "message": "Rude"})))
            .await;
        line.receive(&hide(1, "hide")).await;
        line.receive(&hide(2, "unhide")).await;
        line.receive(&hide(1, "hide")).await;
        assert_eq!(line.messages().await[0]["hidden"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_takes_back_is_nowhere_any_more() {
    let provider = Provider::start(|_| (200, b"\x89PNG\r\n\x1a\n".to_vec())).await;
    for line in Line::each("instagram", PAGE, &provider.url).await {
        let picture = json!({"type": "image", "payload": {"url": format!("{}/p", provider.url)}});
        line.receive(&event(
            "instagram",
            json!({"message": {"mid": "m1", "text": "My card number", "attachments": [picture]}}),
        ))
        .await;
        line.receive(&event(
            "instagram",
            json!({"message_edit": {"mid": "m1", "text": "My number", "num_edit": 1}}),
        ))
        .await;
        let chat = desk::chat_id(&line.conversations().await[0]);
        let id = desk::message_id(&line.messages().await[0]);
        let stored = || async {
            let mut db = line.app.store.read().await.unwrap();
            messages::get(&mut db, chat, id).await.unwrap().unwrap()
        };
        assert_eq!(stored().await.row.files.len(), 1);
        line.receive(&event(
            "instagram",
            json!({"message": {"mid": "m1", "is_deleted": true}}),
        ))
        .await;
        let gone = stored().await;
        assert!(gone.row.redacted_at.is_some() && gone.row.files.is_empty());
        assert!(!format!("{gone:?}").contains("number"), "{gone:?}");
        let ana = desk::Agent::named(&line, "ana").await;
        assert!(
            ana.head(chat)
                .await
                .preview
                .is_none_or(|preview| preview.text.is_empty())
        );
        assert_eq!(line.messages().await[0]["deleted"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_is_shown_where_it_was_written() {
    let provider = Provider::start(takes).await;
    for line in Line::each("messenger", PAGE, &provider.url).await {
        line.receive(&text_of("page", "m2", "second", -2_000)).await;
        line.receive(&text_of("page", "m1", "first", -3_000)).await;
        line.clock.advance(std::time::Duration::from_secs(60));
        line.say("our answer", None).await;
        line.clock.advance(std::time::Duration::from_secs(60));
        // Written half a minute before the answer, and half a minute after it.
        line.receive(&text_of("page", "m3", "before", 30_000)).await;
        line.receive(&text_of("page", "m4", "after", 90_000)).await;
        line.say("our last word", None).await;
        // A timestamp that is years old does not put the message before our reply.
        line.receive(&text_of("page", "m5", "last", -100_000_000_000)).await;
        let messages = line.messages().await;
        let shown: Vec<&str> = messages.iter().filter_map(|message| message["text"].as_str()).collect();
        assert_eq!(
            shown,
            [
                "first",
                "second",
                "before",
                "our answer",
                "after",
                "our last word",
                "last"
            ]
        );
    }
}
