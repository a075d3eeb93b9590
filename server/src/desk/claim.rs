//! Taking and refusing chats: the first one wins, the others learn who did.

use causerie_shared::{
    access::Access,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::ConversationId,
    inbox::Mode,
    refusal::{Code, Refusal},
    row::Head,
};

use super::{DeskError, change, not_found};
use crate::{
    state::App,
    store::{Db, conversations, people},
    sync::News,
};

/// Runs an agent's event on a conversation in a transaction of its own.
///
/// `expect_version`: what the person saw; a chat that moved on is refused with the reason that fits.
pub async fn act(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    event: Event,
    expect_version: Option<i64>,
) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let mut head = conversations::lock(&mut tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    let rules = change::rules(&mut tx, head.inbox).await?;
    let visible = access.reads(&head.scope(rules.mode));
    if !visible {
        // Members may learn who took a chat of their common queue; others learn nothing.
        let common = rules.mode == Mode::Broadcast && access.is_member(head.inbox);
        return Err(match (common, head.state.agent()) {
            (true, Some(agent)) => taken(&mut tx, agent).await?.into(),
            _ => not_found().into(),
        });
    }
    if let Some(refusal) = lost(&mut tx, access, &head, &event, expect_version).await? {
        return Err(refusal.into());
    }
    if matches!(event, Event::Start) && !access.is_member(head.inbox) && !access.supervises(head.inbox) {
        return Err(Refusal::new(Code::Forbidden, "you are not a member of this inbox").into());
    }
    let actor = Actor::User {
        id: access.user,
        supervises: access.supervises(head.inbox),
    };
    let mut news = News::default();
    change::apply(&mut tx, &mut head, &event, actor, now, &mut news).await?;
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}

async fn taken(db: &mut Db, agent: causerie_shared::ids::UserId) -> Result<Refusal, DeskError> {
    let name = people::user(db, agent).await?.map(|user| user.name).unwrap_or_default();
    Ok(Refusal::taken(agent, name))
}

/// A claim that came too late, worded as such instead of as a wrong state.
async fn lost(
    db: &mut Db,
    access: &Access,
    head: &Head,
    event: &Event,
    expect_version: Option<i64>,
) -> Result<Option<Refusal>, DeskError> {
    if head.state.status().is_final() && !matches!(event, Event::Undo) {
        return Ok(Some(Refusal::new(Code::Closed, "the chat has ended")));
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

/// The person has seen the chat's present version.
pub(super) fn unmoved(head: &Head, expect_version: Option<i64>) -> Result<(), Refusal> {
    if expect_version.is_some_and(|version| version != head.version) {
        return Err(Refusal::new(Code::Conflict, "the chat changed meanwhile"));
    }
    Ok(())
}
