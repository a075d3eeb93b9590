//! The results of bodies. Each series of bodies is delivered twice, and the second delivery must change nothing.

use axum::{body::Bytes, http::Method};
use causerie_server::store::{contact_merges, test_reset};
use serde_json::{Value, json};

use super::{CUSTOMER, PHONE, envelope, message, text};
use crate::common::line::{Line, Provider, answer};

/// Whether `found` has everything that `expected` has, with lists of the same length.
fn fits(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| fits(found.get(key).unwrap_or(&Value::Null), value)),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| fits(found, expected))
        }
        (found, expected) => found == expected,
    }
}

/// Delivers each series of bodies, and checks the resulting conversations.
async fn check(runs: Vec<(&str, Vec<Value>, Value)>) {
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        for (name, bodies, expected) in &runs {
            for round in ["first", "second"] {
                for body in bodies {
                    line.receive(body).await;
                }
                let mut found = line.conversations().await;
                // Conversations that begin at the same time have no fixed order.
                found.sort_by_key(|chat| chat["contact"]["external_id"].to_string());
                let found = json!(found);
                assert!(
                    fits(&found, expected),
                    "{name}, {round} time: {found:#}\nexpected {expected:#}"
                );
            }
            line.call(Method::POST, "/test/reset", Bytes::new()).await;
        }
    }
}

/// A message with its contacts given explicitly.
fn from(value: Value) -> Value {
    envelope(
        "messages",
        json!({ "contacts": value["contacts"], "messages": value["messages"] }),
    )
}

