//! A chat is transferred to a colleague or another inbox, with every outcome on both sides.

use std::time::Duration;

use causerie_e2e::{Stage, browser::Engine, pages::Console, story_in, visitor::Visitor, wait::until};
use causerie_shared::{
    conversation::{State, Status},
    ids::{ConversationId, UserId},
    window::Folder,
};

in_every_engine! {
    a_colleague_accepts_and_goes_on_with_the_chat => accepted,
    a_request_that_is_rejected_or_not_answered_leaves_the_chat_with_its_agent => refused,
    a_request_is_over_when_it_is_cancelled_or_the_chat_ends => cancelled_or_ended,
    a_request_to_somebody_who_leaves_or_goes_busy_comes_back => colleague_gone,
    a_full_colleague_is_refused_with_names_and_numbers => colleague_full,
    a_chat_that_is_moved_to_another_inbox_leaves_at_once_and_waits_there => moved_to_an_inbox,
    a_request_outlives_a_restart_of_the_server_and_ends_in_its_time => restarted,
}

/// Longer than the 30 s that a colleague has to answer.
const TOO_LATE: Duration = Duration::from_secs(31);

/// Opens Ana's console on a chat with Vera, and Ben's console.
async fn begin(stage: &Stage) -> (Console, Console, Visitor, ConversationId) {
    let ana = stage.agent("ana@demo.test").await;
    let mut visitor = stage.visitor().await;
    let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
    ana.accept("Vera Vidal").await;
    let ben = stage.agent("ben@demo.test").await;
    (ana, ben, visitor, chat)
}

async fn has(stage: &Stage, chat: ConversationId, agent: UserId) {
    until("the chat to be theirs", async || {
        let state = stage.server.head(chat).await.state;
        matches!(state, State::Assigned { agent: its, .. } if its == agent).then_some(())
    })
    .await;
}

async fn accepted(engine: Engine) {
    story_in(engine, "transfer_accepted", async |stage| {
        let (ana, ben, mut visitor, chat) = begin(stage).await;
        ana.transfer_to("Ben Castro").await;
        let words = ben.request().await;
        assert!(
            words.contains("Ana Ruiz hands you Vera Vidal") && words.contains("Is there a floor lamp?"),
            "the request says: {words}"
        );
        ana.reads("Waiting for Ben Castro").await;
        ana.find("button", "Cancel transfer").await;
        ana.reply("A colleague will help you.").await;
        visitor.hears("A colleague will help you.").await;

        ben.accept_request().await;
        ben.message(&["A colleague will help you."]).await;
        ana.reads("Ben Castro accepted Vera Vidal.").await;
        ana.folder("Mine").await;
        ana.gone_part("option", "Vera Vidal").await;
        has(stage, chat, stage.id("ben@demo.test").await).await;
        ben.reply("Two models, in fact.").await;
        visitor.hears("Two models, in fact.").await;
    })
    .await;
}

async fn refused(engine: Engine) {
    story_in(engine, "transfer_refused", async |stage| {
        let (ana, ben, mut visitor, chat) = begin(stage).await;
        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        ben.click("button", "Reject").await;
        ana.reads("Vera Vidal: Ben Castro rejected the transfer. The chat stays with you.")
            .await;
        ben.gone("dialog", "Transfer request").await;
        ana.gone("button", "Cancel transfer").await;

        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        ben.stop_clock().await;
        stage.server.advance(TOO_LATE);
        ana.reads("Vera Vidal: Ben Castro did not answer. The chat stays with you.")
            .await;
        ben.reads("The request is over").await;
        ben.start_clock().await;
        ben.gone("dialog", "Transfer request").await;
        has(stage, chat, stage.id("ana@demo.test").await).await;
        ana.reply("Then I look myself.").await;
        visitor.hears("Then I look myself.").await;
    })
    .await;
}

async fn cancelled_or_ended(engine: Engine) {
    story_in(engine, "transfer_over", async |stage| {
        let (ana, ben, _visitor, chat) = begin(stage).await;
        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        ben.stop_clock().await;
        ana.click("button", "Cancel transfer").await;
        ben.reads("The request is over").await;
        ben.start_clock().await;
        ben.gone("dialog", "Transfer request").await;
        ana.gone("button", "Cancel transfer").await;
        has(stage, chat, stage.id("ana@demo.test").await).await;

        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        ben.stop_clock().await;
        ana.click("button", "End chat").await;
        ben.reads("The request is over").await;
        ben.start_clock().await;
        ben.gone("dialog", "Transfer request").await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Ended);
        for screen in [&ana, &ben] {
            assert!(screen.all("alert").await.is_empty(), "an end is shown as an error");
        }
    })
    .await;
}

