//! The console's program crashes or cannot start: the page says so, and a report is stored.

use causerie_e2e::{
    Page, Stage, api,
    axe::violations,
    browser::{Screen, Theme},
    pages::Console,
    story,
    wait::until,
};
use causerie_server::demo::PASSWORD;
use causerie_shared::api::crashes::{CrashRow, Part};
use reqwest::Method;
use serde_json::{Value, json};
use thirtyfour::Key;

const DRAFT: &str = "It ships on Thur";
/// Keeps the program's instance, so that a test can call its functions.
const WATCH: &str = "for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
        const made = await real.apply(WebAssembly, given);
        window.program ??= made.instance ?? made;
        return made;
    };
}";
/// Requests more memory than there is, so that the program's allocator aborts, as every panic of a release build does.
const TRAP: &str = "setTimeout(() => window.program.exports.__wbindgen_malloc(0xffffffff, 8)); return true";
/// Whether the browser's database contains a text.
const IS_STORED: &str = "const [text, done] = arguments;
    const ask = (request) => new Promise((answer) => (request.onsuccess = () => answer(request.result)));
    const holds = (value) => value instanceof Uint8Array && new TextDecoder('latin1').decode(value).includes(text);
    indexedDB.databases().then(async (all) => {
        const found = [];
        for (const { name } of all) {
            const database = await ask(indexedDB.open(name));
            for (const store of database.objectStoreNames) {
                found.push(...(await ask(database.transaction(store).objectStore(store).getAll())));
            }
            database.close();
        }
        done(found.some((value) => holds(value) || Object.values(value ?? {}).some(holds)));
    });";

/// Waits until there are `count` crash reports, and returns them as the owner sees them.
async fn crashes(stage: &Stage, count: usize) -> Vec<CrashRow> {
    let host = stage.server.host();
    let owner = api::sign_in(&host, "owner@demo.test", PASSWORD)
        .await
        .expect("the owner signs in");
    until(&format!("{count} reported crashes"), async || {
        let rows: Vec<CrashRow> = api::ask(&host, &owner, Method::GET, "/api/crashes", &())
            .await
            .expect("the owner sees the crashes");
        (rows.len() == count).then_some(rows)
    })
    .await
}

async fn watched(stage: &Stage, screen: Screen, theme: Theme) -> Console {
    let page = stage.page(screen, theme).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH }))
        .await;
    Console::new(page, stage.server.url(""))
}

