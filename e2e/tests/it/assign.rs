//! Supervisors assign chats to agents from the profile's list and from the board, also in inboxes of mode `Manual`.

use std::time::Duration;

use causerie_e2e::{Stage, Through, pages::Console, proxy::Way, story, story_through, visitor::Visitor, wait::until};
use causerie_shared::{
    conversation::{State, Status},
    ids::ConversationId,
    inbox::Mode,
    window::Folder,
};

/// Longer than the 30 s that an agent has to accept an offer.
const TOO_LATE: Duration = Duration::from_secs(31);

/// Opens an inbox in which only supervisors assign, Marta's console, and a waiting chat.
async fn by_hand(stage: &Stage) -> (Console, Visitor, ConversationId) {
    stage.supervise("Product advice").await;
    stage
        .set("Product advice", |inbox| inbox.rules.mode = Mode::Manual)
        .await;
    let marta = stage.agent("sup@demo.test").await;
    let mut visitor = stage.visitor().await;
    let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
    (marta, visitor, chat)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_chat_is_assigned_by_the_list_in_the_profile() {
    story("assign_list", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let (marta, mut visitor, chat) = by_hand(stage).await;
        marta.folder("All").await;
        marta.open("Vera Vidal").await;
        assert_eq!(
            stage.server.head(chat).await.state.status(),
            Status::Waiting,
            "it was offered by itself"
        );
        marta.choose("Assignee", "Ana Ruiz").await;
        ana.accept("Vera Vidal").await;
        marta.reads("Assigned to Ana Ruiz").await;
        visitor.state("assigned").await;
        let options = marta.options("Assignee").await;
        assert!(
            options
                .iter()
                .any(|option| option.starts_with('(') && option.contains("Ben Castro")),
            "Ben is not there and can be chosen: {options:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_by_hand_that_nobody_takes_comes_back_overdue_and_the_supervisor_is_told() {
    story("assign_back", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let (marta, _visitor, chat) = by_hand(stage).await;
        marta.folder("All").await;
        marta.open("Vera Vidal").await;
        marta.choose("Assignee", "Ana Ruiz").await;
        ana.offer("Vera Vidal").await;
        stage.server.advance(TOO_LATE);
        ana.gone("article", "New offer: Vera Vidal").await;
        marta
            .reads("Ana Ruiz did not take Vera Vidal. The chat waits again.")
            .await;
        assert!(
            matches!(
                stage.server.head(chat).await.state,
                State::Waiting { overdue: true, .. }
            ),
            "nobody sees that it was asked in vain"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_dropped_on_an_agent_of_the_board() {
    story("assign_board", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let (marta, _visitor, chat) = by_hand(stage).await;
        marta.board().await;
        assert!(!marta.drag("Vera Vidal", "Ben Castro").await, "Ben is not there");
        marta.drop("Vera Vidal", "Ben Castro").await;
        assert!(marta.drag("Vera Vidal", "Ana Ruiz").await, "Ana has room");
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Waiting);
        marta.drop("Vera Vidal", "Ana Ruiz").await;
        ana.accept("Vera Vidal").await;
        marta.tile("assigned", 1).await;
        marta.tile("waiting", 0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boards_button_asks_to_whom_and_an_offer_can_be_taken_back() {
    story("assign_button", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let (marta, _visitor, chat) = by_hand(stage).await;
        marta.board().await;
        marta.click("button", "Assign…").await;
        let dialog = marta.find("dialog", "Assign chat").await;
        let words = dialog.text().await.expect("the dialog can be read");
        assert!(words.contains("0/3"), "the loads are not there: {words}");
        marta.click_part("button", "Ana Ruiz").await;
        ana.offer("Vera Vidal").await;
        marta.click("button", "Withdraw").await;
        ana.gone("article", "New offer: Vera Vidal").await;
        marta.tile("waiting", 1).await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Waiting);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_over_capacity_is_refused_with_names_and_numbers() {
    story("assign_full", async |stage| {
        let anas = stage.id("ana@demo.test").await;
        stage.supervise("Product advice").await;
        // Her capacity in this inbox is below her total capacity, so the list of agents cannot show it.
        stage
            .set("Product advice", |inbox| {
                inbox.rules.mode = Mode::Manual;
                let ana = inbox.members.iter_mut().find(|member| member.user == anas);
                ana.expect("Ana is a member").capacity = 0;
            })
            .await;
        let mut ana = stage.client("ana@demo.test").await;
        let marta = stage.agent("sup@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        marta.folder("All").await;
        marta.open("Vera Vidal").await;
        marta.choose("Assignee", "Ana Ruiz").await;
        marta.reads("Ana Ruiz has 0 of 0 chats.").await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Waiting);
        assert!(
            ana.folder(Folder::Engaged).await.is_empty(),
            "Ana is asked all the same"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_click_on_an_offer_that_is_over_gets_a_clear_message() {
    story_through(Through::Console, "assign_late", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offer("Vera Vidal").await;
        // The server's frames are held back, so Ana still sees the offer.
        stage.proxy().hold(Way::Down);
        stage.server.advance(TOO_LATE);
        until("the offer to be over", async || {
            (stage.server.head(chat).await.state.status() == Status::Waiting).then_some(())
        })
        .await;
        ana.click("button", "Accept").await;
        ana.stop_clock().await;
        stage.proxy().pass();
        ana.reads("The offer is over").await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Waiting);
        assert!(
            !ana.has("textbox", "Reply").await,
            "Ana can write in a chat that is not hers"
        );
        assert!(ana.all("alert").await.is_empty(), "being late is shown as an error");
    })
    .await;
}
