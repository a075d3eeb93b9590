//! Catch-up of clients: changes since a cursor, windows of lists, and documents that a client opens.

use std::collections::BTreeSet;

use causerie_shared::{
    Millis,
    access::Access,
    document::DocumentId,
    frame::{DocumentCursor, ServerFrame},
    ids::ConversationId,
    refusal::{Code, Refusal},
    row::{Gone, Row},
    window::{List, MAX_WINDOW},
};

use super::SocketId;
use crate::{
    access::{readable, reads_document},
    conversations::quarantine,
    error::ServiceError,
    state::App,
    store::{
        Db, StoreError, conversation_events,
        feed::{self, FeedKind},
        messages, places, users, windows,
    },
};

/// Maximum number of feed entries to catch up with. A client that missed more gets a `Reset`.
const MAX_CATCH_UP: i64 = 5000;

/// Returns the frames that bring a client up to date from its cursor, and the feed number that they reach.
///
/// `same_grants`: the client's copy was made with the user's current access. Otherwise the client gets a `Reset`.
pub async fn since(
    db: &mut Db,
    access: &Access,
    cursor: Option<i64>,
    same_grants: bool,
) -> Result<(Vec<ServerFrame>, i64), StoreError> {
    let newest = feed::newest(&mut *db).await?;
    let oldest = feed::oldest(&mut *db).await?;
    let mut frames = vec![];
    let resumable = cursor
        .filter(|cursor| same_grants && *cursor <= newest && *cursor + 1 >= oldest && newest - cursor <= MAX_CATCH_UP);
    if let Some(cursor) = resumable {
        let (upserts, gone) = changed(db, access, cursor).await?;
        frames.push(ServerFrame::Rows {
            to: newest,
            upserts,
            gone,
        });
        return Ok((frames, newest));
    }
    if cursor.is_some() {
        frames.push(ServerFrame::Reset);
    }
    let mut upserts: Vec<Row> = vec![];
    for user in users::users(&mut *db).await? {
        upserts.push(Row::User(user.row()));
    }
    let inboxes = places::inboxes(&mut *db).await?;
    upserts.extend(
        inboxes
            .into_iter()
            .filter(|inbox| access.sees_inbox(inbox.id))
            .map(Row::Inbox),
    );
    let accounts = places::accounts(db).await?;
    upserts.extend(
        accounts
            .into_iter()
            .map(|a| a.row)
            .filter(|a| access.sees_inbox(a.inbox))
            .map(Row::Account),
    );
    frames.push(ServerFrame::Rows {
        to: newest,
        upserts,
        gone: vec![],
    });
    Ok((frames, newest))
}

async fn changed(db: &mut Db, access: &Access, cursor: i64) -> Result<(Vec<Row>, Vec<Gone>), StoreError> {
    let entries = feed::after(&mut *db, cursor, MAX_CATCH_UP).await?;
    let (mut upserts, mut gone) = (vec![], vec![]);
    let mut seen = BTreeSet::new();
    // Each row is read once, at its newest entry. Older entries only tell who could see it before.
    for entry in entries.iter().rev() {
        if !seen.insert((entry.kind.as_str(), entry.row_id.clone())) {
            continue;
        }
        match entry.kind {
            FeedKind::Conversation => {
                let id: ConversationId = entry
                    .row_id
                    .parse()
                    .map_err(|_| StoreError::Damaged("conversation id"))?;
                match readable(&mut *db, access, id).await? {
                    Some(head) => upserts.push(Row::Head(Box::new(head))),
                    None => {
                        let could = entries
                            .iter()
                            .filter(|other| other.kind == entry.kind && other.row_id == entry.row_id)
                            .any(|other| other.before.as_ref().is_some_and(|scope| access.reads(scope)));
                        if could {
                            gone.push(Gone::Conversation { id, taken_by: None });
                        }
                    }
                }
            }
            FeedKind::User => {
                let id = entry.row_id.parse().map_err(|_| StoreError::Damaged("user id"))?;
                upserts.extend(users::user(&mut *db, id).await?.map(|user| Row::User(user.row())));
            }
            // A change of the user's access changes the fingerprint, which leads to `Reset`.
            FeedKind::Grants | FeedKind::Session => {}
            FeedKind::Inbox => {
                let id = entry.row_id.parse().map_err(|_| StoreError::Damaged("inbox id"))?;
                match places::inbox(&mut *db, id).await? {
                    Some(inbox) if access.sees_inbox(id) => upserts.push(Row::Inbox(inbox)),
                    Some(_) | None => gone.push(Gone::Inbox(id)),
                }
            }
            FeedKind::Account => {
                let id = entry.row_id.parse().map_err(|_| StoreError::Damaged("account id"))?;
                match places::account_by_id(&mut *db, id).await? {
                    Some(account) if access.sees_inbox(account.row.inbox) => upserts.push(Row::Account(account.row)),
                    Some(_) | None => gone.push(Gone::Account(id)),
                }
            }
        }
    }
    Ok((upserts, gone))
}

