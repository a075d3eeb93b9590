//! Visitors on the page: whether they are connected, and which page they see.

use causerie_shared::ids::{ContactId, ConversationId};

use crate::{
    commit_events::CommitEvents,
    conversations::row,
    error::ServiceError,
    state::App,
    store::{OrderedTx, contacts, conversations, presence},
    unit_of_work::UnitOfWork,
};

/// Records that a socket of the visitor opened on this node, whose visitor list has it already.
pub async fn arrived(app: &App, contact: ContactId) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    contacts::lock(&mut unit.tx, contact).await?;
    presence::lease_visitor(&mut unit.tx, app.node, contact).await?;
    online(&mut unit.tx, contact, true, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(())
}

/// Records that a socket of the visitor closed. After the last one on all nodes, the console shows the visitor as
/// offline.
pub async fn left(app: &App, contact: ContactId) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    // Under the contact's lock, a visitor who returns now records it either before this transaction or after it.
    contacts::lock(&mut unit.tx, contact).await?;
    if app.visitors.is_connected(contact) {
        return Ok(());
    }
    presence::release_visitor(&mut unit.tx, app.node, contact).await?;
    lost(&mut unit.tx, contact, &mut unit.events).await?;
    unit.commit(app).await?;
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
        row::save(db, &mut head, events).await?;
    }
    Ok(())
}

/// Records the page that the visitor is on.
pub async fn page(app: &App, conversation: ConversationId, page: Option<String>) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let Some(mut head) = conversations::lock(&mut unit.tx, conversation).await? else {
        return Ok(());
    };
    if head.origin.page == page {
        return Ok(());
    }
    head.origin.page = page;
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(())
}
