//! Telegram for customers and agents: updates through the real router, calls to a Bot API on loopback.

mod bot;
mod fake;
mod mutations;

use std::{sync::Arc, time::Duration};

use crate::common::eventually;
use axum::http::StatusCode;
use bot::{Bot, SECRET, UPDATES};
use fake::{Fake, Reply, TOKEN, error};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// Asserts that `found` has every field of `wanted`.
fn assert_within(name: &str, wanted: &Value, found: &Value) {
    for (key, value) in wanted.as_object().into_iter().flatten() {
        assert_eq!(&found[key], value, "{name}: {key} of {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_update_becomes_what_it_is_and_a_second_time_changes_nothing() {
    for bot in Bot::all().await {
        every_kind(&bot).await;
    }
}

async fn every_kind(bot: &Bot) {
    let cases: Vec<Value> = serde_json::from_str(UPDATES).expect("a table");
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let updates = case["updates"].as_array().expect("updates");
        for update in updates {
            assert_eq!(bot.hook(update).await, StatusCode::OK, "{name}");
        }
        bot.processed().await;
        let chats = bot.chats().await;
        match case["messages"].as_array().filter(|wanted| !wanted.is_empty()) {
            None => assert_eq!(chats, Vec::<Value>::new(), "{name}"),
            Some(wanted) => {
                assert_eq!(chats.len(), 1, "{name}: {chats:?}");
                assert_within(name, &case["contact"], &chats[0]["contact"]);
                let found = chats[0]["messages"].as_array().expect("messages");
                assert_eq!(found.len(), wanted.len(), "{name}: {found:?}");
                for (wanted, found) in wanted.iter().zip(found) {
                    assert_within(name, wanted, found);
                }
            }
        }
        let files = bot.fake.fetched();
        assert_eq!(json!(files), case.get("files").cloned().unwrap_or(json!([])), "{name}");
        for method in case["called"].as_array().into_iter().flatten() {
            let method = method.as_str().expect("a method");
            let called = eventually(|| async { (!bot.fake.calls(method).is_empty()).then_some(()) }).await;
            assert!(called.is_some(), "{name}: {method} was not called");
        }
        for update in updates {
            assert_eq!(bot.hook(update).await, StatusCode::OK, "{name} again");
        }
        bot.processed().await;
        assert_eq!(bot.chats().await, chats, "{name}: the second time changed something");
        bot.reset().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_without_the_secret_is_refused() {
    let bot = Bot::start().await;
    let update = json!({"update_id": 1}).to_string();
    for secret in [
        None,
        Some(""),
        Some("hook-secret_"),
        Some("hook-secret_12"),
        Some("hook-secret_2"),
    ] {
        let (status, _) = bot.ask("POST", &bot.webhook, &update, secret).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{secret:?}");
    }
    let (status, _) = bot.ask("POST", &bot.webhook, "{", Some(SECRET)).await;
    assert!(status.is_client_error(), "{status}");
    // An account without a secret accepts no webhooks at all.
    let account = json!({"channel": "telegram", "external_id": "98", "token": "98:x", "base_url": bot.base});
    let (_, answer) = bot.ask("POST", "/test/accounts", &account.to_string(), None).await;
    let open = answer["webhook"].as_str().expect("an address");
    for secret in [None, Some("")] {
        assert_eq!(bot.ask("POST", open, &update, secret).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_with_a_quote_and_long_texts_come_in_parts() {
    let bot = Bot::start().await;
    let chat = bot.customer(7001).await;
    bot.send(&chat, "<b>Good</b> *day*", Some("42")).await;
    let sent = bot.until(&chat, "the answer", |last| last["state"] == "sent").await;
    assert_eq!(sent["provider_id"], "1001");
    assert_eq!(sent["quoted"], "42");
    assert_eq!(
        bot.fake.json("sendMessage"),
        [json!({"chat_id": 7001, "text": "<b>Good</b> *day*",
            "reply_parameters": {"message_id": 42, "allow_sending_without_reply": true}})]
    );
    let long = "😀 word ".repeat(1000);
    bot.send(&chat, &long, None).await;
    bot.until(&chat, "the long answer", |last| last["state"] == "sent")
        .await;
    let parts = bot.fake.json("sendMessage");
    assert!(parts.len() >= 3, "{}", parts.len());
    for part in &parts {
        let text = part["text"].as_str().expect("a text");
        assert!(text.encode_utf16().count() <= 4096 && !text.is_empty());
    }
    // A quote of one of its parts finds the message.
    let update = json!({"update_id": 5, "message": {"message_id": 43, "from": {"id": 7001}, "chat": {"id": 7001},
        "text": "Why?", "reply_to_message": {"message_id": 1001}}});
    bot.hook(&update).await;
    bot.processed().await;
    bot.until(&chat, "the question", |last| last["quoted"] == "1001").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_account_answers_through_its_connection() {
    let bot = Bot::start().await;
    let update = json!({"update_id": 1, "business_message": {"business_connection_id": "bc1", "message_id": 42,
        "from": {"id": 7001, "first_name": "Ada"}, "chat": {"id": 7001, "type": "private"}, "text": "Hello"}});
    bot.hook(&update).await;
    bot.processed().await;
    let chats = bot.chats().await;
    let chat = chats[0]["id"].as_str().expect("an id");
    bot.send(chat, "Yes?", Some("42")).await;
    bot.until(chat, "the answer", |last| last["state"] == "sent").await;
    let sent = &bot.fake.json("sendMessage")[0];
    assert_eq!(sent["business_connection_id"], "bc1");
    assert_eq!(sent["chat_id"], 7001);
    assert_eq!(sent["reply_parameters"]["message_id"], 42);
    // The same person writes to the bot itself: one contact, one chat, and answers go to the last address.
    assert_eq!(bot.customer(7001).await, chat);
    bot.send(chat, "Here?", None).await;
    bot.until(chat, "the second answer", |last| last["state"] == "sent")
        .await;
    assert_eq!(
        bot.fake.json("sendMessage")[1],
        json!({"chat_id": 7001, "text": "Here?"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_to_a_channel_is_answered_in_their_own_topic() {
    let bot = Bot::start().await;
    let message = |topic: i64, id: i64, name: &str, text: &str| {
        json!({"update_id": id, "message": {"message_id": id, "from": {"id": topic, "first_name": name},
            "direct_messages_topic": {"topic_id": topic, "user": {"id": topic, "first_name": name}},
            "chat": {"id": -1005, "title": "News", "type": "supergroup", "is_direct_messages": true}, "text": text}})
    };
    bot.hook(&message(31, 1, "Ida", "Hello")).await;
    bot.hook(&message(32, 2, "Jon", "Hi")).await;
    // A message without a topic has no known contact and is not shown.
    bot.hook(&json!({"update_id": 3, "message": {"message_id": 3, "from": {"id": 31},
        "chat": {"id": -1005, "type": "supergroup", "is_direct_messages": true}, "text": "Lost"}}))
        .await;
    bot.processed().await;
    let chats = bot.chats().await;
    // The server handles two contacts in parallel, so either chat may be the first.
    let of = |name: &str| chats.iter().find(|chat| chat["contact"]["name"] == name);
    assert_eq!(chats.len(), 2, "{chats:?}");
    assert!(of("Ida").is_some(), "{chats:?}");
    let chat = of("Jon").and_then(|chat| chat["id"].as_str()).expect("an id");
    bot.send(chat, "Yes?", Some("2")).await;
    bot.until(chat, "the answer", |last| last["state"] == "sent").await;
    assert_eq!(
        bot.fake.json("sendMessage"),
        [json!({"chat_id": -1005, "direct_messages_topic_id": 32, "text": "Yes?",
            "reply_parameters": {"message_id": 2, "allow_sending_without_reply": true}})]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_turns_of_sending() {
    let mut bot = Bot::start().await;
    let sent = |last: &Value| last["state"] == "sent";
    let failed = |last: &Value| last["state"] == "failed";
    let mut chats = 7100;
    let mut next = || {
        chats += 1;
        chats
    };
    let tries = |fake: &Fake, text: &str| {
        let of = |body: &&String| body.contains(text);
        fake.calls("sendMessage").iter().filter(of).count()
    };

    // A rate limit in the body, in the header, or with another status: the message is sent later, once.
    let mut slow = error(429, "Too Many Requests: retry after 7");
    slow["parameters"] = json!({"retry_after": 7});
    for (text, reply) in [
        ("slow body", Reply::Says(429, slow.clone())),
        ("slow header", Reply::Header(429, 7)),
        ("slow 200", Reply::Says(200, slow.clone())),
        ("trouble", Reply::Says(500, error(500, "Internal Server Error"))),
        ("conflict", Reply::Says(409, error(409, "Conflict"))),
    ] {
        let chat = bot.customer(next()).await;
        bot.fake.reply("sendMessage", reply);
        bot.send(&chat, text, None).await;
        bot.until(&chat, text, sent).await;
        assert_eq!(tries(&bot.fake, text), 2, "{text}");
    }

    // A final refusal: the message shows the reason, and is not tried again.
    for (code, theirs, ours) in [
        (
            403,
            "Forbidden: bot was blocked by the user",
            "The customer has blocked the bot.",
        ),
        (403, "Forbidden: user is deactivated", "account was deleted"),
        (
            403,
            "Forbidden: bot was kicked from the group chat",
            "removed from this group",
        ),
        (400, "Bad Request: chat not found", "does not know this chat"),
        (400, "Bad Request: something odd", "something odd"),
    ] {
        let chat = bot.customer(next()).await;
        bot.fake.reply("sendMessage", Reply::Says(code, error(code, theirs)));
        bot.send(&chat, theirs, None).await;
        let last = bot.until(&chat, theirs, failed).await;
        assert!(last["error"].as_str().is_some_and(|said| said.contains(ours)), "{last}");
        assert_eq!(tries(&bot.fake, theirs), 1, "{theirs}");
    }

    // The message was accepted without an answer. The result is unknown, so it is not sent again.
    let chat = bot.customer(next()).await;
    bot.fake.reply("sendMessage", Reply::BreaksOff);
    bot.send(&chat, "into the dark", None).await;
    let last = bot.until(&chat, "the doubt", |last| last["error"].is_string()).await;
    assert_eq!(last["state"], "queued");
    bot.send(&chat, "and on", None).await;
    bot.until(&chat, "the next", sent).await;
    assert_eq!(tries(&bot.fake, "into the dark"), 1);

    // The group has a new id; and the quoted message does not exist any more.
    let chat = bot.customer(-500).await;
    let mut moved = error(400, "Bad Request: group chat was upgraded to a supergroup chat");
    moved["parameters"] = json!({"migrate_to_chat_id": -100_500});
    bot.fake.reply("sendMessage", Reply::Says(400, moved));
    bot.send(&chat, "moved", None).await;
    bot.until(&chat, "the answer to the group", sent).await;
    assert_eq!(bot.customer(-100_500).await, chat, "the same contact under the new id");
    let chat = bot.customer(next()).await;
    let gone = error(400, "Bad Request: message to be replied not found");
    bot.fake.reply("sendMessage", Reply::Says(400, gone));
    bot.send(&chat, "quoting", Some("42")).await;
    bot.until(&chat, "the answer without a quote", sent).await;
    assert_eq!(tries(&bot.fake, "quoting"), 2);

    // The token is invalid: everything waits until it is renewed.
    let chat = bot.customer(next()).await;
    bot.fake
        .reply("sendMessage", Reply::Says(401, error(401, "Unauthorized")));
    bot.send(&chat, "locked out", None).await;
    let noted = eventually(|| async {
        bot.clock.advance(Duration::from_millis(100));
        bot.account().await.health.token_invalid.then_some(())
    });
    assert!(noted.await.is_some());
    bot.connect(TOKEN).await;
    bot.until(&chat, "the answer after the token was renewed", sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_address_the_bot_asks_itself_and_loses_nothing() {
    for mut bot in Bot::all().await {
        asks_itself(&mut bot).await;
    }
}

async fn asks_itself(bot: &mut Bot) {
    let update = |id: i64, text: &str| {
        json!({"update_id": id, "message": {"message_id": id, "from": {"id": 7001, "first_name": "Ada"},
            "chat": {"id": 7001, "type": "private"}, "text": text}})
    };
    let texts = |chats: &[Value]| -> Vec<String> {
        let lines = chats
            .iter()
            .flat_map(|chat| chat["messages"].as_array().expect("messages"));
        lines
            .map(|line| line["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    bot.fake.happens(update(10, "One"));
    bot.fake.happens(update(11, "Two"));
    bot.poll().await;
    let wanted = ["One".to_owned(), "Two".to_owned()];
    let came = eventually(|| async { (texts(&bot.chats().await) == wanted).then_some(()) }).await;
    assert!(came.is_some(), "{:?}", bot.chats().await);
    let confirmed = eventually(|| async { (bot.fake.unconfirmed() == 0).then_some(()) }).await;
    assert!(confirmed.is_some());
    let asked = bot.fake.json("getUpdates");
    assert_eq!(asked[0]["offset"], Value::Null);
    assert!(
        asked[0]["allowed_updates"]
            .as_array()
            .expect("a list")
            .contains(&json!("message_reaction"))
    );
    assert_eq!(asked.last().expect("one")["offset"], 12);
    assert_eq!(bot.account().await.health.polling, Some(12));

    // An update that comes a second time through the webhook changes nothing.
    assert_eq!(bot.hook(&update(11, "Two")).await, StatusCode::OK);
    bot.processed().await;
    assert_eq!(texts(&bot.chats().await), wanted);

    // Another program fetches updates too: the account's health shows it, and the bot tries again later.
    let conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    bot.fake.reply("getUpdates", Reply::Says(409, error(409, conflict)));
    bot.fake.happens(update(12, "Three"));
    bot.fake.happens(update(13, "Four"));
    let noted = eventually(|| async {
        bot.clock.advance(Duration::from_secs(1));
        let chats = bot.chats().await;
        (texts(&chats).len() == 4 && !bot.account().await.health.errors.is_empty()).then_some(())
    });
    assert!(noted.await.is_some(), "{:?}", bot.account().await.health);
    assert!(bot.account().await.health.errors[0].1.contains("Another program"));

    // The token is invalid: the bot stops fetching updates until it is connected again. It may still pause after the
    // conflict, so the clock advances.
    bot.fake
        .reply("getUpdates", Reply::Says(401, error(401, "Unauthorized")));
    bot.fake.happens(update(14, "Five"));
    let stopped = eventually(|| async {
        bot.clock.advance(Duration::from_secs(1));
        bot.account().await.health.token_invalid.then_some(())
    });
    assert!(stopped.await.is_some());
    bot.connect(TOKEN).await;
    bot.fake.happens(update(15, "Six"));
    bot.poll().await;
    let came = eventually(|| async { (texts(&bot.chats().await).len() == 6).then_some(()) }).await;
    assert!(came.is_some(), "{:?}", texts(&bot.chats().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_buttons_are_answered_to_a_few_at_a_time_and_none_is_lost() {
    let bot = Bot::start().await;
    let slow = Arc::new(Semaphore::new(0));
    for _ in 0..32 {
        bot.fake.reply("answerCallbackQuery", Reply::Waits(Arc::clone(&slow)));
    }
    let press = async |person: i64| {
        let update = json!({"update_id": person, "callback_query": {"id": format!("q{person}"), "data": "yes",
            "from": {"id": person, "first_name": "Ada"},
            "message": {"message_id": 1, "date": 0, "chat": {"id": person, "type": "private"}}}});
        assert_eq!(bot.hook(&update).await, StatusCode::OK);
        bot.processed().await;
    };
    let answered = async |count: usize| {
        let reached = async || (bot.fake.calls("answerCallbackQuery").len() == count).then_some(());
        eventually(reached).await.expect("answers to pressed buttons");
    };
    for person in 1..=40 {
        press(person).await;
    }
    answered(32).await;
    assert_eq!(bot.chats().await.len(), 40, "every press is in its chat");
    slow.add_permits(32);
    for person in 41.. {
        press(person).await;
        if bot.fake.calls("answerCallbackQuery").len() > 32 {
            return;
        }
        assert!(person < 1000, "nothing is answered to any more");
    }
}
