//! A long chat in Chromium: how long it takes to open it for the first time, and to show a sent message in it.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use super::{
    figures,
    peers::world::{self, Plan},
    server::Released,
};
use crate::{
    browser::{Driver, Engine, Screen, Theme},
    pages::Console,
    wait::until,
};

/// Number of chats, each opened once.
const CHATS: usize = 8;
/// Messages of the longest chat. A segment holds as many.
const MESSAGES: usize = 400;
/// Number of sent messages.
const SENDS: usize = 20;

/// Clicks a row of the list and records the time until the page shows the chat's last message, in ms.
const OPEN: &str = "const [chat, last] = arguments;
    window.took = null;
    const begun = performance.now();
    const observer = new MutationObserver(() => {
        const articles = document.querySelectorAll('[role=log] [role=article]');
        if (!articles[articles.length - 1]?.textContent.includes(last)) return;
        window.took = performance.now() - begun;
        observer.disconnect();
    });
    observer.observe(document, { childList: true, subtree: true, characterData: true });
    document.getElementById(`row-${chat}`).click();
    return null";

/// Records the time from the next click until the log shows a text, in ms.
const ECHO: &str = "const [text] = arguments;
    window.took = null;
    addEventListener('click', ({ timeStamp }) => {
        const observer = new MutationObserver(() => {
            const articles = document.querySelectorAll('[role=log] [role=article]');
            if (!articles[articles.length - 1]?.textContent.includes(text)) return;
            window.took = performance.now() - timeStamp;
            observer.disconnect();
        });
        observer.observe(document, { childList: true, subtree: true, characterData: true });
    }, { capture: true, once: true });
    return null";

/// Measures and prints both times.
pub async fn print() {
    // Each chat has its own number of messages, so that no two chats have the same last message.
    let lengths: Vec<usize> = (0..CHATS).map(|less| MESSAGES - less).collect();
    let plan: Plan = lengths
        .iter()
        .map(|length| (format!("chat-{length}"), *length))
        .collect();
    let furnish = async |folder: &Path, url: &str| world::furnish(folder, url, &plan, 0, 0).await;
    let (server, chats) = Released::furnished(furnish).await;
    let driver = Driver::start(Engine::Chromium).await;
    // A supervisor's console fetches another agent's chat when it is opened.
    let reader = sign_in(&driver, &server, world::READERS[0], "/all").await;
    figures::print_median(
        &format!("chat of {MESSAGES} messages, not on the device, first opening in Chromium"),
        open(&reader, &lengths, &chats).await,
    );
    reader.close().await;

    // An agent's own chats are on the device before they are opened.
    let console = sign_in(&driver, &server, world::WRITER, "/mine").await;
    figures::print_median(
        &format!("own chat of {MESSAGES} messages, first opening in Chromium"),
        open(&console, &lengths, &chats).await,
    );

    console.find("textbox", "Reply").await;
    let mut echoed = vec![];
    for number in 0..SENDS {
        let text = format!("Answer {number} of the bench.");
        console.fill("Reply", &text).await;
        let _: Value = console.script(ECHO, vec![json!(text)]).await;
        console.click("button", "Send").await;
        echoed.push(took(&console, "the own message").await);
    }
    figures::print_times(
        &format!("own message in a chat of {MESSAGES}, from click to bubble"),
        echoed,
    );
    console.close().await;
}

/// Signs in and waits until the list has all chats.
async fn sign_in(driver: &Driver, server: &Released, email: &str, list: &str) -> Console {
    let page = driver.open(Screen::Desktop, Theme::Light).await;
    let console = Console::new(page, format!("http://{}", server.host));
    console.sign_in(email).await;
    console.visit(list).await;
    until("the list", async || {
        (console.all("option").await.len() >= CHATS).then_some(())
    })
    .await;
    console
}

/// Opens each chat, and returns the times until the page shows its last message.
async fn open(console: &Console, lengths: &[usize], chats: &world::Chats) -> Vec<Duration> {
    let mut opened = vec![];
    for length in lengths {
        let chat = chats[&format!("chat-{length}")].to_string();
        let last = super::peers::text(length - 1);
        let _: Value = console.script(OPEN, vec![json!(chat), json!(last)]).await;
        opened.push(took(console, "the chat's last message").await);
    }
    opened
}

async fn took(console: &Console, what: &str) -> Duration {
    let millis = until(what, async || {
        console.script::<Value>("return window.took", vec![]).await.as_f64()
    })
    .await;
    Duration::from_secs_f64(millis / 1000.0)
}