async fn colleague_gone(engine: Engine) {
    story_in(engine, "transfer_gone", async |stage| {
        let (ana, ben, _visitor, chat) = begin(stage).await;
        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        ben.declare("Busy").await;
        ana.reads("Vera Vidal: Ben Castro could not take it. The chat stays with you.")
            .await;
        ben.gone("dialog", "Transfer request").await;
        ben.declare("Available").await;

        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        // The acceptance timer must not end before the grace period of 30 s.
        stage.set("Product advice", |inbox| inbox.rules.accept_secs = 300).await;
        ana.click("button", "Cancel transfer").await;
        ben.gone("dialog", "Transfer request").await;
        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        ben.close().await;
        disconnected(stage).await;
        stage.server.advance(TOO_LATE);
        ana.reads("Vera Vidal: Ben Castro could not take it. The chat stays with you.")
            .await;
        has(stage, chat, stage.id("ana@demo.test").await).await;
    })
    .await;
}

/// Waits until the server knows that Ben's last window is closed, which begins the grace period.
async fn disconnected(stage: &Stage) {
    let ben = stage.id("ben@demo.test").await;
    let app = stage.server.app().await;
    until("Ben's line to be closed", async || {
        (!app.hub.is_connected(ben)).then_some(())
    })
    .await;
}

async fn colleague_full(engine: Engine) {
    story_in(engine, "transfer_full", async |stage| {
        let bens = stage.id("ben@demo.test").await;
        // His capacity in this inbox is below his total capacity, so the list of colleagues cannot show it.
        stage
            .set("Product advice", |inbox| {
                let ben = inbox.members.iter_mut().find(|member| member.user == bens);
                ben.expect("Ben is a member").capacity = 1;
            })
            .await;
        let mut ben = stage.client("ben@demo.test").await;
        let mut first = stage.visitor().await;
        let his = first.start("Teal Otter", "Hello").await;
        ben.accept(his).await;
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept("Vera Vidal").await;
        ana.transfer_to("Ben Castro").await;
        ana.reads("Ben Castro has 1 of 1 chats.").await;
        has(stage, chat, stage.id("ana@demo.test").await).await;
        assert!(
            ben.folder(Folder::Engaged).await.is_empty(),
            "Ben is asked all the same"
        );
        ana.find("textbox", "Reply").await;
    })
    .await;
}

async fn moved_to_an_inbox(engine: Engine) {
    story_in(engine, "transfer_inbox", async |stage| {
        let (ana, ben, mut visitor, chat) = begin(stage).await;
        ana.click("button", "Transfer").await;
        ana.find("dialog", "Transfer chat").await;
        ana.click("button", "Orders").await;
        ana.find("dialog", "Move to Orders?").await;
        assert_eq!(
            stage.server.head(chat).await.state.status(),
            Status::Assigned,
            "it leaves before that is confirmed"
        );
        ana.click("button", "Move").await;
        ana.folder("Mine").await;
        ana.gone_part("option", "Vera Vidal").await;
        visitor.state("waiting").await;
        ben.folder("Queue").await;
        ben.open("Vera Vidal").await;
        ben.click("button", "Start chat").await;
        ben.find("textbox", "Reply").await;
        ben.message(&["Is there a floor lamp?"]).await;
        visitor.state("assigned").await;
        assert_eq!(stage.server.head(chat).await.inbox, stage.inbox("Orders").await.id);
    })
    .await;
}

async fn restarted(engine: Engine) {
    story_in(engine, "transfer_restart", async |stage| {
        let (ana, ben, _visitor, chat) = begin(stage).await;
        ana.transfer_to("Ben Castro").await;
        ben.request().await;
        stage.server.advance(Duration::from_secs(15));
        stage.server.restart().await;
        until("both to be back", async || {
            let app = stage.server.app().await;
            let both = [stage.id("ana@demo.test").await, stage.id("ben@demo.test").await];
            both.into_iter().all(|user| app.hub.is_connected(user)).then_some(())
        })
        .await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Transferring);
        ben.request().await;
        stage.server.advance(Duration::from_secs(16));
        ana.reads("Vera Vidal: Ben Castro did not answer. The chat stays with you.")
            .await;
        ben.gone("dialog", "Transfer request").await;
        has(stage, chat, stage.id("ana@demo.test").await).await;
    })
    .await;
}
