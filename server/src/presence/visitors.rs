//! Visitors on the page: whether they are connected, and which page they see.

use causerie_shared::ids::{ContactId, ConversationId};

use crate::{
    commit_events::CommitEvents,
    conversations::read_receipts::touch,
    error::ServiceError,
    state::App,
    store::{OrderedTx, contacts, conversations, presence},
};

/// Records that a socket of the visitor opened on this node, whose visitor list has it already.
pub async fn arrived(app: &App, contact: ContactId) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    contacts::lock(&mut tx, contact).await?;
    presence::lease_visitor(&mut tx, app.node, contact).await?;
    let mut events = CommitEvents::default();
    online(&mut tx, contact, true, &mut events).await?;
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
}

/// Records that a socket of the visitor closed. After the last one on all nodes, the console shows the visitor as
/// offline.
pub async fn left(app: &App, contact: ContactId) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    // Under the contact's lock, a visitor who returns now records it either before this transaction or after it.
    contacts::lock(&mut tx, contact).await?;
    if app.visitors.is_connected(contact) {
        return Ok(());
    }
    presence::release_visitor(&mut tx, app.node, contact).await?;
    let mut events = CommitEvents::default();
    lost(&mut tx, contact, &mut events).await?;
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
}

/// Shows a visitor as offline after a node lost them, unless another node has them.
pub(crate) async fn lost(
    db: &mut OrderedTx,
    contact: ContactId,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    if presence::is_visitor_leased(&mut *db, contact).await? {
        return Ok(());
    }
    online(db, contact, false, events).await
}

async fn online(
    db: &mut OrderedTx,
    contact: ContactId,
    online: bool,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let Some(open) = conversations::open_of(&mut *db, contact).await? else {
        return Ok(());
    };
    let Some(mut head) = conversations::lock(&mut *db, open.id).await? else {
        return Ok(());
    };
    if std::mem::replace(&mut head.online, online) != online {
        touch(db, &mut head, events).await?;
    }
    Ok(())
}

/// Records the page that the visitor is on.
pub async fn page(app: &App, conversation: ConversationId, page: Option<String>) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    let Some(mut head) = conversations::lock(&mut tx, conversation).await? else {
        return Ok(());
    };
    if head.origin.page == page {
        return Ok(());
    }
    head.origin.page = page;
    let mut events = CommitEvents::default();
    touch(&mut tx, &mut head, &mut events).await?;
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
}
