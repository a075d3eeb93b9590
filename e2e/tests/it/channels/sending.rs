//! How sending fails, and what the agent sees of it.

use std::time::Duration;

use causerie_e2e::{
    Stage,
    pages::Console,
    providers::{Fault, Line, News, State},
    story,
    wait::until,
};
use causerie_shared::inbox::Channel;

use super::{begin, happens};

/// Advances the clock until the message is sent.
async fn later(stage: &Stage, line: &Line, text: &str) {
    until("the next try", async || {
        stage.server.advance(Duration::from_secs(10));
        line.fake.sent().into_iter().find(|sent| sent.text == text)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_says_why_and_can_be_tried_again() {
    story("sending_refused", async |stage| {
        for (channel, fault, why) in [
            (
                Channel::Whatsapp,
                Fault::Refused(400, 131_026, 0, "Message undeliverable"),
                "Not sent. WhatsApp cannot deliver to this number.",
            ),
            (
                Channel::Messenger,
                // An error with a successful HTTP status.
                Fault::Refused(200, 551, 1_545_041, "这个人现在不方便"),
                "Not sent. This person cannot be reached now.",
            ),
        ] {
            let (line, ana) = begin(stage, channel, &format!("Hello from {}", channel.as_str())).await;
            line.fake.fault(fault);
            ana.reply("Good morning.").await;
            ana.message(&["Good morning.", why, "Retry"]).await;
            assert_eq!(line.fake.tries("Good morning."), 1);
            ana.click("button", "Retry").await;
            line.fake.took("Good morning.").await;
            ana.message(&["Good morning.", "Sent"]).await;
            assert!(!ana.has("button", "Retry").await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_trouble_is_waited_out_in_order() {
    story("sending_later", async |stage| {
        let (line, ana) = begin(stage, Channel::Whatsapp, "Hello?").await;
        for (number, fault) in [
            Fault::TooFast(None),
            Fault::TooFast(Some(30)),
            Fault::Down(503),
            Fault::Refused(500, 131_000, 0, "Something went wrong"),
            Fault::Refused(200, 130_429, 0, "Rate limit hit"),
        ]
        .into_iter()
        .enumerate()
        {
            let (first, second) = (format!("First {number}"), format!("Second {number}"));
            line.fake.fault(fault);
            ana.reply(&first).await;
            ana.message(&[&first, "Queued"]).await;
            ana.reply(&second).await;
            later(stage, &line, &second).await;
            ana.message(&[&first, "Sent"]).await;
            ana.message(&[&second, "Sent"]).await;
            assert_eq!((line.fake.tries(&first), line.fake.tries(&second)), (2, 1));
            let order: Vec<String> = line.fake.sent().into_iter().map(|sent| sent.text).collect();
            assert_eq!(order[order.len() - 2..], [first, second]);
        }
    })
    .await;
}

/// Loses the answer to a message that the provider accepted.
async fn lost(line: &Line, ana: &Console, text: &str) -> (String, Option<String>) {
    line.fake.fault(Fault::Lost);
    ana.reply(text).await;
    ana.message(&[text, "Not confirmed", "Retry", "Discard"]).await;
    let sent = line.fake.took(text).await;
    (sent.id, sent.opaque)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_what_the_provider_says_later() {
    story("sending_unconfirmed", async |stage| {
        let (line, ana) = begin(stage, Channel::Whatsapp, "Hello from WhatsApp").await;
        let (id, opaque) = lost(&line, &ana, "Into the dark").await;
        stage.server.advance(Duration::from_secs(3600));
        line.quiet().await;
        assert_eq!(line.fake.tries("Into the dark"), 1, "it was sent again without a word");
        let status = News::State {
            target: &id,
            state: State::Delivered,
            opaque: opaque.as_deref(),
        };
        happens(&line, status).await;
        ana.message(&["Into the dark", "Delivered"]).await;

        let (line, ana) = begin(stage, Channel::Messenger, "Hello from Messenger").await;
        let (id, opaque) = lost(&line, &ana, "Into the fog").await;
        let echo = News::Echo {
            id: &id,
            text: "Into the fog",
            opaque: opaque.as_deref(),
        };
        happens(&line, echo).await;
        ana.message(&["Into the fog", "Sent"]).await;
        assert_eq!(line.fake.tries("Into the fog"), 1);
        assert!(!ana.has("button", "Retry").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_say_the_agent_decides() {
    story("sending_decides", async |stage| {
        let (line, ana) = begin(stage, Channel::Telegram, "Hello?").await;
        lost(&line, &ana, "Once more").await;
        ana.click("button", "Retry").await;
        until("the second try", async || {
            stage.server.advance(Duration::from_secs(1));
            (line.fake.tries("Once more") == 2).then_some(())
        })
        .await;
        ana.message(&["Once more", "Sent"]).await;
        stage.server.advance(Duration::from_secs(2));
        lost(&line, &ana, "Leave it").await;
        ana.click("button", "Discard").await;
        ana.message(&["Leave it", "It was never confirmed, and its agent gave it up."])
            .await;
        // The next message does not wait for it.
        stage.server.advance(Duration::from_secs(2));
        ana.reply("And on").await;
        line.fake.took("And on").await;
        assert_eq!(line.fake.tries("Leave it"), 1);
    })
    .await;
}
