//! A shop's page with the widget, in a visitor's browser.

use crate::Page;

const FRAME: &str = "const host = document.querySelector('causerie-chat');
    const frame = host?.shadowRoot.querySelector('iframe');
    return frame && getComputedStyle(frame).visibility === 'visible' ? frame : null";

/// A visitor's browser. Its [`Page`] is inside the panel once that is open.
pub struct Widget {
    page: Page,
    /// The address of the shop's page.
    shop: String,
}

impl std::ops::Deref for Widget {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Widget {
    pub fn new(page: Page, shop: String) -> Self {
        Self { page, shop }
    }

    /// Opens the shop's page and the chat.
    pub async fn open(&self) {
        self.page.goto(&self.shop).await;
        self.show().await;
    }

    /// Reloads the page and opens the chat.
    pub async fn open_again(&self) {
        self.page.leave_frame().await;
        self.page.reload().await;
        self.show().await;
    }

    async fn show(&self) {
        self.page.click("button", "Open chat").await;
        let frame = self.page.element("the open panel", FRAME).await;
        self.page.enter(frame).await;
    }

    /// Fills in the form and starts a chat.
    pub async fn begin(&self, name: &str, text: &str) {
        self.page.fill("Name", name).await;
        self.page.fill("Message", text).await;
        self.page.click("button", "Start chat").await;
        self.page.message(&[text]).await;
    }

    /// Writes a message and sends it.
    pub async fn say(&self, text: &str) {
        self.page.fill("Message", text).await;
        self.page.click("button", "Send").await;
    }
}
