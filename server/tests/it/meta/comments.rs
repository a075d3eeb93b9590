//! Comments, which agents answer, hide and delete.

use axum::http::Method;
use causerie_server::store::messages;
use causerie_shared::{conversation::transition::Event, ids::ConversationId, refusal::Code};
use serde_json::{Value, json};

use super::{
    PAGE, PSID,
    desk::{Agent, chat_id, code, message_id},
    event, feed,
};
use crate::common::line::{Got, Line, Provider, answer};

/// Accepts every request, as the page's API does.
pub fn takes(got: &Got) -> (u16, Vec<u8>) {
    if got.target.ends_with("/messages") {
        return answer(200, &json!({ "recipient_id": PSID, "message_id": "m_private" }));
    }
    if got.target.ends_with("/comments") || got.target.contains("/replies") {
        return answer(200, &json!({ "id": "100_50" }));
    }
    answer(200, &json!({ "success": true }))
}

pub fn refuses(code: i64, subcode: i64) -> impl Fn(&Got) -> (u16, Vec<u8>) + Send + Sync + 'static {
    move |_| {
        answer(
            400,
            &json!({ "error": { "code": code, "error_subcode": subcode, "message": "(#1) no", "type": "OAuthException" } }),
        )
    }
}

pub fn top() -> Value {
    feed(json!({ "comment_id": "100_1", "parent_id": format!("{PAGE}_100"), "message": "Is it blue?" }))
}

