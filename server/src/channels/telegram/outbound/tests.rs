//! Tests of the requests, and of what the answers mean.

use super::{
    super::{super::Adapter as _, Telegram},
    *,
};

fn credentials() -> Credentials {
    Credentials {
        external_id: "99".to_owned(),
        token: "99:t".to_owned(),
        base_url: "http://127.0.0.1:1/".to_owned(),
        ..Credentials::default()
    }
}

fn answer(status: u16, body: Value) -> ProviderResponse {
    ProviderResponse {
        status,
        maybe_sent: true,
        retry_after: None,
        body: body.to_string().into(),
    }
}

fn outgoing<'a>(to: &'a str, content: Content<'a>, quoted: Option<&'a str>) -> SendRequest<'a> {
    SendRequest {
        to,
        content,
        quoted,
        opaque: "",
        human_agent: false,
        comment: None,
        private: false,
    }
}

fn next(outgoing: &SendRequest<'_>, answers: &[ProviderResponse]) -> Call {
    match send(&credentials(), outgoing, answers) {
        Next::Call(call) => *call,
        Next::Done(outcome) => panic!("{outcome:?}"),
    }
}

fn done(outgoing: &SendRequest<'_>, answers: &[ProviderResponse]) -> Outcome {
    match send(&credentials(), outgoing, answers) {
        Next::Call(call) => panic!("{}", call.url),
        Next::Done(outcome) => outcome,
    }
}

fn json_of(call: &Call) -> &Value {
    match &call.body {
        Body::Json(json) => json,
        other @ (Body::None | Body::Form(_) | Body::Multipart { .. }) => panic!("{other:?}"),
    }
}

fn file(class: Class, mime: &str) -> Content<'_> {
    Content::File {
        file: File {
            class,
            name: "a.bin",
            mime,
            bytes: bytes::Bytes::from_static(b"x"),
            url: "",
        },
        caption: "Here",
    }
}

#[test]
fn files_go_by_their_class_and_as_a_document_when_they_are_not_taken() {
    let of = |call: &Call| {
        let Body::Multipart { fields, file } = &call.body else {
            panic!("no upload");
        };
        (call.url.clone(), file.0.clone(), fields.clone())
    };
    for (class, mime, method, field) in [
        (Class::Image, "image/png", "sendPhoto", "photo"),
        (Class::Video, "video/mp4", "sendVideo", "video"),
        (Class::Audio, "audio/mpeg", "sendAudio", "audio"),
        (Class::Audio, "audio/ogg", "sendVoice", "voice"),
        (Class::File, "application/pdf", "sendDocument", "document"),
    ] {
        let outgoing = outgoing("7/bc", file(class, mime), Some("7/bc:3"));
        let (url, name, fields) = of(&next(&outgoing, &[]));
        assert_eq!(url, format!("http://127.0.0.1:1/bot99:t/{method}"));
        assert_eq!(name, field);
        let has = |key: &str, value: &str| fields.contains(&(key.to_owned(), value.to_owned()));
        assert!(has("chat_id", "7") && has("caption", "Here") && has("business_connection_id", "bc"));
        let quoted = fields.iter().find(|(key, _)| key == "reply_parameters");
        let quoted: serde_json::Value = serde_json::from_str(&quoted.expect("a quote").1).unwrap();
        assert_eq!(
            quoted,
            serde_json::json!({"allow_sending_without_reply": true, "message_id": 3})
        );
    }
    let outgoing = outgoing("7", file(Class::Image, "image/png"), None);
    let refused = answer(
        400,
        json!({"ok": false, "error_code": 400, "description": "Bad Request: PHOTO_INVALID_DIMENSIONS"}),
    );
    let (url, field, _) = of(&next(&outgoing, std::slice::from_ref(&refused)));
    assert!(url.ends_with("/sendDocument") && field == "document");
    assert!(matches!(
        done(&outgoing, &[refused.clone(), refused]),
        Outcome::Final(_)
    ));
}

