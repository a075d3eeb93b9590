//! The checks of the copies, of the sent frames, and of the outcome of every intent.

use std::collections::{BTreeMap, BTreeSet};

use causerie_app::{
    net::disk_key::DiskKey,
    store::{core::Act, view::Bubble},
};
use causerie_server::{
    Shared, access,
    store::{
        Db, conversations, documents,
        feed::{self, FeedEntry, FeedKind},
        messages, places, users,
    },
};
use causerie_shared::{
    access::Access,
    document::{DocumentId, contact, draft, load, notes, timeline},
    frame::ServerFrame,
    ids::{ContactId, ConversationId, InboxId},
    inbox::Mode,
    row::{ConversationRow, Row},
    window::Folder,
};

use super::{
    Work,
    desk::{Desk, Heard},
};

/// A limit above any possible number of rows.
const ALL: i64 = 1_000_000;

/// The server's data, and what one user may see of it.
struct Truth {
    entries: Vec<FeedEntry>,
    heads: BTreeMap<ConversationId, ConversationRow>,
    modes: BTreeMap<InboxId, Mode>,
    access: Access,
}

impl Truth {
    /// Reads the data and the rights of a console's user.
    async fn of(db: &mut Db, desk: &Desk) -> Self {
        let entries = feed::after(&mut *db, 0, ALL).await.expect("the feed");
        let mut heads = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.kind == FeedKind::Conversation) {
            let id = entry.row_id.parse().expect("an id");
            let head = conversations::get(&mut *db, id).await.expect("a chat");
            heads.insert(id, head.expect("a chat that the feed names"));
        }
        let inboxes = places::inboxes(&mut *db).await.expect("inboxes");
        let user = users::user(&mut *db, desk.user()).await.expect("a user");
        Self {
            entries,
            heads,
            modes: inboxes.iter().map(|inbox| (inbox.id, inbox.rules.mode)).collect(),
            access: access::of(&mut *db, &user.expect("a user")).await.expect("access"),
        }
    }

    fn reads(&self, head: &ConversationRow) -> bool {
        self.access.reads(&head.scope(self.modes[&head.inbox]))
    }

    fn reads_contact(&self, id: ContactId) -> bool {
        self.heads.values().any(|head| head.contact == id && self.reads(head))
    }

    /// Whether the user could read the chat at any time since a feed number.
    fn could_read(&self, id: ConversationId, since: i64) -> bool {
        let mut could = false;
        for entry in &self.entries {
            if entry.kind != FeedKind::Conversation || entry.row_id != id.to_string() {
                continue;
            }
            let [before, after] =
                [&entry.before, &entry.after].map(|scope| scope.as_ref().is_some_and(|scope| self.access.reads(scope)));
            could = if entry.seq <= since {
                after
            } else {
                could || before || after
            };
        }
        could
    }

    fn could_read_contact(&self, id: ContactId, since: i64) -> bool {
        let mut chats = self.heads.values().filter(|head| head.contact == id);
        chats.any(|head| self.could_read(head.id, since))
    }
}

/// Checks that the console received nothing that its user could not see since it last knew everything.
///
/// # Panics
/// Panics with a frame that the user may not see.
pub(super) async fn may_be_told(app: &Shared, desk: &Desk, heard: &Heard) {
    let mut db = app.store.read().await.expect("a connection");
    let truth = Truth::of(&mut db, desk).await;
    for frame in &heard.frames {
        match frame {
            ServerFrame::Rows { upserts, .. } => {
                for row in upserts {
                    let allowed = match row {
                        // The row names its moment.
                        Row::Head(head) => {
                            let moment = truth.entries.iter().find(|entry| entry.seq == head.seq);
                            let scope = moment.and_then(|entry| entry.after.as_ref());
                            scope.is_some_and(|scope| truth.access.reads(scope))
                        }
                        Row::Message(row) => truth.could_read(row.conversation, heard.since),
                        Row::Journey(row) => truth.could_read(row.conversation, heard.since),
                        Row::Inbox(inbox) => truth.access.sees_inbox(inbox.id),
                        Row::Account(account) => truth.access.sees_inbox(account.inbox),
                        Row::User(_) => true,
                    };
                    assert!(allowed, "{} was told {row:?}", desk.name());
                }
            }
            ServerFrame::Part(part) => {
                let allowed = match (part.document.conversation(), part.document.contact()) {
                    (Some(id), _) => truth.could_read(id, heard.since),
                    (None, Some(id)) => truth.could_read_contact(id, heard.since),
                    (None, None) => false,
                };
                assert!(allowed, "{} was told of {}", desk.name(), part.document);
            }
            _ => {}
        }
    }
}