fn one(messages: Value) -> Value {
    json!([{ "messages": messages }])
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_odd_or_incomplete_is_still_a_bubble_of_the_right_kind() {
    // As many characters as the app allows.
    let long = "ж".repeat(65_536);
    let table = [
        (
            json!({"type": "text", "text": "Bare"}),
            json!({"kind": "text", "text": "Bare"}),
        ),
        (
            json!({"text": {"body": "No type"}}),
            json!({"kind": "text", "text": "No type"}),
        ),
        (json!({"type": "text", "text": null}), json!({"kind": "unsupported"})),
        (
            json!({"type": "text", "text": {"body": &long}}),
            json!({"kind": "text", "text": &long}),
        ),
        (
            json!({"type": "text", "text": {"body": 42}}),
            json!({"kind": "text", "text": "42"}),
        ),
        (
            json!({"type": "image"}),
            json!({"kind": "image", "attachments": ["image"]}),
        ),
        (
            json!({"type": "video", "video": {"id": 77, "caption": null, "mime_type": 3}}),
            json!({"kind": "video", "text": "", "attachments": ["video"]}),
        ),
        (
            json!({"type": "voice", "voice": {"id": "v"}}),
            json!({"kind": "voice", "attachments": ["audio"]}),
        ),
        (
            json!({"type": "audio", "audio": {"id": "v", "voice": false}}),
            json!({"kind": "audio", "attachments": ["audio"]}),
        ),
        (
            json!({"type": "location", "location": {"latitude": "48.85", "longitude": 2.35}}),
            json!({"kind": "location", "text": ""}),
        ),
        (
            json!({"type": "location", "location": {"latitude": 48.85, "longitude": 2.35, "name": "Tower", "address": "Quay 5"}}),
            json!({"kind": "location", "text": "Tower, Quay 5"}),
        ),
        (
            json!({"type": "location", "location": {"latitude": 1e9}}),
            json!({"kind": "unsupported"}),
        ),
        (
            json!({"type": "contacts", "contacts": [
                {"name": {"first_name": "Bo"}, "phones": [{"wa_id": "1"}], "emails": null},
                {"phones": [{"phone": "+49 30 1"}]}, null,
            ]}),
            json!({"kind": "contacts", "text": "Bo, +49 30 1"}),
        ),
        (
            json!({"type": "contacts", "contacts": []}),
            json!({"kind": "unsupported"}),
        ),
        (
            json!({"type": "button", "button": {"payload": "p-1"}}),
            json!({"kind": "choice", "text": "p-1"}),
        ),
        (
            json!({"type": "interactive", "interactive": {"button_reply": {"id": "b", "title": "Yes"}}}),
            json!({"kind": "choice", "text": "Yes"}),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": null}}),
            json!({"kind": "unsupported"}),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": "[1, 2]"}}}),
            json!({"kind": "form", "text": "flow"}),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}}),
            json!({"kind": "choice", "text": "May be called."}),
        ),
        (
            json!({"type": "order", "order": {"product_items": {"product_retailer_id": 5}}}),
            json!({"kind": "order", "text": ""}),
        ),
        (
            json!({"type": "unsupported", "errors": [{"code": 131_051, "title": "Unknown type",
                "error_data": {"details": "This type is not supported."}}]}),
            json!({"kind": "unsupported", "text": ""}),
        ),
        (
            json!({"type": "unsupported", "errors": [{"code": 131_052, "title": "Media download error",
                "error_data": {"details": "The file is larger than 100 MB."}}]}),
            json!({"kind": "unsupported", "text": "Media download error: The file is larger than 100 MB."}),
        ),
        (
            json!({"type": "text", "text": {"body": "From an ad"}, "referral": {"source_url": "https://ad.example/1",
                "source_id": 99, "source_type": "ad", "headline": "Lamps", "body": null, "ctwa_clid": "c"}}),
            json!({"text": "From an ad", "referral": "Lamps · https://ad.example/1"}),
        ),
        (
            json!({"type": "text", "text": {"body": "From a post"}, "referral": {"source_id": 99}}),
            json!({"referral": "99"}),
        ),
        (
            json!({"type": "text", "text": {"body": "This one?"}, "context": {"from": PHONE, "id": "wamid.unknown",
                "referred_product": {"catalog_id": "c", "product_retailer_id": "sku"}}}),
            json!({"quoted": "wamid.unknown", "referral": "sku · c"}),
        ),
        (
            json!({"type": "text", "text": {"body": "Passed on"}, "context": {"forwarded": true, "id": null}}),
            json!({"forwarded": true, "quoted": null}),
        ),
        (
            json!({"type": "text", "text": {"body": "In a group"}, "group_id": "G1", "timestamp": 1_759_999_990}),
            json!({"kind": "text", "text": "In a group"}),
        ),
    ];
    let mut runs = vec![];
    let names: Vec<String> = table.iter().map(|(content, _)| content.to_string()).collect();
    for (number, (content, expected)) in table.iter().enumerate() {
        let body = message(&format!("wamid.{number}"), content.clone());
        runs.push((names[number].as_str(), vec![body], one(json!([expected]))));
    }
    for kind in ["request_welcome", "ephemeral"] {
        let body = message("wamid.silent", json!({ "type": kind }));
        runs.push((kind, vec![body], json!([])));
    }
    check(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_known_by_number_user_id_or_both() {
    let said = |id: &str, who: Value| {
        let mut whole = json!({ "id": id, "timestamp": "1759999990", "type": "text", "text": { "body": id } });
        for (key, value) in who.as_object().unwrap() {
            whole[key] = value.clone();
        }
        whole
    };
    let user = "US.13491208655302741918";
    let number_and_user = json!([{ "wa_id": CUSTOMER, "user_id": user, "profile": { "name": "" } }]);
    let runs = vec![
        (
            "a user id alone, and the number later",
            vec![
                from(json!({"contacts": [{"user_id": user, "profile": {"name": "Ann"}}],
                            "messages": [said("a", json!({"from_user_id": user}))]})),
                from(json!({"contacts": number_and_user, "messages": [said("b", json!({"from": CUSTOMER}))]})),
            ],
            json!([{ "contact": { "name": "Ann", "external_id": CUSTOMER, "phone": CUSTOMER },
                     "messages": [{ "text": "a" }, { "text": "b" }] }]),
        ),
        (
            "a user id where the number belongs",
            vec![from(
                json!({"contacts": [{"wa_id": user, "profile": {"username": "ann"}}],
                             "messages": [said("a", json!({"from": user}))]}),
            )],
            json!([{ "contact": { "name": "ann", "external_id": user, "phone": null } }]),
        ),
        (
            "nobody is named but in contacts",
            vec![from(
                json!({"contacts": [{"wa_id": 16_505_551_234_i64}], "messages": [said("a", json!({}))]}),
            )],
            json!([{ "contact": { "external_id": CUSTOMER, "phone": CUSTOMER } }]),
        ),
        (
            "the only entry names the only one who writes, and its number stays whose it is",
            vec![
                from(
                    json!({"contacts": [{"wa_id": "919746334593", "profile": {"name": "Kedar"}}],
                            "messages": [said("a", json!({"from": "919446284490"}))]}),
                ),
                from(json!({"contacts": null, "messages": [said("b", json!({"from": "919746334593"}))]})),
            ],
            json!([{ "contact": { "name": "Kedar", "phone": "919446284490" }, "messages": [{ "text": "a" }] },
                   { "contact": { "phone": "919746334593" }, "messages": [{ "text": "b" }] }]),
        ),
        (
            "one entry for two people is not both's",
            vec![from(
                json!({"contacts": [{"wa_id": CUSTOMER, "profile": {"name": "Ann"}}],
                             "messages": [said("a", json!({"from": CUSTOMER})), said("b", json!({"from": "15550009999"}))]}),
            )],
            json!([{ "contact": { "phone": "15550009999" }, "messages": [{ "text": "b" }] },
                   { "contact": { "name": "Ann", "phone": CUSTOMER }, "messages": [{ "text": "a" }] }]),
        ),
        (
            "a Brazilian number is shown as it wrote",
            vec![
                from(
                    json!({"contacts": [{"wa_id": "554188887777"}], "messages": [said("a", json!({"from": "5541988887777"}))]}),
                ),
                from(json!({"contacts": null, "messages": [said("b", json!({"from": "5541988887777"}))]})),
            ],
            json!([{ "contact": { "phone": "5541988887777", "external_id": "5541988887777" },
                     "messages": [{ "text": "a" }, { "text": "b" }] }]),
        ),
        (
            "what came together is in the order of its times",
            vec![from(json!({"contacts": [], "messages": [
                said("second", json!({"from": CUSTOMER, "timestamp": "1759999992"})),
                said("first", json!({"from": CUSTOMER, "timestamp": 1_759_999_991})),
            ]}))],
            one(json!([{ "text": "first" }, { "text": "second" }])),
        ),
        (
            "one bad among good ones",
            vec![from(json!({"contacts": 5, "messages": [
                null, 7, {"id": null}, {"id": "x".repeat(5000), "from": CUSTOMER, "type": "text", "text": {"body": "?"}},
                said("good", json!({"from": CUSTOMER})), {"id": "nobody", "type": "text"},
            ]}))],
            one(json!([{ "text": "?" }, { "text": "good" }])),
        ),
    ];
    check(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_products_body_and_another_lines_are_nobodys() {
    let mut page = text("wamid.1", "Hello");
    page["object"] = json!("page");
    let mut nameless = text("wamid.2", "Hello");
    nameless["entry"][0]["changes"][0]["value"]["metadata"] = json!(null);
    let mut other = text("wamid.3", "Hello");
    other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("999");
    let mut number = text("wamid.4", "Hello");
    number["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!(106_540_352_242_922_i64);
    number["object"] = json!(null);
    check(vec![
        ("another product", vec![page], json!([])),
        ("no line", vec![nameless], json!([])),
        ("another line", vec![other], json!([])),
        ("numbers for texts", vec![number], one(json!([{ "text": "Hello" }]))),
        (
            "nothing",
            vec![
                json!({}),
                json!(null),
                json!([]),
                json!({"entry": [{"changes": [{"value": null}]}]}),
            ],
            json!([]),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_on_the_companys_phone_is_ours() {
    let echo = |value: Value| {
        let mut whole = json!({ "from": "15550783881", "to": CUSTOMER, "timestamp": "1759999991" });
        for (key, inner) in value.as_object().unwrap() {
            whole[key] = inner.clone();
        }
        envelope("smb_message_echoes", json!({ "message_echoes": [whole] }))
    };
    let typed = echo(json!({"id": "wamid.e1", "type": "text", "text": {"body": "From the phone"}}));
    check(vec![
        (
            "a text, edited, reacted to and taken back",
            vec![
                text("wamid.1", "Hello"),
                typed.clone(),
                echo(json!({"id": "wamid.e2", "type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}})),
                echo(json!({"id": "wamid.e3", "type": "image", "image": {"id": "m", "caption": "Look"}, "context": {"id": "wamid.1"}})),
                echo(json!({"id": "wamid.e4", "type": "edit", "edit": {"original_message_id": "wamid.e3", "message": {"type": "image", "image": {"caption": "Better"}}}})),
                echo(json!({"id": "wamid.e5", "type": "revoke", "revoke": {"original_message_id": "wamid.e1"}})),
            ],
            one(json!([
                { "direction": "in", "reactions": [{ "emoji": "👍", "by": "us" }] },
                { "direction": "out", "provider_id": "wamid.e1", "text": "", "deleted": true, "state": "sent" },
                { "direction": "out", "kind": "image", "text": "Better", "edited": true, "quoted": "wamid.1", "attachments": ["image"] },
            ])),
        ),
        (
            "to somebody who never wrote",
            vec![typed],
            json!([{ "contact": { "phone": CUSTOMER }, "messages": [{ "direction": "out", "text": "From the phone" }] }]),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_a_message_changes_it_once_and_never_empties_it() {
    let react = |id: &str, at: i64, emoji: Value| {
        message(
            id,
            json!({"timestamp": at, "type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": emoji}}),
        )
    };
    let edit = |content: Value| {
        message(
            "wamid.e",
            json!({"type": "edit", "edit": {"original_message_id": "wamid.1", "message": content}}),
        )
    };
    let status = |value: Value| envelope("messages", json!({ "statuses": [value] }));
    check(vec![
        (
            "a reaction that is delivered again after it was taken back",
            vec![
                text("wamid.1", "Hello"),
                react("r1", 1_759_999_991, json!("👍")),
                react("r2", 1_759_999_992, json!(null)),
                react("r1", 1_759_999_991, json!("👍")),
            ],
            one(json!([{ "reactions": [] }])),
        ),
        (
            "edits that say nothing",
            vec![
                text("wamid.1", "Hello"),
                edit(json!(null)),
                edit(json!({"type": "text", "text": {"body": null}})),
                edit(json!({"type": "image"})),
                message("wamid.f", json!({"type": "edit", "edit": null})),
                message("wamid.g", json!({"type": "revoke", "revoke": {}})),
            ],
            one(json!([{ "text": "Hello", "edited": false, "deleted": false }])),
        ),
        (
            "what is about messages that never came",
            vec![
                message(
                    "wamid.h",
                    json!({"type": "revoke", "revoke": {"original_message_id": "wamid.none"}}),
                ),
                react("r3", 1_759_999_991, json!("👍")),
                status(json!({"id": "wamid.none", "status": "delivered", "recipient_id": CUSTOMER})),
                status(json!({"id": "wamid.none", "status": "warning"})),
                status(json!({"id": null, "status": "failed", "errors": [null]})),
            ],
            json!([]),
        ),
        (
            "a picture that was taken back",
            vec![
                message(
                    "wamid.p",
                    json!({"type": "image", "image": {"id": "m9", "caption": "Here"}}),
                ),
                message(
                    "wamid.r",
                    json!({"type": "revoke", "revoke": {"original_message_id": "wamid.p"}}),
                ),
            ],
            one(json!([{ "kind": "image", "text": "", "attachments": [], "deleted": true }])),
        ),
        (
            "a status about the customer's own message",
            vec![
                text("wamid.1", "Hello"),
                status(json!({"id": "wamid.1", "status": "failed"})),
            ],
            one(json!([{ "state": null, "error": null }])),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_whatsapp_says_of_a_number_is_a_line_in_an_open_chat_and_begins_none() {
    let system = |value: Value| message("wamid.s", json!({ "type": "system", "system": value }));
    let changed =
        system(json!({"type": "user_changed_number", "body": "Sheena changed from 1 to 2", "wa_id": "16505559999"}));
    let identity = system(json!({"type": "customer_identity_changed", "identity": {"hash": "h"}}));
    let mut without_contacts = changed.clone();
    without_contacts["entry"][0]["changes"][0]["value"]["contacts"] = json!(null);
    check(vec![
        ("no chat", vec![changed.clone(), identity.clone()], json!([])),
        (
            "a chat",
            vec![text("wamid.1", "Hello"), identity],
            one(json!([{ "direction": "in" },
                       { "direction": "system", "kind": "notice", "text": "The customer's security code changed.", "state": null }])),
        ),
        (
            "a new number: the same person, and answers go there",
            vec![text("wamid.1", "Hello"), without_contacts],
            json!([{ "contact": { "external_id": "16505559999", "phone": "16505559999" },
                     "messages": [{ "text": "Hello" }, { "direction": "system", "text": "Sheena changed from 1 to 2" }] }]),
        ),
        (
            "a new user id",
            vec![
                from(json!({"contacts": [], "messages": [{"id": "u1", "from_user_id": "US.1", "type": "text", "text": {"body": "Hi"}}]})),
                envelope("user_id_update", json!({"user_id_update": [{"user_id": {"previous": "US.1", "current": "US.2"}}]})),
                from(json!({"contacts": [], "messages": [{"id": "u2", "from_user_id": "US.2", "type": "text", "text": {"body": "Again"}}]})),
            ],
            json!([{ "contact": { "external_id": "US.2", "phone": null }, "messages": [{ "text": "Hi" }, { "text": "Again" }] }]),
        ),
        (
            "a new user id, said by the new one",
            vec![
                from(json!({"contacts": [], "messages": [{"id": "u1", "from_user_id": "US.1", "type": "text", "text": {"body": "Hi"}}]})),
                from(json!({"messages": [{"id": "u2", "from_user_id": "US.2", "type": "system", "system": {
                    "type": "user_changed_user_id", "body": "Ann changed from US.1 to US.2", "previous_user_id": "US.1",
                    "user_id": "US.2", "previous_parent_user_id": "US.ENT.1", "parent_user_id": "US.ENT.2" }}]})),
                from(json!({"contacts": [], "messages": [{"id": "u3", "from_user_id": "US.2", "type": "text", "text": {"body": "Again"}}]})),
            ],
            json!([{ "contact": { "external_id": "US.2", "phone": null },
                     "messages": [{ "text": "Hi" }, { "direction": "system" }, { "text": "Again" }] }]),
        ),
        (
            "what was said before the number was connected",
            vec![envelope("history", json!({"metadata": {"phone_number_id": PHONE}, "messages": [
                {"id": "h1", "from": CUSTOMER, "timestamp": "1738796547", "type": "image", "image": {"id": "1"}}]}))],
            json!([]),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn number_and_user_id_that_come_together_are_one_person() {
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let said = |id: &str, who: Value| {
            let mut said = json!({"id": id, "timestamp": "1759999990", "type": "text", "text": {"body": id}});
            said.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
            from(json!({"contacts": [], "messages": [said]}))
        };
        line.receive(&said("a", json!({"from": CUSTOMER}))).await;
        line.receive(&said("b", json!({"from_user_id": "US.1"}))).await;
        for id in ["c", "d"] {
            line.receive(&said(id, json!({"from": CUSTOMER, "from_user_id": "US.1"})))
                .await;
        }
        let chats = line.conversations().await;
        let texts: Vec<usize> = chats
            .iter()
            .map(|chat| chat["messages"].as_array().unwrap().len())
            .collect();
        assert_eq!(texts, [3, 1], "what was said stays where it was said");

        let mut db = line.app.store.read().await.unwrap();
        let heads = test_reset::conversations(&mut db).await.unwrap();
        let [first, second] = [heads[0].contact, heads[1].contact];
        assert_eq!(contact_merges::others(&mut db, first).await.unwrap(), [second]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_address_has_gone_is_looked_up_once_more() {
    let provider = Provider::start(|_| answer(404, &json!({}))).await;
    for line in Line::each("whatsapp", PHONE, &provider.url).await {
        let cdn = format!("{}/cdn", provider.url);
        let before = provider.got().len();
        let gone = std::sync::atomic::AtomicBool::new(true);
        provider.answer(move |got| match got.target.as_str() {
            target if target.contains("/m9?") => answer(200, &json!({ "url": cdn, "mime_type": "application/pdf" })),
            "/cdn" if gone.swap(false, std::sync::atomic::Ordering::Relaxed) => answer(404, &json!({})),
            "/cdn" => (200, b"%PDF-1.4".to_vec()),
            _ => answer(404, &json!({})),
        });
        let file = json!({ "type": "document", "document": { "id": "m9", "mime_type": "application/pdf", "filename": "Ä.pdf" } });
        line.receive(&message("wamid.1", file)).await;
        let mut asked: Vec<String> = provider.got()[before..].iter().map(|got| got.target.clone()).collect();
        asked.retain(|target| !target.contains("templates"));
        let lookup = format!("/v25.0/m9?phone_number_id={PHONE}");
        assert_eq!(asked, [lookup.as_str(), "/cdn", lookup.as_str(), "/cdn"]);
        let mut db = line.app.store.read().await.unwrap();
        let names: Vec<String> = sqlx::query_scalar("SELECT name FROM files")
            .fetch_all(&mut *db)
            .await
            .unwrap();
        assert_eq!(names, ["Ä.pdf"]);
    }
}
