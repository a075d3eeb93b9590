//! Turns an event into notifications for the users whom it concerns.

use causerie_shared::{
    Millis,
    conversation::{State, transition::Event},
    ids::{ConversationId, UserId},
    inbox::Mode,
    row::{ConversationRow, JourneyRow},
    window::Folder,
};

use super::{
    Notice, Occasion,
    words::{Chat, Kind, Outcome, Words},
};
use crate::{
    access,
    commit_events::{Mention, Named},
    state::App,
    store::{Db, StoreError, conversation_events, conversations, places, push, users},
};

/// How long a push without a deadline may wait for its device, milliseconds.
const HOUR: Millis = 3_600_000;

/// Whether this change may cause a push. Does not read the database.
pub fn matters(row: &JourneyRow) -> bool {
    match row.state {
        State::Waiting { overdue, offline, .. } => !overdue && !offline,
        State::Assigning { .. } | State::Transferring { .. } => true,
        State::Assigned { .. } => outcome(&row.cause).is_some(),
        State::Bot { .. } | State::Ended { .. } | State::Failed { .. } => false,
    }
}

/// Returns how a transfer request ended, from the name of the event that ended it. Events in other states have the same
/// names, so the caller must check the previous state.
fn outcome(cause: &str) -> Option<Outcome> {
    [
        (Event::Accept.as_str(), Outcome::Accepted),
        (Event::Decline.as_str(), Outcome::Rejected),
        (Event::Expire.as_str(), Outcome::Expired),
        ("agent_gone", Outcome::Expired),
        ("agent_removed", Outcome::Expired),
    ]
    .into_iter()
    .find_map(|(name, outcome)| (name == cause).then_some(outcome))
}

/// Returns the notifications for an event. Empty if the conversation has changed again since.
pub async fn notices(app: &App, db: &mut Db, occasion: Occasion) -> Result<Vec<Notice>, StoreError> {
    match occasion {
        Occasion::Changed(row) => {
            let Some(head) = conversations::get(&mut *db, row.conversation).await? else {
                return Ok(vec![]);
            };
            if head.version != row.version {
                return Ok(vec![]);
            }
            changed(app, db, &row, &head).await
        }
        Occasion::Named(mention) => named(app, db, &mention).await,
    }
}

async fn changed(app: &App, db: &mut Db, row: &JourneyRow, head: &ConversationRow) -> Result<Vec<Notice>, StoreError> {
    let later = app.clock.now() + HOUR;
    let chat = Chat::of(head);
    let notice = |user, kind, words, folder, until, fence| Notice {
        user,
        kind,
        words,
        path: path(folder, head.id),
        conversation: Some(head.id),
        until,
        fence,
    };
    Ok(match row.state {
        State::Waiting { .. } => {
            let rules = places::rules_of(&mut *db, head.inbox).await?;
            if rules.is_none_or(|rules| rules.mode != Mode::Broadcast) {
                return Ok(vec![]);
            }
            let members = push::reachable_members(db, head.inbox).await?;
            let told = members.into_iter().filter(|user| Some(*user) != row.actor.user());
            told.map(|user| {
                notice(
                    user,
                    Kind::NewChat,
                    Words::NewChat(chat.clone()),
                    Folder::Queue,
                    later,
                    None,
                )
            })
            .collect()
        }
        State::Assigning { agent, deadline, .. } => {
            let fence = Some(head.version);
            vec![notice(
                agent,
                Kind::Offer,
                Words::Offer(chat),
                Folder::Engaged,
                deadline,
                fence,
            )]
        }
        State::Transferring { to, by, deadline, .. } => {
            let words = Words::Transfer(name(db, by).await?, chat);
            vec![notice(
                to,
                Kind::Transfer,
                words,
                Folder::Engaged,
                deadline,
                Some(head.version),
            )]
        }
        State::Assigned { .. } => {
            let Some(outcome) = outcome(&row.cause) else {
                return Ok(vec![]);
            };
            let before = conversation_events::at(&mut *db, head.id, row.version - 1).await?;
            let Some(State::Transferring { from, to, by, .. }) = before.map(|row| row.state) else {
                return Ok(vec![]);
            };
            let words = Words::Outcome(outcome, name(db, to).await?, chat);
            let mut told = vec![from, by];
            told.dedup();
            let told = told.into_iter().filter(|user| Some(*user) != row.actor.user());
            told.map(|user| notice(user, Kind::TransferOutcome, words.clone(), Folder::Mine, later, None))
                .collect()
        }
        State::Bot { .. } | State::Ended { .. } | State::Failed { .. } => vec![],
    })
}

async fn named(app: &App, db: &mut Db, mention: &Mention) -> Result<Vec<Notice>, StoreError> {
    let Some(head) = conversations::get(&mut *db, mention.conversation).await? else {
        return Ok(vec![]);
    };
    let (users, text) = match &mention.whom {
        Named::User(user) => (vec![*user], None),
        Named::InText(text) => (found(text, &users::users(&mut *db).await?), Some(text.clone())),
    };
    let by = name(&mut *db, mention.by).await?;
    let mut notices = vec![];
    for user in users.into_iter().filter(|user| *user != mention.by) {
        if !access::may_read(app, user, head.id, true).await? {
            continue;
        }
        notices.push(Notice {
            user,
            kind: Kind::Mention,
            words: Words::Mention(by.clone(), text.clone(), Chat::of(&head)),
            path: path(Folder::Mine, head.id),
            conversation: Some(head.id),
            until: app.clock.now() + HOUR,
            fence: None,
        });
    }
    Ok(notices)
}

/// Returns the users whose names follow an `@` in `text`. The longest name wins: `@Ana Ruiz` does not mention "Ana".
fn found(text: &str, users: &[users::UserRecord]) -> Vec<UserId> {
    let mut found: Vec<UserId> = text
        .match_indices('@')
        .filter_map(|(at, _)| {
            let rest = &text[at + 1..];
            let named = users.iter().filter(|user| rest.starts_with(user.name.as_str()));
            named.max_by_key(|user| user.name.len()).map(|user| user.id)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn path(folder: Folder, conversation: ConversationId) -> String {
    format!("/app/{}/{conversation}", folder.as_str())
}

async fn name(db: &mut Db, user: UserId) -> Result<String, StoreError> {
    Ok(users::user(db, user).await?.map(|user| user.name).unwrap_or_default())
}
