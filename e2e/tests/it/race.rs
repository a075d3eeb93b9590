//! Two agents take the same chat.

use causerie_e2e::{browser::Engine, story_in, wait::until};
use causerie_shared::conversation::State;

in_every_engine! {
    of_two_agents_who_press_start_chat_at_once_one_has_it_and_the_other_reads_who => race,
}

async fn race(engine: Engine) {
    story_in(engine, "race", async |stage| {
        let (ana, ben) = tokio::join!(stage.agent("ana@demo.test"), stage.agent("ben@demo.test"));
        let mut visitor = stage.orders_visitor().await;
        let chat = visitor.start("Teal Otter", "My parcel is late").await;
        for agent in [&ana, &ben] {
            agent.folder("Queue").await;
            agent.open("Teal Otter").await;
        }
        // The console shows the name of the winner for two seconds only.
        tokio::join!(ana.stop_clock(), ben.stop_clock());
        let (here, there) = tokio::join!(ana.find("button", "Start chat"), ben.find("button", "Start chat"));
        let (first, second) = tokio::join!(here.click(), there.click());
        // A very fast first click removes the other agent's button, which is no error.
        assert!(first.is_ok() || second.is_ok(), "nobody could press Start chat");

        let winner = until("a winner", async || match stage.server.head(chat).await.state {
            State::Assigned { agent, .. } => Some(agent),
            _ => None,
        })
        .await;
        let ana_is = stage.client("ana@demo.test").await.me.id;
        let (has, lost, name) = if winner == ana_is {
            (&ana, &ben, "Ana Ruiz")
        } else {
            (&ben, &ana, "Ben Castro")
        };
        lost.reads(&format!("{name} took Teal Otter")).await;
        has.find("textbox", "Reply").await;
        visitor.state("assigned").await;
        assert!(!lost.has("textbox", "Reply").await, "the loser can write in the chat");
        assert!(lost.all("alert").await.is_empty(), "losing a chat is shown as an error");
        lost.gone_part("option", "Teal Otter").await;
    })
    .await;
}
