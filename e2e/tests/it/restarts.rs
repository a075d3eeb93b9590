//! The server restarts in the middle of every timer. Each timer still fires once, at its time.

use std::time::Duration;

use causerie_e2e::{Stage, story, visitor::Visitor, wait::until};
use causerie_shared::{
    conversation::{EndReason, State, Status, UNDO_MS},
    frame::Command,
    ids::ConversationId,
    inbox::inactivity::{Inactivity, TimeOut},
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Lets half of the time pass, restarts the server, and checks that nothing has happened yet.
async fn half(stage: &Stage, chat: ConversationId, half: Duration) {
    let before = stage.server.head(chat).await.state;
    stage.server.advance(half);
    stage.server.restart().await;
    assert_eq!(stage.server.head(chat).await.state, before, "the restart changed it");
}

async fn until_status(stage: &Stage, chat: ConversationId, status: Status) {
    until("what the timer does", async || {
        (stage.server.head(chat).await.state.status() == status).then_some(())
    })
    .await;
}

/// Creates a visitor's chat that Ana has accepted. Ana disconnects afterwards.
async fn accepted(stage: &Stage) -> (Visitor, ConversationId) {
    let mut ana = stage.client("ana@demo.test").await;
    let mut visitor = stage.visitor().await;
    let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
    ana.accept(chat).await;
    let reply = ana.reply_to(chat, "Two models.");
    ana.send(&reply).await;
    visitor.hears("Two models.").await;
    (visitor, chat)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_to_accept_an_offer() {
    story("restart_offer", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offered(chat).await;
        half(stage, chat, seconds(15)).await;
        let mut ana = stage.client("ana@demo.test").await;
        stage.server.advance(seconds(16));
        until_status(stage, chat, Status::Waiting).await;
        assert!(
            ana.command(Command::Accept(chat)).await.is_err(),
            "an offer that is over can be accepted"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_in_a_broadcast_queue() {
    story("restart_queue", async |stage| {
        let mut visitor = stage.orders_visitor().await;
        let chat = visitor.start("Teal Otter", "My parcel is late").await;
        half(stage, chat, seconds(60)).await;
        stage.server.advance(seconds(61));
        until_status(stage, chat, Status::Failed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_to_undo_an_end() {
    story("restart_undo", async |stage| {
        let (_visitor, chat) = accepted(stage).await;
        let mut ana = stage.client("ana@demo.test").await;
        ana.command(Command::End(chat)).await.expect("her own chat");
        half(stage, chat, seconds(4)).await;
        let mut ana = stage.client("ana@demo.test").await;
        ana.command(Command::Undo(chat)).await.expect("10 s are not over");
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Assigned);

        ana.command(Command::End(chat)).await.expect("her own chat");
        half(stage, chat, seconds(4)).await;
        stage.server.advance(Duration::from_millis(UNDO_MS as u64));
        until("the closing words", async || {
            stage.server.head(chat).await.ring.is_none().then_some(())
        })
        .await;
        let mut ana = stage.client("ana@demo.test").await;
        assert!(
            ana.command(Command::Undo(chat)).await.is_err(),
            "the visitor has heard of it"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_silence_of_the_rule() {
    story("restart_silence", async |stage| {
        stage
            .set("Product advice", |inbox| {
                inbox.inactivity = Some(Inactivity {
                    minutes: 10,
                    action: TimeOut::SendAndClose,
                    message: "Are you still there?".into(),
                });
            })
            .await;
        let (_visitor, chat) = accepted(stage).await;
        half(stage, chat, seconds(300)).await;
        stage.server.advance(seconds(301));
        until_status(stage, chat, Status::Ended).await;
        let texts = stage.server.texts(chat).await;
        let asked = texts.iter().filter(|(_, text)| text == "Are you still there?").count();
        assert_eq!(asked, 1, "the message was sent {asked} times");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hour_and_the_six_hours_of_silence() {
    story("restart_hours", async |stage| {
        let (_visitor, chat) = accepted(stage).await;
        half(stage, chat, seconds(1_800)).await;
        stage.server.advance(seconds(1_801));
        until_status(stage, chat, Status::Ended).await;
        let inactive = |state: State| {
            matches!(
                state,
                State::Ended {
                    reason: EndReason::Inactivity,
                    ..
                }
            )
        };
        assert!(inactive(stage.server.head(chat).await.state));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grace_of_an_agent_whose_line_is_gone() {
    story("restart_grace", async |stage| {
        stage.set("Product advice", |inbox| inbox.rules.accept_secs = 600).await;
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offered(chat).await;
        let anas = ana.me.id;
        drop(ana);
        let app = stage.server.app().await;
        until("her line to be closed", async || {
            (!app.hub.is_connected(anas)).then_some(())
        })
        .await;
        drop(app);
        half(stage, chat, seconds(15)).await;
        // After a start, agents have the whole grace period to reconnect.
        stage.server.advance(seconds(31));
        until_status(stage, chat, Status::Waiting).await;
    })
    .await;
}
