//! Web push in a real browser: how the service worker handles a push message and what the page asks of it.
//! `server/tests/it/push.rs` tests the way from the server to a device: a browser without internet gets no address of a
//! push service.

use causerie_e2e::{pages::Console, story, wait::until};
use serde::Deserialize;
use serde_json::{Value, json};

/// A notification of the browser.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Shown {
    title: String,
    body: String,
    tag: String,
    data: Option<String>,
    renotify: bool,
}

/// Grants the console the permission to notify, and waits for its service worker.
async fn allow(console: &Console) {
    let origin: String = console.script("return location.origin", vec![]).await;
    let grant = json!({ "origin": origin, "permissions": ["notifications"] });
    console.devtools("Browser.grantPermissions", grant).await;
    // The worker controls a page from its next start at the latest.
    let controlled = "const done = arguments[0];
        const ready = () => navigator.serviceWorker.controller && done(true);
        navigator.serviceWorker.addEventListener('controllerchange', ready); ready();";
    assert!(console.promise::<bool>(controlled, vec![]).await);
}

async fn shown(console: &Console) -> Vec<Shown> {
    let look = "const done = arguments[0];
        navigator.serviceWorker.ready.then((own) => own.getNotifications()).then((all) => done(all.map(
            ({ title, body, tag, data, renotify }) => ({ title, body, tag, data, renotify }))));";
    console.promise(look, vec![]).await
}

/// Delivers a push message of the browser's push service. The console's registration is the profile's first.
async fn push(console: &Console, origin: &str, data: &str) {
    console.devtools("ServiceWorker.enable", json!({})).await;
    let message = json!({ "origin": origin, "registrationId": "0", "data": data });
    console.devtools("ServiceWorker.deliverPushMessage", message).await;
}