#[test]
fn reactions_and_deletions_name_the_message() {
    let react = outgoing("7", Content::React("👍"), Some("7:3"));
    assert_eq!(
        json_of(&next(&react, &[])),
        &json!({"chat_id": 7, "message_id": 3, "reaction": [{"type": "emoji", "emoji": "👍"}]})
    );
    let back = outgoing("7", Content::React(""), Some("7:3"));
    assert_eq!(json_of(&next(&back, &[]))["reaction"], json!([]));
    let delete = outgoing("7", Content::Delete, Some("7:3"));
    assert_eq!(json_of(&next(&delete, &[])), &json!({"chat_id": 7, "message_id": 3}));
    let business = outgoing("7/bc", Content::Delete, Some("7/bc:3"));
    assert_eq!(
        json_of(&next(&business, &[])),
        &json!({"business_connection_id": "bc", "message_ids": [3]})
    );
    // A message of another chat, and a button press.
    for foreign in ["8:3", "7:abc", "3"] {
        let outgoing = outgoing("7", Content::Delete, Some(foreign));
        assert!(matches!(done(&outgoing, &[]), Outcome::Final(_)), "{foreign}");
    }
    // Without an answer, a reaction is sent again and a text is not.
    let silent = answer(0, Value::Null);
    assert!(matches!(done(&react, std::slice::from_ref(&silent)), Outcome::Retry(_)));
    let text = outgoing("7", Content::Text("x"), None);
    assert!(matches!(
        done(&text, std::slice::from_ref(&silent)),
        Outcome::Unconfirmed(_)
    ));
    let refused = ProviderResponse {
        maybe_sent: false,
        ..silent
    };
    assert!(matches!(done(&text, &[refused]), Outcome::Retry(_)));
}

#[test]
fn only_small_files_with_a_decent_path_are_fetched() {
    let media = |size| Media {
        class: Class::File,
        reference: "id".to_owned(),
        name: String::new(),
        mime: String::new(),
        size,
        sha256: String::new(),
    };
    assert!(matches!(
        fetch(&credentials(), &media(Some(MAX_FETCH + 1)), &[]),
        Next::Done(None)
    ));
    assert!(matches!(
        fetch(&credentials(), &media(Some(MAX_FETCH)), &[]),
        Next::Call(_)
    ));
    let at = |path: &str| {
        let found = answer(200, json!({"ok": true, "result": {"file_path": path}}));
        match fetch(&credentials(), &media(None), &[found]) {
            Next::Done(call) => call.map(|call| call.url),
            Next::Call(_) => panic!("again"),
        }
    };
    assert_eq!(
        at("photos/file_0.jpg"),
        Some("http://127.0.0.1:1/file/bot99:t/photos/file_0.jpg".to_owned())
    );
    for odd in ["/etc/passwd", "../bot/x", "a?b", ""] {
        assert_eq!(at(odd), None, "{odd}");
    }
}

#[test]
fn a_token_is_tried_by_asking_who_the_bot_is() {
    let ask = |answer: ProviderResponse| match check(&credentials(), &[answer]) {
        Next::Done(result) => result,
        Next::Call(_) => panic!("again"),
    };
    let bot = |id: i64| answer(200, json!({"ok": true, "result": {"id": id, "username": "help_bot"}}));
    assert_eq!(ask(bot(99)), Ok("@help_bot".to_owned()));
    assert_eq!(ask(bot(98)), Err("The token belongs to another bot.".to_owned()));
    let wrong = answer(404, json!({"ok": false, "error_code": 404, "description": "Not Found"}));
    assert!(ask(wrong).is_err_and(|words| words.contains("token")));
}

#[test]
fn a_webhook_is_set_where_telegram_can_reach_it_and_removed_elsewhere() {
    let account = Credentials {
        secret_token: "s".to_owned(),
        ..credentials()
    };
    let set = Telegram
        .connect(&account, Some("https://chat.example/hooks/k"))
        .unwrap();
    assert!(set.url.ends_with("/setWebhook"));
    let parameters = json_of(&set);
    assert_eq!(parameters["url"], "https://chat.example/hooks/k");
    assert_eq!(parameters["secret_token"], "s");
    let wanted = parameters["allowed_updates"].as_array().unwrap();
    assert!(wanted.contains(&json!("message_reaction")) && wanted.contains(&json!("my_chat_member")));
    for unreachable in [Some("http://127.0.0.1:8080/hooks/k"), None] {
        assert!(
            Telegram
                .connect(&account, unreachable)
                .unwrap()
                .url
                .ends_with("/deleteWebhook")
        );
    }
    assert_eq!(
        Telegram.connected(&answer(200, json!({"ok": true, "result": true}))),
        Ok(())
    );
    let wrong = answer(
        401,
        json!({"ok": false, "error_code": 401, "description": "Unauthorized"}),
    );
    assert!(Telegram.connected(&wrong).is_err_and(|words| words.contains("token")));
    assert_eq!(bot_id("99:abc"), Some("99"));
    assert_eq!(bot_id("abc"), None);
}
