//! The members of an inbox, and changes of access: access that ends is revoked in the same transaction.

use causerie_shared::{
    Millis,
    ids::{InboxId, UserId},
    inbox::Member,
};

use crate::{
    commit_events::CommitEvents,
    conversations::not_found,
    error::ServiceError,
    grants, presence,
    state::App,
    store::{
        OrderedTx,
        feed::{self, FeedKind},
        places,
    },
    unit_of_work::{Committed, UnitOfWork},
};

/// Replaces the members of an inbox in the caller's transaction. Returns the users whose access changes.
pub async fn replace(
    db: &mut OrderedTx,
    inbox: InboxId,
    before: &[Member],
    members: &[Member],
    now: Millis,
    events: &mut CommitEvents,
) -> Result<Vec<UserId>, ServiceError> {
    let mut touched = vec![];
    for old in before {
        if !members.iter().any(|member| member.user == old.user) {
            places::remove_member(&mut *db, inbox, old.user).await?;
            // A removed member keeps accepted chats, but no offers or requests.
            presence::give_back(&mut *db, old.user, Some(inbox), now, events).await?;
            touched.push(old.user);
        }
    }
    for member in members {
        if before.iter().any(|old| old.user == member.user) {
            places::set_member_capacity(&mut *db, inbox, *member).await?;
        } else {
            places::add_member(&mut *db, inbox, *member).await?;
            touched.push(member.user);
        }
    }
    Ok(touched)
}

/// Replaces the members of an inbox.
pub async fn set(app: &App, inbox: InboxId, members: &[Member]) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let mut events = CommitEvents::default();
    let before = places::inbox(&mut tx, inbox).await?.ok_or_else(not_found)?.members;
    let touched = replace(&mut tx, inbox, &before, members, now, &mut events).await?;
    let entry = feed::append(&mut tx, FeedKind::Inbox, inbox.to_string(), None, None).await?;
    events.load(&mut tx, entry).await?;
    granted(&mut tx, &touched, &mut events).await?;
    events.freed(inbox);
    let unit = UnitOfWork { tx, events };
    told(app, &touched, unit.commit_held().await?).await
}

/// Records that the access of these users has changed.
pub async fn granted(db: &mut OrderedTx, users: &[UserId], events: &mut CommitEvents) -> Result<(), ServiceError> {
    for user in users {
        events.entry(feed::append(&mut *db, FeedKind::Grants, user.to_string(), None, None).await?);
    }
    Ok(())
}

/// Publishes a change of access after the commit: sockets lose access before anything that was committed later is
/// published.
pub async fn told(app: &App, users: &[UserId], committed: Committed) -> Result<(), ServiceError> {
    for user in users {
        grants::changed(app, *user).await?;
    }
    committed.publish(app);
    Ok(())
}
