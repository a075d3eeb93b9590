//! A whole chat without a mouse.

use std::time::Duration;

use causerie_e2e::{
    browser::{Screen, Theme},
    pages::Console,
    story,
    wait::until,
};
use causerie_server::demo::PASSWORD;
use causerie_shared::conversation::UNDO_MS;
use thirtyfour::Key;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_with_the_keyboard_alone() {
    story("keyboard", async |stage| {
        let page = stage.page(Screen::Desktop, Theme::Light).await;
        let ana = Console::new(page, stage.server.url(""));
        ana.visit("/").await;
        ana.find("textbox", "E-mail").await;
        ana.tab_to("textbox", "E-mail").await;
        ana.keys("ana@demo.test").await;
        ana.tab_to("textbox", "Password").await;
        ana.keys(PASSWORD).await;
        ana.key(Key::Enter).await;
        ana.find("link", "Mine").await;

        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Which bulb fits?").await;
        ana.offer("Vera Vidal").await;
        ana.key(Key::F8).await;
        visitor.state("assigned").await;
        ana.find("textbox", "Reply").await;
        until("the focus in the reply", async || {
            ana.focused("textbox", "Reply").await.then_some(())
        })
        .await;
        ana.keys("E27, up to 60 W.").await;
        ana.key(Key::Enter).await;
        visitor.hears("E27, up to 60 W.").await;

        ana.tab_to("tab", "Info").await;
        ana.key(Key::Right).await;
        ana.tab_to("button", "Add note").await;
        ana.key(Key::Enter).await;
        until("the focus in the note", async || {
            ana.focused("textbox", "Note").await.then_some(())
        })
        .await;
        ana.keys("Has a Globo.").await;

        ana.tab_to("button", "End chat").await;
        ana.key(Key::Enter).await;
        stage.server.advance(Duration::from_millis(UNDO_MS as u64));
        visitor.state("ended").await;
        // The second key must follow the first within 1.5 s.
        until("the ended chats", async || {
            ana.keys("gh").await;
            (ana.path().await == "/app/history").then_some(())
        })
        .await;
        ana.find_part("option", "Vera Vidal").await;
        ana.keys("j").await;
        ana.message(&["E27, up to 60 W."]).await;
        assert_eq!(stage.server.texts(chat).await.len(), 2);
    })
    .await;
}
