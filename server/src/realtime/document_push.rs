//! Pushes of consoles: the write gate, the storage of a push, and the effects of its content.

use std::sync::Arc;

use causerie_shared::{
    access::{Access, Scope},
    document::{DocumentId, genesis},
    frame::ServerFrame,
    gate::{self, Writer},
    ids::{DeviceId, IntentId},
    refusal::{Code, Refusal},
};

use super::SocketId;
use crate::{
    access::reads_contact,
    contacts::profile,
    conversations::{discussion, quarantine, reply},
    documents::{epochs, open_document::Prepared, open_documents::Locked},
    error::ServiceError,
    state::App,
    store::{
        Db,
        documents::{self, Past},
    },
    unit_of_work::{Committed, UnitOfWork},
};

/// Maximum number of attempts for a push when other nodes write first.
const TRIES: usize = 3;

/// The author of a push and their socket.
#[derive(Clone)]
pub struct Pusher {
    pub socket: SocketId,
    pub device: DeviceId,
    pub access: Arc<Access>,
}

/// A push frame.
pub struct Push {
    pub document: DocumentId,
    pub epoch: u32,
    pub intent: IntentId,
    pub changes: Vec<Vec<u8>>,
}

/// Runs the gate, stores the push and answers through the hub. The answer is queued while the document is locked, so
/// that the author gets answers in the order of the document's sequence numbers.
///
/// # Errors
/// Returns a refusal if the push made the document panic and the socket must be closed. All other refusals go to the
/// author as a frame.
pub async fn receive(app: &App, pusher: &Pusher, push: Push) -> Result<(), Refusal> {
    let refuse = |refusal: Refusal| {
        let frame = ServerFrame::Refused {
            intent: push.intent,
            document: push.document,
            refusal,
        };
        app.hub.send(pusher.socket, &frame);
    };
    for _ in 0..TRIES {
        match attempt(app, pusher, &push).await {
            Ok(Done::Stored) => return Ok(()),
            Ok(Done::Panicked) => {
                let refusal = Refusal::new(Code::Quarantined, "the change could not be read safely");
                refuse(refusal.clone());
                return Err(refusal);
            }
            Ok(Done::Again) => {}
            Err(error) => {
                refuse(error.into_refusal());
                return Ok(());
            }
        }
    }
    refuse(Refusal::new(Code::Conflict, "the document is busy; try again"));
    Ok(())
}

enum Done {
    Stored,
    /// Another node wrote first; the document must be loaded again.
    Again,
    Panicked,
}

async fn attempt(app: &App, pusher: &Pusher, push: &Push) -> Result<Done, ServiceError> {
    if push.changes.is_empty() {
        return answer(app, pusher, push).await;
    }
    let changes = gate::read(&push.changes)?;
    let mut document = quarantine::lock(app, push.document).await?;
    let held = document.holds(&changes);
    let mut prepared = match admit(&mut document, pusher, push, changes, held) {
        Ok(prepared) => prepared,
        Err(None) => {
            quarantine::set(app, &mut document).await?;
            return Ok(Done::Panicked);
        }
        // A push that is stored already is acknowledged even if the gate refuses it now.
        Err(Some(refusal)) => {
            let mut db = app.store.read().await?;
            let Some(frame) = known(&mut db, &document, pusher, push, held).await? else {
                return Err(refusal.into());
            };
            app.hub.send(pusher.socket, &frame);
            return Ok(Done::Stored);
        }
    };
    match store(app, &mut document, pusher, push, &mut prepared).await {
        Ok(Stored::New(committed, scope)) => {
            finish(app, document, pusher, push, prepared, committed, scope).await;
            Ok(Done::Stored)
        }
        Ok(Stored::Known(frame)) => {
            app.hub.send(pusher.socket, &frame);
            Ok(Done::Stored)
        }
        Err(ServiceError::Refused(refusal)) if refusal.code == Code::Conflict => Ok(Done::Again),
        Err(error) => Err(error),
    }
}

/// Answers a push without changes, which asks for the outcome of its intent.
async fn answer(app: &App, pusher: &Pusher, push: &Push) -> Result<Done, ServiceError> {
    let document = quarantine::lock(app, push.document).await?;
    let mut db = app.store.read().await?;
    let Some(frame) = known(&mut db, &document, pusher, push, false).await? else {
        return Err(Refusal::new(Code::NotFound, "it did not arrive").into());
    };
    app.hub.send(pusher.socket, &frame);
    Ok(Done::Stored)
}

/// Runs steps 2 (whether the document is writable) to 6 on the document in memory. `Err(None)` means that the document
/// panicked.
fn admit(
    document: &mut Locked,
    pusher: &Pusher,
    push: &Push,
    changes: Vec<automerge::Change>,
    held: bool,
) -> Result<Prepared, Option<Refusal>> {
    document.open_for(push.epoch)?;
    if held {
        return Err(Some(Refusal::new(Code::Conflict, "the document has these changes")));
    }
    let writer = Writer {
        user: pusher.access.user,
        device: pusher.device,
    };
    document.prepare(writer, changes)
}

