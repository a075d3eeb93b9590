//! What is worth nothing a minute later: passed on to those who have the chat or the notes open, never stored.

use causerie_shared::{
    access::Access,
    document::DocumentId,
    frame::{Ephemeral, ServerFrame},
    ids::ConversationId,
};

use super::{SocketId, access};
use crate::{
    state::App,
    store::{StoreError, conversations},
};

/// Passes on what a console says, stamped with its user. What they may not see goes nowhere.
pub async fn pass_on(app: &App, socket: SocketId, access: &Access, body: Ephemeral) {
    if let Err(error) = tell(app, socket, access, body).await {
        tracing::error!(%error, "an ephemeral could not be passed on");
    }
}

async fn tell(app: &App, socket: SocketId, access: &Access, body: Ephemeral) -> Result<(), StoreError> {
    let frame = ServerFrame::Ephemeral {
        from: Some(access.user),
        body: body.clone(),
    };
    match body {
        Ephemeral::Typing { conversation, on } => {
            crate::http::widget::agent_typing(app, access, conversation, on).await;
            to_colleagues(app, socket, access, conversation, &frame).await
        }
        Ephemeral::Viewing { conversation, .. } => to_colleagues(app, socket, access, conversation, &frame).await,
        Ephemeral::Caret { contact, .. } => {
            let mut db = app.store.read().await?;
            if access::reads_contact(&mut db, access, contact).await? {
                // Only those who may read the notes follow them.
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
