//! A browser window as its user perceives it: elements are found by role and accessible name.

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
/// How often Tab is pressed at most before the element must have the focus.
const TABS: usize = 80;

/// A browser window. Methods that find an element wait until it exists, unless they say otherwise.
#[derive(Clone)]
pub struct Page {
    driver: WebDriver,
    engine: Engine,
    /// The driver and the resources of a separate browser, which end when this is dropped.
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

    /// The engine that draws the page.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Navigates to an address.
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

    /// The path of the page's address.
    pub async fn path(&self) -> String {
        self.driver.current_url().await.expect("an address").path().to_owned()
    }

    /// Sends a DevTools command. Only Chromium supports it.
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

    /// Runs a script that passes its value to its last argument, a function. Returns the value.
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
        // A page that is being replaced has no elements yet.
        found.and_then(|found| found.elements()).unwrap_or_default()
    }

    /// All visible elements with this role. Does not wait.
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

    /// The element with this role whose name contains `part`.
    pub async fn find_part(&self, role: &str, part: &str) -> WebElement {
        let what = format!("{role} with “{part}”");
        until(&what, async || {
            self.look(role, Some(part), false, None).await.into_iter().next()
        })
        .await
    }

    /// The element with this role and name inside `root`.
    pub async fn find_in(&self, root: &WebElement, role: &str, name: &str) -> WebElement {
        let what = format!("{role} “{name}” inside something");
        until(&what, async || {
            self.look(role, Some(name), true, Some(root)).await.into_iter().next()
        })
        .await
    }

    /// Whether such an element exists now.
    pub async fn has(&self, role: &str, name: &str) -> bool {
        !self.look(role, Some(name), true, None).await.is_empty()
    }

    /// Waits until no such element exists.
    pub async fn gone(&self, role: &str, name: &str) {
        let what = format!("the end of {role} “{name}”");
        until(&what, async || {
            self.look(role, Some(name), true, None).await.is_empty().then_some(())
        })
        .await;
    }

    /// Waits until no element with this role has a name that contains `part`.
    pub async fn gone_part(&self, role: &str, part: &str) {
        let what = format!("the end of {role} with “{part}”");
        until(&what, async || {
            self.look(role, Some(part), false, None).await.is_empty().then_some(())
        })
        .await;
    }

    /// Clicks or taps the element, again if the page redraws it meanwhile.
    pub async fn click(&self, role: &str, name: &str) {
        let what = format!("a click on {role} “{name}”");
        self.press_on(&what, role, name, true).await;
    }

    /// Clicks the element whose name contains `part`.
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

    /// Replaces the content of a field.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find("textbox", name).await;
        if self.engine == Engine::WebKit {
            // Its driver cannot focus a field inside a frame of another origin by script.
            field.click().await.expect("the field can be clicked");
        }
        field.clear().await.expect("the field can be emptied");
        field.send_keys(text).await.expect("the field takes text");
    }

    /// Selects the option that contains `part` from a drop-down list, once it is enabled.
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

    /// The texts of a drop-down list's options, disabled ones in brackets.
    pub async fn options(&self, name: &str) -> Vec<String> {
        let list = self.find("combobox", name).await;
        let script = "return [...arguments[0].options].map(({ text, disabled }) => disabled ? `(${text})` : text)";
        self.script(script, vec![list.to_json().expect("an element")]).await
    }

    /// Types into a field, after its present content.
    pub async fn write(&self, name: &str, text: &str) {
        let field = self.find("textbox", name).await;
        field.send_keys(text).await.expect("the field takes text");
    }

    /// Types into the focused element.
    pub async fn keys(&self, text: &str) {
        self.driver
            .action_chain()
            .send_keys(text)
            .perform()
            .await
            .expect("the keyboard works");
    }

    /// Presses a key in the focused element.
    pub async fn key(&self, key: Key) {
        self.keys(&key.value().to_string()).await;
    }

    /// Whether the element with this role and name has the focus.
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

    /// All visible text of the page.
    pub async fn text(&self) -> String {
        self.script("return document.body.innerText", vec![]).await
    }

    /// Waits until the page shows the text `part`.
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

    /// The texts of the messages in the log, visually hidden words such as a message's state included.
    pub async fn messages(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('[role=log] [role=article]')]
            .map((article) => article.textContent.replace(/\\s+/g, ' ').trim())";
        let found = self.driver.execute(script, vec![]).await;
        found.and_then(|found| found.convert()).unwrap_or_default()
    }

    /// Waits for a message that contains all of `parts`.
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

    /// The scrollable width of the page, in CSS pixels.
    pub async fn scroll_width(&self) -> i64 {
        self.script("return document.documentElement.scrollWidth", vec![]).await
    }

    /// Resizes the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        match self.engine {
            Engine::Chromium => {
                let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
                self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
            }
            Engine::Firefox | Engine::WebKit => fit(&self.driver, (width, height)).await,
        }
    }

    /// The left, top, right and bottom edges of an element in the window, in CSS pixels.
    pub async fn edges(&self, element: &WebElement) -> [f64; 4] {
        let script = "const { left, top, right, bottom } = arguments[0].getBoundingClientRect();
            return [left, top, right, bottom]";
        self.script(script, vec![element.to_json().expect("an element")]).await
    }

    /// Enters a frame, in which elements are searched from now on.
    pub async fn enter(&self, frame: WebElement) {
        frame.enter_frame().await.expect("the frame can be entered");
    }

    /// Returns to the top-level page.
    pub async fn leave_frame(&self) {
        self.driver.enter_default_frame().await.expect("the window is there");
    }

    /// Waits for a script to return an element, and returns it.
    pub async fn element(&self, what: &str, script: &str) -> WebElement {
        until(what, async || {
            self.driver.execute(script, vec![]).await.ok()?.element().ok()
        })
        .await
    }

    /// Saves a screenshot of the window.
    pub async fn shot(&self, path: &Path) -> WebDriverResult<()> {
        self.driver.screenshot(path).await
    }

    pub(crate) async fn quit(self) -> WebDriverResult<()> {
        self.driver.quit().await
    }
}