/// Checks that the console holds what its user may see, as the server has it, and nothing else. The error says what
/// differs.
pub(super) async fn agrees(app: &Shared, desk: &mut Desk) -> Result<(), String> {
    let mut db = app.store.read().await.expect("a connection");
    let truth = Truth::of(&mut db, desk).await;
    for (id, head) in &truth.heads {
        let mode = truth.modes[&head.inbox];
        if !truth.reads(head) {
            holds_nothing(&truth, desk, head)?;
            continue;
        }
        let listed = Folder::ALL
            .into_iter()
            .find(|folder| folder.holds(&truth.access, mode, head));
        let Some(folder) = listed else { continue };
        let known = desk.core.head(*id);
        let same = known.is_some_and(|known| known.state == head.state && known.position == head.position);
        if !same || !desk.core.folder(folder).contains(id) {
            return Err(format!("{} has {known:?} in {folder:?} and not {head:?}", desk.name()));
        }
        // Opens the chat as its user would. What is missing comes with the next exchange.
        desk.act(Act::Open(Some(*id)));
        while desk.core.has_earlier(*id) {
            desk.act(Act::Earlier(*id));
        }
        read(&mut db, &truth, desk, head).await?;
    }
    Ok(())
}

/// Checks that the console has no copy of the chat, in memory or on the disk.
fn holds_nothing(truth: &Truth, desk: &Desk, head: &ConversationRow) -> Result<(), String> {
    let id = head.id;
    let about = |document: &DocumentId| {
        document.conversation() == Some(id)
            || (document.contact() == Some(head.contact) && !truth.reads_contact(head.contact))
    };
    let kept = desk.disk.keys().find(|key| match key {
        DiskKey::Head(of) | DiskKey::Thread(of) => *of == id,
        DiskKey::Document(document) => about(document),
        _ => false,
    });
    if let Some(kept) = kept {
        return Err(format!("{} keeps {kept:?} on the disk", desk.name()));
    }
    let own = |bubble: &Bubble| matches!(bubble, Bubble::Message(message) if message.position.is_none());
    if desk.core.head(id).is_some() || !desk.core.bubbles(id).iter().all(own) {
        return Err(format!("{} holds the chat {id}", desk.name()));
    }
    if !truth.reads_contact(head.contact) && !desk.core.notes(head.contact).is_empty() {
        return Err(format!("{} holds notes of {}", desk.name(), head.contact));
    }
    Ok(())
}

/// Checks that messages, discussion, draft, notes and profile of a chat are those of the server.
async fn read(db: &mut Db, truth: &Truth, desk: &Desk, head: &ConversationRow) -> Result<(), String> {
    let stored = messages::newest(&mut *db, head.id, ALL).await.expect("messages");
    let stored: Vec<(i64, String)> = stored
        .into_iter()
        .map(|record| (record.row.position, record.body))
        .collect();
    let shown = desk
        .core
        .bubbles(head.id)
        .into_iter()
        .filter_map(|bubble| match bubble {
            Bubble::Message(message) => Some((message.position?, message.body)),
            Bubble::Line(_) => None,
        });
    let shown: Vec<(i64, String)> = shown.collect();
    if shown != stored {
        return Err(format!("{} shows {shown:?} and not {stored:?}", desk.name()));
    }
    let wanted = discussion(&mut *db, head.id).await;
    let bubbles = desk.core.discussion(head.id).into_iter();
    let has: Vec<String> = bubbles
        .filter_map(|bubble| match bubble {
            Bubble::Message(message) => Some(message.body),
            Bubble::Line(_) => None,
        })
        .collect();
    if has != wanted {
        return Err(format!("{} has the discussion {has:?} and not {wanted:?}", desk.name()));
    }
    if truth.access.replies(&head.state) {
        let wanted = draft::read(&document(&mut *db, DocumentId::Draft(head.id)).await).expect("a draft");
        let has = desk.core.draft(head.id);
        if has != wanted {
            return Err(format!("{} has the draft {has:?} and not {wanted:?}", desk.name()));
        }
    }
    let wanted = notes::read(&document(&mut *db, DocumentId::Notes(head.contact)).await).expect("notes");
    let has: Vec<_> = desk
        .core
        .notes(head.contact)
        .into_iter()
        .map(|note| note.note)
        .collect();
    if has != wanted {
        return Err(format!("{} has the notes {has:?} and not {wanted:?}", desk.name()));
    }
    let wanted = contact::read(&document(&mut *db, DocumentId::Contact(head.contact)).await).expect("a profile");
    let has = desk.core.profile(head.contact);
    if has != wanted {
        return Err(format!("{} has the profile {has:?} and not {wanted:?}", desk.name()));
    }
    Ok(())
}

