//! Taking, declining and undoing chats: the first claim wins, and the others get the name of the winner.

use causerie_shared::{
    access::Access,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::{ConversationId, UserId},
    inbox::Mode,
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{change, closing, not_found};
use crate::{
    error::ServiceError,
    state::App,
    store::{Db, conversation_events, conversations, users},
    unit_of_work::UnitOfWork,
};

/// Applies an agent's event to a conversation in its own transaction.
///
/// `expect_version` is the version that the user saw; an outdated one is refused with the most fitting reason.
pub async fn act(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    event: Event,
    expect_version: Option<i64>,
) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    let mut head = conversations::lock(&mut unit.tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    let rules = change::rules(&mut unit.tx, head.inbox).await?;
    let visible = access.reads(&head.scope(rules.mode));
    if !visible {
        return Err(hidden(&mut unit.tx, access, &head, rules.mode, &event).await?.into());
    }
    if let Some(refusal) = lost(&mut unit.tx, access, &head, &event, expect_version).await? {
        return Err(refusal.into());
    }
    if matches!(event, Event::Start) && !access.is_member(head.inbox) && !access.supervises(head.inbox) {
        return Err(Refusal::new(Code::Forbidden, "you are not a member of this inbox").into());
    }
    let actor = Actor::User {
        id: access.user,
        supervises: access.supervises(head.inbox),
    };
    change::apply(&mut unit.tx, &mut head, &event, actor, now, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(())
}

/// Returns the refusal for a user who may not read the chat (any more). Members of a broadcast inbox learn who took the
/// chat, and an agent who was asked learns that the offer has expired; all others get `NotFound`.
async fn hidden(
    db: &mut Db,
    access: &Access,
    head: &ConversationRow,
    mode: Mode,
    event: &Event,
) -> Result<Refusal, ServiceError> {
    let answers = matches!(event, Event::Accept | Event::Decline);
    if answers && conversation_events::was_asked(db, head.id, access.user).await? {
        return Ok(Refusal::new(Code::Conflict, "the offer has expired"));
    }
    if mode == Mode::Broadcast
        && access.is_member(head.inbox)
        && let Some(agent) = head.state.agent()
    {
        return taken(db, agent).await;
    }
    Ok(not_found())
}

async fn taken(db: &mut Db, agent: UserId) -> Result<Refusal, ServiceError> {
    let name = users::user(db, agent).await?.map(|user| user.name).unwrap_or_default();
    Ok(Refusal::taken(agent, name))
}

/// Returns the refusal for an event that comes too late, instead of the transition's refusal for a wrong state.
async fn lost(
    db: &mut Db,
    access: &Access,
    head: &ConversationRow,
    event: &Event,
    expect_version: Option<i64>,
) -> Result<Option<Refusal>, ServiceError> {
    if head.state.status().is_final() && !matches!(event, Event::Undo) {
        return Ok(Some(Refusal::new(Code::Closed, "the chat has ended")));
    }
    if matches!(event, Event::Undo) {
        return cannot_undo(db, head).await;
    }
    let claims = matches!(event, Event::Start | Event::Accept);
    match &head.state {
        State::Assigned { agent, .. } | State::Assigning { agent, .. } if claims && *agent != access.user => {
            Ok(Some(taken(db, *agent).await?))
        }
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigning { .. }
        | State::Assigned { .. }
        | State::Transferring { .. }
        | State::Ended { .. }
        | State::Failed { .. } => Ok(unmoved(head, expect_version).err()),
    }
}

/// Returns the refusal unless the undo window is open and the chat's agent is still active. The transition checks
/// whether the user may undo, and the claim whether the agent has capacity.
async fn cannot_undo(db: &mut Db, head: &ConversationRow) -> Result<Option<Refusal>, ServiceError> {
    if !closing::is_pending(head) {
        return Ok(Some(Refusal::new(Code::Closed, "the end can no longer be undone")));
    }
    let Some(agent) = closing::shown_agent(head) else {
        return Ok(None);
    };
    let user = users::user(db, agent).await?.filter(|user| user.active);
    let gone = || Refusal::new(Code::NotFound, "the chat's agent is not there any more");
    Ok(user.is_none().then(gone))
}

/// Checks that the chat still has the version that the user saw.
pub(crate) fn unmoved(head: &ConversationRow, expect_version: Option<i64>) -> Result<(), Refusal> {
    if expect_version.is_some_and(|version| version != head.version) {
        return Err(Refusal::new(Code::Conflict, "the chat has changed; look again"));
    }
    Ok(())
}
