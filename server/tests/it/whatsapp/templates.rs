//! Templates: fetched, sent to the consoles of users who may use them, and sent with every value in its place.

use std::time::Duration;

use axum::http::Method;
use causerie_server::{clock::random_u128, commit_events::CommitEvents, conversations::reply};
use causerie_shared::{
    api::channels::Template,
    ids::MessageId,
    message::{Author, Kind, Message, TemplateUse},
};
use serde_json::{Value, json};

use super::{PHONE, envelope, outcomes::taken, text};
use crate::common::{
    eventually,
    line::{Got, Line, Provider, answer},
    signed,
};

const BUSINESS: &str = "102290129340398";

fn parcel() -> Value {
    json!({ "name": "parcel", "language": "en_US", "status": "APPROVED", "parameter_format": "POSITIONAL", "components": [
        { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}" },
        { "type": "BODY", "text": "Hello {{1}}, it comes on {{2}}." },
        { "type": "FOOTER", "text": "Lamps Ltd" },
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "Stop" },
            { "type": "URL", "text": "Track", "url": "https://lamps.example/{{1}}" },
        ] },
    ] })
}

fn offer() -> Value {
    json!({ "name": "offer", "language": "de", "status": "approved", "parameter_format": "NAMED", "components": [
        { "type": "HEADER", "format": "IMAGE", "example": {} },
        { "type": "BODY", "text": "Hallo {{name}}!" },
        { "type": "BUTTONS", "buttons": [{ "type": "COPY_CODE", "text": "Code", "example": "X" }] },
    ] })
}

/// Returns two pages of templates, some of them unusable, and accepts every message.
fn business(got: &Got) -> (u16, Vec<u8>) {
    if !got.target.contains("message_templates") {
        return answer(
            200,
            &json!({ "verified_name": "Lamps", "messages": [{ "id": "wamid.out" }] }),
        );
    }
    assert!(
        got.target.contains(&format!("/{BUSINESS}/message_templates?")),
        "{}",
        got.target
    );
    if got.target.contains("after=QV%3D%3D") {
        return answer(
            200,
            &json!({ "data": [offer()], "paging": { "cursors": { "after": "Z" } } }),
        );
    }
    let rejected = json!({ "name": "no", "language": "en", "status": "REJECTED", "components": [{ "type": "BODY", "text": "x" }] });
    let carousel = json!({ "name": "many", "language": "en", "status": "APPROVED",
                           "components": [{ "type": "BODY", "text": "x" }, { "type": "CAROUSEL", "cards": [] }] });
    let data = json!([parcel(), rejected, carousel, null, { "name": 5 }]);
    answer(
        200,
        &json!({ "data": data, "paging": { "cursors": { "after": "QV==" }, "next": "https://elsewhere.example" } }),
    )
}

async fn told(line: &Line, name: &str) -> Value {
    let cookie = signed::sign_in(line, name).await;
    let (_, all, _) = signed::ask(line, &cookie, Method::GET, "/api/channels", json!(null)).await;
    let path = format!("/api/channels/{}/templates", all[0]["id"].as_str().unwrap());
    signed::ask(line, &cookie, Method::GET, &path, json!(null)).await.1
}

