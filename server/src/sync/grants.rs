//! What a user may see has changed: sockets lose what they may see no more, and come back for what is new.

use causerie_shared::{
    frame::ServerFrame,
    ids::{SessionId, UserId},
};

use super::access;
use crate::{
    state::App,
    store::{
        OrderedTx, StoreError,
        feed::{self, FeedEntry, FeedKind},
        users,
    },
};

/// Writes into the feed that sign-ins were ended, for the other nodes.
pub async fn note_ended(db: &mut OrderedTx, sessions: &[SessionId]) -> Result<Vec<FeedEntry>, StoreError> {
    let mut entries = vec![];
    for session in sessions {
        entries.push(feed::append(&mut *db, FeedKind::Session, session.to_string(), None, None).await?);
    }
    Ok(entries)
}

/// After the commit: sockets of ended sign-ins say so and close.
pub async fn ended(app: &App, sessions: &[SessionId], entries: Vec<FeedEntry>) -> Result<(), StoreError> {
    for session in sessions {
        app.hub.session_ended(*session);
    }
    super::announce(app, entries).await
}

/// Does what an entry of another node says about sockets, before anything later is announced.
pub(super) async fn heard(app: &App, entry: &FeedEntry) -> Result<(), StoreError> {
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

/// Looks again at what a user may see. Their sockets on this node are told what to forget and then closed: with
/// a stale fingerprint their clients begin anew.
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
        // The role decides more than what is seen.
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
