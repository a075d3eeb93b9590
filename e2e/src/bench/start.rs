//! How long the console takes to a usable list.

use std::time::Duration;

use serde_json::{Value, json};

use super::{figures, server::Released, workspace};
use crate::{
    Page,
    browser::{Driver, Engine, Screen, Theme},
    pages::Console,
    wait::until,
};

const RUNS: usize = 10;

/// Records when the first row of the list appears, in ms since the navigation began.
const WATCH: &str = "new MutationObserver((_, observer) => {
    if (!document.querySelector('[role=option]')?.textContent) return;
    window.usable = performance.now();
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });";

/// Measures and prints the cold start, the warm start and the start without the server, in this order: the last one
/// stops the server.
pub async fn print(server: &mut Released) {
    let driver = Driver::start(Engine::Chromium).await;
    let base = format!("http://{}", server.host);
    let mut cold = vec![];
    for _ in 0..RUNS {
        let console = sign_in(&driver, &base).await;
        forget(&console, &base).await;
        cold.push(visit(&console, "/mine").await);
        console.close().await;
    }
    figures::print_median("cold start to a usable list", cold);

    let console = sign_in(&driver, &base).await;
    installed(&console).await;
    print_warm(&console, server, "/mine", "").await;
    console.close().await;
}

/// Measures and prints the start of a console that is on the device, with the server and without it.
pub(super) async fn print_warm(console: &Console, server: &mut Released, list: &str, suffix: &str) {
    visit(console, list).await;
    let mut warm = vec![];
    for _ in 0..RUNS {
        warm.push(visit(console, list).await);
    }
    figures::print_median(&format!("warm start to a usable list{suffix}"), warm);

    server.stop().await;
    let mut offline = vec![];
    for _ in 0..RUNS {
        offline.push(visit(console, list).await);
    }
    figures::print_median(&format!("start to a usable list{suffix}, server stopped"), offline);
}

/// Waits until the console can start without the server.
pub(super) async fn installed(console: &Console) {
    let ready = "const done = arguments[0]; navigator.serviceWorker.ready.then(() => done(true))";
    let _: bool = console.promise(ready, vec![]).await;
}

/// Signs an agent of the bench in.
pub(super) async fn sign_in(driver: &Driver, base: &str) -> Console {
    let page = driver.open(Screen::Desktop, Theme::Light).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH }))
        .await;
    let console = Console::new(page, base.to_owned());
    console.sign_in(&workspace::email(0)).await;
    console
}

/// Deletes the program and all data but the session cookie.
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

async fn visit(console: &Console, list: &str) -> Duration {
    console.goto("about:blank").await;
    console.visit(list).await;
    let usable = until("the list", async || {
        console
            .script::<Value>("return window.usable ?? null", vec![])
            .await
            .as_f64()
    })
    .await;
    Duration::from_secs_f64(usable / 1000.0)
}
