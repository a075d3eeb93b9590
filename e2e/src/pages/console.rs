//! The console in a browser.

use causerie_server::demo::PASSWORD;
use causerie_shared::ids::ConversationId;
use serde_json::json;
use thirtyfour::WebElement;

use crate::{Page, wait::until};

/// A browser with the console. It has all methods of [`Page`].
pub struct Console {
    page: Page,
    /// The scheme, host and port of the console.
    base: String,
}

impl std::ops::Deref for Console {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Console {
    pub fn new(page: Page, base: String) -> Self {
        Self { page, base }
    }

    /// Navigates to an address below `/app`.
    pub async fn visit(&self, path: &str) {
        self.page.goto(&format!("{}/app{path}", self.base)).await;
    }

    /// Signs in with the demo's password and waits for the folders.
    pub async fn sign_in(&self, email: &str) {
        self.sign_in_with(email, PASSWORD).await;
        self.page.find("link", "Mine").await;
    }

    /// Fills in the form and submits it, without waiting for the result.
    pub async fn sign_in_with(&self, email: &str, password: &str) {
        self.visit("/login").await;
        self.page.fill("E-mail", email).await;
        self.page.fill("Password", password).await;
        self.page.click("button", "Sign in").await;
    }

    /// Opens a folder.
    pub async fn folder(&self, name: &str) {
        self.page.click("link", name).await;
    }

    /// Opens the chat whose row contains `part`.
    pub async fn open(&self, part: &str) {
        self.page.click_part("option", part).await;
        self.page.find("log", "Messages").await;
    }

    /// The id of the open conversation.
    ///
    /// # Panics
    /// Panics if the page's address contains no conversation.
    pub async fn chat(&self) -> ConversationId {
        let path = self.page.path().await;
        path.rsplit('/')
            .next()
            .and_then(|id| id.parse().ok())
            .expect("a chat is open")
    }

    /// The card of an offer.
    pub async fn offer(&self, name: &str) -> WebElement {
        self.page.find("article", &format!("New offer: {name}")).await
    }

    /// Accepts the offer of a chat and waits until the reply field appears.
    pub async fn accept(&self, name: &str) {
        self.offer(name).await;
        self.page.click("button", "Accept").await;
        self.page.find("textbox", "Reply").await;
    }

    /// Requests a transfer of the open chat to a colleague.
    pub async fn transfer_to(&self, colleague: &str) {
        self.page.click("button", "Transfer").await;
        self.page.find("dialog", "Transfer chat").await;
        self.page.click_part("button", colleague).await;
        self.page.gone("dialog", "Transfer chat").await;
    }

    /// The text of a transfer request's card.
    pub async fn request(&self) -> String {
        let card = self.page.find("dialog", "Transfer request").await;
        // WebKit's driver leaves out the text of an element that cuts off lines.
        let text = card.prop("innerText").await.expect("the request can be read");
        text.unwrap_or_default()
    }

    /// Accepts a transfer request and waits until the reply field appears.
    pub async fn accept_request(&self) {
        let card = self.page.find("dialog", "Transfer request").await;
        let accept = self.page.find_in(&card, "button", "Accept").await;
        accept.click().await.expect("the request can be accepted");
        self.page.find("textbox", "Reply").await;
    }

    /// Sets the user's availability to available or busy.
    pub async fn declare(&self, availability: &str) {
        self.page.click("button", "Profile menu").await;
        self.page.click("menuitemradio", availability).await;
        self.page.gone("menuitemradio", availability).await;
    }

    /// Writes a reply and sends it.
    pub async fn reply(&self, text: &str) {
        self.page.fill("Reply", text).await;
        self.page.click("button", "Send").await;
    }

    /// Selects a file for the reply, as the browser's own dialog would, and waits until it is uploaded.
    pub async fn attach(&self, name: &str, mime: &str, bytes: &[u8]) {
        let script = "const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(arguments[2])], arguments[0], { type: arguments[1] }));
            const picker = document.querySelector('.composer input[type=file]');
            picker.files = data.files;
            picker.dispatchEvent(new Event('change', { bubbles: true }));";
        let file = vec![json!(name), json!(mime), json!(bytes)];
        let _: Option<bool> = self.page.script(script, file).await;
        let ready = "const tiles = [...document.querySelectorAll('.tray .tile')];
            return tiles.some((tile) => tile.innerText.includes(arguments[0]) && !tile.querySelector('progress'))";
        until("the uploaded file", async || {
            let ready: bool = self.page.script(ready, vec![json!(name)]).await;
            ready.then_some(())
        })
        .await;
    }

    /// Shows the notes of the open chat's contact.
    pub async fn notes(&self) {
        self.page.click_part("tab", "Notes").await;
        self.page.find("button", "Add note").await;
    }

    /// Closes the browser.
    ///
    /// # Panics
    /// Panics if the browser does not answer.
    pub async fn close(self) {
        self.page.quit().await.expect("the browser closes");
    }
}
