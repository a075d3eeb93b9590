//! Several nodes on one database (`docs/sync.md#several-servers`). Each node publishes the whole feed to its own
//! sockets, whichever node wrote it. A node notifies the others once after a batch of commits; a node that misses the
//! notification polls some seconds later.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use causerie_shared::{
    conversation::Status,
    document::DocumentId,
    frame::Part,
    ids::{ConversationId, InboxId},
};

use crate::{
    access,
    commit_events::CommitEvents,
    error::ServiceError,
    grants,
    presence::{self, visitors},
    state::{App, Shared},
    store::{
        Db, Engine, StoreError, conversations, documents, feed,
        nodes::{Heard, NodeSession},
        places,
    },
    workers::{self, Supervisor},
};

/// Pause before the next attempt after an error, or while a feed number is missing.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long to wait for a task of this node that has committed a missing feed number but not published it yet.
const GAP_TIMEOUT: Duration = Duration::from_millis(20);
/// Writes within this time cause one notification.
const BATCH_PAUSE: Duration = Duration::from_millis(5);
/// Maximum number of feed entries that one query reads.
const MAX_ENTRIES: i64 = 1000;

pub(crate) fn add_workers(workers: &mut Supervisor, link: Option<NodeSession>) {
    workers.add("feed_follow", follow);
    if let Some(link) = link {
        workers.add("node_notify", notify);
        // The first run uses the session that the start opened; later runs open their own.
        let first = Mutex::new(Some(link));
        workers.add("node_listen", move |app| {
            let link = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            listen(app, link)
        });
    }
}

async fn notify(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        if let Err(error) = app.store.notify_nodes(app.node).await {
            tracing::warn!(%error, "the other nodes were not told; they look by themselves");
        }
        tokio::select! {
            () = app.hub.wrote.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
        crate::clock::pause(BATCH_PAUSE).await;
    }
}

async fn listen(app: Shared, mut link: Option<NodeSession>) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let heard = tokio::select! {
            heard = hear(&app, &mut link) => heard,
            () = workers::stop(&mut shutdown) => return,
        };
        match heard {
            Ok(Heard::News) => {}
            Ok(Heard::Again) => connected_again(&app).await,
            Err(error) => {
                tracing::warn!(%error, "the database is not heard");
                crate::clock::pause(RETRY_PAUSE).await;
            }
        }
        app.hub.lagging.notify_one();
    }
}

async fn hear(app: &App, link: &mut Option<NodeSession>) -> Result<Heard, StoreError> {
    match link {
        Some(link) => link.hear().await,
        None => {
            *link = app.store.node_session(app.node).await?;
            Ok(Heard::Again)
        }
    }
}

/// Stores the connections of this node again. While the node had no lock, other nodes may have taken it for dead and
/// removed them.
async fn connected_again(app: &App) {
    for user in app.hub.users() {
        if let Err(error) = presence::connected(app, user).await {
            tracing::error!(%error, "a connection could not be stored again");
        }
    }
    for contact in app.visitors.contacts() {
        if let Err(error) = visitors::arrived(app, contact).await {
            tracing::error!(%error, "a visitor's connection could not be stored again");
        }
    }
}

