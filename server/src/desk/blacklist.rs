//! The blacklist (`docs/domain.md#blacklist`): organization-wide; stops future conversations only, an open one goes on.

use causerie_shared::{
    access::Access,
    api::blocked::{Block, Blocked, Blocking, MAX_REASON, UNDO_MS},
    ids::ContactId,
    refusal::{Code, Refusal},
};

use super::{DeskError, not_found};
use crate::{
    settings::{Trail, may_manage},
    state::App,
    store::{blacklist, contacts, users::UserRecord},
    sync::access,
};

/// Blocks the contact of a chat, under all the ids that they have on its account. A second time changes nothing.
///
/// # Errors
/// `NotFound` unless the chat may be read, `TooLarge` for the reason, `Invalid` when nobody can be blocked there.
pub async fn block(app: &App, actor: &UserRecord, access: &Access, block: Block) -> Result<(), DeskError> {
    let reason = block.reason.trim().to_owned();
    if reason.chars().count() > MAX_REASON {
        return Err(Refusal::new(Code::TooLarge, format!("a reason has at most {MAX_REASON} characters")).into());
    }
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let head = access::readable(&mut tx, access, block.conversation)
        .await?
        .ok_or_else(not_found)?;
    let blocked = Blocked {
        contact: head.contact,
        channel: head.channel,
        name: head.contact_name.clone(),
        ids: contacts::identities(&mut tx, head.account, head.contact).await?,
        reason,
        by: actor.id,
        at: now,
        dropped: 0,
    };
    if blocked.ids.is_empty() {
        return Err(Refusal::new(Code::Invalid, "this contact is nobody on the channel any more").into());
    }
    if !blacklist::insert(&mut tx, &blocked).await? {
        return Ok(());
    }
    let mut trail = Trail::default();
    trail.field("channel", "", blocked.channel.as_str());
    trail.field("reason", "", &blocked.reason);
    trail.write(&mut tx, actor, "contact.block", &blocked.name, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Who blocked a contact; `None`: nobody.
///
/// # Errors
/// `NotFound` for a contact of whom the user may see no chat.
pub async fn of(app: &App, access: &Access, contact: ContactId) -> Result<Option<Blocking>, DeskError> {
    let mut db = app.store.read().await?;
    if !access::reads_contact(&mut db, access, contact).await? {
        return Err(not_found().into());
    }
    Ok(blacklist::of(&mut db, contact).await?)
}

/// Takes messages of a contact again.
///
/// # Errors
/// `Forbidden` but for owners, admins, and who blocked them a moment ago; `NotFound` when they are not blocked.
pub async fn unblock(app: &App, actor: &UserRecord, contact: ContactId) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let blocking = blacklist::of(&mut tx, contact).await?;
    if !blocking.is_some_and(|blocking| blocking.by == actor.id && now - blocking.at <= UNDO_MS) {
        may_manage(actor)?;
    }
    let name = blacklist::remove(&mut tx, contact).await?.ok_or_else(not_found)?;
    Trail::default()
        .write(&mut tx, actor, "contact.unblock", &name, now)
        .await?;
    tx.commit().await?;
    Ok(())
}
