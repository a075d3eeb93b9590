//! The blacklist (`docs/domain.md#blacklist`): it is organization-wide and prevents new conversations only; an open one
//! continues.

use causerie_shared::{
    access::Access,
    api::blocked::{Block, Blocked, Blocking, MAX_REASON, UNDO_MS},
    ids::ContactId,
    refusal::{Code, Refusal},
};

use crate::{
    access::{self, may_manage},
    audit::Trail,
    conversations::not_found,
    error::ServiceError,
    state::App,
    store::{blacklist, contacts, users::UserRecord},
};

/// Blocks the contact of a chat under all the ids of the contact on the chat's account. Blocking the contact again
/// changes nothing.
///
/// # Errors
/// `NotFound` unless the user may read the chat, `TooLarge` for the reason, `Invalid` when the contact has no id on the
/// account.
pub async fn block(app: &App, actor: &UserRecord, access: &Access, block: Block) -> Result<(), ServiceError> {
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
        return Err(Refusal::new(Code::Invalid, "this contact has no id on the channel any more").into());
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

/// Returns who blocked a contact and when, or `None` when the contact is not blocked.
///
/// # Errors
/// `NotFound` when the user may read no chat of the contact.
pub async fn of(app: &App, access: &Access, contact: ContactId) -> Result<Option<Blocking>, ServiceError> {
    let mut db = app.store.read().await?;
    if !access::reads_contact(&mut db, access, contact).await? {
        return Err(not_found().into());
    }
    Ok(blacklist::of(&mut db, contact).await?)
}

/// Removes a contact from the blacklist.
///
/// # Errors
/// `Forbidden` except for owners, admins, and the user who blocked the contact within the undo time; `NotFound` when
/// the contact is not blocked.
pub async fn unblock(app: &App, actor: &UserRecord, contact: ContactId) -> Result<(), ServiceError> {
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