fn message(title: &str, body: &str, tag: &str, navigate: &str) -> String {
    json!({
        "web_push": 8030,
        "app_badge": 1,
        "notification": {
            "title": title, "body": body, "lang": "en", "dir": "auto", "tag": tag, "renotify": true,
            "navigate": navigate, "app_badge": "1",
        },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_shown_unless_a_console_is_in_front() {
    story("push", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        allow(&ana).await;
        let origin = stage.server.url("");
        let place = format!("{origin}/app/engaged/01K0000000000000000000000A");
        let offer = message("New offer", "Vera Vidal: Hello", "01K0000000000000000000000A", &place);
        // A page in front shows the card of the offer instead of a notification, but a test notification appears
        // everywhere. The browser may lose push messages until it knows the worker; it passes them to the worker in
        // order.
        let test = |title| message(title, "", "test", &format!("{origin}/app/"));
        let titles = async || -> Vec<String> { shown(&ana).await.into_iter().map(|one| one.title).collect() };
        until("a page with the focus and a worker that hears", async || {
            push(&ana, &origin, &test("Notifications work")).await;
            let focused: bool = ana.script("return document.hasFocus()", vec![]).await;
            (focused && titles().await == ["Notifications work"]).then_some(())
        })
        .await;
        push(&ana, &origin, &offer).await;
        until("the test behind the offer", async || {
            push(&ana, &origin, &test("They still do")).await;
            titles().await.contains(&"They still do".to_owned()).then_some(())
        })
        .await;
        assert_eq!(titles().await, ["They still do"]);

        // No console is open. A busy browser needs a moment to notice that the page is gone.
        until("both", async || {
            ana.goto("about:blank").await;
            push(&ana, &origin, &offer).await;
            // A malformed message shows a notification too, since the browser requires one.
            push(&ana, &origin, "not JSON").await;
            ana.visit("/mine").await;
            (shown(&ana).await.len() == 2).then_some(())
        })
        .await;
        let all = shown(&ana).await;
        let offer = all.iter().find(|one| one.tag.starts_with("01K")).expect("the offer");
        assert_eq!(
            (offer.title.as_str(), offer.body.as_str()),
            ("New offer", "Vera Vidal: Hello")
        );
        assert!(offer.renotify && offer.data.as_ref() == Some(&place));
        assert!(all.iter().any(|one| one.title == "Causerie" && one.tag == "test"));

        // After the sign-out, no notification of Ana's is left.
        ana.click("button", "Profile menu").await;
        ana.click_part("menuitem", "Sign out").await;
        ana.find("textbox", "E-mail").await;
        until("an empty screen", async || shown(&ana).await.is_empty().then_some(())).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_another_chat_is_shown_until_it_is_read() {
    story("push_message", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        allow(&ana).await;
        let (mut vera, mut kim) = (stage.visitor().await, stage.visitor().await);
        let first = vera.start("Vera Vidal", "Hello").await;
        ana.accept("Vera Vidal").await;
        let second = kim.start("Kim Berg", "Good morning").await;
        ana.accept("Kim Berg").await;
        // Kim's chat is open, so it causes no notification.
        kim.say("Are you there?").await;
        ana.message(&["Are you there?"]).await;
        vera.say("I have a question").await;
        let one = until("the notification", async || shown(&ana).await.pop()).await;
        assert_eq!(
            (one.title.as_str(), one.body.as_str()),
            ("Vera Vidal", "I have a question")
        );
        assert_eq!((one.tag, one.renotify), (first.to_string(), false));
        assert_eq!(one.data, Some(format!("/app/mine/{first}")));
        ana.open("Vera Vidal").await;
        until("it to be closed", async || shown(&ana).await.is_empty().then_some(())).await;

        // Now Vera's chat is open, and notifications show no names or texts.
        let prefer = "const done = arguments[1];
            const headers = { 'Content-Type': 'application/json' };
            fetch('/api/me/notifications', { method: 'PUT', headers, body: JSON.stringify(arguments[0]) })
                .then((answer) => { dispatchEvent(new Event('causerie:notifications')); done(answer.status); });";
        let status: u16 = ana.promise(prefer, vec![json!({ "private": true })]).await;
        assert_eq!(status, 204);
        let one = until("a notification without words", async || {
            kim.say("My card is 4417").await;
            shown(&ana).await.pop().filter(|one| one.body.is_empty())
        })
        .await;
        let number = stage.server.head(second).await.number;
        assert_eq!((one.title, one.tag), (format!("#{number}"), second.to_string()));
    })
    .await;
}

/// Runs the worker in a simulated browser, since a test cannot click on a notification.
const ALONE: &str = r#"
    const [source, done] = [arguments[0], arguments[arguments.length - 1]];
    const handlers = {}, did = [];
    const page = (focused) => ({
        focused,
        postMessage: (path) => did.push(["go", path]),
        focus: async () => did.push(["focus"]),
    });
    let pages = [];
    const self = {
        location: new URL("https://chat.example.org/app/sw.js"),
        navigator: {},
        addEventListener: (name, handler) => { handlers[name] = handler; },
        clients: { matchAll: async () => pages, openWindow: async (path) => did.push(["open", path]) },
        registration: {
            scope: "https://chat.example.org/app/",
            pushManager: {
                subscribe: async ({ userVisibleOnly, applicationServerKey }) => {
                    did.push(["subscribe", userVisibleOnly, applicationServerKey]);
                    return { toJSON: () => ({ endpoint: "https://push/2", keys: { p256dh: "P", auth: "A" } }) };
                },
            },
        },
    };
    const fetch = async (path, { method, body }) => did.push([method, path, JSON.parse(body)]);
    new Function("self", "fetch", source)(self, fetch);
    const happen = async (name, event) => {
        let end;
        handlers[name]({ ...event, waitUntil: (promise) => { end = promise; } });
        await end;
        did.push([]);
    };
    const click = (data) => happen("notificationclick", { notification: { data, close: () => did.push(["close"]) } });
    (async () => {
        await click("https://elsewhere.example.org/app/mine/1");
        pages = [page(false), page(true)];
        await click("/app/queue/2");
        await click("https://chat.example.org/admin");
        await happen("pushsubscriptionchange", { oldSubscription: { options: { applicationServerKey: "KEY" } } });
        await happen("pushsubscriptionchange", {});
        return did;
    })().then(done, (error) => done([String(error)]));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_click_goes_to_the_chat_in_a_console_that_is_open_and_a_new_address_is_told() {
    story("push_click", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let source: String = ana
            .promise(
                "fetch('/app/sw.js').then((answer) => answer.text()).then(arguments[0])",
                vec![],
            )
            .await;
        // The console's content security policy forbids evaluating a text as a script.
        ana.goto("about:blank").await;
        let did: Value = ana.promise(ALONE, vec![json!(source)]).await;
        let told = json!({ "endpoint": "https://push/2", "p256dh": "P", "auth": "A" });
        let expected = json!([
            // Only the path counts, since the server may have other names.
            ["close"],
            ["open", "/app/mine/1"],
            [],
            ["close"],
            ["go", "/app/queue/2"],
            ["focus"],
            [],
            ["close"],
            ["go", "/app/"],
            ["focus"],
            [],
            ["subscribe", true, "KEY"],
            ["POST", "/api/me/push", told],
            [],
            [],
        ]);
        assert_eq!(did, expected);
    })
    .await;
}
