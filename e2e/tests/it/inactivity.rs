//! Inactivity, chats that stay in the queue, and business hours, with a manual clock.

use std::time::Duration;

use causerie_e2e::{story, wait::until};
use causerie_shared::{
    conversation::{EndReason, State, Status},
    frame::Command,
    inbox::{
        hours::{Hours, Interval},
        inactivity::{Inactivity, TimeOut},
    },
    message::Author,
    window::Folder,
};

const MINUTES: u32 = 5;
const WORDS: &str = "Are you still there?";

/// Slightly longer than the rule's time.
const SILENCE: Duration = Duration::from_secs(MINUTES as u64 * 60 + 1);

fn rule(action: TimeOut) -> Option<Inactivity> {
    Some(Inactivity {
        minutes: MINUTES,
        action,
        message: WORDS.into(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_message_goes_out_once_in_each_silence() {
    story("inactivity_message", async |stage| {
        stage
            .set("Product advice", |inbox| inbox.inactivity = rule(TimeOut::Send))
            .await;
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept("Vera Vidal").await;
        ana.reply("Two models.").await;
        visitor.hears("Two models.").await;
        let said = async || {
            let texts = stage.server.texts(chat).await;
            texts
                .iter()
                .filter(|(author, text)| *author == Author::System && text == WORDS)
                .count()
        };

        stage.server.advance(SILENCE);
        visitor.hears(WORDS).await;
        ana.message(&[WORDS]).await;
        stage.server.advance(SILENCE);
        // The next message proves that the timer has fired, and begins a new period of inactivity.
        visitor.say("Sorry, I was away").await;
        ana.message(&["Sorry, I was away"]).await;
        assert_eq!(said().await, 1, "it was sent again in the same silence");
        stage.server.advance(SILENCE);
        ana.reply("No problem.").await;
        visitor.hears("No problem.").await;
        assert_eq!(said().await, 1, "the customer was not the silent one");
        // The timer that fired meanwhile fires again after the rule's time at the latest.
        until("the message of the second silence", async || {
            stage.server.advance(Duration::from_secs(60));
            (said().await == 2).then_some(())
        })
        .await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Assigned);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_closes_the_chat_after_its_message() {
    story("inactivity_close", async |stage| {
        stage
            .set("Product advice", |inbox| inbox.inactivity = rule(TimeOut::SendAndClose))
            .await;
        let ana = stage.agent("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept("Vera Vidal").await;
        ana.reply("Two models.").await;
        vera.message(&["Two models."]).await;
        stage.server.advance(SILENCE);
        vera.reads(WORDS).await;
        vera.find("button", "Start a new chat").await;
        ana.folder("History").await;
        ana.open("Vera Vidal").await;
        ana.reads("Ended for inactivity").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rule_an_hour_of_silence_ends_the_chat() {
    story("inactivity_hour", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept(chat).await;
        stage.server.advance(Duration::from_secs(3_000));
        visitor.say("Hello?").await;
        // The hour counts from the customer's last message.
        stage.server.advance(Duration::from_secs(3_000));
        visitor.say("Still here").await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Assigned);
        stage.server.advance(Duration::from_secs(3_601));
        visitor.state("ended").await;
        assert!(matches!(
            stage.server.head(chat).await.state,
            State::Ended {
                reason: EndReason::Inactivity,
                ..
            }
        ));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_nobody_starts_is_missed_and_the_visitor_reads_it() {
    story("inactivity_queue", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.orders_visitor().await;
        visitor.start("Teal Otter", "My parcel is late").await;
        ana.folder("Queue").await;
        ana.open("Teal Otter").await;
        stage.server.advance(Duration::from_secs(121));
        visitor.state("missed").await;
        ana.folder("Queue").await;
        ana.gone_part("option", "Teal Otter").await;
        ana.folder("History").await;
        ana.open("Teal Otter").await;
        ana.reads("Nobody took the chat in time").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_business_hours_nobody_is_asked_and_the_visitor_leaves_a_message() {
    story("inactivity_hours", async |stage| {
        // The clock starts on a Monday at 09:00.
        let open = Interval {
            from: 10 * 60,
            to: 18 * 60,
        };
        stage
            .set("Product advice", |inbox| {
                inbox.hours = Some(Hours {
                    zone: "Etc/UTC".into(),
                    week: std::array::from_fn(|_| vec![open]),
                    exceptions: vec![],
                });
            })
            .await;
        let mut ana = stage.client("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Is there a floor lamp?").await;
        vera.reads("We are back:").await;
        let mut other = stage.visitor().await;
        let chat = other.start("Teal Otter", "My parcel is late").await;
        assert!(matches!(
            stage.server.head(chat).await.state,
            State::Waiting { offline: true, .. }
        ));
        assert!(
            ana.folder(Folder::Engaged).await.is_empty(),
            "she is asked outside the hours"
        );
        stage.server.advance(Duration::from_secs(3_601));
        let first = ana.head("the chat", |head| head.contact_name == "Vera Vidal").await.id;
        ana.accept(first).await;
        vera.reads("Ana joined the chat").await;
        ana.accept(chat).await;
        ana.command(Command::End(chat)).await.expect("her own chat");
    })
    .await;
}
