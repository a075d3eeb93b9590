//! How soon the list can be used.

use std::time::Duration;

use serde_json::{Value, json};

use super::{figures, server::Released, workspace};
use crate::{
    Page,
    browser::{Driver, Screen, Theme},
    pages::Console,
    wait::until,
};

const RUNS: usize = 10;

/// Notes when the first row of the list is there, in ms since the navigation began.
const WATCH: &str = "new MutationObserver((_, observer) => {
    if (!document.querySelector('[role=option]')?.textContent) return;
    window.usable = performance.now();
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });";

/// Cold, warm and without the server, in this order: the last one stops it.
pub async fn print(server: &mut Released) {
    let driver = Driver::start().await;
    let base = format!("http://{}", server.host);
    let mut cold = vec![];
    for _ in 0..RUNS {
        let console = sign_in(&driver, &base).await;
        forget(&console, &base).await;
        cold.push(visit(&console).await);
        console.close().await;
    }
    figures::print_median("cold start to a usable list", cold);

    let console = sign_in(&driver, &base).await;
    let installed = "const done = arguments[0]; navigator.serviceWorker.ready.then(() => done(true))";
    let _: bool = console.promise(installed, vec![]).await;
    visit(&console).await;
    let mut warm = vec![];
    for _ in 0..RUNS {
        warm.push(visit(&console).await);
    }
    figures::print_median("warm start to a usable list", warm);

    server.stop().await;
    let mut offline = vec![];
    for _ in 0..RUNS {
        offline.push(visit(&console).await);
    }
    figures::print_median("start to a usable list, server stopped", offline);
    console.close().await;
}

/// An agent of the bench, who has chats.
async fn sign_in(driver: &Driver, base: &str) -> Console {
    let page = driver.open(Screen::Desktop, Theme::Light).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH }))
        .await;
    let console = Console::new(page, base.to_owned());
    console.sign_in(&workspace::email(0)).await;
    console
}

/// Leaves the sign-in and nothing else: neither program nor data.
async fn forget(page: &Page, origin: &str) {
    page.goto("about:blank").await;
    page.devtools("Network.clearBrowserCache", json!({})).await;
    let everything_else = "cache_storage,indexeddb,local_storage,service_workers,file_systems";
    page.devtools(
        "Storage.clearDataForOrigin",
        json!({ "origin": origin, "storageTypes": everything_else }),
    )
    .await;
}

async fn visit(console: &Console) -> Duration {
    console.goto("about:blank").await;
    console.visit("/mine").await;
    let usable = until("the list", async || {
        console
            .script::<Value>("return window.usable ?? null", vec![])
            .await
            .as_f64()
    })
    .await;
    Duration::from_secs_f64(usable / 1000.0)
}
