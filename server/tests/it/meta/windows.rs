//! The window for direct messages, checked when they are sent; how texts are split; and whose profile is fetched.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PAGE, PSID, text};
use crate::common::line::{Got, Line, Provider, answer};

const HOUR: u64 = 3600;

fn takes(got: &Got) -> (u16, Vec<u8>) {
    if got.method == "GET" {
        return answer(
            200,
            &json!({ "first_name": "Rosa", "last_name": "Luna", "name": "Rosa L.", "id": PSID }),
        );
    }
    let id = format!("m_{}", got.body.len());
    answer(200, &json!({ "recipient_id": PSID, "message_id": id }))
}

fn sends(provider: &Provider) -> Vec<Value> {
    let got = provider.got();
    let posts = got.iter().filter(|got| got.method == "POST");
    posts.map(Got::json).collect()
}

/// Sends a message as an agent, a second after the last one.
async fn say(line: &Line, text: &str) {
    line.clock.advance(Duration::from_secs(1));
    line.say(text, None).await;
}

async fn connect_as_human_agent(line: &Line, channel: &str, url: &str) {
    let account = json!({ "channel": channel, "external_id": PAGE, "app_secret": line.secret, "verify_token": "verify",
        "token": "token", "base_url": url, "human_agent": true });
    let (status, body) = line
        .call("POST".parse().unwrap(), "/test/accounts", account.to_string().into())
        .await;
    assert_eq!(status, 201, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_only_a_human_agent_answers_and_after_a_week_nobody() {
    let provider = Provider::start(takes).await;
    for (object, channel) in [("page", "messenger"), ("instagram", "instagram")] {
        for line in Line::each(channel, PAGE, &provider.url).await {
            line.receive(&text(object, "m1", "Hello?")).await;
            say(&line, "At once").await;
            let first = sends(&provider).pop().unwrap();
            assert_eq!(first.get("tag"), None);
            assert_eq!(first.get("messaging_type").is_some(), channel == "messenger", "{first}");

            line.clock.advance(Duration::from_secs(24 * HOUR));
            let calls = sends(&provider).len();
            say(&line, "A day later").await;
            let late = line.messages().await.pop().unwrap();
            assert_eq!(late["state"], "failed");
            assert!(late["error"].as_str().unwrap().contains("is over"), "{late}");
            assert_eq!(sends(&provider).len(), calls, "the provider was not asked");

            connect_as_human_agent(&line, channel, &provider.url).await;
            say(&line, "By hand").await;
            let tagged = sends(&provider).pop().unwrap();
            assert_eq!(
                (&tagged["messaging_type"], &tagged["tag"]),
                (&json!("MESSAGE_TAG"), &json!("HUMAN_AGENT"))
            );
            assert_eq!(line.messages().await.pop().unwrap()["state"], "sent");

            line.clock.advance(Duration::from_secs(6 * 24 * HOUR));
            let calls = sends(&provider).len();
            say(&line, "A week later").await;
            assert_eq!(line.messages().await.pop().unwrap()["state"], "failed");
            assert_eq!(sends(&provider).len(), calls);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_the_token_too_long_is_not_sent() {
    let provider = Provider::start(takes).await;
    for line in Line::each("messenger", PAGE, &provider.url).await {
        line.receive(&text("page", "m1", "Hello?")).await;
        provider.answer(|_| answer(400, &json!({ "error": { "code": 190, "error_subcode": 463 } })));
        say(&line, "Soon").await;
        assert_eq!(line.messages().await[1]["state"], "queued");
        provider.answer(takes);
        line.clock.advance(Duration::from_secs(25 * HOUR));
        let calls = sends(&provider).len();
        line.connect("messenger", PAGE, &provider.url).await;
        line.quiesce().await;
        assert_eq!(line.messages().await[1]["state"], "failed");
        assert_eq!(sends(&provider).len(), calls);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_cut_by_the_channels_unit() {
    let provider = Provider::start(takes).await;
    for (object, channel, parts) in [("instagram", "instagram", 3), ("page", "messenger", 1)] {
        for line in Line::each(channel, PAGE, &provider.url).await {
            line.receive(&text(object, "m1", "Hello?")).await;
            let before = sends(&provider).len();
            let long = "größer ".repeat(250);
            say(&line, long.trim()).await;
            let sent: Vec<String> = sends(&provider)[before..]
                .iter()
                .map(|body| body["message"]["text"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(sent.len(), parts, "{channel}");
            assert!(channel != "instagram" || sent.iter().all(|part| part.len() <= 1000));
            assert_eq!(sent.join(" "), long.trim());
            assert_eq!(line.messages().await.len(), 2, "one bubble");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_asked_for_a_strangers_name_once() {
    let provider = Provider::start(takes).await;
    for (object, channel, name) in [
        ("page", "messenger", "Rosa Luna"),
        ("instagram", "instagram", "Rosa Luna"),
    ] {
        for line in Line::each(channel, PAGE, &provider.url).await {
            let asked = || provider.got().iter().filter(|got| got.method == "GET").count();
            let before = asked();
            line.receive(&text(object, "m1", "Hello?")).await;
            line.receive(&text(object, "m2", "Anyone?")).await;
            assert_eq!(line.conversations().await[0]["contact"]["name"], name);
            assert_eq!(asked(), before + 1);
            line.reset().await;
            // A message is stored even if the profile cannot be fetched.
            provider.answer(|_| answer(400, &json!({ "error": { "code": 100, "error_subcode": 2_018_218 } })));
            line.receive(&text(object, "m1", "Hello?")).await;
            assert_eq!(line.messages().await[0]["text"], "Hello?");
            provider.answer(takes);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_without_our_reference_is_ours_only_with_its_receiver() {
    let provider = Provider::start(takes).await;
    for line in Line::each("instagram", PAGE, &provider.url).await {
        line.receive(&text("instagram", "m1", "Hello?")).await;
        provider.answer(|_| answer(504, &json!({})));
        say(&line, "Good morning.").await;
        let echo = |mid: &str, to: &str| {
            json!({ "object": "instagram", "entry": [{ "id": PAGE, "messaging": [{ "sender": { "id": PAGE }, "recipient": { "id": to },
                "timestamp": 1_759_999_999_000_i64, "message": { "mid": mid, "text": "Good morning.", "is_echo": true } }] }] })
        };
        line.receive(&echo("m_other", "999")).await;
        let of = |chats: &[Value], person: &str| {
            let chat = chats
                .iter()
                .find(|chat| chat["contact"]["external_id"] == person)
                .unwrap();
            chat["messages"].as_array().unwrap().last().unwrap().clone()
        };
        let chats = line.conversations().await;
        assert_eq!(of(&chats, PSID)["state"], "queued");
        assert_eq!(of(&chats, "999")["provider_id"], "m_other");
        line.receive(&echo("m_ours", PSID)).await;
        let ours = of(&line.conversations().await, PSID);
        assert_eq!(
            (&ours["provider_id"], &ours["state"]),
            (&json!("m_ours"), &json!("sent"))
        );
        provider.answer(takes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_one_message_has_read_those_before_and_nothing_that_waits() {
    let provider = Provider::start(takes).await;
    for line in Line::each("instagram", PAGE, &provider.url).await {
        line.receive(&text("instagram", "m1", "Hello?")).await;
        say(&line, "One").await;
        say(&line, "Two.").await;
        provider.answer(|_| answer(400, &json!({ "error": { "code": 190, "error_subcode": 463 } })));
        say(&line, "Three").await;
        let last = line.messages().await[2]["provider_id"].clone();
        let read = json!({ "object": "instagram", "entry": [{ "id": PAGE, "messaging": [{ "sender": { "id": PSID }, "recipient": { "id": PAGE },
            "timestamp": 1_760_000_500_000_i64, "read": { "mid": last } }] }] });
        line.receive(&read).await;
        let states: Vec<Value> = line.messages().await[1..]
            .iter()
            .map(|message| message["state"].clone())
            .collect();
        assert_eq!(states, ["read", "read", "queued"]);
        provider.answer(takes);
    }
}
