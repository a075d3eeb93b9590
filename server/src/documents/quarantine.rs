//! Quarantine (`docs/sync.md#the-write-gate`, step 6): a document that cannot be loaded, or that panics while a change
//! is applied, becomes read-only. Operators see it in the log and in `causerie_documents_set_aside_total`.

use causerie_shared::document::DocumentId;

use super::{open_document::OpenDocument, open_documents::Locked};
use crate::{
    commit_events::CommitEvents,
    conversations::{change, reply},
    error::ServiceError,
    state::App,
};

/// Locks a document. If its stored bytes cannot be read, it is put into quarantine, and [`OpenDocument::usable`]
/// returns an error.
pub async fn lock(app: &App, document: DocumentId) -> Result<Locked, ServiceError> {
    let mut document = app.documents.lock(&app.store, document).await?;
    if document.must_be_quarantined() {
        set(app, &mut document).await?;
    }
    Ok(document)
}

/// Puts a document into quarantine. The conversation of a timeline continues in the next segment.
pub async fn set(app: &App, document: &mut OpenDocument) -> Result<(), ServiceError> {
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