/// Reads and publishes feed entries that this node has not published. On SQLite these are only entries of a task that
/// died between commit and publication, which would otherwise block later ones.
async fn follow(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let mut stuck_at = None;
    loop {
        let done = match app.store.engine() {
            Engine::Postgres => catch_up(&app).await,
            Engine::Sqlite => {
                let waits_for = app.hub.gap();
                let stuck = waits_for.is_some() && waits_for == stuck_at;
                stuck_at = waits_for;
                if stuck {
                    read(&app).await.map_err(ServiceError::from)
                } else {
                    Ok(())
                }
            }
        };
        if let Err(error) = done {
            tracing::error!(%error, "the feed could not be read");
        }
        let look_again = async {
            match stuck_at {
                Some(_) => crate::clock::pause(RETRY_PAUSE).await,
                None => workers::fallback(&app).await,
            }
        };
        tokio::select! {
            () = app.hub.lagging.notified() => crate::clock::pause(GAP_TIMEOUT).await,
            () = look_again => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

async fn catch_up(app: &App) -> Result<(), ServiceError> {
    // Any node may run timers that another node set or that a dead node had claimed.
    app.timers_changed.notify_one();
    presence::reap(app).await?;
    read_documents(app).await?;
    Ok(read(app).await?)
}

/// Reads and publishes the feed entries after the last published one.
async fn read(app: &App) -> Result<(), StoreError> {
    loop {
        let mut db = app.store.read().await?;
        let entries = feed::after(&mut db, app.hub.announced(), MAX_ENTRIES).await?;
        drop(db);
        if entries.is_empty() {
            return Ok(());
        }
        for entry in &entries {
            grants::heard(app, entry).await?;
        }
        let mut db = app.store.read().await?;
        let mut events = CommitEvents::default();
        for entry in entries {
            events.load(&mut db, entry).await?;
        }
        // The node that wrote the entry may have died before its dispatcher ran.
        for inbox in worth_a_look(&mut db, &events).await? {
            app.dispatch(inbox, false);
        }
        drop(db);
        app.hub.publish(events, &app.visitors);
    }
}

async fn worth_a_look(db: &mut Db, events: &CommitEvents) -> Result<BTreeSet<InboxId>, StoreError> {
    let waiting = events.heads().filter(|head| head.state.status() == Status::Waiting);
    let mut inboxes: BTreeSet<InboxId> = waiting.map(|head| head.inbox).collect();
    for user in events.users() {
        inboxes.extend(places::memberships(&mut *db, user.id).await?);
    }
    Ok(inboxes)
}

/// Sends the changes of other nodes to documents that sockets of this node follow.
async fn read_documents(app: &App) -> Result<(), StoreError> {
    let followed = app.hub.followed();
    if followed.is_empty() {
        return Ok(());
    }
    let mut db = app.store.read().await?;
    let ids: Vec<DocumentId> = followed.iter().map(|(id, _)| *id).collect();
    let stand = documents::stand(&mut db, &ids).await?;
    for (document, told) in followed {
        if stand.get(&document).is_none_or(|stored| *stored <= told) {
            continue;
        }
        let Some(part) = tail(&mut db, document, told).await? else {
            continue;
        };
        let scope = match conversation(document) {
            Some(id) => match conversations::get(&mut db, id).await? {
                Some(head) => access::scope(&mut db, &head).await?,
                None => None,
            },
            None => None,
        };
        app.hub.document_heard(&part, scope.as_ref());
    }
    Ok(())
}

fn conversation(document: DocumentId) -> Option<ConversationId> {
    match document {
        DocumentId::Timeline(id, _) | DocumentId::Draft(id) => Some(id),
        // Users who were invited to a discussion may read it without access to the chat. Access is checked when a
        // socket opens the document.
        DocumentId::Discussion(_) | DocumentId::Contact(_) | DocumentId::Notes(_) => None,
    }
}

/// Returns the changes that followers lack. Reads a range of pushes and does not load the document.
async fn tail(db: &mut Db, document: DocumentId, (epoch, seq): (u32, i64)) -> Result<Option<Part>, StoreError> {
    let Some(record) = documents::get(&mut *db, document).await? else {
        return Ok(None);
    };
    let anew = record.epoch != epoch;
    let (from, after) = if anew { (0, record.snapshot_seq) } else { (seq, seq) };
    let pushes = documents::pushes_after(db, document, record.epoch, after).await?;
    Ok(Some(Part {
        document,
        epoch: record.epoch,
        from,
        to: pushes.last().map_or(after, |push| push.seq),
        snapshot: record.snapshot.filter(|_| anew),
        changes: pushes.into_iter().flat_map(|push| push.changes).collect(),
    }))
}
