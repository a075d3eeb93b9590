//! WhatsApp through the real router, with payloads as in `docs/channels.md#messages-of-whatsapp`, each delivered twice.

mod blocked;
mod mutations;
mod outcomes;
mod says;
mod templates;

use crate::common::line::{Got, Line, Provider, answer};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const PHONE: &str = "106540352242922";
const CUSTOMER: &str = "16505551234";

/// A webhook's body with one change of `field`, with the usual metadata.
fn envelope(field: &str, value: Value) -> Value {
    let mut all = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": PHONE },
    });
    for (key, entry) in value.as_object().unwrap() {
        all[key] = entry.clone();
    }
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "field": field, "value": all }] }],
    })
}

/// A message of the customer.
fn message(id: &str, message: Value) -> Value {
    let mut whole = json!({ "from": CUSTOMER, "id": id, "timestamp": "1759999990" });
    for (key, entry) in message.as_object().unwrap() {
        whole[key] = entry.clone();
    }
    envelope(
        "messages",
        json!({
            "contacts": [{ "profile": { "name": "Sheena Nelson" }, "wa_id": CUSTOMER }],
            "messages": [whole],
        }),
    )
}

fn text(id: &str, body: &str) -> Value {
    message(id, json!({ "type": "text", "text": { "body": body } }))
}

