//! The settings in the console.

use serde_json::json;
use thirtyfour::WebElement;

use super::Console;

impl Console {
    /// Opens a page of the settings by the console's links.
    pub async fn settings(&self, page: &str) {
        self.click("link", "Settings").await;
        self.click("link", page).await;
        self.find("main", page).await;
    }

    /// Opens an inbox in the settings, at its first tab.
    pub async fn edit_inbox(&self, name: &str) {
        self.settings("Inboxes").await;
        self.click("link", name).await;
        self.find("tab", "Overview").await;
    }

    /// Turns a switch on or off.
    pub async fn switch(&self, name: &str, on: bool) {
        let switch = self.find("switch", name).await;
        if switch.is_selected().await.expect("a switch") != on {
            switch.click().await.expect("the switch can be turned");
        }
    }

    /// Clicks Save and waits until the changes are saved.
    pub async fn save(&self) {
        self.click("button", "Save").await;
        self.reads("Saved").await;
    }

    /// The first table row or audit entry that contains `part`.
    pub async fn row(&self, part: &str) -> WebElement {
        let what = format!("a row with {part}");
        let text = json!(part).to_string();
        let script = format!(
            "return [...document.querySelectorAll('tbody tr, .audit-entry')].find((row) => row.innerText.includes({text}))"
        );
        self.element(&what, &script).await
    }
}
