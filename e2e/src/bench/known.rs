//! What the length of the lists costs: the first windows of the lists, and the start of a console that stores many
//! rows.

use serde_json::{Value, json};

use super::{start, windows};
use crate::{
    browser::{Driver, Engine},
    pages::Console,
    wait::until,
};

/// Number of chats that the console stores, of the many that the server has.
const KNOWN: u32 = 10_000;
/// Rows from one scroll position to the next: few enough that every row is loaded.
const STEP: u32 = 60;
/// The largest number of rows in view.
const SCREEN: u32 = 20;

/// Scrolls the list to a row, and returns whether it is drawn.
const SCROLL: &str = "const [at] = arguments;
    const list = document.querySelector('#conversations [role=listbox]');
    const there = list?.querySelector(`[role=option][aria-posinset='${at + 1}']`);
    if (there?.textContent) return true;
    const row = list?.querySelector('[role=option]')?.offsetHeight;
    if (row) list.parentElement.scrollTop = at * row;
    return false";

/// The number of chat rows in the browser's database.
const STORED: &str = "const done = arguments[0];
    indexedDB.databases().then((all) => {
        const request = indexedDB.open(all.find(({ name }) => name.startsWith('causerie-')).name);
        request.onsuccess = () => {
            const database = request.result;
            const count = database.transaction('heads').objectStore('heads').count();
            count.onsuccess = () => { database.close(); done(count.result); };
        };
    })";

/// Prints the times of windows and of starts.
pub async fn print() {
    let mut server = windows::print().await;
    let driver = Driver::start(Engine::Chromium).await;
    let console = start::sign_in(&driver, &format!("http://{}", server.host)).await;
    start::installed(&console).await;
    console.visit("/history").await;
    for at in (0..KNOWN).step_by(STEP as usize) {
        scroll(&console, at).await;
    }
    until("the rows in the browser's database", async || {
        let stored: u32 = console.promise(STORED, vec![]).await;
        (stored >= KNOWN).then_some(())
    })
    .await;
    let suffix = format!(" with {KNOWN} conversations known");
    start::print_warm(&console, &mut server, "/history", &suffix).await;
    // Rows at the end of the list are stored too, not only the first ones.
    scroll(&console, KNOWN - SCREEN).await;
    console.close().await;
}

/// Scrolls until a row is drawn.
async fn scroll(console: &Console, at: u32) {
    let what = format!("row {at} of the list");
    until(&what, async || {
        let drawn: Value = console.script(SCROLL, vec![json!(at)]).await;
        (drawn == true).then_some(())
    })
    .await;
}
