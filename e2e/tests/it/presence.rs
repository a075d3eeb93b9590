//! Presence: colleagues see a change at once, and offers to agents who leave return to the queue.

use causerie_e2e::{story, wait::until};
use causerie_shared::conversation::{State, Status};

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_sets_a_colleague_busy_and_their_offers_return() {
    story("presence_set", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let owner = stage.agent("owner@demo.test").await;
        let mut first = stage.visitor().await;
        let hers = first.start("Teal Otter", "My parcel is late").await;
        ana.accept("Teal Otter").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offer("Vera Vidal").await;

        owner.click("button", "Channels and users").await;
        owner.reads("2 of 4 connected").await;
        owner.choose("Availability of Ana Ruiz", "Busy").await;
        ana.gone("article", "New offer: Vera Vidal").await;
        until("the chat to wait", async || {
            (stage.server.head(chat).await.state.status() == Status::Waiting).then_some(())
        })
        .await;
        assert!(
            matches!(stage.server.head(hers).await.state, State::Assigned { .. }),
            "a chat that she had was taken away"
        );
        owner.person("Ana Ruiz", &["Busy", "1/3"]).await;
        owner.choose("Availability of Ana Ruiz", "Available").await;
        ana.offer("Vera Vidal").await;
        owner.person("Ana Ruiz", &["Available", "2/3"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_see_who_is_there_and_cannot_change_it() {
    story("presence_seen", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        ana.click("button", "Channels and users").await;
        ana.person("Ben Castro", &["Disconnected"]).await;
        let ben = stage.agent("ben@demo.test").await;
        ana.person("Ben Castro", &["Available"]).await;
        ben.declare("Busy").await;
        ana.person("Ben Castro", &["Busy"]).await;
        assert!(
            !ana.has("combobox", "Availability of Ben Castro").await,
            "an agent can set a colleague's availability"
        );
    })
    .await;
}