fn names(told: &Value) -> Vec<String> {
    let list = told["list"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until an agent gets these templates.
async fn until(line: &Line, wanted: &[&str]) -> Value {
    let found = eventually(|| async {
        let told = told(line, "ana").await;
        (told["known"] == "all" && names(&told) == wanted).then_some(told)
    })
    .await;
    match found {
        Some(told) => told,
        None => panic!("{wanted:?} never came: {:#}", told(line, "ana").await),
    }
}

fn asked(provider: &Provider) -> usize {
    provider
        .got()
        .iter()
        .filter(|got| got.target.contains("message_templates"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_fetched_when_the_business_account_is_known_when_they_change_and_daily() {
    let provider = Provider::start(business).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        provider.answer(business);
        assert_eq!(told(&line, "ana").await, json!({ "list": [], "known": "no_business" }));
        line.receive(&text("wamid.1", "Hello")).await;
        let told = until(&line, &["offer", "parcel"]).await;
        assert_eq!(told["list"][1]["body"], "Hello {{1}}, it comes on {{2}}.");
        assert_eq!(told["list"][0]["medium"], "image");
        let calls = asked(&provider);
        line.receive(&text("wamid.2", "Again")).await;
        line.clock.advance(Duration::from_secs(3600));
        line.quiesce().await;
        assert_eq!(asked(&provider), calls, "once is enough");

        let fewer = |got: &Got| match got.target.contains("message_templates") {
            true => answer(200, &json!({ "data": [offer()] })),
            false => business(got),
        };
        provider.answer(fewer);
        let mut event = envelope(
            "message_template_status_update",
            json!({ "event": "PAUSED", "message_template_name": "parcel" }),
        );
        event["entry"][0]["changes"][0]["value"]["metadata"] = json!(null);
        line.receive(&event).await;
        until(&line, &["offer"]).await;

        provider.answer(business);
        line.clock.advance(Duration::from_secs(24 * 3600));
        until(&line, &["offer", "parcel"]).await;

        // The provider refuses: the known templates stay, and the reason is reported only if there are none.
        provider.answer(|_| answer(400, &json!({ "error": { "code": 100, "message": "No such account" } })));
        let owner = signed::sign_in(&line, "owner").await;
        let (_, all, _) = signed::ask(&line, &owner, Method::GET, "/api/channels", json!(null)).await;
        let path = format!("/api/channels/{}", all[0]["id"].as_str().unwrap());
        line.receive(&event).await;
        let refused = eventually(|| async {
            let told = self::told(&line, "ana").await;
            told["known"]["refused"].is_string().then_some(told)
        });
        let refused = refused.await.expect("a refusal");
        assert_eq!(names(&refused), ["offer", "parcel"]);
        assert_eq!(refused["known"]["refused"], "No such account (100)");
        provider.answer(business);
        let (_, check, _) = signed::ask(&line, &owner, Method::POST, &format!("{path}/check"), json!({})).await;
        assert_eq!(check["ok"], true);
        assert_eq!(told_known(&line).await, "all", "the check asks at once");
    }
}

async fn told_known(line: &Line) -> Value {
    told(line, "ana").await["known"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_goes_to_its_place_also_after_the_window_closed() {
    let provider = Provider::start(business).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        provider.answer(business);
        line.receive(&text("wamid.1", "Hello")).await;
        let told = until(&line, &["offer", "parcel"]).await;
        let all: Vec<Template> = serde_json::from_value(told["list"].clone()).unwrap();
        let cases = [
            (
                &all[1],
                vec!["17", "Ana", "Friday", "t-9"],
                json!([
                    { "type": "header", "parameters": [{ "type": "text", "text": "17" }] },
                    { "type": "body", "parameters": [{ "type": "text", "text": "Ana" }, { "type": "text", "text": "Friday" }] },
                    { "type": "button", "sub_type": "url", "index": "1", "parameters": [{ "type": "text", "text": "t-9" }] },
                ]),
                "Order 17\n\nHello Ana, it comes on Friday.\n\nLamps Ltd\n\n[Stop]\n\n[Track]",
            ),
            (
                &all[0],
                vec!["https://lamps.example/i.png", "Ana", "SAVE10"],
                json!([
                    { "type": "header", "parameters": [{ "type": "image", "image": { "link": "https://lamps.example/i.png" } }] },
                    { "type": "body", "parameters": [{ "type": "text", "text": "Ana", "parameter_name": "name" }] },
                    { "type": "button", "sub_type": "copy_code", "index": "0",
                      "parameters": [{ "type": "coupon_code", "coupon_code": "SAVE10" }] },
                ]),
                "Hallo Ana!\n\n[Code]",
            ),
        ];
        let (access, chat) = taken(&line).await;
        for (template, values, components, shown) in cases {
            let parameters: Vec<String> = values.into_iter().map(str::to_owned).collect();
            assert_eq!(template.gaps().len(), parameters.len());
            let body = template.fill(&parameters);
            assert_eq!(body, shown);
            let now = line.app.clock.now();
            let message = Message {
                id: MessageId::new(now, random_u128()),
                author: Author::Agent(access.user),
                kind: Kind::Template,
                body,
                at: now,
                reply_to: None,
                private: false,
                template: Some(TemplateUse {
                    name: template.name.clone(),
                    language: template.language.clone(),
                    parameters,
                }),
                attachments: vec![],
            };
            let mut events = CommitEvents::default();
            let mut tx = line.app.store.begin_ordered().await.unwrap();
            // The window ended long ago.
            sqlx::query("UPDATE conversations SET closes_at = 1")
                .execute(&mut *tx)
                .await
                .unwrap();
            let target = reply::Target {
                conversation: chat,
                segment: 1,
            };
            reply::accept(&mut tx, &access, target, &[message], 10, now, &mut events)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            causerie_server::commit_events::publish(&line.app, events);
            line.app.outbox_changed.notify_one();
            line.quiesce().await;
            let sent = provider.got().pop().unwrap().json();
            assert_eq!(sent["type"], "template");
            assert_eq!(
                sent["template"],
                json!({ "name": template.name, "language": { "code": template.language }, "components": components })
            );
            line.clock.advance(Duration::from_secs(1));
        }
    }
}
