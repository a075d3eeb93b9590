//! The visitor's presence on the page: connected or not, and where.

use causerie_shared::ids::ConversationId;

use super::{DeskError, change, seen::touch};
use crate::{state::App, store::conversations, sync::News};

/// The visitor's panel connected or went.
pub async fn online(app: &App, conversation: ConversationId, online: bool) -> Result<(), DeskError> {
    update(app, conversation, |head| {
        std::mem::replace(&mut head.online, online) != online
    })
    .await
}

/// The visitor navigated.
pub async fn page(app: &App, conversation: ConversationId, page: Option<String>) -> Result<(), DeskError> {
    update(app, conversation, |head| {
        let changed = head.origin.page != page;
        head.origin.page = page;
        changed
    })
    .await
}

async fn update(
    app: &App,
    conversation: ConversationId,
    change_head: impl FnOnce(&mut causerie_shared::row::Head) -> bool,
) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    let Some(mut head) = conversations::lock(&mut tx, conversation).await? else {
        return Ok(());
    };
    if !change_head(&mut head) {
        return Ok(());
    }
    let mut news = News::default();
    touch(&mut tx, &mut head, &mut news).await?;
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}
