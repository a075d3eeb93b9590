//! Adds what a message says about its author to the author's profile.

use causerie_shared::{
    document::DocumentId,
    frame::ServerFrame,
    ids::{ContactId, IntentId},
};

use super::NewMessage;
use crate::{
    clock::random_u128,
    contacts::profile,
    conversations::quarantine,
    documents::{epochs, open_document::Prepared},
    error::ServiceError,
    state::App,
    unit_of_work::UnitOfWork,
};

/// Writes the author's name, e-mail address and phone number into the profile, unless the profile has them.
pub(crate) async fn introduce(app: &App, incoming: &NewMessage, contact: ContactId) -> Result<(), ServiceError> {
    let phone = incoming
        .said
        .as_deref()
        .map(|said| said.phone.as_str())
        .filter(|phone| !phone.is_empty());
    if incoming.name.is_none() && incoming.email.is_none() && phone.is_none() {
        return Ok(());
    }
    let document_id = DocumentId::Contact(contact);
    let mut document = quarantine::lock(app, document_id).await?;
    if document.usable().is_err() {
        // The message itself is stored nevertheless.
        return Ok(());
    }
    let prepared = document.prepare_own(|doc, pen| {
        profile::introduce(doc, pen, incoming.name.as_deref(), incoming.email.as_deref(), phone)
    });
    if document.must_be_quarantined() {
        return quarantine::set(app, &mut document).await;
    }
    let prepared: Option<Prepared> = prepared?;
    let Some(prepared) = prepared else { return Ok(()) };
    let mut unit = UnitOfWork::begin(app).await?;
    profile::profile_changed(&mut unit.tx, contact, document.doc(), &mut unit.events).await?;
    let intent = IntentId::new(app.clock.now(), random_u128());
    document.write(&mut unit.tx, intent, &prepared).await?;
    let committed = unit.commit_held().await?;
    let part = document.committed(prepared);
    app.hub.queue_change(document_id, &ServerFrame::Part(part), None, None);
    committed.publish(app);
    epochs::begin_epoch(app, &mut document, None).await;
    Ok(())
}
