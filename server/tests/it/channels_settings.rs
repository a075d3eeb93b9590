//! Messaging accounts as owners change them: connected, checked, paused, with an invalid token, removed. All requests
//! pass through the real router.

use crate::common::{
    eventually,
    line::{Got, Line, Provider, answer},
    signed::{ask, sign_in},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const PHONE: &str = "106540352242922";
const CUSTOMER: &str = "16505551234";

fn text(id: &str, body: &str) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "metadata": { "phone_number_id": PHONE },
            "contacts": [{ "profile": { "name": "Sheena" }, "wa_id": CUSTOMER }],
            "messages": [{ "from": CUSTOMER, "id": id, "timestamp": "1759999990", "type": "text",
                           "text": { "body": body } }],
        } }] }],
    })
}

fn takes(got: &Got) -> (u16, Vec<u8>) {
    if got.method == Method::GET {
        return answer(200, &json!({ "verified_name": "Lamps Ltd" }));
    }
    let said = got.json()["text"]["body"].as_str().unwrap_or_default().to_owned();
    answer(200, &json!({ "messages": [{ "id": format!("wamid.{said}") }] }))
}

fn expired(_: &Got) -> (u16, Vec<u8>) {
    answer(401, &json!({ "error": { "code": 190, "message": "expired" } }))
}

