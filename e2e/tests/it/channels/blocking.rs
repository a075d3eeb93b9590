//! A contact is blocked from their chat, and unblocked in the settings.

use causerie_e2e::{
    pages::Console,
    providers::{Line, Person},
    story,
};
use causerie_shared::inbox::Channel;

use super::{begin, customer, id};

/// Lets another customer write and waits for the message. Everything sent earlier has then been processed, so an
/// earlier message is in the queue or never will be.
async fn queue_has(ana: &Console, line: &Line, text: &str) {
    let other = Person {
        id: "16505559876",
        name: "Carla Fox",
    };
    line.says(other, &format!("wamid.carla{}", text.len()), text).await;
    ana.folder("Queue").await;
    ana.find_part("option", text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_blocked_is_heard_in_the_open_chat_and_no_more() {
    story("blocking", async |stage| {
        let channel = Channel::Whatsapp;
        let (line, ana) = begin(stage, channel, "You are all idiots").await;
        let says = async |number, text| line.says(customer(channel), &id(channel, number), text).await;

        ana.click("link", "Block contact").await;
        ana.find("dialog", "Block Ada Byron?").await;
        // Cancelling returns to the chat.
        ana.click("button", "Cancel").await;
        ana.message(&["You are all idiots"]).await;
        ana.click("link", "Block contact").await;
        let dialog = ana.find("dialog", "Block Ada Byron?").await;
        ana.fill("Reason (optional)", "Insults").await;
        let act = ana.find_in(&dialog, "button", "Block contact").await;
        act.click().await.expect("the dialog's button");
        ana.reads("Blocked by Ana Ruiz").await;
        ana.reads("Insults").await;
        ana.click("link", "Back to the chat").await;
        ana.find("textbox", "Reply").await;
        ana.reads("Blocked").await;

        says(2, "And you too").await;
        ana.message(&["And you too"]).await;
        ana.click("button", "End chat").await;
        says(3, "Never heard").await;
        line.quiet().await;
        queue_has(&ana, &line, "Is there a floor lamp?").await;
        assert_eq!(ana.all("option").await.len(), 1, "only Carla waits");

        let owner = stage.agent("owner@demo.test").await;
        owner.settings("Blocked people").await;
        let row = owner.row("Ada Byron").await;
        let words = row.text().await.expect("the row can be read");
        for part in ["16505551234", "Insults", "Ana Ruiz", "1"] {
            assert!(words.contains(part), "“{part}” is not in {words}");
        }
        owner.click("button", "Unblock Ada Byron").await;
        owner.reads("Nobody is blocked").await;
        says(4, "Sorry").await;
        ana.open("Sorry").await;
        ana.message(&["Sorry"]).await;
        ana.click("link", "Block contact").await;
        ana.find("dialog", "Block Ada Byron?").await;

        owner.settings("Audit log").await;
        for action in ["contact.block", "contact.unblock"] {
            let entry = owner.row(action).await;
            assert!(entry.text().await.expect("the entry can be read").contains("Ada Byron"));
        }
    })
    .await;
}
