//! The settings.

use serde_json::json;
use thirtyfour::WebElement;

use super::Console;

impl Console {
    /// Goes to the settings and there to a page, as from the console.
    pub async fn settings(&self, page: &str) {
        self.click("link", "Settings").await;
        self.click("link", page).await;
        self.find("main", page).await;
    }

    /// Opens an inbox of the settings, at its first tab.
    pub async fn edit_inbox(&self, name: &str) {
        self.settings("Inboxes").await;
        self.click("link", name).await;
        self.find("tab", "Overview").await;
    }

    /// Switches something on or off.
    pub async fn switch(&self, name: &str, on: bool) {
        let switch = self.find("switch", name).await;
        if switch.is_selected().await.expect("a switch") != on {
            switch.click().await.expect("the switch can be turned");
        }
    }

    /// Saves and waits until that is done.
    pub async fn save(&self) {
        self.click("button", "Save").await;
        self.reads("Saved").await;
    }

    /// The innermost row of a table with `part` in it.
    pub async fn row(&self, part: &str) -> WebElement {
        let what = format!("a row with {part}");
        let text = json!(part).to_string();
        let script = format!(
            "return [...document.querySelectorAll('tbody tr, .audit-entry')].find((row) => row.innerText.includes({text}))"
        );
        self.element(&what, &script).await
    }
}
