//! What a user may see has changed: sockets lose what they may see no more, and come back for what is new.

use causerie_shared::{frame::ServerFrame, ids::UserId};

use super::access;
use crate::{
    state::App,
    store::{StoreError, people},
};

/// Looks again at what a user may see. Their sockets on this node are told what to forget and then closed: with
/// a stale fingerprint their clients begin anew.
pub async fn changed(app: &App, user: UserId) -> Result<(), StoreError> {
    let consoles = app.hub.consoles_of(user);
    if consoles.is_empty() {
        return Ok(());
    }
    let mut db = app.store.read().await?;
    let Some(record) = people::user(&mut db, user).await? else {
        return Ok(());
    };
    let now = access::of(&mut db, &record).await?;
    for (socket, before, followed) in consoles {
        if before.fingerprint() == now.fingerprint() {
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