/// Returns the frames of a window of a list: its rows, then their order. `now` is the time of the server's clock.
pub async fn window(
    db: &mut Db,
    access: &Access,
    list: List,
    from: u32,
    to: u32,
    now: Millis,
) -> Result<[ServerFrame; 2], ServiceError> {
    if to <= from || to - from > MAX_WINDOW {
        return Err(Refusal::new(Code::Invalid, format!("a window has 1 to {MAX_WINDOW} rows")).into());
    }
    let (heads, total) = windows::window(db, access, &list, from, to, now).await?;
    let order = heads.iter().map(|head| head.id).collect();
    let upserts = heads.into_iter().map(|head| Row::Head(Box::new(head))).collect();
    Ok([
        // 0, because the rows of a window do not move the cursor.
        ServerFrame::Rows {
            to: 0,
            upserts,
            gone: vec![],
        },
        ServerFrame::Window {
            list,
            from,
            total,
            order,
        },
    ])
}

/// Opens a document for a socket: sends the changes that it lacks, and subscribes it to later ones. Sends `Revoked` if
/// the user may not read the document. Message and event rows after feed number `rows_after` come with a timeline.
pub async fn open(
    app: &App,
    socket: SocketId,
    access: &Access,
    document: DocumentId,
    have: Option<DocumentCursor>,
    rows_after: i64,
) -> Result<(), ServiceError> {
    // Lock order: document, then connection. The connection is released before the document is locked.
    if !reads_document(&mut *app.store.read().await?, access, document).await? {
        app.hub.send(
            socket,
            &ServerFrame::Revoked {
                documents: vec![document],
                inboxes: vec![],
            },
        );
        return Ok(());
    }
    // The document's lock is held, so that no change comes between the catch-up and the first live change.
    let opened = quarantine::lock(app, document).await?;
    app.hub.follow(socket, document);
    let mut db = app.store.read().await?;
    let part = opened.part_since(&mut db, have).await?;
    app.hub.epoch_began(document, part.epoch, part.to);
    app.hub.send(socket, &ServerFrame::Part(part));
    drop(opened);
    if let DocumentId::Timeline(conversation, segment) = document {
        // A client without this segment gets all its rows; of other segments it gets only rows that changed. So opening
        // a long chat for the first time costs one segment.
        let mut rows = match have {
            Some(_) if rows_after > 0 => vec![],
            Some(_) | None => messages::of_segment(&mut db, conversation, segment).await?,
        };
        if rows_after > 0 {
            let whole = !rows.is_empty();
            let changed = messages::after(&mut db, conversation, rows_after).await?;
            rows.extend(
                changed
                    .into_iter()
                    .filter(|record| !whole || record.row.segment != segment),
            );
        }
        let mut upserts: Vec<Row> = rows.into_iter().map(|record| Row::Message(record.row)).collect();
        let events = conversation_events::after(&mut db, conversation, rows_after).await?;
        upserts.extend(events.into_iter().map(Row::Journey));
        app.hub.send(
            socket,
            &ServerFrame::Rows {
                to: 0,
                upserts,
                gone: vec![],
            },
        );
    }
    Ok(())
}
