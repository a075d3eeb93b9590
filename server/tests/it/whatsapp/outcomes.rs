//! The outcomes of sends: tried again later, failed, or unconfirmed; with the real outbox and a manual clock.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use causerie_server::{
    access,
    conversations::{claim, resend},
    store::{outbox, users},
};
use causerie_shared::{
    access::Access,
    conversation::transition::Event,
    ids::{ConversationId, MessageId},
};
use serde_json::{Value, json};

use super::{CUSTOMER, PHONE, envelope, text};
use crate::common::{
    eventually,
    line::{Got, LOST, Line, Provider, answer},
};

/// Accepts every message and gives each a new id.
fn accepts(_: &Got) -> (u16, Vec<u8>) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    answer(200, &json!({ "messages": [{ "id": format!("wamid.out{number}") }] }))
}

fn refuses(status: u16, code: i64) -> impl Fn(&Got) -> (u16, Vec<u8>) + Send + Sync {
    move |_| answer(status, &json!({ "error": { "code": code, "message": "their words" } }))
}

/// The texts that the provider received.
fn texts(provider: &Provider) -> Vec<String> {
    let all = provider.got().into_iter();
    all.filter_map(|got| got.json()["text"]["body"].as_str().map(str::to_owned))
        .collect()
}

/// Waits until the provider has received this many texts.
async fn until(provider: &Provider, count: usize) {
    let reached = eventually(|| async { (texts(provider).len() >= count).then_some(()) }).await;
    assert!(reached.is_some(), "{count} never came: {:?}", texts(provider));
}

async fn until_state(line: &Line, state: &str) {
    let reached = eventually(|| async { (line.messages().await[1]["state"] == state).then_some(()) }).await;
    assert!(reached.is_some(), "never {state}: {:#}", line.messages().await[1]);
}

fn status(value: Value) -> Value {
    let mut whole = json!({ "timestamp": "1760000001", "recipient_id": CUSTOMER });
    for (key, inner) in value.as_object().unwrap() {
        whole[key] = inner.clone();
    }
    envelope("messages", json!({ "statuses": [whole] }))
}

/// A line on each engine, with a chat of the customer.
async fn chats(provider: &Provider) -> Vec<Line> {
    let lines = Line::each("whatsapp", PHONE, &provider.url).await;
    for line in &lines {
        line.receive(&text("wamid.in", "Hello")).await;
    }
    lines
}

/// The access of an agent who took the chat, the chat, and its second message.
async fn agent(line: &Line) -> (Access, ConversationId, MessageId) {
    let (access, chat) = taken(line).await;
    let message = line.messages().await[1]["id"].as_str().unwrap().parse().unwrap();
    (access, chat, message)
}

