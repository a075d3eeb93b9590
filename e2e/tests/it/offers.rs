//! Offers that are not accepted go to the next agent, and capacity is respected.

use std::time::Duration;

use causerie_e2e::{
    client::{Client, heads},
    story,
    wait::until,
};
use causerie_shared::{
    conversation::{State, Status},
    frame::{Command, ServerFrame},
    ids::ConversationId,
    row::Row,
    window::Folder,
};

/// Longer than the 30 s that an agent has to accept an offer.
const TOO_LATE: Duration = Duration::from_secs(31);

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_offer_goes_to_the_next_agent() {
    story("offers_declined", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offer("Vera Vidal").await;
        let mut ben = stage.client("ben@demo.test").await;
        ana.click("button", "Decline").await;
        ben.accept(chat).await;
        visitor.state("assigned").await;
        ana.gone("article", "New offer: Vera Vidal").await;
        ana.folder("Engaged").await;
        ana.gone_part("option", "Vera Vidal").await;
        assert!(ana.all("alert").await.is_empty(), "declining is shown as an error");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_nobody_answers_moves_on_and_the_chat_waits_when_nobody_is_left() {
    story("offers_expired", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offered(chat).await;
        let mut ben = stage.client("ben@demo.test").await;
        stage.server.advance(TOO_LATE);
        ben.offered(chat).await;
        assert!(
            ana.folder(Folder::Engaged).await.is_empty(),
            "the expired offer is still Ana's"
        );

        stage.server.advance(TOO_LATE);
        until("the chat to wait", async || {
            (stage.server.head(chat).await.state.status() == Status::Waiting).then_some(())
        })
        .await;
        assert!(
            ben.folder(Folder::Engaged).await.is_empty(),
            "the expired offer is still Ben's"
        );
        let late = ben.command(Command::Accept(chat)).await;
        assert!(late.is_err(), "an offer that is over can be accepted");
        visitor.state("waiting").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_three_chats_is_offered_the_fourth_when_one_ends() {
    story("offers_capacity", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut chats: Vec<ConversationId> = vec![];
        let mut visitors = vec![];
        for number in 1..=4 {
            let mut visitor = stage.visitor().await;
            let chat = visitor.start(&format!("Visitor {number}"), "Hello").await;
            if number <= 3 {
                ana.accept(chat).await;
            }
            chats.push(chat);
            visitors.push(visitor);
        }
        assert_eq!(ana.folder(Folder::Mine).await.len(), 3);
        assert!(ana.folder(Folder::Engaged).await.is_empty(), "a fourth chat is offered");
        assert_eq!(stage.server.head(chats[3]).await.state.status(), Status::Waiting);

        ana.command(Command::End(chats[0])).await.expect("her own chat");
        ana.accept(chats[3]).await;
        visitors[3].state("assigned").await;
        let loads = loads_of(&ana);
        assert!(
            loads.iter().all(|load| *load <= 3),
            "Ana's chats were counted as {loads:?}"
        );
        assert!(
            !was_offered_before_the_end(&ana, chats[0], chats[3]),
            "the fourth chat came before a place was free"
        );
    })
    .await;
}

/// The loads of the client's user in all rows that the server sent.
fn loads_of(client: &Client) -> Vec<u32> {
    let rows = client.frames().iter().flat_map(|frame| match frame {
        ServerFrame::Rows { upserts, .. } => upserts.as_slice(),
        _ => &[],
    });
    rows.filter_map(|row| match row {
        Row::User(user) if user.id == client.me.id => Some(user.load),
        _ => None,
    })
    .collect()
}

fn was_offered_before_the_end(client: &Client, ended: ConversationId, offered: ConversationId) -> bool {
    let all: Vec<_> = client.frames().iter().flat_map(heads).collect();
    let end = all
        .iter()
        .position(|head| head.id == ended && matches!(head.state, State::Ended { .. }));
    let offer = all.iter().position(|head| head.id == offered);
    matches!((end, offer), (Some(end), Some(offer)) if offer < end)
}