/// The texts that the provider received.
fn texts(provider: &Provider) -> Vec<String> {
    let all = provider.got().into_iter();
    all.filter_map(|got| got.json()["text"]["body"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_checked_and_removed_and_its_secrets_are_never_told() {
    let provider = Provider::start(takes).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let owner = sign_in(&line, "owner").await;
        let agent = sign_in(&line, "ana").await;
        let (_, all, _) = ask(&line, &owner, Method::GET, "/api/channels", json!(null)).await;
        let inbox = all[0]["inbox"].clone();
        let new = json!({ "channel": "messenger", "inbox": inbox, "name": "Page", "fields": [
            ["external_id", "777"], ["token", "very secret"], ["app_secret", "most secret"],
            ["base_url", provider.url], ["human_agent", "true"],
        ] });
        let (status, ..) = ask(&line, &agent, Method::POST, "/api/channels", new.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, made, _) = ask(&line, &owner, Method::POST, "/api/channels", new.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert!(!made.to_string().contains("secret\""), "{made}");
        let details = &made["details"];
        assert!(details["callback"].as_str().unwrap().contains("/hooks/"));
        assert!(!details["verify_token"].as_str().unwrap().is_empty());
        assert!(
            details["fields"]
                .as_array()
                .unwrap()
                .contains(&json!(["human_agent", "true"]))
        );
        let (status, ..) = ask(&line, &owner, Method::POST, "/api/channels", new).await;
        assert_eq!(status, StatusCode::CONFLICT, "connected twice");
        let wrong = json!({ "channel": "messenger", "inbox": inbox, "name": "P", "fields": [["external_id", "8"]] });
        let (status, ..) = ask(&line, &owner, Method::POST, "/api/channels", wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the token is missing");

        let (_, seen, _) = ask(&line, &agent, Method::GET, "/api/channels", json!(null)).await;
        assert_eq!(seen.as_array().unwrap().len(), 2);
        assert_eq!(seen[0]["details"], Value::Null, "names and counts only");

        let path = format!("/api/channels/{}", made["id"].as_str().unwrap());
        let (status, ..) = ask(&line, &owner, Method::DELETE, &path, json!({ "name": "Other" })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, ..) = ask(&line, &owner, Method::DELETE, &path, json!({ "name": "Page" })).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let (_, log, _) = ask(&line, &owner, Method::GET, "/api/audit", json!(null)).await;
        assert!(!log.to_string().contains("very secret"));
        let actions: Vec<&str> = log
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|e| e["action"].as_str())
            .collect();
        assert!(
            actions.contains(&"channel.connect") && actions.contains(&"channel.remove"),
            "{actions:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_lost_and_a_new_one_lets_it_go_in_order() {
    let provider = Provider::start(expired).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let owner = sign_in(&line, "owner").await;
        provider.answer(expired);
        line.receive(&text("wamid.in", "Hello")).await;
        line.say("one", None).await;
        line.say("two", None).await;
        let before = texts(&provider).len();
        line.say("three", None).await;
        assert_eq!(texts(&provider).len(), before, "nothing is tried any more");
        let (_, all, _) = ask(&line, &owner, Method::GET, "/api/channels", json!(null)).await;
        assert_eq!(all[0]["trouble"], true, "{all}");
        assert_eq!(all[0]["people"], 1);
        assert_eq!(all[0]["details"]["waiting"], 3);
        let path = format!("/api/channels/{}", all[0]["id"].as_str().unwrap());
        let (_, check, _) = ask(&line, &owner, Method::POST, &format!("{path}/check"), json!({})).await;
        assert_eq!(check["ok"], false, "{check}");

        provider.answer(takes);
        let save = json!({ "name": all[0]["name"], "inbox": all[0]["inbox"], "enabled": true,
                           "fields": [["token", "a new one"], ["business_id", "9"]] });
        let (status, saved, _) = ask(&line, &owner, Method::PUT, &path, save).await;
        assert_eq!(status, StatusCode::OK, "{saved}");
        assert_eq!(saved["trouble"], false);
        // The account's sending pace follows the clock.
        for sent in 1..=3 {
            line.clock.advance(std::time::Duration::from_millis(20));
            let taken = eventually(|| async { (texts(&provider).len() == before + sent).then_some(()) }).await;
            assert!(taken.is_some(), "message {sent} is not sent");
        }
        line.quiesce().await;
        assert_eq!(texts(&provider)[before..], ["one", "two", "three"]);
        let states: Vec<Value> = line.messages().await.iter().map(|m| m["state"].clone()).collect();
        assert_eq!(states, [json!(null), json!("sent"), json!("sent"), json!("sent")]);
        let (_, check, _) = ask(&line, &owner, Method::POST, &format!("{path}/check"), json!({})).await;
        assert_eq!(check, json!({ "ok": true, "words": "Lamps Ltd" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_account_keeps_its_messages_and_a_removed_one_fails_its_chats() {
    let provider = Provider::start(takes).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let owner = sign_in(&line, "owner").await;
        line.receive(&text("wamid.in", "Hello")).await;
        let (_, all, _) = ask(&line, &owner, Method::GET, "/api/channels", json!(null)).await;
        let path = format!("/api/channels/{}", all[0]["id"].as_str().unwrap());
        let save = |enabled: bool| {
            json!({ "name": all[0]["name"], "inbox": all[0]["inbox"], "enabled": enabled,
                    "fields": [["business_id", "9"]] })
        };
        let before = texts(&provider).len();
        // The endpoint for widgets refuses the account, since it does not handle queued messages.
        let widget = json!({ "name": all[0]["name"], "enabled": false, "origins": [] });
        let by = format!("/api/accounts/{}", all[0]["id"].as_str().unwrap());
        let (status, ..) = ask(&line, &owner, Method::PUT, &by, widget).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        ask(&line, &owner, Method::PUT, &path, save(false)).await;
        line.say("later", None).await;
        assert_eq!(texts(&provider).len(), before);
        assert_eq!(line.messages().await[1]["state"], "queued");
        ask(&line, &owner, Method::PUT, &path, save(true)).await;
        line.quiesce().await;
        assert_eq!(texts(&provider)[before..], ["later"]);

        let before = line.conversations().await;
        assert_eq!(before[0]["status"], "waiting");
        let (status, ..) = ask(&line, &owner, Method::DELETE, &path, json!({ "name": all[0]["name"] })).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let chat = before[0]["id"].as_str().unwrap().parse().unwrap();
        let mut db = line.app.store.read().await.unwrap();
        let head = causerie_server::store::conversations::get(&mut db, chat)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(head.state.status().as_str(), "failed");
        let gone = line.hook(text("wamid.late", "Anybody?").to_string().as_bytes()).await;
        assert_eq!(gone, StatusCode::NOT_FOUND, "its address is no more");
    }
}