/// Accepts every message and returns the next id.
fn takes(got: &Got) -> (u16, Vec<u8>) {
    if got.target.contains("/media") {
        return answer(200, &json!({ "id": "media-1" }));
    }
    let number = got.json()["text"]["body"].as_str().unwrap_or_default().len();
    answer(
        200,
        &json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": CUSTOMER, "wa_id": CUSTOMER }],
            "messages": [{ "id": format!("wamid.out{number}") }],
        }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_message_is_a_bubble_once() {
    let kinds = [
        (
            json!({"type": "text", "text": {"body": "Hello"}}),
            "text",
            "Hello",
            vec![],
        ),
        (
            json!({"type": "image", "image": {"id": "m1", "mime_type": "image/jpeg", "sha256": "x", "caption": "Look"}}),
            "image",
            "Look",
            vec!["image"],
        ),
        (
            json!({"type": "audio", "audio": {"id": "m2", "mime_type": "audio/ogg; codecs=opus", "voice": true}}),
            "voice",
            "",
            vec!["audio"],
        ),
        (
            json!({"type": "document", "document": {"id": "m3", "mime_type": "application/pdf", "filename": "Ä.pdf"}}),
            "file",
            "",
            vec!["file"],
        ),
        (
            json!({"type": "sticker", "sticker": {"id": "m4", "mime_type": "image/webp"}}),
            "sticker",
            "",
            vec!["sticker"],
        ),
        (
            json!({"type": "location", "location": {"latitude": 0.0, "longitude": -9.1, "name": "Here"}}),
            "location",
            "Here",
            vec![],
        ),
        (
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1"}]}]}),
            "contacts",
            "Bo",
            vec![],
        ),
        (
            json!({"type": "button", "button": {"text": "Yes", "payload": "p"}}),
            "choice",
            "Yes",
            vec![],
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Red"}}}),
            "choice",
            "Red",
            vec![],
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "no json"}}}),
            "form",
            "Sent",
            vec![],
        ),
        (
            json!({"type": "order", "order": {"catalog_id": "c", "text": "Please", "product_items": [{"product_retailer_id": "sku", "quantity": 2, "item_price": 3.5, "currency": "EUR"}]}}),
            "order",
            "Please",
            vec![],
        ),
        (
            json!({"type": "unsupported", "errors": [{"code": 131051}]}),
            "unsupported",
            "",
            vec![],
        ),
        (json!({"type": "hologram", "hologram": {}}), "unsupported", "", vec![]),
    ];
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        for (number, (content, ..)) in kinds.iter().enumerate() {
            let body = message(&format!("wamid.{number}"), content.clone());
            line.receive(&body).await;
            line.receive(&body).await;
        }
        let messages = line.messages().await;
        assert_eq!(messages.len(), kinds.len(), "{messages:#?}");
        for (message, (content, kind, text, attachments)) in messages.iter().zip(&kinds) {
            assert_eq!(message["kind"], *kind, "{content}");
            assert_eq!(message["text"], *text, "{content}");
            assert_eq!(message["attachments"], json!(attachments), "{content}");
            assert_eq!(message["direction"], "in");
            assert_eq!(message["state"], Value::Null);
        }
        let chat = &line.conversations().await[0];
        assert_eq!(chat["contact"]["name"], "Sheena Nelson");
        assert_eq!(chat["contact"]["external_id"], CUSTOMER);
        assert_eq!(chat["contact"]["phone"], CUSTOMER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_message_is_seen_on_its_bubble_in_whatever_order_it_comes() {
    let provider = Provider::start(takes).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let react = |emoji: Value| {
            message(
                "wamid.r",
                json!({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": emoji}}),
            )
        };
        // The reaction arrives before the message.
        line.receive(&react(json!("👍"))).await;
        line.receive(&text("wamid.1", "First")).await;
        assert_eq!(
            line.messages().await[0]["reactions"],
            json!([{"emoji": "👍", "by": "contact"}])
        );
        line.receive(&react(json!(""))).await;
        assert_eq!(line.messages().await[0]["reactions"], json!([]));
        let edit = json!({"type": "edit", "edit": {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Better"}}}});
        line.receive(&message("wamid.e", edit)).await;
        let quote = json!({"type": "text", "text": {"body": "Quoted"}, "context": {"from": CUSTOMER, "id": "wamid.1"}});
        line.receive(&message("wamid.2", quote)).await;
        let revoke = json!({"type": "revoke", "revoke": {"original_message_id": "wamid.2"}});
        line.receive(&message("wamid.x", revoke)).await;
        let forwarded = json!({"type": "text", "text": {"body": "Chain"}, "context": {"frequently_forwarded": true}, "referral": {"headline": "Lamps"}});
        line.receive(&message("wamid.3", forwarded)).await;
        let messages = line.messages().await;
        assert_eq!(messages.len(), 3, "{messages:#?}");
        assert_eq!(
            (&messages[0]["text"], &messages[0]["edited"]),
            (&json!("Better"), &json!(true))
        );
        assert_eq!(
            (&messages[1]["quoted"], &messages[1]["deleted"]),
            (&json!("wamid.1"), &json!(true))
        );
        assert_eq!(
            (&messages[2]["forwarded"], &messages[2]["referral"]),
            (&json!(true), &json!("Lamps"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_out_once_and_its_states_move_forward_only() {
    let provider = Provider::start(takes).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let before = provider.got().len();
        line.receive(&text("wamid.1", "Where is my order?")).await;
        line.say("On its way.", Some("wamid.1")).await;
        let mut got = provider.got().split_off(before);
        // The server may fetch the templates meanwhile.
        got.retain(|got| got.method == Method::POST);
        assert_eq!(got.len(), 1, "{got:#?}");
        assert_eq!(got[0].target, format!("/v25.0/{PHONE}/messages"));
        let body = got[0].json();
        assert_eq!(
            (&body["to"], &body["text"]["body"]),
            (&json!(CUSTOMER), &json!("On its way."))
        );
        assert_eq!(body["context"]["message_id"], "wamid.1");
        let status = |status: &str| {
            envelope(
                "messages",
                json!({"statuses": [{"id": "wamid.out11", "status": status, "timestamp": "1759999999", "recipient_id": CUSTOMER}]}),
            )
        };
        let state = async || line.messages().await[1]["state"].clone();
        assert_eq!(state().await, "sent");
        line.receive(&status("read")).await;
        assert_eq!(state().await, "read");
        line.receive(&status("delivered")).await;
        line.receive(&status("sent")).await;
        line.receive(&status("failed")).await;
        assert_eq!(state().await, "read", "states only move forward");
        assert_eq!(line.messages().await[1]["quoted"], "wamid.1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_loses_nothing_because_of_one_bad_element() {
    let provider = Provider::start(takes).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let mut batch = text("wamid.1", "One");
        let changes = batch["entry"][0]["changes"].as_array_mut().unwrap();
        changes.insert(
            0,
            json!({"field": "messages", "value": {"messages": "nonsense", "metadata": 7}}),
        );
        changes.insert(0, json!(null));
        changes.push(text("wamid.2", "Two")["entry"][0]["changes"][0].clone());
        changes.push(json!({"field": "calls", "value": {"calls": [{}]}}));
        line.receive(&batch).await;
        let texts: Vec<Value> = line
            .messages()
            .await
            .iter()
            .map(|message| message["text"].clone())
            .collect();
        assert_eq!(texts, ["One", "Two"]);
        // A message of another phone number, and one without a number.
        let other = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": "999"}, "messages": [{"from": "1", "id": "wamid.9", "type": "text", "text": {"body": "?"}}]}}]}]});
        line.receive(&other).await;
        assert_eq!(line.messages().await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_provider_is_heard() {
    let provider = Provider::start(takes).await;
    for mut line in Line::each("whatsapp", PHONE, &provider.url).await {
        let path = format!(
            "{}?hub.mode=subscribe&hub.challenge=42&hub.verify_token=verify",
            line.webhook
        );
        let (status, body) = line.call(axum::http::Method::GET, &path, "".into()).await;
        assert_eq!((status, body), (StatusCode::OK, json!(42)));
        let wrong = path.replace("verify_token=verify", "verify_token=other");
        assert_eq!(
            line.call(axum::http::Method::GET, &wrong, "".into()).await.0,
            StatusCode::FORBIDDEN
        );
        assert_eq!(line.hook(b"{").await, StatusCode::BAD_REQUEST);
        assert_eq!(line.hook_at("/hooks/nothing", b"{}").await, StatusCode::NOT_FOUND);
        line.secret = "another".to_owned();
        let body = text("wamid.1", "Hello").to_string();
        assert_eq!(line.hook(body.as_bytes()).await, StatusCode::UNAUTHORIZED);
        line.quiesce().await;
        assert_eq!(line.conversations().await, Vec::<Value>::new());
    }
}
