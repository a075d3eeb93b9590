//! A customer on each channel talks with an agent.

use causerie_e2e::{
    providers::{Class, Line, News},
    story,
};
use causerie_shared::inbox::Channel;
use serde_json::json;

use super::{PNG, begin, customer, happens, id};

/// A whole exchange of direct messages.
async fn talk(channel: Channel, name: &str) {
    story(name, async |stage| {
        let (line, ana) = begin(stage, channel, "Does the lamp dim?").await;
        ana.reply("Yes, with any dimmer.").await;
        let sent = line.fake.took("Yes, with any dimmer.").await;
        assert_eq!((sent.channel, sent.to.as_str()), (channel, customer(channel).id));
        ana.message(&["You", "Yes, with any dimmer.", "Sent"]).await;

        // The customer's answer is shown with the message that it quotes.
        let quoting = News::Text {
            id: &id(channel, 2),
            text: "This one?",
            quoted: Some(&sent.id),
        };
        happens(&line, quoting).await;
        ana.message(&["This one?", "You", "Yes, with any dimmer."]).await;
        line.fake.has("photo-7", "image/png", PNG);
        let photo = News::Medium {
            id: &id(channel, 3),
            class: Class::Image,
            file: "photo-7",
            caption: "",
        };
        happens(&line, photo).await;
        ana.find_part("link", "image.").await;
        line.fake.has("voice-8", "audio/ogg", b"OggS and so on");
        let voice = News::Medium {
            id: &id(channel, 4),
            class: Class::Voice,
            file: "voice-8",
            caption: "",
        };
        happens(&line, voice).await;
        let players = "return document.querySelectorAll('[role=log] audio[controls]').length";
        let shown = causerie_e2e::wait::until("a player", async || {
            (ana.script::<i64>(players, vec![]).await == 1).then_some(())
        });
        shown.await;
        // A browser must not get any address of the provider.
        let page: String = ana.script("return document.documentElement.outerHTML", vec![]).await;
        assert!(
            !page.contains(&line.fake.url()),
            "the browser sees the provider's address"
        );

        ana.click("button", "End chat").await;
        ana.folder("History").await;
        // The channels of Meta do not say whether an audio file is a voice message.
        let voice = match channel {
            Channel::Messenger | Channel::Instagram => "Audio",
            _ => "Voice message",
        };
        ana.open(voice).await;
        ana.reads("Ended by Ana Ruiz").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_whatsapp() {
    talk(Channel::Whatsapp, "channel_whatsapp").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_messenger() {
    talk(Channel::Messenger, "channel_messenger").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_instagram() {
    talk(Channel::Instagram, "channel_instagram").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_telegram() {
    talk(Channel::Telegram, "channel_telegram").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_people_send_is_drawn_as_what_it_is() {
    story("channel_kinds", async |stage| {
        let channel = Channel::Telegram;
        let (line, ana) = begin(stage, channel, "Where are you?").await;
        let place = News::Place {
            id: &id(channel, 2),
            latitude: 40.4168,
            longitude: -3.7038,
            name: "Sol",
        };
        happens(&line, place).await;
        ana.find("link", "Sol").await;
        let card = News::Card {
            id: &id(channel, 3),
            name: "Eve Example",
            phone: "+34600000000",
        };
        happens(&line, card).await;
        ana.find("link", "+34600000000").await;
        line.fake.has("bill.pdf", "application/pdf", b"%PDF-1.7");
        let bill = News::Medium {
            id: &id(channel, 4),
            class: Class::Document,
            file: "bill.pdf",
            caption: "The bill",
        };
        happens(&line, bill).await;
        ana.message(&["The bill", "bill.pdf"]).await;
        line.fake.has("sticker-1", "image/webp", PNG);
        let sticker = News::Medium {
            id: &id(channel, 5),
            class: Class::Sticker,
            file: "sticker-1",
            caption: "",
        };
        happens(&line, sticker).await;
        ana.find_part("link", "sticker.").await;
        // A file that the provider does not have any more is reported, and nothing else is lost.
        let gone = News::Medium {
            id: &id(channel, 6),
            class: Class::Video,
            file: "gone",
            caption: "Look",
        };
        happens(&line, gone).await;
        ana.message(&["Video: could not be fetched", "Look"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bubble_of_a_group_says_who_wrote_it() {
    story("channel_group", async |stage| {
        let line = Line::connect(&stage.server, Channel::Telegram).await;
        let says = |id: i64, who: &str, text: &str| {
            json!({ "update_id": id, "message": { "message_id": id, "date": 1_772_442_000, "text": text,
                "from": { "id": 7000 + id, "is_bot": false, "first_name": who },
                "chat": { "id": -1_001_234, "type": "supergroup", "title": "Tenants" } } })
        };
        line.deliver(&says(1, "Ann", "The lift is broken.")).await;
        let ana = stage.agent("ana@demo.test").await;
        ana.folder("Queue").await;
        ana.open("Tenants").await;
        ana.click("button", "Start chat").await;
        line.deliver(&says(2, "Carl", "Here too.")).await;
        ana.message(&["Ann", "The lift is broken."]).await;
        ana.message(&["Carl", "Here too."]).await;
        ana.reply("We are on it.").await;
        assert_eq!(line.fake.took("We are on it.").await.to, "-1001234");
    })
    .await;
}
