//! Changes of a user's access and ended sign-ins: affected sockets are told what to remove and closed, and clients
//! reconnect with the new access.

use causerie_shared::{
    frame::ServerFrame,
    ids::{SessionId, UserId},
};

use crate::{
    access,
    state::App,
    store::{
        OrderedTx, StoreError,
        feed::{self, FeedEntry, FeedKind},
        users,
    },
};

/// Appends the ended sign-ins to the feed, for the other nodes.
pub async fn note_ended(db: &mut OrderedTx, sessions: &[SessionId]) -> Result<Vec<FeedEntry>, StoreError> {
    let mut entries = vec![];
    for session in sessions {
        entries.push(feed::append(&mut *db, FeedKind::Session, session.to_string(), None, None).await?);
    }
    Ok(entries)
}

/// Closes the sockets of ended sign-ins and publishes the entries. Call it after the commit.
pub async fn ended(app: &App, sessions: &[SessionId], entries: Vec<FeedEntry>) -> Result<(), StoreError> {
    for session in sessions {
        app.hub.session_ended(*session);
    }
    crate::commit_events::announce(app, entries).await
}

/// Applies an entry of another node to this node's sockets. Must run before later entries are published.
pub(crate) async fn heard(app: &App, entry: &FeedEntry) -> Result<(), StoreError> {
    let damaged = |_| StoreError::Damaged("feed row");
    match entry.kind {
        FeedKind::Grants => changed(app, entry.row_id.parse().map_err(damaged)?).await,
        FeedKind::Session => {
            app.hub.session_ended(entry.row_id.parse().map_err(damaged)?);
            Ok(())
        }
        FeedKind::Conversation | FeedKind::User | FeedKind::Inbox | FeedKind::Account => Ok(()),
    }
}

/// Recomputes a user's access. If it changed, the user's sockets on this node are told what to remove and then closed;
/// their clients have an old fingerprint and get a `Reset` when they reconnect.
pub async fn changed(app: &App, user: UserId) -> Result<(), StoreError> {
    let consoles = app.hub.consoles_of(user);
    if consoles.is_empty() {
        return Ok(());
    }
    let mut db = app.store.read().await?;
    let Some(record) = users::user(&mut db, user).await? else {
        return Ok(());
    };
    let now = access::of(&mut db, &record).await?;
    for (socket, before, followed) in consoles {
        // The fingerprint does not cover everything that the role decides.
        if before.fingerprint() == now.fingerprint() && before.role == now.role {
            continue;
        }
        let mut documents = vec![];
        for document in followed {
            if !access::reads_document(&mut db, &now, document).await? {
                documents.push(document);
            }
        }
        let inboxes = before.sees.iter().filter(|inbox| !now.sees_inbox(**inbox)).copied();
        let revoked = ServerFrame::Revoked {
            documents,
            inboxes: inboxes.collect(),
        };
        app.hub.send(socket, &revoked);
        app.hub.close(socket);
    }
    Ok(())
}
