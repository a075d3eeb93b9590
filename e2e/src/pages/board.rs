//! The supervisors' board, and the panel of channels and users.

use serde_json::json;

use super::Console;
use crate::wait::until;

/// The elements of the board that a script uses: the chat's card and the agent's line.
const PARTS: &str = "const card = [...document.querySelectorAll('.board-card')].find((card) => card.ariaLabel === arguments[0]);
    const agent = [...document.querySelectorAll('.board-agents .person')].find((person) => person.innerText.includes(arguments[1]));";

impl Console {
    /// Opens the folder of all chats as a board.
    pub async fn board(&self) {
        self.folder("All").await;
        self.click("button", "Board").await;
        self.find("region", "Board").await;
    }

    /// Waits until the tile of a status shows this count.
    pub async fn tile(&self, status: &str, count: u32) {
        let script =
            "return document.querySelector(`.board-tiles [data-status=${arguments[0]}] dd`)?.textContent ?? ''";
        let what = format!("{count} chats {status}");
        until(&what, async || {
            let text: String = self.script(script, vec![json!(status)]).await;
            (text == count.to_string()).then_some(())
        })
        .await;
    }

    /// Waits until an agent's line on the board contains all of `parts`.
    pub async fn agent_line(&self, agent: &str, parts: &[&str]) {
        let script = format!("{PARTS} return agent?.innerText ?? ''");
        let what = format!("{parts:?} in {agent}'s line");
        until(&what, async || {
            let text: String = self.script(&script, vec![json!(""), json!(agent)]).await;
            parts.iter().all(|part| text.contains(part)).then_some(())
        })
        .await;
    }

    /// Waits until a colleague's line in the panel of channels and users contains all of `parts`.
    pub async fn person(&self, name: &str, parts: &[&str]) {
        let script = "return [...document.querySelectorAll('.panel .person')]
            .find((person) => person.innerText.includes(arguments[0]))?.innerText ?? ''";
        let what = format!("{parts:?} in {name}'s line");
        until(&what, async || {
            let text: String = self.script(script, vec![json!(name)]).await;
            parts.iter().all(|part| text.contains(part)).then_some(())
        })
        .await;
    }

    /// Drags a chat's card over an agent, and returns whether the agent accepts the drop.
    pub async fn drag(&self, chat: &str, agent: &str) -> bool {
        self.find("article", chat).await;
        let script = format!(
            "{PARTS} window.carried = new DataTransfer();
            card.dispatchEvent(new DragEvent('dragstart', {{ bubbles: true, cancelable: true, dataTransfer: carried }}));"
        );
        let _: Option<bool> = self.script(&script, vec![json!(chat), json!(agent)]).await;
        let script = format!("{PARTS} return agent?.dataset.drop ?? ''");
        until("an agent's answer to a chat in the hand", async || {
            let answer: String = self.script(&script, vec![json!(chat), json!(agent)]).await;
            match answer.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            }
        })
        .await
    }

    /// Drops the chat that was dragged over an agent.
    pub async fn drop(&self, chat: &str, agent: &str) {
        // As in a browser, an element gets the drop only if it cancels `dragover`.
        let script = format!(
            "{PARTS} const event = (name) => new DragEvent(name, {{ bubbles: true, cancelable: true, dataTransfer: carried }});
            if (!agent.dispatchEvent(event('dragover'))) agent.dispatchEvent(event('drop'));
            card.dispatchEvent(event('dragend'));"
        );
        let _: Option<bool> = self.script(&script, vec![json!(chat), json!(agent)]).await;
    }
}
