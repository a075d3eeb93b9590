//! Assigning and transferring chats: a supervisor's assignment, a transfer to an agent or to another inbox
//! (`docs/domain.md#transfer`).

use causerie_shared::{
    access::Access,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::{ConversationId, InboxId, UserId},
    refusal::{Code, Refusal},
    row::ConversationRow,
    user::Availability,
};

use super::{change, claim, not_found};
use crate::{
    error::ServiceError,
    state::App,
    store::{Db, conversations, offer_rounds, places, users},
    unit_of_work::UnitOfWork,
};

/// Gives a chat to an agent: depending on the state of the chat, this starts, offers or transfers it.
///
/// # Errors
/// [`Code::Capacity`], [`Code::Away`] or [`Code::Invalid`] when the agent cannot take the chat; [`Code::Conflict`] when
/// the chat has changed.
pub async fn to_agent(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    agent: UserId,
    expect_version: Option<i64>,
) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    let (mut head, actor) = seen(&mut unit.tx, access, conversation, expect_version).await?;
    let steps = match &head.state {
        State::Waiting { .. } if agent == access.user => vec![Event::Start],
        State::Waiting { .. } => vec![Event::Offer { agent }],
        State::Assigning { .. } if agent == access.user => vec![Event::Withdraw, Event::Start],
        State::Assigning { agent: asked, .. } if *asked == agent => {
            return Err(Refusal::new(Code::Conflict, "the chat is already offered to this agent").into());
        }
        State::Assigning { .. } => vec![Event::Withdraw, Event::Offer { agent }],
        State::Bot { .. } if agent == access.user => vec![Event::JumpIn],
        State::Transferring { to, .. } if *to == agent => {
            return Err(Refusal::new(Code::Conflict, "this agent has already been asked to take the chat").into());
        }
        State::Transferring { .. } => {
            let text = "another colleague is asked to take the chat; cancel that first";
            return Err(Refusal::new(Code::Conflict, text).into());
        }
        State::Bot { .. } | State::Assigned { .. } | State::Ended { .. } | State::Failed { .. } => {
            vec![Event::TransferToAgent { to: agent }]
        }
    };
    reachable(&mut unit.tx, head.inbox, agent, access).await?;
    for event in steps {
        change::apply(&mut unit.tx, &mut head, &event, actor, now, &mut unit.events).await?;
    }
    unit.commit(app).await?;
    Ok(())
}

/// Transfers a chat to another inbox. The chat leaves its agent at once and waits there; an open offer is withdrawn
/// first.
pub async fn to_inbox(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    inbox: InboxId,
    expect_version: Option<i64>,
) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    let (mut head, actor) = seen(&mut unit.tx, access, conversation, expect_version).await?;
    if head.inbox == inbox {
        return Err(Refusal::new(Code::Invalid, "the chat is in this inbox already").into());
    }
    if let State::Assigning { .. } = head.state {
        change::apply(&mut unit.tx, &mut head, &Event::Withdraw, actor, now, &mut unit.events).await?;
    }
    change::to_inbox(&mut unit.tx, &mut head, inbox, actor, now, &mut unit.events).await?;
    // A user chose the inbox, so earlier overflows no longer count.
    offer_rounds::set_overflowed(&mut unit.tx, head.id, &[]).await?;
    unit.commit(app).await?;
    Ok(())
}

/// Locks a chat that the user may read, and checks `expect_version`. Returns the chat's row and the acting user.
async fn seen(
    db: &mut Db,
    access: &Access,
    conversation: ConversationId,
    expect_version: Option<i64>,
) -> Result<(ConversationRow, Actor), ServiceError> {
    let head = conversations::lock(&mut *db, conversation)
        .await?
        .ok_or_else(not_found)?;
    let rules = change::rules(&mut *db, head.inbox).await?;
    if !access.reads(&head.scope(rules.mode)) {
        return Err(not_found().into());
    }
    if head.state.status().is_final() {
        return Err(Refusal::new(Code::Closed, "the chat has ended").into());
    }
    claim::unmoved(&head, expect_version)?;
    let actor = Actor::User {
        id: access.user,
        supervises: access.supervises(head.inbox),
    };
    Ok((head, actor))
}

/// Checks that the agent can be given a chat of this inbox: an active member who is connected and available. Users who
/// assign a chat to themselves need not be available, and supervisors who do so need not be members.
async fn reachable(db: &mut Db, inbox: InboxId, agent: UserId, access: &Access) -> Result<(), ServiceError> {
    let user = users::user(&mut *db, agent)
        .await?
        .filter(|user| user.active)
        .ok_or_else(|| Refusal::new(Code::NotFound, "there is no such user"))?;
    let mine = agent == access.user;
    let outside = !places::memberships(db, agent).await?.contains(&inbox);
    if outside && !(mine && access.supervises(inbox)) {
        let text = format!("{} is not a member of this inbox", user.name);
        return Err(Refusal::new(Code::Invalid, text).into());
    }
    if !mine && (!user.connected || user.availability == Availability::Busy) {
        return Err(Refusal::away(agent, user.name).into());
    }
    Ok(())
}
