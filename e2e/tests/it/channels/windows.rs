//! The end of the window for free answers.

use std::time::Duration;

use causerie_e2e::{Stage, pages::Console, providers::Line, story};
use causerie_shared::inbox::{
    Channel,
    inactivity::{Inactivity, TimeOut},
};

use super::{id, take};

const HOUR: u64 = 3600;

/// Creates an inbox whose chats may stay inactive for days. With its default rule, a chat would end before the window
/// closes.
async fn patient(stage: &Stage, channel: Channel) -> (Line, Console) {
    let line = Line::connect(&stage.server, channel).await;
    let rule = Inactivity {
        minutes: 10 * 24 * 60,
        action: TimeOut::Close,
        message: String::new(),
    };
    stage.set("Test channels", |inbox| inbox.inactivity = Some(rule)).await;
    let ana = stage.agent("ana@demo.test").await;
    take(&line, &ana, "Where is my parcel?").await;
    (line, ana)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatsapp_says_what_is_possible_afterwards() {
    story("window_whatsapp", async |stage| {
        let channel = Channel::Whatsapp;
        let (line, ana) = patient(stage, channel).await;
        ana.reads("WhatsApp window closes in").await;
        // The provider's clock closes the window before ours does.
        line.fake.close(true);
        ana.reply("On its way").await;
        ana.message(&["On its way", "Not sent. More than 24 hours have passed"])
            .await;
        stage.server.advance(Duration::from_secs(25 * HOUR));
        ana.reads("The window is closed: only a template may be sent").await;
        assert!(!ana.has("textbox", "Reply").await);
        // The window opens again when the customer writes.
        line.fake.close(false);
        line.says(super::customer(channel), &id(channel, 2), "Thanks").await;
        ana.find("textbox", "Reply").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messenger_takes_nothing_afterwards() {
    story("window_messenger", async |stage| {
        let channel = Channel::Messenger;
        let (line, ana) = patient(stage, channel).await;
        ana.reads("Messenger window closes in").await;
        stage.server.advance(Duration::from_secs(25 * HOUR));
        ana.reads("The time in which Messenger allows answers is over.").await;
        assert!(!ana.has("textbox", "Reply").await);
        line.says(super::customer(channel), &id(channel, 2), "Hello?").await;
        ana.reply("On its way").await;
        line.fake.took("On its way").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_human_agent_has_seven_days_on_messenger() {
    story("window_human", async |stage| {
        let channel = Channel::Messenger;
        let (line, ana) = patient(stage, channel).await;
        line.allow_human_agent().await;
        ana.reply("We look for it").await;
        assert_eq!(line.fake.took("We look for it").await.tag, None);
        // From now on the provider accepts messages only with the tag.
        line.fake.close(true);
        stage.server.advance(Duration::from_secs(25 * HOUR));
        ana.reads("24 hours have passed: Messenger takes answers of a human agent for another")
            .await;
        ana.reply("It is on its way").await;
        assert_eq!(
            line.fake.took("It is on its way").await.tag.as_deref(),
            Some("HUMAN_AGENT")
        );
        ana.message(&["It is on its way", "Sent"]).await;
        stage.server.advance(Duration::from_secs(6 * 24 * HOUR));
        ana.reads("The time in which Messenger allows answers is over.").await;
        assert!(!ana.has("textbox", "Reply").await);
        assert_eq!(line.fake.sent().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatsapp_takes_a_template_afterwards() {
    story("window_template", async |stage| {
        let channel = Channel::Whatsapp;
        let (line, ana) = patient(stage, channel).await;
        line.fake.close(true);
        stage.server.advance(Duration::from_secs(25 * HOUR));
        ana.choose("Template", "parcel_news").await;
        ana.write("Value for 1", "Ada").await;
        ana.reads("Hello Ada, your parcel is on its way.").await;
        ana.click("button", "Send template").await;
        ana.message(&["Hello Ada, your parcel is on its way.", "Sent"]).await;
        let sent = line.fake.sent().pop().expect("the template");
        assert_eq!(sent.template.as_deref(), Some("parcel_news"));
    })
    .await;
}
