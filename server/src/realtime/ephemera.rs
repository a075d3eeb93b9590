//! Ephemera (typing, viewing, carets): passed on to the users who have the chat or the notes open, and never stored.

use causerie_shared::{
    access::Access,
    document::DocumentId,
    frame::{Ephemeral, ServerFrame},
    ids::ConversationId,
};

use super::SocketId;
use crate::{
    access,
    state::App,
    store::{StoreError, conversations},
};

/// Passes on an ephemeral frame of a console with its user's id, unless the user may not see the chat or contact.
pub async fn pass_on(app: &App, socket: SocketId, access: &Access, body: Ephemeral) {
    if let Err(error) = tell(app, socket, access, body).await {
        tracing::error!(%error, "could not pass on a typing mark or caret");
    }
}

async fn tell(app: &App, socket: SocketId, access: &Access, body: Ephemeral) -> Result<(), StoreError> {
    let frame = ServerFrame::Ephemeral {
        from: Some(access.user),
        body: body.clone(),
    };
    match body {
        Ephemeral::Typing { conversation, on } => {
            super::visitors::agent_typing(app, access, conversation, on).await;
            to_colleagues(app, socket, access, conversation, &frame).await
        }
        Ephemeral::Viewing { conversation, .. } => to_colleagues(app, socket, access, conversation, &frame).await,
        Ephemeral::Caret { contact, .. } => {
            let mut db = app.store.read().await?;
            if access::reads_contact(&mut db, access, contact).await? {
                // Only users who may read the notes can follow them, so no scope is needed.
                app.hub
                    .document_changed(DocumentId::Notes(contact), &frame, None, Some(socket));
            }
            Ok(())
        }
    }
}

async fn to_colleagues(
    app: &App,
    socket: SocketId,
    access: &Access,
    conversation: ConversationId,
    frame: &ServerFrame,
) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let Some(head) = conversations::get(&mut db, conversation).await? else {
        return Ok(());
    };
    if let Some(scope) = access::scope(&mut db, &head).await?
        && access.reads(&scope)
    {
        app.hub.ephemeral(conversation, &scope, frame, Some(socket));
    }
    Ok(())
}
