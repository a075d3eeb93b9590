//! A browser's window, seen as its user sees it: by role and accessible name.

mod clock;

use std::{path::Path, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{Key, WebDriver, WebElement, error::WebDriverResult};

use crate::{
    browser::{Engine, Held, fit},
    wait::until,
};

const FIND: &str = include_str!("dom.js");
/// Most presses of Tab until an element must have the focus.
const TABS: usize = 80;

/// A window. All ways to find something wait until it is there.
#[derive(Clone)]
pub struct Page {
    driver: WebDriver,
    engine: Engine,
    /// Only its end matters.
    _held: Option<Arc<Held>>,
}

impl Page {
    pub(crate) fn new(driver: WebDriver, engine: Engine, held: Option<Held>) -> Self {
        Self {
            driver,
            engine,
            _held: held.map(Arc::new),
        }
    }

    /// What draws it.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Goes to an address.
    pub async fn goto(&self, url: &str) {
        self.driver.goto(url).await.expect("the page loads");
    }

    /// Loads the page again, as its user does.
    pub async fn reload(&self) {
        if self.engine != Engine::Firefox {
            self.driver.refresh().await.expect("the page loads again");
            return;
        }
        // Firefox's driver goes past the service worker, as a reload with Shift does.
        let _: bool = self
            .script("window.isLeft = true; location.reload(); return true", vec![])
            .await;
        until("the page that loads again", async || {
            let loaded = "return !window.isLeft && document.readyState === 'complete'";
            let answer = self.driver.execute(loaded, vec![]).await;
            // Between two pages there is none that could answer.
            answer.ok()?.convert::<bool>().ok()?.then_some(())
        })
        .await;
    }

    /// The path of the address.
    pub async fn path(&self) -> String {
        self.driver.current_url().await.expect("an address").path().to_owned()
    }

    /// A command of the DevTools protocol, which only Chromium knows.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.driver
            .cdp()
            .send_raw(method, parameters)
            .await
            .expect("DevTools answer")
    }

    /// Runs a script with `arguments` and returns its value.
    pub async fn script<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let answer = self.driver.execute(script, arguments).await.expect("the script runs");
        answer.convert().expect("the script's value")
    }

    /// Runs a script that calls its last argument with its value.
    pub async fn promise<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        self.driver
            .set_script_timeout(Duration::from_secs(60))
            .await
            .expect("a timeout");
        let answer = self
            .driver
            .execute_async(script, arguments)
            .await
            .expect("the script runs");
        answer.convert().expect("the script's value")
    }

    async fn look(&self, role: &str, name: Option<&str>, exact: bool, root: Option<&WebElement>) -> Vec<WebElement> {
        let root = root.and_then(|root| root.to_json().ok()).unwrap_or(Value::Null);
        let how = if exact { "exact" } else { "part" };
        let found = self
            .driver
            .execute(FIND, vec![json!(role), json!(name), json!(how), root])
            .await;
        // A page that is being replaced has nothing to show yet.
        found.and_then(|found| found.elements()).unwrap_or_default()
    }

    /// All visible elements of a role.
    pub async fn all(&self, role: &str) -> Vec<WebElement> {
        self.look(role, None, true, None).await
    }

    /// The element with this role and exactly this name.
    pub async fn find(&self, role: &str, name: &str) -> WebElement {
        let what = format!("{role} “{name}”");
        until(&what, async || {
            self.look(role, Some(name), true, None).await.into_iter().next()
        })
        .await
    }

    /// The element with this role whose name has `part` in it.
    pub async fn find_part(&self, role: &str, part: &str) -> WebElement {
        let what = format!("{role} with “{part}”");
        until(&what, async || {
            self.look(role, Some(part), false, None).await.into_iter().next()
        })
        .await
    }

    /// The element with this role and name inside another one.
    pub async fn find_in(&self, root: &WebElement, role: &str, name: &str) -> WebElement {
        let what = format!("{role} “{name}” inside something");
        until(&what, async || {
            self.look(role, Some(name), true, Some(root)).await.into_iter().next()
        })
        .await
    }

    /// Is it there at this moment?
    pub async fn has(&self, role: &str, name: &str) -> bool {
        !self.look(role, Some(name), true, None).await.is_empty()
    }

    /// Waits until there is no such element.
    pub async fn gone(&self, role: &str, name: &str) {
        let what = format!("the end of {role} “{name}”");
        until(&what, async || {
            self.look(role, Some(name), true, None).await.is_empty().then_some(())
        })
        .await;
    }

    /// Waits until there is no such element with `part` in its name.
    pub async fn gone_part(&self, role: &str, part: &str) {
        let what = format!("the end of {role} with “{part}”");
        until(&what, async || {
            self.look(role, Some(part), false, None).await.is_empty().then_some(())
        })
        .await;
    }

    /// Clicks or taps it; again when the page redraws it under the finger.
    pub async fn click(&self, role: &str, name: &str) {
        let what = format!("a click on {role} “{name}”");
        self.press_on(&what, role, name, true).await;
    }

    /// Clicks the one with `part` in its name.
    pub async fn click_part(&self, role: &str, part: &str) {
        let what = format!("a click on {role} with “{part}”");
        self.press_on(&what, role, part, false).await;
    }

    async fn press_on(&self, what: &str, role: &str, name: &str, exact: bool) {
        until(what, async || {
            let element = self.look(role, Some(name), exact, None).await.into_iter().next()?;
            element.click().await.ok()
        })
        .await;
    }

    /// Replaces what is in a field.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find("textbox", name).await;
        if self.engine == Engine::WebKit {
            // Its driver cannot focus a field inside a frame of another origin by script.
            field.click().await.expect("the field can be clicked");
        }
        field.clear().await.expect("the field can be emptied");
        field.send_keys(text).await.expect("the field takes text");
    }

    /// Chooses the option with `part` in it from a drop-down list; waits until it can be chosen.
    pub async fn choose(&self, name: &str, part: &str) {
        let what = format!("“{part}” in the list “{name}”");
        let script =
            "return [...arguments[0].options].find((option) => !option.disabled && option.text.includes(arguments[1]))";
        until(&what, async || {
            let list = self.look("combobox", Some(name), true, None).await.into_iter().next()?;
            let option = self
                .driver
                .execute(script, vec![list.to_json().ok()?, json!(part)])
                .await;
            option.ok()?.element().ok()?.click().await.ok()
        })
        .await;
    }

    /// Texts of a drop-down list's options, those that cannot be chosen in brackets.
    pub async fn options(&self, name: &str) -> Vec<String> {
        let list = self.find("combobox", name).await;
        let script = "return [...arguments[0].options].map(({ text, disabled }) => disabled ? `(${text})` : text)";
        self.script(script, vec![list.to_json().expect("an element")]).await
    }

    /// Types into a field, after what is there.
    pub async fn write(&self, name: &str, text: &str) {
        let field = self.find("textbox", name).await;
        field.send_keys(text).await.expect("the field takes text");
    }

    /// Types wherever the focus is.
    pub async fn keys(&self, text: &str) {
        self.driver
            .action_chain()
            .send_keys(text)
            .perform()
            .await
            .expect("the keyboard works");
    }

    /// Presses a key wherever the focus is.
    pub async fn key(&self, key: Key) {
        self.keys(&key.value().to_string()).await;
    }

    /// Role and name of the focused element.
    pub async fn focused(&self, role: &str, name: &str) -> bool {
        let Some(element) = self.look(role, Some(name), true, None).await.into_iter().next() else {
            return false;
        };
        let here = self.driver.execute(
            "return document.activeElement === arguments[0]",
            vec![element.to_json().unwrap()],
        );
        here.await.and_then(|answer| answer.convert()).unwrap_or(false)
    }

    /// Presses Tab until the element has the focus.
    pub async fn tab_to(&self, role: &str, name: &str) {
        for _ in 0..TABS {
            if self.focused(role, name).await {
                return;
            }
            self.key(Key::Tab).await;
        }
        panic!("Tab does not lead to {role} “{name}”");
    }

    /// Everything that can be read on the page.
    pub async fn text(&self) -> String {
        self.script("return document.body.innerText", vec![]).await
    }

    /// Waits until `part` can be read somewhere.
    pub async fn reads(&self, part: &str) {
        let what = format!("the text “{part}”");
        until(&what, async || self.try_text().await.ok()?.contains(part).then_some(())).await;
    }

    async fn try_text(&self) -> WebDriverResult<String> {
        self.driver
            .execute("return document.body?.innerText ?? ''", vec![])
            .await?
            .convert()
    }

    /// Texts of the messages in the log, hidden words such as a message's state included.
    pub async fn messages(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('[role=log] [role=article]')]
            .map((article) => article.textContent.replace(/\\s+/g, ' ').trim())";
        let found = self.driver.execute(script, vec![]).await;
        found.and_then(|found| found.convert()).unwrap_or_default()
    }

    /// Waits until a message has all of `parts` in it.
    pub async fn message(&self, parts: &[&str]) {
        let what = format!("a message with {parts:?}");
        until(&what, async || {
            let messages = self.messages().await;
            messages
                .iter()
                .any(|message| parts.iter().all(|part| message.contains(part)))
                .then_some(())
        })
        .await;
    }

    /// Width of what can be scrolled to, in CSS pixels.
    pub async fn scroll_width(&self) -> i64 {
        self.script("return document.documentElement.scrollWidth", vec![]).await
    }

    /// Changes the size of the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        match self.engine {
            Engine::Chromium => {
                let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
                self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
            }
            Engine::Firefox | Engine::WebKit => fit(&self.driver, (width, height)).await,
        }
    }

    /// Left, top, right and bottom of an element inside the window, in CSS pixels.
    pub async fn edges(&self, element: &WebElement) -> [f64; 4] {
        let script = "const { left, top, right, bottom } = arguments[0].getBoundingClientRect();
            return [left, top, right, bottom]";
        self.script(script, vec![element.to_json().expect("an element")]).await
    }

    /// Goes into a frame; from now on everything is looked for there.
    pub async fn enter(&self, frame: WebElement) {
        frame.enter_frame().await.expect("the frame can be entered");
    }

    /// Back to the whole window.
    pub async fn leave_frame(&self) {
        self.driver.enter_default_frame().await.expect("the window is there");
    }

    /// The first element that a script returns; waits for it.
    pub async fn element(&self, what: &str, script: &str) -> WebElement {
        until(what, async || {
            self.driver.execute(script, vec![]).await.ok()?.element().ok()
        })
        .await
    }

    /// Keeps a picture of the window.
    pub async fn shot(&self, path: &Path) -> WebDriverResult<()> {
        self.driver.screenshot(path).await
    }

    pub(crate) async fn quit(self) -> WebDriverResult<()> {
        self.driver.quit().await
    }
}
