//! Bad connections between a browser and the server: none at all, half open, and cut in the middle.

use std::time::Duration;

use causerie_e2e::{
    Stage, Through,
    pages::{Console, Widget},
    proxy::Way,
    story_through,
    wait::until,
};
use causerie_shared::{
    conversation::{State, UNDO_MS},
    ids::ConversationId,
    message::Author,
};

/// Replies that are written offline. No text is part of another.
const REPLIES: [&str; 5] = [
    "First, the shade.",
    "Second, the cable.",
    "Third, the bulb.",
    "Fourth, the screws.",
    "Fifth, the manual.",
];
/// Fewer bytes than a push with a reply has, and more than a pong.
const PART_OF_A_PUSH: usize = 90;

/// Opens Ana's console on a chat with Vera. The proxy carries only one of the two connections.
async fn a_chat(stage: &Stage) -> (Console, Widget) {
    let ana = stage.agent("ana@demo.test").await;
    let vera = stage.shopper().await;
    vera.begin("Vera Vidal", "What is in the box?").await;
    ana.accept("Vera Vidal").await;
    vera.reads("Ana joined the chat").await;
    ana.reply("One moment, I look.").await;
    vera.message(&["One moment, I look."]).await;
    ana.message(&["One moment, I look.", "Read"]).await;
    (ana, vera)
}

/// The stored texts, of the agent or of the visitor.
async fn stored(stage: &Stage, chat: ConversationId, agent: bool) -> Vec<String> {
    let all = stage.server.texts(chat).await;
    let wanted = all
        .into_iter()
        .filter(|(author, _)| matches!(author, Author::Agent(_)) == agent);
    wanted.map(|(_, text)| text).collect()
}

