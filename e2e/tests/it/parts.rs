//! Parts of the console whose first request fails. A console that was not split requests no parts, so everything works
//! at once.

use std::fs;

use causerie_e2e::{
    browser::{Screen, Theme},
    pages::Console,
    story,
};
use serde_json::{Value, json};

const OWNER: &str = "owner@demo.test";
/// Makes the first requests for a part (`desk-….wasm`) fail, as many as given, and counts them in `refused`.
const REFUSE: &str = r"
    const [part, times] = [arguments[0], arguments[1]];
    const real = window.fetch;
    window.refused = 0;
    window.fetch = (what, options) => {
        const path = new URL(what.url ?? what, location.href).pathname;
        if (!path.startsWith(`/app/${part}-`) || !path.endsWith('.wasm') || window.refused >= times) {
            return real(what, options);
        }
        window.refused += 1;
        return Promise.reject(new TypeError('no line'));
    };
";

/// Whether the tested console has a file for this part.
fn has_part(part: &str) -> bool {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/build.json");
    let manifest = fs::read_to_string(path).expect("the console was built");
    let manifest: Value = serde_json::from_str(&manifest).expect("a manifest");
    let files = manifest["immutable"].as_array().expect("a list of files");
    files.iter().filter_map(Value::as_str).any(|file| {
        file.strip_prefix(part)
            .is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".wasm"))
    })
}

/// The number of failed requests.
async fn refused(console: &Console) -> u32 {
    console.script("return window.refused", vec![]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_did_not_come_come_at_another_try() {
    story("parts_settings", async |stage| {
        let owner = stage.agent(OWNER).await;
        let parted = has_part("settings");
        let _: Option<bool> = owner.script(REFUSE, vec![json!("settings"), json!(1)]).await;
        owner.click("link", "Settings").await;
        if parted {
            owner.reads("The settings could not be loaded.").await;
            owner.click("button", "Retry").await;
        }
        owner.find("main", "Inboxes").await;
        owner.click("link", "Users").await;
        owner.find("main", "Users").await;
        assert_eq!(refused(&owner).await, u32::from(parted));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_come_again_are_loaded_with_the_page() {
    story("parts_reload", async |stage| {
        let owner = stage.agent(OWNER).await;
        let parted = has_part("settings");
        let _: Option<bool> = owner.script(REFUSE, vec![json!("settings"), json!(100)]).await;
        owner.click("link", "Settings").await;
        if parted {
            owner.click("button", "Retry").await;
            owner.click("button", "Reload").await;
        }
        owner.find("main", "Inboxes").await;
        // A split console had to reload the page.
        let same: bool = owner.script("return 'refused' in window", vec![]).await;
        assert_eq!(same, !parted);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_waits_for_its_part_and_loses_nothing() {
    story("parts_desk", async |stage| {
        let page = stage.page(Screen::Desktop, Theme::Light).await;
        let parted = has_part("desk");
        let script = format!("((...arguments) => {{{REFUSE}}})('desk', 2)");
        page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }))
            .await;
        let ana = Console::new(page, stage.server.url(""));
        ana.sign_in("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "What is in the box?").await;
        // The list and the offer need no such part.
        ana.accept("Vera Vidal").await;
        ana.message(&["What is in the box?"]).await;
        ana.reply("One moment, I look.").await;
        vera.message(&["One moment, I look."]).await;
        assert_eq!(refused(&ana).await, if parted { 2 } else { 0 });
    })
    .await;
}