/// Starts the only chat as an agent, and returns the agent's access and the chat.
pub async fn taken(line: &Line) -> (Access, ConversationId) {
    let id = line.conversations().await[0]["id"].as_str().unwrap().parse().unwrap();
    let mut db = line.app.store.read().await.unwrap();
    let users = users::users(&mut db).await.unwrap();
    let ana = users.iter().find(|user| user.email == "ana@demo.test").unwrap();
    let access = access::of(&mut db, ana).await.unwrap();
    drop(db);
    claim::act(&line.app, &access, id, Event::Start, None).await.unwrap();
    (access, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_too_fast_goes_when_the_provider_says_and_in_order() {
    let provider = Provider::start(accepts).await;
    for (status, code, retry_after, secs) in [
        (400, 130_429, None, 5),
        (400, 131_056, None, 6),
        (429, 4, Some(30), 30),
        (429, 130_429, Some(12), 12),
    ] {
        for line in chats(&provider).await {
            provider.answer(refuses(status, code));
            provider.retry_after(retry_after);
            let before = texts(&provider).len();
            line.say("one", None).await;
            line.say("two", None).await;
            assert_eq!(texts(&provider)[before..], ["one"], "the second waits for the first");
            line.clock.advance(Duration::from_secs(secs - 1));
            line.quiesce().await;
            assert_eq!(texts(&provider).len(), before + 1, "{code}: too early");
            assert_eq!(line.messages().await[1]["state"], "queued");
            provider.answer(accepts);
            line.clock.advance(Duration::from_secs(1));
            until(&provider, before + 2).await;
            line.clock.advance(Duration::from_secs(1));
            until(&provider, before + 3).await;
            line.quiesce().await;
            assert_eq!(texts(&provider)[before..], ["one", "one", "two"]);
            let states: Vec<Value> = line.messages().await.iter().map(|m| m["state"].clone()).collect();
            assert_eq!(states, [json!(null), json!("sent"), json!("sent")]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_too_fast_stops_for_everybody_and_a_pair_for_itself() {
    let provider = Provider::start(accepts).await;
    for (code, others) in [(130_429, vec!["one"]), (131_056, vec!["one", "other"])] {
        for line in chats(&provider).await {
            let elsewhere = json!({ "from": "15550009999", "id": "wamid.in2", "timestamp": "1759999990",
                                    "type": "text", "text": { "body": "Me too" } });
            line.receive(&envelope("messages", json!({ "messages": [elsewhere] })))
                .await;
            let before = texts(&provider).len();
            provider.answer(refuses(400, code));
            line.say("one", None).await;
            line.clock.advance(Duration::from_secs(1));
            let other = line.conversations().await[1]["id"].clone();
            let waiting = json!({ "conversation": other, "text": "other" });
            line.call(axum::http::Method::POST, "/test/send", waiting.to_string().into())
                .await;
            line.quiesce().await;
            assert_eq!(texts(&provider)[before..], others, "{code}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_trouble_is_tried_again_later_and_later() {
    let provider = Provider::start(accepts).await;
    for line in chats(&provider).await {
        let before = texts(&provider).len();
        provider.answer(|_| answer(503, &json!({})));
        line.say("one", None).await;
        let problems = [
            (1, json!({ "error": { "code": 131_000 } })),
            (2, json!({ "error": { "message": "no code" } })),
        ];
        for (attempt, (least, problem)) in problems.into_iter().enumerate() {
            provider.answer(move |_| answer(500, &problem));
            line.clock
                .advance(Duration::from_secs(least) - Duration::from_millis(1));
            line.quiesce().await;
            assert_eq!(texts(&provider).len(), before + 1 + attempt, "too early");
            line.clock
                .advance(Duration::from_secs(least) + Duration::from_millis(1));
            until(&provider, before + 2 + attempt).await;
            line.quiesce().await;
            assert_eq!(line.messages().await[1]["state"], "queued");
        }
        provider.answer(accepts);
        line.clock.advance(Duration::from_secs(60));
        until_state(&line, "sent").await;
        assert_eq!(line.messages().await[1]["error"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_fails_the_message_whether_it_is_said_at_once_or_later() {
    let provider = Provider::start(accepts).await;
    for line in chats(&provider).await {
        let before = texts(&provider).len();
        provider.answer(refuses(400, 131_047));
        line.say("at once", None).await;
        provider.answer(|_| answer(200, &json!({ "messages": [{ "id": "wamid.later" }] })));
        line.clock.advance(Duration::from_secs(1));
        line.say("later", None).await;
        assert_eq!(line.messages().await[2]["state"], "sent");
        let error = json!({ "code": 131_047, "title": "Re-engagement message",
                            "error_data": { "details": "More than 24 hours have passed." } });
        line.receive(&status(
            json!({ "id": "wamid.later", "status": "failed", "errors": [error] }),
        ))
        .await;
        line.receive(&status(json!({ "id": "wamid.later", "status": "sent" })))
            .await;
        let messages = line.messages().await;
        for (message, theirs) in [(&messages[1], "their words"), (&messages[2], "Re-engagement message")] {
            assert_eq!(message["state"], "failed", "a late “sent” lifts no failure");
            let reason = message["error"].as_str().unwrap();
            assert!(
                reason.contains("24 hours") && reason.contains("131047") && reason.contains(theirs),
                "{reason}"
            );
        }
        line.clock.advance(Duration::from_secs(600));
        line.quiesce().await;
        assert_eq!(
            texts(&provider)[before..],
            ["at once", "later"],
            "neither goes again by itself"
        );
        line.receive(&status(json!({ "id": "wamid.later", "status": "delivered" })))
            .await;
        assert_eq!(line.messages().await[2]["state"], "delivered", "it is there after all");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_status_says_why_in_some_words() {
    let provider = Provider::start(accepts).await;
    for line in chats(&provider).await {
        for (errors, words) in [
            (
                json!([{ "code": 131_026, "title": "Message undeliverable" }]),
                "Message undeliverable",
            ),
            (
                json!({ "code": "99999", "message": "New trouble" }),
                "New trouble (99999)",
            ),
            (json!([null, { "title": "No code" }]), "No code"),
            (json!([{}]), "does not say why"),
            (json!(null), "does not say why"),
        ] {
            line.clock.advance(Duration::from_secs(1));
            line.say("one", None).await;
            let id = line.messages().await.last().unwrap()["provider_id"].clone();
            line.receive(&status(json!({ "id": id, "status": "failed", "errors": errors })))
                .await;
            let messages = line.messages().await;
            let last = messages.last().unwrap();
            assert_eq!(last["state"], "failed");
            assert!(last["error"].as_str().unwrap().contains(words), "{last:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_13_an_answer_that_never_came_is_settled_by_a_status_and_never_sent_again() {
    let provider = Provider::start(accepts).await;
    for line in chats(&provider).await {
        let before = texts(&provider).len();
        provider.answer(|_| (LOST, vec![]));
        line.say("once", None).await;
        let message = line.messages().await.remove(1);
        assert_eq!(message["state"], "queued");
        assert!(message["error"].is_string(), "{message:#}");
        provider.answer(accepts);
        line.clock.advance(Duration::from_secs(3 * 3600));
        line.say("next", None).await;
        assert_eq!(
            texts(&provider)[before..],
            ["once", "next"],
            "nothing goes twice, and the rest goes on"
        );
        let sent = provider.got().into_iter().map(|got| got.json());
        let once = sent.filter(|body| body["text"]["body"] == "once").last();
        let opaque = once.expect("a message")["biz_opaque_callback_data"].clone();
        line.receive(&status(
            json!({ "id": "wamid.lost", "status": "delivered", "biz_opaque_callback_data": opaque }),
        ))
        .await;
        let message = line.messages().await.remove(1);
        assert_eq!(
            (&message["state"], &message["provider_id"], &message["error"]),
            (&json!("delivered"), &json!("wamid.lost"), &Value::Null)
        );
        assert_eq!(texts(&provider).len(), before + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_13_a_crash_between_outbox_row_and_call_sends_nothing_twice() {
    let provider = Provider::start(accepts).await;
    for begun in [false, true] {
        for line in chats(&provider).await {
            let before = texts(&provider).len();
            provider.answer(refuses(400, 131_056));
            provider.retry_after(Some(3600));
            line.say("once", None).await;
            provider.answer(accepts);
            // The worker takes the row, in one case records that it begins, and dies.
            let message = line.messages().await[1]["id"].as_str().unwrap().parse().unwrap();
            let mut tx = line.app.store.begin_ordered().await.unwrap();
            let row = outbox::get(&mut tx, message).await.unwrap().unwrap();
            let lease = line.app.clock.now() + 1000;
            let mut taken = outbox::take(&mut tx, &row, lease).await.unwrap().unwrap();
            taken.progress.begun = begun;
            outbox::save(&mut tx, &taken).await.unwrap();
            tx.commit().await.unwrap();
            line.clock.advance(Duration::from_secs(80));
            if !begun {
                until_state(&line, "sent").await;
                assert_eq!(texts(&provider)[before..], ["once", "once"]);
                continue;
            }
            let unknown = eventually(|| async { line.messages().await[1]["error"].is_string().then_some(()) }).await;
            assert!(unknown.is_some(), "{:#}", line.messages().await[1]);
            let echo = json!({ "id": "wamid.echo", "from": "1", "to": CUSTOMER, "timestamp": "1760000001",
                               "type": "text", "text": { "body": "once" } });
            let elsewhere = json!({ "id": "wamid.other", "from": "1", "to": "15550009999", "timestamp": "1760000001",
                                    "type": "text", "text": { "body": "once" } });
            for echo in [elsewhere, echo] {
                line.receive(&envelope("smb_message_echoes", json!({ "message_echoes": [echo] })))
                    .await;
            }
            let chat = line.conversations().await.remove(0);
            assert_eq!(
                chat["messages"].as_array().unwrap().len(),
                2,
                "it is ours, and no second one"
            );
            assert_eq!(
                (&chat["messages"][1]["state"], &chat["messages"][1]["provider_id"]),
                (&json!("sent"), &json!("wamid.echo"))
            );
            assert_eq!(texts(&provider)[before..], ["once"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_decides_about_what_nobody_knows_and_a_word_of_the_providers_lifts_it() {
    let provider = Provider::start(accepts).await;
    for line in chats(&provider).await {
        let before = texts(&provider).len();
        provider.answer(|_| (LOST, vec![]));
        line.say("once", None).await;
        let (access, chat, message) = agent(&line).await;
        resend::give_up(&line.app, &access, chat, message).await.unwrap();
        assert_eq!(line.messages().await[1]["state"], "failed");
        let opaque = provider.got().last().unwrap().json()["biz_opaque_callback_data"].clone();
        line.receive(&status(
            json!({ "id": "wamid.lost", "status": "sent", "biz_opaque_callback_data": opaque }),
        ))
        .await;
        let lifted = line.messages().await.remove(1);
        assert_eq!((&lifted["state"], &lifted["error"]), (&json!("sent"), &Value::Null));
        assert!(
            resend::again(&line.app, &access, chat, message).await.is_err(),
            "there is nothing to decide any more"
        );
        line.receive(&status(
            json!({ "id": "wamid.lost", "status": "failed", "errors": [{ "code": 131_000 }] }),
        ))
        .await;
        assert_eq!(line.messages().await[1]["state"], "failed");
        provider.answer(accepts);
        resend::again(&line.app, &access, chat, message).await.unwrap();
        line.clock.advance(Duration::from_secs(1));
        until_state(&line, "sent").await;
        assert_eq!(texts(&provider)[before..], ["once", "once"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_goes_in_parts_and_a_lost_answer_loses_none_of_them() {
    let provider = Provider::start(accepts).await;
    for line in chats(&provider).await {
        let before = texts(&provider).len();
        let words: Vec<String> = (0..1900).map(|n| format!("w{n:04}")).collect();
        let long = words.join(" ");
        // The answer to the second part is lost.
        let parts = AtomicUsize::new(0);
        provider.answer(move |got| match parts.fetch_add(1, Ordering::Relaxed) {
            1 => (LOST, vec![]),
            _ => accepts(got),
        });
        line.say(&long, None).await;
        assert_eq!(texts(&provider).len(), before + 2);
        let opaque = provider.got().last().unwrap().json()["biz_opaque_callback_data"].clone();
        let body = status(json!({ "id": "wamid.second", "status": "sent", "biz_opaque_callback_data": opaque }));
        line.hook(body.to_string().as_bytes()).await;
        // The account's sending pace follows the clock.
        line.clock.advance(Duration::from_secs(1));
        until(&provider, before + 3).await;
        line.quiesce().await;
        let sent = texts(&provider).split_off(before);
        assert!(sent.iter().all(|part| part.chars().count() <= 4096));
        assert_eq!(sent.join(" "), long, "cut between words, each part once");
        assert_eq!(line.messages().await[1]["state"], "sent");
    }
}
