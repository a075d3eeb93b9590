//! The access of a user to conversations and documents.

use causerie_shared::{
    access::{Access, Scope},
    document::DocumentId,
    ids::{ContactId, ConversationId, UserId},
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use crate::{
    state::App,
    store::{Db, StoreError, conversations, places, users::UserRecord},
};

/// Maximum number of a contact's chats that are checked to find one that the user may read.
const CHATS_TO_CHECK: i64 = 200;

/// Computes the access of a user.
pub async fn of(db: &mut Db, user: &UserRecord) -> Result<Access, StoreError> {
    let member_of = places::memberships(&mut *db, user.id).await?;
    let all = places::inbox_ids(db).await?;
    Ok(Access::new(user.id, user.role, &user.grants, member_of, &all))
}

/// Returns the current scope of a conversation; `None` if its inbox does not exist.
pub async fn scope(db: &mut Db, head: &ConversationRow) -> Result<Option<Scope>, StoreError> {
    let rules = places::rules_of(db, head.inbox).await?;
    Ok(rules.map(|rules| head.scope(rules.mode)))
}

/// Returns the conversation if the user may read it.
pub async fn readable(
    db: &mut Db,
    access: &Access,
    conversation: ConversationId,
) -> Result<Option<ConversationRow>, StoreError> {
    let Some(head) = conversations::get(&mut *db, conversation).await? else {
        return Ok(None);
    };
    let scope = scope(db, &head).await?;
    Ok(scope.is_some_and(|scope| access.reads(&scope)).then_some(head))
}

/// Whether the user may read a contact's profile and notes, which takes access to one of the contact's chats
/// (`docs/domain.md#who-sees-what`).
pub async fn reads_contact(db: &mut Db, access: &Access, contact: ContactId) -> Result<bool, StoreError> {
    Ok(newest_readable(db, access, contact, CHATS_TO_CHECK).await?.is_some())
}

/// Returns the newest chat that the user may read, out of the contact's `among` newest ones.
pub async fn newest_readable(
    db: &mut Db,
    access: &Access,
    contact: ContactId,
    among: i64,
) -> Result<Option<ConversationRow>, StoreError> {
    for head in conversations::of_contact(&mut *db, contact, among).await? {
        if scope(&mut *db, &head).await?.is_some_and(|scope| access.reads(&scope)) {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

/// Whether the user may open this document.
pub async fn reads_document(db: &mut Db, access: &Access, document: DocumentId) -> Result<bool, StoreError> {
    match document {
        DocumentId::Timeline(conversation, segment) => Ok(readable(db, access, conversation)
            .await?
            .is_some_and(|head| (1..=head.segment).contains(&segment))),
        DocumentId::Discussion(conversation) => discusses(db, access, conversation).await,
        DocumentId::Draft(conversation) => Ok(readable(db, access, conversation)
            .await?
            .is_some_and(|head| access.replies(&head.state))),
        DocumentId::Contact(contact) | DocumentId::Notes(contact) => reads_contact(db, access, contact).await,
    }
}

/// Whether the user may read the internal discussion of a chat.
pub async fn discusses(db: &mut Db, access: &Access, conversation: ConversationId) -> Result<bool, StoreError> {
    let Some(head) = conversations::get(&mut *db, conversation).await? else {
        return Ok(false);
    };
    let scope = scope(db, &head).await?;
    Ok(scope.is_some_and(|scope| access.discusses(&scope, &head.invited)))
}

/// Whether the user may read this conversation or, if `internal`, its internal discussion.
pub async fn may_read(
    app: &App,
    user: UserId,
    conversation: ConversationId,
    internal: bool,
) -> Result<bool, StoreError> {
    let mut db = app.store.read().await?;
    let Some(user) = crate::store::users::user(&mut db, user).await? else {
        return Ok(false);
    };
    let access = of(&mut db, &user).await?;
    if internal {
        return discusses(&mut db, &access, conversation).await;
    }
    Ok(readable(&mut db, &access, conversation).await?.is_some())
}

/// Checks that the user may change inboxes and their accounts: owners, admins and holders of `inbox_management`.
///
/// # Errors
/// [`Code::Forbidden`] for everyone else.
pub fn may_change_inboxes(user: &UserRecord) -> Result<(), Refusal> {
    if user.role.manages() || user.grants.inbox_management {
        return Ok(());
    }
    let text = "only owners, admins and users who may manage inboxes can do this";
    Err(Refusal::new(Code::Forbidden, text))
}

/// Checks that the user may change all other settings: owners and admins.
///
/// # Errors
/// [`Code::Forbidden`] for everyone else.
pub fn may_manage(user: &UserRecord) -> Result<(), Refusal> {
    if user.role.manages() {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "only owners and admins can do this"))
}
