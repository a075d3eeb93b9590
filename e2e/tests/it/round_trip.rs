//! A visitor writes on a web page, an agent answers, and the chat ends.

use std::time::Duration;

use causerie_e2e::{browser::Engine, story_in};
use causerie_shared::conversation::UNDO_MS;

in_every_engine! {
    a_visitor_and_an_agent_talk_until_the_agent_ends_the_chat => talk_to_the_end,
    a_visitor_who_comes_back_sees_what_was_said_and_goes_on => come_back,
}

async fn talk_to_the_end(engine: Engine) {
    story_in(engine, "round_trip", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Does the lamp dim?").await;
        vera.reads("You are next in the queue.").await;

        let card = ana.offer("Vera Vidal").await;
        let words = card.prop("innerText").await.unwrap().unwrap_or_default();
        assert!(
            words.contains("Does the lamp dim?") && words.contains("Product advice"),
            "the card says: {words}"
        );
        ana.accept("Vera Vidal").await;
        vera.reads("Ana joined the chat").await;
        ana.message(&["Vera Vidal", "Does the lamp dim?"]).await;
        vera.message(&["Does the lamp dim?", "Read"]).await;
        let scrolls: bool = ana
            .script("return document.documentElement.scrollHeight > innerHeight", vec![])
            .await;
        assert!(!scrolls, "the whole page scrolls, not the panes");

        tokio::join!(ana.stop_clock(), vera.stop_clock());
        ana.write("Reply", "Yes, with").await;
        vera.reads("Ana is typing").await;
        ana.reply("Yes, with any dimmer.").await;
        vera.message(&["Yes, with any dimmer."]).await;
        ana.message(&["You", "Yes, with any dimmer.", "Read"]).await;

        vera.write("Message", "Grea").await;
        ana.find("img", "Vera Vidal is typing").await;
        tokio::join!(ana.start_clock(), vera.start_clock());
        vera.say("Great, thank you").await;
        ana.message(&["Vera Vidal", "Great, thank you"]).await;
        vera.message(&["Great, thank you", "Read"]).await;

        ana.click("button", "End chat").await;
        ana.folder("History").await;
        ana.open("Vera Vidal").await;
        ana.reads("Ended by Ana Ruiz").await;
        assert!(!vera.text().await.contains("ended the chat"), "it can still be undone");
        stage.server.advance(Duration::from_millis(UNDO_MS as u64));
        vera.reads("Ana ended the chat").await;
        assert!(
            !ana.has("textbox", "Reply").await,
            "an ended chat can still be written in"
        );

        vera.click("button", "Start a new chat").await;
        vera.fill("Message", "One more thing").await;
        vera.click("button", "Start chat").await;
        let again = ana.offer("Vera Vidal").await;
        assert!(
            again
                .prop("innerText")
                .await
                .unwrap()
                .unwrap_or_default()
                .contains("One more thing")
        );
    })
    .await;
}

async fn come_back(engine: Engine) {
    story_in(engine, "round_trip_reload", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Do you ship to Porto?").await;
        let chat = ana.head("the chat", |head| head.contact_name == "Vera Vidal").await.id;
        ana.accept(chat).await;
        let reply = ana.reply_to(chat, "We do, in two days.");
        ana.send(&reply).await;
        vera.message(&["We do, in two days."]).await;

        vera.open_again().await;
        vera.message(&["Do you ship to Porto?"]).await;
        vera.message(&["We do, in two days."]).await;
        vera.say("Wonderful").await;
        vera.message(&["Wonderful", "Sent"]).await;
        let said: Vec<_> = stage
            .server
            .texts(chat)
            .await
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(said, ["Do you ship to Porto?", "We do, in two days.", "Wonderful"]);
    })
    .await;
}
