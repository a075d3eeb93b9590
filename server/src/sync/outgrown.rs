//! New epochs for documents whose history has outgrown their content (`docs/sync.md#segments-and-epochs`).

use causerie_shared::{
    access::Scope,
    document::anew::Forget,
    frame::{Part, ServerFrame},
    ids::IntentId,
};

use super::room::{Prepared, Room};
use crate::{clock::random_u128, desk::DeskError, state::App, store::Db};

/// Begins the next epoch of a document if its history is too long, and sends it to the followers within `scope`. A
/// failure changes nothing; the next push tries again.
pub async fn begin_anew(app: &App, room: &mut Room, scope: Option<&Scope>) {
    if !room.is_outgrown() {
        return;
    }
    match attempt(app, room).await {
        Ok(part) => {
            let document = room.id;
            app.hub
                .document_changed(document, &ServerFrame::Part(part), scope, None);
        }
        Err(error) => tracing::warn!(document = %room.id, %error, "a long document could not be begun anew"),
    }
}

async fn attempt(app: &App, room: &mut Room) -> Result<Part, DeskError> {
    let prepared = room.prepare_anew(Forget::History)?;
    let mut tx = app.store.begin_ordered().await?;
    write(app, &mut tx, room, &prepared).await?;
    tx.commit().await?;
    Ok(room.committed_anew(prepared))
}

/// Writes the next epoch of a document in the caller's transaction, under a new intent of the server.
pub async fn write(app: &App, db: &mut Db, room: &mut Room, prepared: &Prepared) -> Result<(), DeskError> {
    let intent = IntentId::new(app.clock.now(), random_u128());
    room.write_anew(db, intent, prepared).await
}
