//! Ending a chat can be undone for 10 s. The visitor learns of the end only then.

use std::time::Duration;

use causerie_e2e::story;
use causerie_shared::conversation::{Status, UNDO_MS};

/// Shortly before the undo window ends.
const SOON: Duration = Duration::from_millis(UNDO_MS as u64 - 1_000);

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_undone_and_the_visitor_never_knew() {
    story("undo", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        // The server's clock stands. By the page's own clock, the end would be final before a busy machine has shown
        // it.
        ana.stop_clock().await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept("Vera Vidal").await;
        visitor.state("assigned").await;
        ana.click("button", "End chat").await;
        ana.reads("The chat with Vera Vidal has ended.").await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Ended);
        ana.click("button", "Undo").await;
        ana.start_clock().await;
        ana.find("textbox", "Reply").await;
        assert!(
            ana.path().await.starts_with("/app/mine/"),
            "the chat is not in Mine again"
        );
        stage.server.advance(Duration::from_millis(UNDO_MS as u64));
        ana.reply("I am still here.").await;
        visitor.hears("I am still here.").await;
        let ended =
            |frame: &&serde_json::Value| frame["message"]["event"] == "ended" || frame["chat"]["state"] == "ended";
        assert_eq!(visitor.frames().iter().find(ended), None, "the visitor heard of an end");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_seconds_the_visitor_hears_and_there_is_nothing_to_undo() {
    story("undo_late", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        ana.stop_clock().await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept("Vera Vidal").await;
        vera.reads("Ana joined the chat").await;
        ana.click("button", "End chat").await;
        ana.find("button", "Undo").await;
        stage.server.advance(SOON);
        ana.folder("History").await;
        ana.find_part("option", "Vera Vidal").await;
        assert!(
            !vera.text().await.contains("ended the chat"),
            "the visitor hears too early"
        );
        stage.server.advance(Duration::from_millis(UNDO_MS as u64));
        vera.reads("Ana ended the chat").await;
        ana.start_clock().await;
        ana.gone("button", "Undo").await;
        vera.find("button", "Start a new chat").await;
    })
    .await;
}
