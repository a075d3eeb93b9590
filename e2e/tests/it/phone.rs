//! The console on a phone.

use causerie_e2e::{
    browser::{Engine, Screen},
    story_in,
};

in_every_engine! {
    on_a_phone_list_chat_and_profile_are_screens_and_an_offer_is_a_sheet => on_a_phone,
    nothing_is_wider_than_the_smallest_phone => on_the_smallest_phone,
}

async fn on_a_phone(engine: Engine) {
    story_in(engine, "phone", async |stage| {
        let ana = stage.agent_at("ana@demo.test", Screen::Phone).await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Which bulb fits?").await;

        let sheet = ana.find("region", "Offers").await;
        let [left, top, right, bottom] = ana.edges(&sheet).await;
        assert!(
            left < 1.0 && right > 389.0,
            "the sheet is not as wide as the phone: {left} to {right}"
        );
        assert!(
            top > 400.0 && bottom > 780.0,
            "the sheet is not at the foot: {top} to {bottom}"
        );
        let accept = ana.find_in(&sheet, "button", "Accept").await;
        let [_, top, _, bottom] = ana.edges(&accept).await;
        if engine.imitates_fingers() {
            assert!(bottom - top >= 44.0, "Accept is only {} high", bottom - top);
        }
        ana.accept("Vera Vidal").await;

        visitor.state("assigned").await;
        ana.message(&["Which bulb fits?"]).await;
        assert!(ana.all("option").await.is_empty(), "the list is beside the chat");
        ana.reply("E27, up to 60 W.").await;
        visitor.hears("E27, up to 60 W.").await;
        assert_eq!(stage.server.texts(chat).await.len(), 2);

        ana.click("button", "Contact").await;
        ana.find("tab", "Info").await;
        ana.click("button", "Close").await;
        ana.find("textbox", "Reply").await;
        ana.click("button", "Back").await;
        ana.find_part("option", "Vera Vidal").await;
        ana.gone("log", "Messages").await;
        ana.click("button", "More").await;
        ana.click("link", "History").await;
        ana.reads("No ended chats").await;
    })
    .await;
}

async fn on_the_smallest_phone(engine: Engine) {
    story_in(engine, "phone_320", async |stage| {
        let ana = stage.agent_at("ana@demo.test", Screen::Phone).await;
        ana.resize(320, 640).await;
        let mut visitor = stage.visitor().await;
        visitor
            .start("Vera Vidal-Montserrat of the Long Names", &"bulb".repeat(60))
            .await;
        let mut wide = vec![];
        let mut measure = async |screen: &'static str| {
            let width = ana.scroll_width().await;
            if width > 320 {
                wide.push(format!("{screen}: {width}"));
            }
        };
        ana.find("region", "Offers").await;
        measure("offer").await;
        ana.accept("Vera Vidal-Montserrat of the Long Names").await;
        ana.message(&["bulbbulb"]).await;
        measure("chat").await;
        ana.click("button", "Contact").await;
        ana.find("tab", "Info").await;
        measure("profile").await;
        ana.click("button", "Close").await;
        ana.click("button", "Back").await;
        ana.find_part("option", "Vera").await;
        measure("list").await;
        ana.click("button", "More").await;
        ana.click("link", "Settings").await;
        ana.find("button", "Change password").await;
        measure("account").await;
        assert_eq!(wide, Vec::<String>::new());
    })
    .await;
}
