//! Messaging accounts: an expired token, and Telegram without a public address.

use causerie_e2e::{
    providers::{BOT, Fake, Kind, RENEWED, TOKEN},
    story,
    wait::until,
};
use causerie_shared::inbox::Channel;
use serde_json::json;

use super::{begin, id, take};

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_holds_everything_back_until_it_is_renewed() {
    story("settings_token", async |stage| {
        let (line, ana) = begin(stage, Channel::Whatsapp, "Hello?").await;
        line.fake.take_only(RENEWED);
        ana.reply("One").await;
        ana.reply("Two").await;
        ana.message(&["One", "Queued"]).await;
        ana.message(&["Two", "Queued"]).await;

        // Users who can renew the token see a banner on every page, with a link to the account.
        let owner = stage.agent("owner@demo.test").await;
        let banner = "sends nothing until its token is renewed. What is written waits.";
        owner.reads(banner).await;
        assert!(!ana.text().await.contains(banner), "Ana cannot renew it");
        owner.click("button", "Messaging accounts").await;
        owner.reads("Token invalid").await;
        owner.reads("Messages waiting to be sent: 2").await;
        owner.click("button", "Edit, renew token").await;
        let field = owner.find_part("textbox", "Access token").await;
        field.send_keys(RENEWED).await.expect("the field takes text");
        owner.click("button", "Save").await;
        owner.gone_part("dialog", "Edit").await;
        line.fake.took("Two").await;
        let order: Vec<String> = line.fake.sent().into_iter().map(|sent| sent.text).collect();
        assert_eq!(order, ["One", "Two"]);
        ana.message(&["One", "Sent"]).await;
        ana.message(&["Two", "Sent"]).await;
        until("the end of the banner", async || {
            (!owner.text().await.contains(banner)).then_some(())
        })
        .await;
        owner.click("button", "Check token").await;
        owner.reads("The token works: Lamp Shop").await;
        owner.reload().await;
        owner.reads("Connected").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_a_public_address_works_at_once() {
    story("settings_bot", async |stage| {
        let fake = Fake::start(Kind::Telegram).await;
        let _flow = stage.server.flow();
        let owner = stage.agent("owner@demo.test").await;
        owner.visit("/settings/accounts").await;
        owner.click("button", "Connect account").await;
        owner.choose("Channel", "Telegram").await;
        owner.fill("Name", "Lamp bot").await;
        owner.choose("Inbox", "Orders").await;
        let token = owner.find_part("textbox", "Bot token").await;
        token
            .send_keys(format!("{BOT}:{TOKEN}"))
            .await
            .expect("the field takes text");
        owner.click("button", "Advanced").await;
        let base = owner.find_part("textbox", "Address of the interface").await;
        base.send_keys(fake.url()).await.expect("the field takes text");
        owner.click("button", "Save").await;
        owner.reads("Messages are asked for regularly").await;
        assert_eq!(fake.webhook(), None);
        fake.happens(
            json!({ "update_id": 71, "message": { "message_id": 5, "date": 1_772_442_000,
            "from": { "id": 7001, "is_bot": false, "first_name": "Ada" },
            "chat": { "id": 7001, "type": "private", "first_name": "Ada" }, "text": "Is anybody there?" } }),
        );
        let ana = stage.agent("ana@demo.test").await;
        ana.folder("Queue").await;
        ana.open("Is anybody there?").await;
        ana.click("button", "Start chat").await;
        ana.reply("Always.").await;
        assert_eq!(fake.took("Always.").await.to, "7001");
        ana.message(&["Always.", "Sent"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_by_another_way_wakes_the_queue_too() {
    story("settings_renewed", async |stage| {
        let line = causerie_e2e::providers::Line::connect(&stage.server, Channel::Telegram).await;
        let ana = stage.agent("ana@demo.test").await;
        take(&line, &ana, "Hello?").await;
        line.fake.take_only(RENEWED);
        ana.reply("Locked out").await;
        ana.message(&["Locked out", "Queued"]).await;
        line.renew().await;
        line.fake.took("Locked out").await;
        ana.message(&["Locked out", "Sent"]).await;
        assert_eq!(line.fake.sent().len(), 1, "{}", id(Channel::Telegram, 1));
    })
    .await;
}