/// Waits for the dialog and asserts that nothing else can be used.
async fn is_shown(page: &Page, title: &str) {
    page.find("alertdialog", title).await;
    assert!(page.focused("button", "Reload").await, "Reload has no focus");
    page.key(Key::Escape).await;
    page.key(Key::Escape).await;
    page.find("alertdialog", title).await;
    let found = violations(page).await;
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_says_that_it_crashed_and_goes_on_after_a_reload() {
    story("crash", async |stage| {
        let ana = watched(stage, Screen::Desktop, Theme::Light).await;
        ana.sign_in("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        visitor.start("Vera Vidal", "When does lamp 4417 ship?").await;
        ana.accept("Vera Vidal").await;
        let chat = ana.chat().await;
        ana.write("Reply", DRAFT).await;
        until("the stored draft", async || {
            ana.promise::<bool>(IS_STORED, vec![json!(DRAFT)]).await.then_some(())
        })
        .await;

        let noise = "const done = arguments[0];
            Promise.reject(new Error('Vera')).catch(() => {});
            Promise.reject(new TypeError('Failed to fetch'));
            dispatchEvent(new ErrorEvent('error', { message: 'ResizeObserver loop completed' }));
            setTimeout(() => { setTimeout(() => done(true)); throw new Error('of an extension'); });";
        assert!(ana.promise::<bool>(noise, vec![]).await);
        assert!(
            ana.all("alertdialog").await.is_empty(),
            "ordinary errors count as a crash"
        );

        let _: bool = ana.script(TRAP, vec![]).await;
        is_shown(&ana, "Something broke.").await;
        ana.reads("Your work is kept.").await;
        let rows = crashes(stage, 1).await;
        assert_eq!((rows[0].part, rows[0].count), (Part::Main, 1));
        assert_eq!(rows[0].route, format!("/app/mine/{chat}"));
        assert!(
            rows[0].engine.starts_with("Chromium "),
            "the engine is {}",
            rows[0].engine
        );
        assert!(
            rows[0].stack.starts_with("RuntimeError: unreachable\ncauserie-app-"),
            "{}",
            rows[0].stack
        );
        assert!(rows[0].stack.contains(".wasm:wasm-function["), "{}", rows[0].stack);
        let build: String = ana
            .script("return document.querySelector('meta[name=build]').content", vec![])
            .await;
        assert_eq!(rows[0].build, build);
        assert_eq!(build.len(), 16, "the page does not name its build");

        ana.key(Key::Enter).await;
        ana.message(&["When does lamp 4417 ship?"]).await;
        let reply = ana.find("textbox", "Reply").await;
        assert_eq!(reply.prop("value").await.expect("a value").as_deref(), Some(DRAFT));
        ana.reply("sday.").await;
        visitor.hears("sday.").await;

        // What a driver's script throws has no error in its event, so the event is made.
        let said = "const error = new WebAssembly.RuntimeError('Vera asked for lamp 4417');
            return dispatchEvent(new ErrorEvent('error', { error }))";
        let _: bool = ana.script(said, vec![]).await;
        is_shown(&ana, "Something broke.").await;
        let rows = crashes(stage, 2).await;
        let kept = format!("{rows:?}");
        assert!(
            !kept.contains("4417") && !kept.contains("Vera"),
            "a text was reported: {kept}"
        );

        let owner = stage.agent("owner@demo.test").await;
        owner.settings("Crashes").await;
        let row = owner.row(&build).await;
        let words = row.text().await.expect("the crash can be read");
        for part in ["main", &format!("/app/mine/{chat}"), &build, "1 time", "Chromium"] {
            assert!(words.contains(part), "“{part}” is not in {words}");
        }
        owner.click("button", "Stack").await;
        owner.reads("RuntimeError").await;
        ana.click("button", "Reload").await;
        ana.find("textbox", "Reply").await;
        ana.visit("/settings/crashes").await;
        ana.reads("You may not change this").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_be_loaded_leaves_a_message() {
    story("crash_start", async |stage| {
        let page = stage.page(Screen::Phone, Theme::Dark).await;
        page.devtools("Network.enable", json!({})).await;
        for file in ["*_bg.wasm", "*/causerie-app-*.js", "*/texts-*.txt"] {
            page.devtools("Network.setBlockedURLs", json!({ "urls": [file] })).await;
            page.goto(&stage.server.url("/app/login")).await;
            is_shown(&page, "Causerie could not start.").await;
            page.devtools("Network.setBlockedURLs", json!({ "urls": [] })).await;
            page.click("button", "Reload").await;
            page.find("button", "Sign in").await;
            let _: Value = page
                .promise(
                    "const done = arguments[0]; navigator.serviceWorker.ready.then(async (worker) => {
                        await worker.unregister();
                        for (const name of await caches.keys()) await caches.delete(name);
                        done(null);
                    })",
                    vec![],
                )
                .await;
            page.devtools("Network.clearBrowserCache", json!({})).await;
        }
        for row in crashes(stage, 3).await {
            assert_eq!((row.part, row.route.as_str()), (Part::Main, "/app/login"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_crashes_at_each_start_reports_five_times() {
    story("crash_loop", async |stage| {
        let ana = watched(stage, Screen::Phone, Theme::Light).await;
        ana.visit("/login").await;
        for _ in 0..7 {
            ana.find("button", "Sign in").await;
            let _: bool = ana.script(TRAP, vec![]).await;
            ana.find("alertdialog", "Something broke.").await;
            ana.click("button", "Reload").await;
            ana.gone("alertdialog", "Something broke.").await;
        }
        ana.sign_in("ana@demo.test").await;
        let rows = crashes(stage, 1).await;
        assert_eq!(rows[0].count, 5);
    })
    .await;
}

/// Collects the callbacks of animation frames instead of calling them.
const HOLD: &str = "window.held = []; window.requestAnimationFrame = (frame) => held.push(frame); return true";
/// Calls the collected callbacks, outside of the driver's script, and returns how many there were.
const FRAME: &str = "const [done] = arguments, frames = held.splice(0);
    for (const frame of frames) setTimeout(() => frame(performance.now()));
    setTimeout(() => done(frames.length))";

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_comes_after_its_chat_was_closed_ends_nothing() {
    story("crash_frame", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        visitor.start("Vera Vidal", "When does lamp 4417 ship?").await;
        ana.accept("Vera Vidal").await;
        ana.message(&["When does lamp 4417 ship?"]).await;
        let _: bool = ana.script(HOLD, vec![]).await;
        visitor.say("And its shade?").await;
        ana.message(&["And its shade?"]).await;
        ana.folder("Queue").await;
        ana.gone("log", "Messages").await;
        let frames: usize = ana.promise(FRAME, vec![]).await;
        assert!(frames > 0, "the log asked for no frame");
        ana.folder("Mine").await;
        ana.find_part("option", "Vera Vidal").await;
        assert!(ana.all("alertdialog").await.is_empty(), "the console crashed");
    })
    .await;
}
