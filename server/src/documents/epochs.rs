//! New epochs for documents whose history has outgrown their content (`docs/sync.md#segments-and-epochs`).

use causerie_shared::{
    access::Scope,
    document::epochs::Forget,
    frame::{Part, ServerFrame},
    ids::IntentId,
};

use super::open_document::{OpenDocument, Prepared};
use crate::{clock::random_u128, error::ServiceError, state::App, store::Db};

/// Begins the next epoch of a document if its history is too long, and sends it to the followers within `scope`. A
/// failure changes nothing; the next push tries again.
pub async fn begin_epoch(app: &App, document: &mut OpenDocument, scope: Option<&Scope>) {
    if !document.is_outgrown() {
        return;
    }
    match attempt(app, document).await {
        Ok(part) => {
            let document = document.id;
            app.hub
                .document_changed(document, &ServerFrame::Part(part), scope, None);
        }
        Err(error) => tracing::warn!(document = %document.id, %error, "could not begin a new epoch of a long document"),
    }
}

async fn attempt(app: &App, document: &mut OpenDocument) -> Result<Part, ServiceError> {
    let prepared = document.prepare_epoch(Forget::History)?;
    let mut tx = app.store.begin_ordered().await?;
    write(app, &mut tx, document, &prepared).await?;
    tx.commit().await?;
    Ok(document.epoch_committed(prepared))
}

/// Writes the next epoch of a document in the caller's transaction, under a new intent of the server.
pub async fn write(
    app: &App,
    db: &mut Db,
    document: &mut OpenDocument,
    prepared: &Prepared,
) -> Result<(), ServiceError> {
    let intent = IntentId::new(app.clock.now(), random_u128());
    document.write_epoch(db, intent, prepared).await
}