/// Delivers a comment and starts its conversation as Ana.
pub async fn taken<'a>(line: &'a Line, body: &Value) -> (Agent<'a>, ConversationId) {
    line.receive(body).await;
    let chat = chat_id(&line.conversations().await[0]);
    let ana = Agent::named(line, "ana").await;
    ana.act(chat, Event::Start).await.unwrap();
    (ana, chat)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_a_comment_and_comes_back_as_our_own_by_whatever_name() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        line.receive(&top()).await;
        let chat = chat_id(&line.conversations().await[0]);
        let ana = Agent::named(&line, "ana").await;
        assert_eq!(
            code(ana.reply(chat, "Too early", None).await),
            Err(Code::Forbidden),
            "not accepted yet"
        );
        ana.act(chat, Event::Start).await.unwrap();
        let asked = message_id(&line.messages().await[0]);
        ana.reply(chat, "There is a blue one.", Some(asked)).await.unwrap();
        let sent = provider.got().pop().unwrap();
        assert_eq!(
            (sent.method.as_str(), sent.target.as_str()),
            ("POST", "/v25.0/100_1/comments")
        );
        assert_eq!(sent.json(), json!({ "message": "There is a blue one." }));
        // The echo comes with the id from the API, and with another id of the same comment.
        for id in ["100_50", "777_50"] {
            let own = json!({ "comment_id": id, "parent_id": "100_1", "message": "There is a blue one.", "from": { "id": PAGE } });
            line.receive(&feed(own)).await;
        }
        let messages = line.messages().await;
        assert_eq!(messages.len(), 2, "{messages:#?}");
        assert_eq!(
            (
                &messages[1]["provider_id"],
                &messages[1]["state"],
                &messages[1]["direction"]
            ),
            (&json!("100_50"), &json!("sent"), &json!("out"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_answers_elsewhere_waits_for_the_comment() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let own = json!({ "comment_id": "100_60", "parent_id": "100_1", "message": "Yes.", "from": { "id": PAGE } });
        line.receive(&feed(own)).await;
        assert_eq!(line.conversations().await.len(), 0);
        line.receive(&top()).await;
        let messages = line.messages().await;
        let texts: Vec<_> = messages
            .iter()
            .map(|message| (&message["direction"], &message["provider_id"]))
            .collect();
        assert_eq!(
            texts,
            [(&json!("in"), &json!("100_1")), (&json!("out"), &json!("100_60"))]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_answers_elsewhere_begins_no_ended_thread_anew() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let (ana, chat) = taken(&line, &top()).await;
        ana.act(chat, Event::End).await.unwrap();
        let before = line.conversations().await;
        let own = json!({ "comment_id": "100_60", "parent_id": "100_1", "message": "Yes.", "from": { "id": PAGE } });
        line.receive(&feed(own)).await;
        assert_eq!(line.conversations().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_of_which_nobody_knows_is_found_in_its_own_thread() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        provider.answer(|_| answer(502, &json!({})));
        let (ana, chat) = taken(&line, &top()).await;
        ana.reply(chat, "Yes.", None).await.unwrap();
        assert_eq!(line.messages().await[1]["state"], "queued");
        // The same text below another comment is another reply.
        line.receive(&feed(
            json!({ "comment_id": "100_7", "message": "And red?", "from": { "id": "78" } }),
        ))
        .await;
        let own = |id: &str, parent: &str| {
            feed(json!({ "comment_id": id, "parent_id": parent, "message": "Yes.", "from": { "id": PAGE } }))
        };
        line.receive(&own("100_60", "100_7")).await;
        let chats = line.conversations().await;
        assert_eq!(chats[0]["messages"][1]["state"], "queued");
        assert_eq!(chats[1]["messages"][1]["provider_id"], "100_60");
        line.receive(&own("100_61", "100_1")).await;
        let messages = line.conversations().await[0]["messages"].clone();
        assert_eq!(messages.as_array().unwrap().len(), 2, "{messages:#}");
        assert_eq!(
            (&messages[1]["state"], &messages[1]["provider_id"]),
            (&json!("sent"), &json!("100_61"))
        );
        provider.answer(takes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_comment_takes_no_reply_and_the_reason_is_plain() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        provider.answer(refuses(100, 33));
        let (ana, chat) = taken(&line, &top()).await;
        ana.reply(chat, "Yes.", None).await.unwrap();
        let failed = &line.messages().await[1];
        assert_eq!(failed["state"], "failed");
        assert!(
            failed["error"].as_str().unwrap().contains("not there any more"),
            "{failed}"
        );
        provider.answer(takes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_hidden_shown_and_deleted_at_the_provider() {
    let provider = Provider::start(takes).await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let (ana, chat) = taken(&line, &top()).await;
        ana.reply(chat, "Yes.", None).await.unwrap();
        let messages = line.messages().await;
        let (asked, own) = (message_id(&messages[0]), message_id(&messages[1]));
        // Every member may do so, not only the conversation's agent.
        let ben = Agent::named(&line, "ben").await;
        for hidden in [true, false, true] {
            ben.hide(chat, asked, hidden).await.unwrap();
            let sent = provider.got().pop().unwrap();
            assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/v25.0/100_1"));
            assert_eq!(sent.json(), json!({ "is_hidden": hidden }));
            assert_eq!(line.messages().await[0]["hidden"], hidden);
        }
        let calls = provider.got().len();
        assert_eq!(code(ana.hide(chat, own, true).await), Err(Code::Invalid), "our own");
        assert_eq!(provider.got().len(), calls);
        // If the provider refuses the action, the message stays unchanged.
        provider.answer(refuses(200, 0));
        let refusal = ana.delete(chat, asked).await.unwrap_err();
        assert!(refusal.to_string().contains("no"), "{refusal}");
        assert_eq!(line.messages().await[0]["deleted"], false);
        provider.answer(takes);
        ana.delete(chat, asked).await.unwrap();
        let sent = provider.got().pop().unwrap();
        assert_eq!((sent.method, sent.target.as_str()), (Method::DELETE, "/v25.0/100_1"));
        line.receive(&feed(json!({ "comment_id": "100_1", "verb": "remove" })))
            .await;
        assert_eq!(line.messages().await[0]["deleted"], true);
        // A comment that the provider does not have any more counts as deleted.
        provider.answer(refuses(100, 33));
        ana.delete(chat, own).await.unwrap();
        assert_eq!(line.messages().await[1]["deleted"], true);
        provider.answer(takes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_post_is_asked_for_once_and_stands_beside_its_threads() {
    let provider = Provider::start(|got| match got.method {
        Method::GET => answer(
            200,
            &json!({ "message": "Our chairs\nin blue", "permalink_url": "https://f.test/p/100" }),
        ),
        _ => takes(got),
    })
    .await;
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        let before = provider.got().len();
        line.receive(&top()).await;
        line.receive(&feed(json!({ "comment_id": "100_5", "message": "Price?" })))
            .await;
        assert_eq!(provider.got().len(), before + 1);
        let asked = provider.got().pop().unwrap();
        assert_eq!(asked.target, format!("/v25.0/{PAGE}_100?fields=message,permalink_url"));
        let ana = Agent::named(&line, "ana").await;
        for chat in line.conversations().await {
            let post = ana.head(chat_id(&chat)).await.post.unwrap();
            assert_eq!(
                (post.title.as_str(), post.url.as_deref()),
                ("Our chairs in blue", Some("https://f.test/p/100"))
            );
        }
    }
}

/// The smallest PNG image.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_everybody_in_a_thread_are_fetched() {
    let provider = Provider::start(|got| match got.target.as_str() {
        "/picture" => (200, PNG.to_vec()),
        _ => takes(got),
    })
    .await;
    let url = format!("{}/picture", provider.url);
    for line in Line::each("facebook_comments", PAGE, &provider.url).await {
        line.receive(&feed(json!({ "comment_id": "100_1", "photo": url })))
            .await;
        for (id, from) in [
            ("100_2", json!({ "id": "78", "name": "Otto" })),
            ("100_3", json!({ "id": PAGE })),
        ] {
            line.receive(&feed(
                json!({ "comment_id": id, "parent_id": "100_1", "photo": url, "from": from }),
            ))
            .await;
        }
        let messages = line.messages().await;
        assert_eq!(messages.len(), 3, "{messages:#?}");
        let mut db = line.app.store.read().await.unwrap();
        for message in &messages {
            assert_eq!(message["attachments"], json!(["image"]));
            let chat = chat_id(&line.conversations().await[0]);
            let stored = messages::get(&mut db, chat, message_id(message))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(stored.row.files.len(), 1, "{message}");
            assert_eq!(stored.row.files[0].mime, "image/png");
        }
        assert_eq!(line.conversations().await[0]["contact"]["name"], "Rosa");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_message_is_no_comment() {
    let provider = Provider::start(takes).await;
    for line in Line::each("messenger", PAGE, &provider.url).await {
        let (ana, chat) = taken(
            &line,
            &event("page", json!({ "message": { "mid": "m1", "text": "Hi" } })),
        )
        .await;
        let message = message_id(&line.messages().await[0]);
        let calls = provider.got().len();
        assert_eq!(code(ana.hide(chat, message, true).await), Err(Code::Invalid));
        assert_eq!(code(ana.delete(chat, message).await), Err(Code::Invalid));
        assert_eq!(code(ana.reply_privately(chat, "Psst").await), Err(Code::Invalid));
        assert_eq!(provider.got().len(), calls);
    }
}
