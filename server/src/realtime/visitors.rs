//! The sockets of visitors and what is sent to them (`docs/sync.md#visitors`).

pub mod chat;
pub mod hub;
pub mod queue_places;
pub mod session;

use causerie_shared::{
    access::{Access, Scope},
    ids::ConversationId,
    widget::WidgetFrame,
};
use sha2::{Digest, Sha256};

use crate::{
    access::{readable, scope as audience},
    clock::hex,
    state::App,
    store::conversations,
};

/// Returns a visitor's external id: the hash of the random token that the visitor's browser keeps.
pub fn external_id(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Shows the visitor that an agent is typing, if the agent may reply in the chat.
pub async fn agent_typing(app: &App, access: &Access, conversation: ConversationId, on: bool) {
    let head = match app.store.read().await {
        Ok(mut db) => readable(&mut db, access, conversation).await,
        Err(error) => Err(error),
    };
    match head {
        Ok(Some(head)) if access.replies(&head.state) => {
            let name = app.visitors.name(access.user).map(|name| chat::first_name(&name));
            app.visitors.send(head.contact, &WidgetFrame::Typing { on, name });
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "could not pass on a typing mark"),
    }
}

/// Returns the audience of a chat, for frames to consoles.
async fn scope(app: &App, conversation: ConversationId) -> Option<Scope> {
    let mut db = app.store.read().await.ok()?;
    let head = conversations::get(&mut db, conversation).await.ok()??;
    audience(&mut db, &head).await.ok()?
}