/// How often a text is in a log.
fn times(log: &[String], text: &str) -> usize {
    log.iter().filter(|message| message.contains(text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_and_ended_in_a_tunnel_happens_once_and_in_order_after_a_reload() {
    story_through(Through::Console, "tunnel", async |stage| {
        let (ana, vera) = a_chat(stage).await;
        let chat = ana.chat().await;
        let ready = "const done = arguments[0]; navigator.serviceWorker.ready.then(() => done(true))";
        assert!(ana.promise::<bool>(ready, vec![]).await);

        stage.proxy().black_hole();
        for reply in REPLIES {
            ana.reply(reply).await;
            ana.message(&[reply]).await;
        }
        ana.click("button", "End chat").await;
        ana.reload().await;
        // Ending a chat closes it; it stays in the list until the server has the command.
        ana.open("Vera Vidal").await;
        for reply in REPLIES {
            ana.message(&[reply]).await;
        }
        assert_eq!(stored(stage, chat, true).await, ["One moment, I look."]);

        stage.proxy().pass();
        until("the end of the chat", async || {
            let head = stage.server.head(chat).await;
            matches!(head.state, State::Ended { .. }).then_some(())
        })
        .await;
        stage.server.advance(Duration::from_millis(UNDO_MS as u64));
        vera.reads("Ana ended the chat").await;
        let heard = vera.messages().await;
        assert!(
            REPLIES.iter().all(|reply| times(&heard, reply) == 1),
            "not once each: {heard:?}"
        );
        let all = [&["One moment, I look."][..], &REPLIES].concat();
        assert_eq!(stored(stage, chat, true).await, all);
        let head = stage.server.head(chat).await;
        assert!(
            matches!(head.state, State::Ended { .. }),
            "the chat is {:?}",
            head.state
        );
        ana.gone("textbox", "Reply").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_died_without_a_word_is_noticed_and_replaced() {
    story_through(Through::Console, "half_open", async |stage| {
        let (ana, vera) = a_chat(stage).await;
        let chat = ana.chat().await;
        // Ana's reply still arrives. Nothing comes back on the old connection, and neither side closes it.
        stage.proxy().half_open(Way::Down);
        ana.reply("Does this reach you?").await;
        vera.message(&["Does this reach you?"]).await;
        vera.say("It does, go on").await;
        // Only the page's own clock can detect this. A new connection brings what was missed.
        ana.turn_clock(Duration::from_secs(30)).await;
        ana.message(&["Vera Vidal", "It does, go on"]).await;
        ana.message(&["Does this reach you?", "Read"]).await;
        ana.reply("Good.").await;
        vera.message(&["Good."]).await;
        let all = ["One moment, I look.", "Does this reach you?", "Good."];
        assert_eq!(stored(stage, chat, true).await, all);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_was_cut_in_the_middle_is_stored_once() {
    story_through(Through::Console, "cut_push", async |stage| {
        let (ana, vera) = a_chat(stage).await;
        let chat = ana.chat().await;
        stage.proxy().cut(Way::Up, PART_OF_A_PUSH);
        ana.reply("The box has three parts.").await;
        vera.message(&["The box has three parts."]).await;
        // The other direction: the push arrives, and its acknowledgement does not.
        stage.proxy().cut(Way::Down, 3);
        ana.reply("And a manual.").await;
        vera.message(&["And a manual."]).await;
        for reply in ["The box has three parts.", "And a manual."] {
            ana.message(&[reply, "Read"]).await;
        }
        let all = ["One moment, I look.", "The box has three parts.", "And a manual."];
        assert_eq!(stored(stage, chat, true).await, all);
        let shown = ana.messages().await;
        assert!(
            all.iter().all(|text| times(&shown, text) == 1),
            "not once each: {shown:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_on_a_slow_line_and_served_out_of_turn_shows_everything_once() {
    story_through(Through::Console, "slow", async |stage| {
        let (ana, vera) = a_chat(stage).await;
        for way in [Way::Up, Way::Down] {
            stage.proxy().delay(way, Duration::from_millis(150));
        }
        for reply in REPLIES {
            ana.reply(reply).await;
        }
        vera.message(&[REPLIES[4]]).await;
        // The connection breaks. New ones are served in reverse order.
        stage.proxy().queue();
        stage.proxy().reset();
        vera.say("And the lamp?").await;
        until("a new line", async || (stage.proxy().waiting() > 0).then_some(())).await;
        while stage.proxy().serve_newest() {}
        stage.proxy().pass();
        ana.message(&["Vera Vidal", "And the lamp?"]).await;
        let shown = ana.messages().await;
        let places: Vec<_> = REPLIES
            .iter()
            .map(|reply| shown.iter().position(|message| message.contains(reply)))
            .collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{shown:?}");
        assert!(REPLIES.iter().all(|reply| times(&shown, reply) == 1), "{shown:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_keeps_what_they_wrote_until_it_arrived_once() {
    story_through(Through::Visitor, "visitor_faults", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Hello").await;
        let chat = ana.head("the chat", |head| head.contact_name == "Vera Vidal").await.id;
        ana.accept(chat).await;
        vera.reads("Ana joined the chat").await;
        let proxy = stage.proxy();

        // The proxy refuses connections for a while.
        proxy.refuse();
        proxy.reset();
        vera.reads("Reconnecting").await;
        for text in [REPLIES[0], REPLIES[1]] {
            vera.say(text).await;
            vera.message(&[text]).await;
        }
        proxy.pass();
        vera.message(&[REPLIES[1], "Sent"]).await;
        // The connection breaks before the answer.
        proxy.cut(Way::Down, 3);
        vera.say(REPLIES[2]).await;
        vera.message(&[REPLIES[2], "Sent"]).await;
        // The connection breaks in the middle of the message.
        proxy.cut(Way::Up, 30);
        vera.say(REPLIES[3]).await;
        vera.message(&[REPLIES[3], "Sent"]).await;
        // The connection is reset during the send.
        proxy.reset();
        vera.say(REPLIES[4]).await;
        vera.message(&[REPLIES[4], "Sent"]).await;

        let said = [&["Hello"][..], &REPLIES].concat();
        assert_eq!(stored(stage, chat, false).await, said);
        let shown = vera.messages().await;
        assert!(
            said.iter().all(|text| times(&shown, text) == 1),
            "not once each: {shown:?}"
        );
    })
    .await;
}