/// The texts of a chat's internal discussion, in order.
async fn discussion(db: &mut Db, id: ConversationId) -> Vec<String> {
    let doc = document(db, DocumentId::Discussion(id)).await;
    let ids = timeline::ordered(&doc).expect("a discussion");
    ids.into_iter()
        .map(|id| timeline::get(&doc, id).expect("a discussion").expect("a message").body)
        .collect()
}

async fn document(db: &mut Db, id: DocumentId) -> automerge::Automerge {
    let record = documents::get(&mut *db, id).await.expect("a document");
    let (epoch, snapshot, seq) = record.map_or((1, None, 0), |record| {
        (record.epoch, record.snapshot, record.snapshot_seq)
    });
    let pushes = documents::pushes_after(&mut *db, id, epoch, seq)
        .await
        .expect("its changes");
    let changes: Vec<Vec<u8>> = pushes.into_iter().flat_map(|push| push.changes).collect();
    load(id.kind(), snapshot.as_deref(), &changes).expect("a document that can be read")
}

/// Checks that every reply, discussion message and word of a note is stored once, or is in its author's list of refused
/// texts. Stored replies are in their author's order; a redacted text is stored nowhere.
pub(super) async fn once_or_refused(app: &Shared, desks: &[Desk], work: &Work) -> Result<(), String> {
    let mut db = app.store.read().await.expect("a connection");
    let truth = Truth::of(&mut db, &desks[0]).await;
    let (mut said, mut asides): (Vec<String>, Vec<String>) = (vec![], vec![]);
    let mut noted = String::new();
    let contacts: BTreeSet<ContactId> = truth.heads.values().map(|head| head.contact).collect();
    for head in truth.heads.values() {
        let rows = messages::newest(&mut db, head.id, ALL).await.expect("messages");
        let texts: Vec<String> = rows.into_iter().map(|record| record.body).collect();
        for (number, desk) in desks.iter().enumerate() {
            let of = |text: &String| {
                work.replies
                    .iter()
                    .position(|(by, reply)| *by == number && reply == text)
            };
            let order: Vec<usize> = texts.iter().filter_map(of).collect();
            if !order.is_sorted() {
                return Err(format!("replies of {} are out of order: {texts:?}", desk.name()));
            }
        }
        said.extend(texts);
        asides.extend(discussion(&mut db, head.id).await);
    }
    for contact in contacts {
        let notes = notes::read(&document(&mut db, DocumentId::Notes(contact)).await).expect("notes");
        noted.extend(notes.into_iter().map(|note| note.text + "\n"));
    }
    for (desk, text) in &work.replies {
        let stored = said.iter().filter(|body| *body == text).count();
        // A redaction is sent once, for a stored reply; it may have been lost in transit.
        if stored == 0 && work.redacted.contains(text) {
            forgotten(desks, text)?;
        } else {
            once(&desks[*desk], text, stored)?;
        }
    }
    for (desk, text) in &work.discussed {
        once(&desks[*desk], text, asides.iter().filter(|body| *body == text).count())?;
    }
    for (desk, word) in &work.words {
        once(&desks[*desk], word, noted.matches(word.as_str()).count())?;
    }
    Ok(())
}

/// Checks that no disk holds the text any more, and that no console shows it as undelivered.
fn forgotten(desks: &[Desk], text: &str) -> Result<(), String> {
    for desk in desks {
        let holds = |bytes: &Vec<u8>| bytes.windows(text.len()).any(|some| some == text.as_bytes());
        if let Some((key, _)) = desk.disk.iter().find(|(_, bytes)| holds(bytes)) {
            return Err(format!("{} keeps {text}, which was redacted, as {key:?}", desk.name()));
        }
    }
    Ok(())
}

/// Checks that a text is either stored once or refused.
fn once(desk: &Desk, text: &str, stored: usize) -> Result<(), String> {
    let tray = desk.core.undelivered();
    let refused = tray.iter().filter(|left| left.text.as_deref() == Some(text)).count();
    match (stored, refused) {
        (1, 0) | (0, 1) => Ok(()),
        (stored, refused) => Err(format!(
            "{text} of {} is {stored} times at the server and {refused} times refused",
            desk.name()
        )),
    }
}
