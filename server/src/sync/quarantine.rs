//! Documents that cannot be used any more are set aside (`docs/sync.md#the-write-gate`, step 6): nobody writes them,
//! and all else goes on. An operator finds them in the log and in `causerie_documents_set_aside_total`.

use causerie_shared::document::DocumentId;

use super::{CommitEvents, open_document::OpenDocument, open_documents::Locked};
use crate::{
    desk::{DeskError, change, reply},
    state::App,
};

/// Locks a document. One whose stored bytes make no sense is set aside at once; [`Room::usable`] says so.
pub async fn lock(app: &App, document: DocumentId) -> Result<Locked, DeskError> {
    let mut document = app.documents.lock(&app.store, document).await?;
    if document.must_be_quarantined() {
        set(app, &mut document).await?;
    }
    Ok(document)
}

/// Nobody writes the document any more. A chat goes on in the next segment.
pub async fn set(app: &App, document: &mut OpenDocument) -> Result<(), DeskError> {
    let mut tx = app.store.begin_ordered().await?;
    let mut events = CommitEvents::default();
    document.quarantine(&mut tx).await?;
    if let DocumentId::Timeline(conversation, segment) = document.id {
        let target = reply::Target { conversation, segment };
        reply::leave_segment(&mut tx, target, &mut events).await?;
    }
    tx.commit().await?;
    tracing::error!(document = %document.id, "a document was set aside");
    metrics::counter!("causerie_documents_set_aside_total").increment(1);
    change::publish(app, events);
    Ok(())
}
