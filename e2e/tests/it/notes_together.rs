//! Several users edit notes together.

use causerie_e2e::{Page, story, wait::until};
use causerie_shared::frame::Command;
use thirtyfour::Key;

/// The texts of all notes on the page.
async fn notes(page: &Page) -> Vec<String> {
    let mut texts = vec![];
    for field in page.all("textbox").await {
        if field.attr("aria-label").await.ok().flatten().as_deref() == Some("Note") {
            texts.push(field.prop("value").await.ok().flatten().unwrap_or_default());
        }
    }
    texts
}

async fn shows(page: &Page, text: &str) {
    until(&format!("the note “{text}”"), async || {
        (notes(page).await == [text]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_edit_a_note_at_once_and_both_edits_stand() {
    story("notes_together", async |stage| {
        let mut visitor = stage.orders_visitor().await;
        let chat = visitor.start("Teal Otter", "My parcel is late").await;
        let mut supervisor = stage.client("sup@demo.test").await;
        supervisor
            .command(Command::Start(chat))
            .await
            .expect("the chat is in the queue");
        supervisor.command(Command::End(chat)).await.expect("her own chat");

        let (ana, ben) = tokio::join!(stage.agent("ana@demo.test"), stage.agent("ben@demo.test"));
        for agent in [&ana, &ben] {
            agent.folder("History").await;
            agent.open("Teal Otter").await;
            agent.notes().await;
        }
        ana.click("button", "Add note").await;
        ana.write("Note", "Calls after six.").await;
        shows(&ben, "Calls after six.").await;

        let (start, end) = tokio::join!(ana.find("textbox", "Note"), ben.find("textbox", "Note"));
        let to_start = format!("{}{}{}", Key::Control.value(), Key::Home.value(), Key::Null.value());
        let to_end = format!("{}{}{}", Key::Control.value(), Key::End.value(), Key::Null.value());
        start.send_keys(to_start).await.unwrap();
        end.send_keys(to_end).await.unwrap();
        let (here, there) = tokio::join!(start.send_keys("VIP. "), end.send_keys(" Likes brass."));
        here.unwrap();
        there.unwrap();
        for agent in [&ana, &ben] {
            shows(agent, "VIP. Calls after six. Likes brass.").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_highlighted_note_stands_below_the_facts() {
    story("notes_highlight", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        visitor.start("Vera Vidal", "Good morning").await;
        ana.accept("Vera Vidal").await;
        ana.notes().await;
        ana.click("button", "Add note").await;
        ana.write("Note", "Asks for invoices by post.").await;
        ana.click("button", "Highlight").await;
        ana.click_part("tab", "Info").await;
        let highlighted = ana.find("region", "Highlighted notes").await;
        until("the highlighted note", async || {
            highlighted
                .text()
                .await
                .ok()?
                .contains("Asks for invoices by post.")
                .then_some(())
        })
        .await;
    })
    .await;
}
