//! The time from a visitor's message to the agent's screen, in Chromium.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use causerie_server::demo::KEY;
use serde_json::{Value, json};

use super::{figures, server::Released};
use crate::{
    browser::{Driver, Engine, Screen, Theme},
    pages::Console,
    visitor::Visitor,
    wait::until,
};

/// Number of chats, and messages of each: a visitor may send thirty in a minute.
const CHATS: usize = 3;
const MESSAGES: usize = 25;

/// Records when each message appeared in the log, in ms since the epoch.
const WATCH: &str = "window.seen = {};
    const log = document.querySelector('[role=log]');
    new MutationObserver(() => {
        const at = performance.timeOrigin + performance.now();
        for (const [mark] of log.textContent.matchAll(/<\\d+:\\d+>/g)) window.seen[mark] ??= at;
    }).observe(log, { childList: true, subtree: true, characterData: true });
    return null";

/// Measures one message after the other and prints the times.
pub async fn print(server: &Released) {
    let driver = Driver::start(Engine::Chromium).await;
    let page = driver.open(Screen::Desktop, Theme::Light).await;
    let ana = Console::new(page, format!("http://{}", server.host));
    ana.sign_in("ana@demo.test").await;
    let mut times = vec![];
    for chat in 0..CHATS {
        let name = format!("Visitor {chat}");
        let mut visitor = Visitor::new(&server.host, KEY).await;
        visitor.start(&name, "Hello").await;
        ana.accept(&name).await;
        ana.message(&["Hello"]).await;
        let _: Value = ana.script(WATCH, vec![]).await;
        for number in 0..MESSAGES {
            let mark = format!("<{chat}:{number}>");
            let sent = SystemTime::now();
            visitor
                .send(&json!({ "t": "message", "cid": format!("{chat}-{number}"), "text": mark }))
                .await;
            let seen = until("the message on the screen", async || {
                ana.script::<Option<f64>>("return window.seen[arguments[0]] ?? null", vec![json!(mark)])
                    .await
            })
            .await;
            let sent = sent.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            times.push(Duration::from_secs_f64((seen / 1000.0 - sent).max(0.0)));
        }
    }
    ana.close().await;
    figures::print_times("visitor to agent's screen in Chromium", times);
}
