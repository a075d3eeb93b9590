//! Later changes of messages, in whatever order the webhooks come.

use causerie_e2e::{
    providers::{Fault, News, State},
    story,
};
use causerie_shared::inbox::Channel;

use super::{begin, customer, happens, id};

#[tokio::test(flavor = "multi_thread")]
async fn reactions_edits_and_deletions_are_seen_on_the_bubble() {
    story("marks_bubble", async |stage| {
        let channel = Channel::Whatsapp;
        let (line, ana) = begin(stage, channel, "One lmap").await;
        ana.reply("A lamp?").await;
        let ours = line.fake.took("A lamp?").await.id;
        let first = id(channel, 1);
        let edit = News::Edit {
            target: &first,
            text: "One lamp",
        };
        happens(&line, edit).await;
        ana.message(&["One lamp", "Edited"]).await;
        let react = |emoji| News::Reaction { target: &ours, emoji };
        happens(&line, react(Some("👍"))).await;
        ana.message(&["A lamp?", "👍", "Reaction of the customer"]).await;
        happens(&line, react(Some("❤️"))).await;
        ana.message(&["A lamp?", "❤️"]).await;
        happens(&line, react(None)).await;
        line.quiet().await;
        causerie_e2e::wait::until("the end of the reaction", async || {
            let messages = ana.messages().await;
            (!messages.iter().any(|text| text.contains("Reaction"))).then_some(())
        })
        .await;
        happens(&line, News::Delete { target: &first }).await;
        ana.message(&["Its author deleted this message"]).await;
        assert!(
            !ana.text().await.contains("One lamp"),
            "what was deleted can still be read"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_come_before_the_answer_twice_and_in_the_wrong_order() {
    story("marks_order", async |stage| {
        let channel = Channel::Whatsapp;
        let (line, ana) = begin(stage, channel, "Hello?").await;
        line.fake.fault(Fault::Held);
        ana.reply("Good morning.").await;
        let ours = line.fake.took("Good morning.").await;
        let state = |state| News::State {
            target: &ours.id,
            state,
            opaque: None,
        };
        // The status comes before the provider's answer to the send.
        happens(&line, state(State::Delivered)).await;
        line.fake.release();
        ana.message(&["Good morning.", "Delivered"]).await;
        happens(&line, state(State::Read)).await;
        ana.message(&["Good morning.", "Read"]).await;
        for late in [State::Sent, State::Delivered] {
            happens(&line, state(late)).await;
        }
        // The customer's next message is delivered twice, and the one before a second time.
        let body = line.body(
            customer(channel),
            News::Text {
                id: &id(channel, 2),
                text: "Thanks",
                quoted: None,
            },
        );
        line.deliver(&body).await;
        line.deliver(&body).await;
        line.says(customer(channel), &id(channel, 1), "Hello?").await;
        line.quiet().await;
        ana.message(&["Thanks"]).await;
        ana.message(&["Good morning.", "Read"]).await;
        assert_eq!(ana.messages().await.len(), 3, "{:?}", ana.messages().await);
        assert_eq!(line.fake.tries("Good morning."), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_on_the_providers_own_app_is_ours() {
    story("marks_echo", async |stage| {
        let channel = Channel::Messenger;
        let (line, ana) = begin(stage, channel, "Hello?").await;
        ana.reply("Good morning.").await;
        let ours = line.fake.took("Good morning.").await;
        let echo = |id, text, opaque| News::Echo { id, text, opaque };
        happens(&line, echo(&ours.id, "Good morning.", ours.opaque.as_deref())).await;
        happens(&line, echo("m_phone", "From the phone", None)).await;
        ana.message(&["From the phone"]).await;
        let state = |state| News::State {
            target: &ours.id,
            state,
            opaque: None,
        };
        happens(&line, state(State::Delivered)).await;
        ana.message(&["Good morning.", "Delivered"]).await;
        happens(&line, state(State::Read)).await;
        ana.message(&["Good morning.", "Read"]).await;
        assert_eq!(ana.messages().await.len(), 3, "{:?}", ana.messages().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocks_the_bot_is_seen_in_the_chat() {
    story("marks_blocked", async |stage| {
        let channel = Channel::Telegram;
        let (line, ana) = begin(stage, channel, "Bye").await;
        happens(&line, News::Blocked).await;
        ana.reads("The customer has blocked this account.").await;
        let words = "Forbidden: bot was blocked by the user";
        line.fake.fault(Fault::Refused(403, 403, 0, words));
        ana.reply("Wait!").await;
        ana.message(&["Wait!", "Not sent. The customer has blocked the bot.", "Retry"])
            .await;
    })
    .await;
}
