//! Private replies to comments: once, as one message, for a week; and the direct messages that answer them.

use std::time::Duration;

use axum::http::Method;
use causerie_server::store::threads;
use causerie_shared::{
    conversation::{State, transition::Event},
    refusal::Code,
};
use serde_json::{Value, json};

use super::{
    PAGE, PSID,
    comments::{refuses, taken, takes, top},
    desk::{Agent, chat_id, code, message_id},
    feed, text,
};
use crate::common::{
    eventually,
    line::{Line, Provider},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_private_reply_goes_once_as_one_message_and_for_a_week() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let (ana, chat) = taken(&line, &top()).await;
        let before = provider.got().len();
        assert_eq!(code(ana.reply_privately_twice(chat).await), Err(Code::Invalid));
        assert_eq!(
            code(ana.reply_privately(chat, &"x".repeat(2001)).await),
            Err(Code::TooLarge)
        );
        assert_eq!(provider.got().len(), before, "nothing was sent");
        // A refused private reply may be tried again.
        provider.answer(refuses(10900, 0));
        ana.reply_privately(chat, "Only for you").await.unwrap();
        let failed = &line.messages().await[1];
        assert_eq!(failed["state"], "failed");
        assert!(
            failed["error"].as_str().unwrap().contains("answered privately"),
            "{failed}"
        );
        provider.answer(takes);
        ana.reply_privately(chat, "Only for you").await.unwrap();
        let sent = provider.got().pop().unwrap();
        assert_eq!(sent.target, format!("/v25.0/{PAGE}/messages"));
        let body = sent.json();
        assert_eq!(body["recipient"], json!({ "comment_id": "100_1" }));
        assert_eq!(body["message"]["text"], "Only for you");
        assert_eq!((body.get("messaging_type"), body.get("reply_to")), (None, None));
        assert_eq!(line.messages().await[2]["state"], "sent");
        assert_eq!(code(ana.reply_privately(chat, "And again").await), Err(Code::Invalid));
        ana.reply(chat, "For all", None).await.unwrap();

        line.receive(&feed(
            json!({ "comment_id": "100_8", "message": "And red?", "from": { "id": "78" } }),
        ))
        .await;
        let other = chat_id(&line.conversations().await[1]);
        ana.act(other, Event::Start).await.unwrap();
        line.clock.advance(7 * DAY + Duration::from_secs(1));
        // The inactivity rule ended the conversation long ago, so a new comment opens a new one.
        line.receive(&feed(
            json!({ "comment_id": "100_9", "parent_id": "100_8", "message": "Hello?", "from": { "id": "78" } }),
        ))
        .await;
        let late = chat_id(line.conversations().await.last().unwrap());
        ana.act(late, Event::Start).await.ok();
        assert_eq!(code(ana.reply_privately(late, "Late").await), Err(Code::WindowClosed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_reply_that_had_to_wait_is_not_sent_after_the_week() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let (ana, chat) = taken(&line, &top()).await;
        provider.answer(refuses(190, 463));
        ana.reply_privately(chat, "Only for you").await.unwrap();
        assert_eq!(line.conversations().await[0]["messages"][1]["state"], "queued");
        provider.answer(takes);
        line.clock.advance(7 * DAY + Duration::from_secs(1));
        let calls = provider.got().len();
        line.connect("facebook_comments", PAGE, &provider.url).await;
        line.quiesce().await;
        let late = line.conversations().await[0]["messages"][1].clone();
        assert_eq!(late["state"], "failed");
        assert!(late["error"].as_str().unwrap().contains("7 days"), "{late}");
        assert_eq!(provider.got().len(), calls, "the provider was not asked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_reply_on_instagram_counts_bytes_and_goes_by_its_page() {
    let provider = Provider::start(takes).await;
    for line in Line::each("instagram_comments", PAGE, &provider.url).await {
        let value =
            json!({ "id": "c1", "text": "Nice", "from": { "id": "55", "username": "kim" }, "media": { "id": "m1" } });
        let body = json!({ "object": "instagram", "entry": [{ "id": PAGE, "changes": [{ "field": "comments", "value": value }] }] });
        let (ana, chat) = taken(&line, &body).await;
        assert_eq!(
            code(ana.reply_privately(chat, &"ä".repeat(501)).await),
            Err(Code::TooLarge)
        );
        ana.reply_privately(chat, &"ä".repeat(500)).await.unwrap();
        let sent = provider.got().pop().unwrap();
        assert_eq!(sent.target, format!("/v25.0/{PAGE}/messages"));
        assert_eq!(sent.json()["recipient"], json!({ "comment_id": "c1" }));
        let asked = message_id(&line.messages().await[0]);
        ana.hide(chat, asked, true).await.unwrap();
        assert_eq!(provider.got().pop().unwrap().target, "/v25.0/c1?hide=true");
        ana.delete(chat, asked).await.unwrap();
        let sent = provider.got().pop().unwrap();
        assert_eq!((sent.method, sent.target.as_str()), (Method::DELETE, "/v25.0/c1"));
    }
}

/// Makes the inbox of the test's accounts offer its chats.
async fn offers(line: &Line) {
    let mut tx = line.app.store.begin_ordered().await.unwrap();
    sqlx::query("UPDATE inboxes SET mode = 'auto' WHERE name = 'Test channels'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_a_private_reply_comes_to_the_same_agent() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let direct = line.connect("messenger", PAGE, &provider.url).await;
        // The person has written before, but the server cannot know that this contact is the comment's author.
        line.hook_at(&direct, text("page", "m0", "Long ago").to_string().as_bytes())
            .await;
        line.quiesce().await;
        let first = chat_id(&line.conversations().await[0]);
        let sup = Agent::named(&line, "sup").await;
        sup.act(first, Event::Start).await.unwrap();
        sup.act(first, Event::End).await.unwrap();

        line.receive(&top()).await;
        let thread = chat_id(&line.conversations().await[1]);
        let (ana, ben) = (Agent::named(&line, "ana").await, Agent::named(&line, "ben").await);
        ana.connect().await;
        ben.connect().await;
        ana.act(thread, Event::Start).await.unwrap();
        ana.reply_privately(thread, "Write to us here.").await.unwrap();
        // The echo belongs to the thread and starts no conversation.
        let echo = json!({ "object": "page", "entry": [{ "id": PAGE, "messaging": [{ "sender": { "id": PAGE }, "recipient": { "id": PSID },
            "timestamp": 1_759_999_995_000_i64, "message": { "mid": "m_private", "text": "Write to us here.", "is_echo": true } }] }] });
        line.hook_at(&direct, echo.to_string().as_bytes()).await;
        // The delivery state comes by the messaging account, and is shown in the thread.
        let came = json!({ "object": "page", "entry": [{ "id": PAGE, "messaging": [{ "sender": { "id": PSID }, "recipient": { "id": PAGE },
            "delivery": { "mids": ["m_private"], "watermark": 1 } }] }] });
        line.hook_at(&direct, came.to_string().as_bytes()).await;
        line.quiesce().await;
        let chats = line.conversations().await;
        assert_eq!(chats.len(), 2);
        assert_eq!(chats[1]["messages"][1]["state"], "delivered", "{:#}", chats[1]);

        offers(&line).await;
        // Ben is idle and Ana has a chat. The answer is offered to Ana all the same.
        line.hook_at(&direct, text("page", "m1", "Here I am").to_string().as_bytes())
            .await;
        line.quiesce().await;
        let chats = line.conversations().await;
        assert_eq!(chats.len(), 3, "{chats:#?}");
        let answer = chat_id(&chats[2]);
        assert_eq!(
            chats[2]["messages"][0]["referral"],
            format!("Answer to the private reply in #{}", chats[1]["number"])
        );
        let offered = eventually(|| async {
            match ana.head(answer).await.state {
                State::Assigning { agent, .. } => Some(agent),
                _ => None,
            }
        });
        assert_eq!(offered.await, Some(ana.user));
        ana.act(answer, Event::Decline).await.unwrap();
        let next = eventually(|| async {
            match ana.head(answer).await.state {
                State::Assigning { agent, .. } => Some(agent),
                _ => None,
            }
        });
        assert_eq!(next.await, Some(ben.user));

        // This happens once: the next chat is routed like any other.
        ben.act(answer, Event::Accept).await.unwrap();
        ben.act(answer, Event::End).await.unwrap();
        line.hook_at(&direct, text("page", "m2", "One more thing").to_string().as_bytes())
            .await;
        line.quiesce().await;
        let chats = line.conversations().await;
        assert_eq!(chats[3]["messages"][0]["referral"], Value::Null);
        let mut db = line.app.store.read().await.unwrap();
        let agents = threads::answered_agents(&mut db, &[answer, chat_id(&chats[3])])
            .await
            .unwrap();
        assert_eq!(agents.into_iter().collect::<Vec<_>>(), [(answer, ana.user)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_of_a_comment_is_the_same_contact_in_direct_messages() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let direct = line.connect("messenger", PAGE, &provider.url).await;
        let (ana, thread) = taken(&line, &top()).await;
        ana.reply_privately(thread, "Write to us here.").await.unwrap();
        line.hook_at(&direct, text("page", "m1", "Here I am").to_string().as_bytes())
            .await;
        line.quiesce().await;
        let chats = line.conversations().await;
        assert_eq!(chats.len(), 2, "{chats:#?}");
        assert_eq!(
            chats[1]["contact"],
            json!({ "name": "Rosa", "external_id": PSID, "phone": null })
        );
        let (one, other) = (ana.head(thread).await, ana.head(chat_id(&chats[1])).await);
        assert_eq!(one.contact, other.contact);
    }
}
