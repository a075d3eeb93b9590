//! The internal discussion of a chat: who may write in it, and who is invited (`docs/domain.md#internal-discussion`).

use causerie_shared::{
    access::{Access, Scope},
    ids::{ConversationId, UserId},
    message::Message,
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{not_found, reply, row};
use crate::{
    access,
    commit_events::{CommitEvents, Mention, Named},
    error::ServiceError,
    state::App,
    store::{OrderedTx, conversations, users},
    unit_of_work::UnitOfWork,
};

/// Maximum number of users invited to one discussion.
const MAX_INVITED: usize = 50;

/// Locks a chat whose discussion the user may write now. Returns its row and audience.
async fn writable(
    db: &mut OrderedTx,
    access: &Access,
    conversation: ConversationId,
) -> Result<(ConversationRow, Scope), ServiceError> {
    let (head, rules) = conversations::ruled(db, conversation).await?.ok_or_else(not_found)?;
    let scope = head.scope(rules.mode);
    if !access.discusses(&scope, &head.invited) {
        return Err(not_found().into());
    }
    if head.state.status().is_final() {
        return Err(Refusal::new(Code::Closed, "the chat has ended").into());
    }
    Ok((head, scope))
}

/// Returns the audience of the discussion: the chat's audience and the invited users.
pub fn audience(head: &ConversationRow, mut scope: Scope) -> Scope {
    scope.named.extend(&head.invited);
    scope
}

/// Checks that the user may write the discussion now, and counts the messages. Returns the discussion's audience.
///
/// A message of the discussion has no row: the document determines its order, and no code that sends messages to
/// visitors or channels can read it.
pub async fn accept(
    db: &mut OrderedTx,
    access: &Access,
    conversation: ConversationId,
    new: &[Message],
    events: &mut CommitEvents,
) -> Result<Scope, ServiceError> {
    let (mut head, scope) = writable(&mut *db, access, conversation).await?;
    for message in new {
        reply::attach(&mut *db, &head, access.user, message, true).await?;
        head.discussed += 1;
        if message.body.contains('@') {
            events.mention(Mention {
                conversation,
                by: access.user,
                whom: Named::InText(message.body.clone()),
            });
        }
    }
    row::save_before(db, &mut head, &scope, events).await?;
    Ok(audience(&head, scope))
}

/// Invites a colleague, who may then read the chat. Inviting them again changes nothing.
///
/// # Errors
/// `NotFound`, `Closed`; `Invalid` for a user who cannot see the inbox; `TooLarge` for too many invitations.
pub async fn invite(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    user: UserId,
) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let (mut head, before) = writable(&mut unit.tx, access, conversation).await?;
    if head.invited.contains(&user) {
        return Ok(());
    }
    let stranger = || Refusal::new(Code::Invalid, "only colleagues of this inbox can be invited");
    let colleague = users::user(&mut unit.tx, user).await?.filter(|user| user.active);
    let theirs = access::of(&mut unit.tx, &colleague.ok_or_else(stranger)?).await?;
    if !theirs.sees_inbox(head.inbox) {
        return Err(stranger().into());
    }
    if head.invited.len() >= MAX_INVITED {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("at most {MAX_INVITED} colleagues can be invited"),
        )
        .into());
    }
    head.invited.push(user);
    unit.events.mention(Mention {
        conversation,
        by: access.user,
        whom: Named::User(user),
    });
    row::save_from(&mut unit.tx, &mut head, before, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(())
}