/// Runs the second half of step 2: returns the answer to a push that is stored already; `None` if it is new or of
/// another epoch. `held`: the document already had all the changes.
///
/// # Errors
/// `Forbidden` if the push is stored but the user may not read the document and is not its author.
async fn known(
    db: &mut Db,
    document: &Locked,
    pusher: &Pusher,
    push: &Push,
    held: bool,
) -> Result<Option<ServerFrame>, ServiceError> {
    if push.epoch != document.epoch && !push.changes.is_empty() {
        // A client in another epoch must first get the current epoch.
        return Ok(None);
    }
    let past = documents::past_of(&mut *db, push.document, push.intent).await?;
    if past.is_none() && !held {
        return Ok(None);
    }
    let reads = crate::access::reads_document(db, &pusher.access, push.document).await?;
    if !reads && !is_author(document, pusher, past.as_ref()) {
        return Err(Refusal::new(Code::Forbidden, "you may not see this any more").into());
    }
    let (seq, mut changes) = match past {
        Some(Past::Stored(stored)) if stored.changes == push.changes => (stored.seq, vec![]),
        Some(Past::Stored(stored)) => (stored.seq, stored.changes),
        // The intent was applied in an older epoch, and the document has its result. The genesis is not new to the
        // client; it keeps the client from treating its own changes as stored.
        Some(Past::Settled) if !held => (document.seq, vec![genesis(push.document.kind())]),
        Some(Past::Settled) | None => (document.seq, vec![]),
    };
    if !reads {
        // An author without access learns only that the push was stored.
        changes.clear();
    }
    Ok(Some(ServerFrame::Applied {
        intent: push.intent,
        document: push.document,
        epoch: document.epoch,
        seq,
        changes,
    }))
}

/// Whether the user is the author of the intent. For an intent of an older epoch this is assumed, because only the
/// author, and users who could read its result, know its id.
fn is_author(document: &Locked, pusher: &Pusher, past: Option<&Past>) -> bool {
    match past {
        Some(Past::Stored(stored)) => document.wrote(pusher.access.user, &stored.changes),
        Some(Past::Settled) => true,
        None => false,
    }
}

enum Stored {
    New(Committed, Option<Scope>),
    /// The push was stored before, so nothing was written.
    Known(ServerFrame),
}

/// Runs steps 2 (whether the push is new, and whether the user may write now) and 7 in one transaction.
async fn store(
    app: &App,
    document: &mut Locked,
    pusher: &Pusher,
    push: &Push,
    prepared: &mut Prepared,
) -> Result<Stored, ServiceError> {
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    if let Some(frame) = known(&mut unit.tx, document, pusher, push, false).await? {
        return Ok(Stored::Known(frame));
    }
    let scope = match push.document {
        DocumentId::Timeline(conversation, segment) => {
            let (messages, bytes) = (&prepared.admitted.messages, document.bytes_with(prepared));
            let target = reply::Target { conversation, segment };
            let accepted = reply::accept(
                &mut unit.tx,
                &pusher.access,
                target,
                messages,
                bytes,
                now,
                &mut unit.events,
            )
            .await?;
            prepared.seals = accepted.seals;
            Some(accepted.scope)
        }
        DocumentId::Discussion(id) => {
            let messages = &prepared.admitted.messages;
            Some(discussion::accept(&mut unit.tx, &pusher.access, id, messages, &mut unit.events).await?)
        }
        DocumentId::Draft(id) => Some(reply::may_draft(&mut unit.tx, &pusher.access, id).await?),
        DocumentId::Contact(id) => {
            may_write_contact(&mut unit.tx, &pusher.access, id).await?;
            profile::profile_changed(&mut unit.tx, id, document.doc(), &mut unit.events).await?;
            None
        }
        DocumentId::Notes(id) => {
            may_write_contact(&mut unit.tx, &pusher.access, id).await?;
            None
        }
    };
    document.write(&mut unit.tx, push.intent, prepared).await?;
    Ok(Stored::New(unit.commit_held().await?, scope))
}

async fn may_write_contact(
    db: &mut Db,
    access: &Access,
    contact: causerie_shared::ids::ContactId,
) -> Result<(), ServiceError> {
    if reads_contact(db, access, contact).await? {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "you may not see this contact").into())
}

async fn finish(
    app: &App,
    mut document: Locked,
    pusher: &Pusher,
    push: &Push,
    prepared: Prepared,
    committed: Committed,
    scope: Option<Scope>,
) {
    let part = document.committed(prepared);
    let seq = part.to;
    app.hub.queue_change(
        push.document,
        &ServerFrame::Part(part),
        scope.as_ref(),
        Some(pusher.socket),
    );
    let applied = ServerFrame::Applied {
        intent: push.intent,
        document: push.document,
        epoch: document.epoch,
        seq,
        changes: vec![],
    };
    app.hub.queue(pusher.socket, &applied);
    committed.publish(app);
    epochs::begin_epoch(app, &mut document, scope.as_ref()).await;
}
