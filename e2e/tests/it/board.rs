//! The supervisors' folder, as a list and as a board.

use causerie_e2e::story;
use causerie_shared::frame::Command;

#[tokio::test(flavor = "multi_thread")]
async fn the_board_counts_chats_and_loads_and_follows_every_change() {
    story("board", async |stage| {
        stage.supervise("Product advice").await;
        let mut ana = stage.client("ana@demo.test").await;
        let marta = stage.agent("sup@demo.test").await;
        let mut first = stage.visitor().await;
        let hers = first.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept(hers).await;
        let mut second = stage.visitor().await;
        let offered = second.start("Teal Otter", "My parcel is late").await;
        ana.offered(offered).await;
        let mut third = stage.orders_visitor().await;
        let queued = third.start("Amber Fox", "Where is my order?").await;

        marta.folder("All").await;
        for name in ["Vera Vidal", "Teal Otter", "Amber Fox"] {
            marta.find_part("option", name).await;
        }
        marta.reads("3 chats").await;
        marta.click("button", "Board").await;
        for (status, count) in [("waiting", 1), ("assigning", 1), ("assigned", 1), ("transferring", 0)] {
            marta.tile(status, count).await;
        }
        // The offer counts towards her load too.
        marta
            .agent_line("Ana Ruiz", &["Available", "2/3", "Product advice", "Orders"])
            .await;
        marta.agent_line("Ben Castro", &["Disconnected", "0/3"]).await;
        let card = marta.find("article", "Teal Otter").await;
        let words = card.text().await.expect("the card can be read");
        assert!(
            words.contains("Offered to Ana Ruiz") && words.contains("My parcel is late"),
            "the card says: {words}"
        );

        ana.accept(offered).await;
        marta.tile("assigning", 0).await;
        marta.tile("assigned", 2).await;
        ana.command(Command::Start(queued)).await.expect("she has room");
        marta.tile("waiting", 0).await;
        marta.agent_line("Ana Ruiz", &["3/3"]).await;
        ana.command(Command::End(hers)).await.expect("her own chat");
        marta.tile("assigned", 2).await;
        marta.agent_line("Ana Ruiz", &["2/3"]).await;
        marta.reads("2 chats").await;
        marta.click("button", "List").await;
        marta.gone_part("option", "Vera Vidal").await;
        marta.find_part("option", "Amber Fox").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_have_no_such_folder() {
    story("board_agents", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        ana.find("link", "History").await;
        assert!(!ana.has("link", "All").await, "an agent sees the supervisors' folder");
    })
    .await;
}
