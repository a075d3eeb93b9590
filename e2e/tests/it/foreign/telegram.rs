//! The crate frankenstein, whose types are as strict as Telegram's documentation.

use causerie_e2e::providers::{BOT, Class, Fake, Fault, Kind, News, Person, TOKEN, webhook};
use causerie_shared::inbox::Channel;
use frankenstein::{
    AsyncTelegramApi, Error,
    client_reqwest::Bot,
    methods::{
        DeleteWebhookParams, GetFileParams, GetUpdatesParams, SendMessageParams, SendPhotoParams, SetWebhookParams,
    },
    types::ReplyParameters,
    updates::Update,
};

const ADA: Person = Person {
    id: "7001",
    name: "Ada",
};

async fn start() -> (Fake, Bot) {
    let fake = Fake::start(Kind::Telegram).await;
    let bot = Bot::new_url(format!("{}/bot{BOT}:{TOKEN}", fake.url()));
    (fake, bot)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_strict_client_sends_is_taken_and_the_answers_are_understood() {
    let (fake, bot) = start().await;
    let me = bot.get_me().await.expect("the bot").result;
    assert_eq!(me.id.to_string(), BOT);
    let text = SendMessageParams::builder()
        .chat_id(7001)
        .text("Good morning.")
        .reply_parameters(ReplyParameters::builder().message_id(41).build())
        .build();
    let sent = bot.send_message(&text).await.expect("a message").result;
    assert_eq!(sent.text.as_deref(), Some("Good morning."));
    let taken = fake.took("Good morning.").await;
    assert_eq!(taken.id, sent.message_id.to_string());
    assert_eq!(taken.quoted.as_deref(), Some("41"));

    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("lamp.png");
    std::fs::write(&picture, b"\x89PNG").expect("a file");
    let photo = SendPhotoParams::builder()
        .chat_id(7001)
        .photo(picture)
        .caption("The lamp")
        .build();
    let sent = bot.send_photo(&photo).await.expect("a photo").result;
    assert_eq!(sent.caption.as_deref(), Some("The lamp"));
    assert!(fake.took("The lamp").await.file.is_some());

    fake.has("bill", "application/pdf", b"%PDF");
    let file = bot.get_file(&GetFileParams::builder().file_id("bill").build()).await;
    assert_eq!(file.expect("a file").result.file_size, Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_those_that_a_strict_client_knows() {
    let (fake, bot) = start().await;
    let text = SendMessageParams::builder().chat_id(7001).text("Hello").build();
    fake.fault(Fault::TooFast(Some(7)));
    fake.fault(Fault::Refused(403, 403, 0, "Forbidden: bot was blocked by the user"));
    match bot.send_message(&text).await {
        Err(Error::Api(error)) => {
            assert_eq!(error.error_code, 429);
            let wait = error.parameters.and_then(|parameters| parameters.retry_after);
            assert_eq!(wait, Some(7));
        }
        other => panic!("{other:?}"),
    }
    match bot.send_message(&text).await {
        Err(Error::Api(error)) => assert_eq!(error.description, "Forbidden: bot was blocked by the user"),
        other => panic!("{other:?}"),
    }
    fake.take_only("another");
    match bot.get_me().await {
        Err(Error::Api(error)) => assert_eq!(error.error_code, 401),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_fetched_or_delivered_and_not_both() {
    let (fake, bot) = start().await;
    let hook = SetWebhookParams::builder()
        .url("https://chat.example.com/hooks/x")
        .secret_token("s-1")
        .build();
    bot.set_webhook(&hook).await.expect("a webhook");
    assert_eq!(fake.webhook().expect("a webhook").1, "s-1");
    let info = bot.get_webhook_info().await.expect("the webhook").result;
    assert_eq!(info.url, "https://chat.example.com/hooks/x");
    let ask = GetUpdatesParams::builder().timeout(0).build();
    assert!(matches!(bot.get_updates(&ask).await, Err(Error::Api(error)) if error.error_code == 409));
    bot.delete_webhook(&DeleteWebhookParams::builder().build())
        .await
        .expect("no webhook");
    assert_eq!(bot.get_updates(&ask).await.expect("updates").result.len(), 0);
    for number in [7, 8] {
        let events = News::Text {
            id: "41",
            text: "Hello",
            quoted: None,
        };
        fake.happens(webhook(Channel::Telegram, &fake.url(), ADA, number, &events).expect("an update"));
    }
    assert_eq!(bot.get_updates(&ask).await.expect("updates").result.len(), 2);
    let rest = GetUpdatesParams::builder().offset(8_i64).timeout(0).build();
    assert_eq!(bot.get_updates(&rest).await.expect("updates").result.len(), 1);
}

#[test]
fn what_the_fake_delivers_is_an_update() {
    let medium = |class| News::Medium {
        id: "42",
        class,
        file: "f",
        caption: "Look",
    };
    let all = [
        News::Text {
            id: "41",
            text: "Hello",
            quoted: Some("40"),
        },
        medium(Class::Image),
        medium(Class::Voice),
        medium(Class::Video),
        medium(Class::Document),
        medium(Class::Sticker),
        News::Place {
            id: "43",
            latitude: 1.5,
            longitude: -2.5,
            name: "Sol",
        },
        News::Card {
            id: "44",
            name: "Eve",
            phone: "+34600000000",
        },
        News::Reaction {
            target: "41",
            emoji: Some("👍"),
        },
        News::Reaction {
            target: "41",
            emoji: None,
        },
        News::Edit {
            target: "41",
            text: "Hello!",
        },
        News::Blocked,
    ];
    for events in all {
        let update = webhook(Channel::Telegram, "", ADA, 7, &events).expect("Telegram says such things");
        let read = serde_json::from_value::<Update>(update.clone());
        assert!(read.is_ok(), "{events:?}: {read:?} of {update}");
    }
}
