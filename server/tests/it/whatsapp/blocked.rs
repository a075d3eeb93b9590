//! A contact is blocked: an open chat continues, and afterwards the server only counts their messages.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use causerie_server::{conversations::claim, store::conversations};
use causerie_shared::{api::blocked::UNDO_MS, conversation::transition::Event};
use serde_json::{Value, json};

use super::{CUSTOMER, PHONE, envelope, outcomes::taken, text};
use crate::common::{
    line::{Line, Provider, answer},
    signed,
};

/// The stored bodies of all webhooks.
async fn kept(line: &Line) -> String {
    let mut db = line.app.store.read().await.unwrap();
    let bodies: Vec<Vec<u8>> = sqlx::query_scalar("SELECT body FROM raw_events ORDER BY id")
        .fetch_all(&mut *db)
        .await
        .unwrap();
    bodies.iter().map(|body| String::from_utf8_lossy(body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_chat_goes_on_and_after_it_only_a_count_is_kept() {
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        line.receive(&text("wamid.1", "Hello")).await;
        let (access, chat) = taken(&line).await;
        let (ana, owner) = (
            signed::sign_in(&line, "ana").await,
            signed::sign_in(&line, "owner").await,
        );
        let block =
            async |cookie: &str, body: Value| signed::ask(&line, cookie, Method::POST, "/api/blocked", body).await.0;
        let long = json!({ "conversation": chat, "reason": "x".repeat(251) });
        assert!(block(&ana, long).await.is_client_error());
        let nobody = json!({ "conversation": "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
        assert_eq!(block(&ana, nobody).await, StatusCode::NOT_FOUND);
        let reason = json!({ "conversation": chat, "reason": "Insults" });
        assert_eq!(block(&ana, reason).await, StatusCode::NO_CONTENT);

        line.receive(&text("wamid.2", "Still open")).await;
        assert_eq!(line.messages().await.len(), 2);
        claim::act(&line.app, &access, chat, Event::End, None).await.unwrap();

        let mut batch = text("wamid.3", "Never kept");
        let value = &mut batch["entry"][0]["changes"][0]["value"];
        let other = json!({ "from": "15550009999", "id": "wamid.4", "timestamp": "1759999990", "type": "text",
                            "text": { "body": "Another one’s" } });
        value["messages"].as_array_mut().unwrap().push(other);
        line.receive(&batch).await;
        line.receive(&envelope(
            "messages",
            json!({ "messages": [{ "from": CUSTOMER, "id": "wamid.5", "type": "image", "image": { "id": "m" } }] }),
        ))
        .await;
        let chats = line.conversations().await;
        assert_eq!(chats.len(), 2, "{chats:#?}");
        assert_eq!(chats[1]["messages"][0]["text"], "Another one’s");
        assert!(
            !provider.got().iter().any(|got| got.target.contains("/m?")),
            "no file is fetched"
        );
        let kept = kept(&line).await;
        assert!(!kept.contains("Never kept") && !kept.contains("wamid.5"), "{kept}");
        assert!(kept.contains("Another one’s") && kept.contains("Still open"), "{kept}");

        assert_eq!(
            signed::ask(&line, &ana, Method::GET, "/api/blocked", json!(null))
                .await
                .0,
            StatusCode::FORBIDDEN
        );
        let (_, all, _) = signed::ask(&line, &owner, Method::GET, "/api/blocked", json!(null)).await;
        assert_eq!(all[0]["ids"], json!([CUSTOMER]));
        assert_eq!((&all[0]["dropped"], &all[0]["reason"]), (&json!(2), &json!("Insults")));
        let path = format!("/api/blocked/{}", all[0]["contact"].as_str().unwrap());
        let marta = signed::sign_in(&line, "sup").await;
        for (cookie, status) in [
            (&marta, StatusCode::FORBIDDEN),
            (&owner, StatusCode::NO_CONTENT),
            (&owner, StatusCode::NOT_FOUND),
        ] {
            let (told, ..) = signed::ask(&line, cookie, Method::DELETE, &path, json!({})).await;
            assert_eq!(told, status);
        }
        line.receive(&text("wamid.6", "Back")).await;
        assert_eq!(line.conversations().await.len(), 3);
        let (_, log, _) = signed::ask(&line, &owner, Method::GET, "/api/audit", json!(null)).await;
        assert!(log.to_string().contains("contact.block") && log.to_string().contains("contact.unblock"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_blocked_somebody_takes_it_back_for_a_moment_and_everybody_sees_who_it_was() {
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        line.receive(&text("wamid.1", "Hello")).await;
        let (_, chat) = taken(&line).await;
        let (ana, owner) = (
            signed::sign_in(&line, "ana").await,
            signed::sign_in(&line, "owner").await,
        );
        let contact = {
            let mut db = line.app.store.read().await.unwrap();
            let head = conversations::get(&mut db, chat).await.unwrap();
            head.unwrap().contact
        };
        let one = format!("/api/blocked/{contact}");
        let (same, who) = (
            format!("/api/contacts/{contact}/same"),
            format!("/api/contacts/{contact}/blocked"),
        );
        let blocked = async || {
            let (_, person, _) = signed::ask(&line, &ana, Method::GET, &same, json!(null)).await;
            let (_, blocking, _) = signed::ask(&line, &ana, Method::GET, &who, json!(null)).await;
            assert_eq!(person["contact"]["blocked"], blocking != Value::Null);
            blocking["reason"].clone()
        };
        let block = async |reason: &str| {
            let body = json!({ "conversation": chat, "reason": reason });
            let (told, ..) = signed::ask(&line, &ana, Method::POST, "/api/blocked", body).await;
            assert_eq!(told, StatusCode::NO_CONTENT);
        };
        let unblock = async |cookie: &str| signed::ask(&line, cookie, Method::DELETE, &one, json!({})).await.0;

        assert_eq!(blocked().await, Value::Null);
        block("By mistake").await;
        assert_eq!(blocked().await, "By mistake");
        assert_eq!(unblock(&ana).await, StatusCode::NO_CONTENT);
        assert_eq!(blocked().await, Value::Null);
        assert_eq!(
            unblock(&ana).await,
            StatusCode::FORBIDDEN,
            "there is nothing of hers to take back"
        );

        block("Insults").await;
        line.clock.advance(Duration::from_millis(UNDO_MS as u64 + 1));
        // A second block changes nothing: neither the reason nor the time for undoing it.
        block("Once more").await;
        assert_eq!(blocked().await, "Insults");
        assert_eq!(unblock(&ana).await, StatusCode::FORBIDDEN);
        assert_eq!(unblock(&owner).await, StatusCode::NO_CONTENT);
        let (_, log, _) = signed::ask(&line, &owner, Method::GET, "/api/audit", json!(null)).await;
        let times = |action: &str| log.to_string().matches(action).count();
        assert_eq!((times("\"contact.block\""), times("\"contact.unblock\"")), (2, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_blocked_is_so_under_a_new_number() {
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        line.receive(&text("wamid.1", "Hello")).await;
        let (access, chat) = taken(&line).await;
        let ana = signed::sign_in(&line, "ana").await;
        let body = json!({ "conversation": chat, "reason": "" });
        let (told, ..) = signed::ask(&line, &ana, Method::POST, "/api/blocked", body).await;
        assert_eq!(told, StatusCode::NO_CONTENT);
        claim::act(&line.app, &access, chat, Event::End, None).await.unwrap();

        let changed = json!({ "type": "user_changed_number", "body": "Changed", "wa_id": "16505559999" });
        let message = json!({ "from": CUSTOMER, "id": "wamid.2", "timestamp": "1759999990", "type": "system",
                              "system": changed });
        line.receive(&envelope("messages", json!({ "messages": [message] })))
            .await;
        let mut again = text("wamid.3", "It is me again");
        let value = &mut again["entry"][0]["changes"][0]["value"];
        value["messages"][0]["from"] = json!("16505559999");
        value["contacts"][0]["wa_id"] = json!("16505559999");
        line.receive(&again).await;
        assert_eq!(line.conversations().await.len(), 1);
        assert!(!kept(&line).await.contains("It is me again"));
    }
}
