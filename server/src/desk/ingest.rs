//! A message of a contact comes in: it finds or begins the chat, and becomes a bubble and a row at once.

use causerie_shared::{
    Millis,
    contact::{Detail, is_plausible},
    conversation::{
        FailReason, State,
        transition::{Actor, begin},
    },
    document::{DocumentId, timeline},
    frame::ServerFrame,
    ids::{AccountId, ContactId, ConversationId, IntentId, MessageId},
    message::{Author, Extra, FileBrief, Kind, MAX_FILES, MAX_TEXT, Message},
    refusal::{Code, Refusal},
    row::{Head, Origin, Post},
};

use super::{DeskError, change, contact, ending, reply, seen::touch};
use crate::{
    channels,
    clock::random_u128,
    state::App,
    store::{
        Db, blacklist,
        contacts::{self, ContactRecord},
        conversations,
        feed::{self, FeedKind, next_number},
        files,
        messages::{self, MessageRecord},
        places::{self, AccountRecord},
        provider::{self, ProviderMessage},
        threads,
    },
    sync::{News, aside, outgrown, room::Prepared},
};

/// How often a message is tried again when its chat changed between reading and writing.
const TRIES: usize = 4;
/// Longest name a visitor may give, characters.
const MAX_NAME: usize = 100;

/// A message as the channel delivers it.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub account: AccountRecord,
    /// Who wrote it: their id on the account.
    pub external: String,
    /// Their own id of the message, to remove duplicates.
    pub cid: String,
    pub text: String,
    pub files: Vec<causerie_shared::ids::FileId>,
    /// What the pre-chat form says.
    pub name: Option<String>,
    pub email: Option<String>,
    pub origin: Origin,
    /// What a channel other than the web says beside.
    pub said: Option<Box<Said>>,
}

/// What a provider says of a message, beside its text and files.
#[derive(Debug, Clone)]
pub struct Said {
    /// The provider's id of the message: the key against duplicates.
    pub id: String,
    /// Written by the company on the provider's own app.
    pub outgoing: bool,
    /// When it was written, by the provider's clock.
    pub at: Option<Millis>,
    pub kind: Kind,
    /// Further ids of the person on the account.
    pub aliases: Vec<String>,
    /// With country code and without `+`; empty: unknown.
    pub phone: String,
    /// The provider's id of what it answers.
    pub quoted: Option<String>,
    pub extra: Extra,
    /// When the channel's window closes after this message.
    pub window: Option<Millis>,
    /// Comments: the thread and its post.
    pub thread: Option<Thread>,
}

/// A thread of comments.
#[derive(Debug, Clone)]
pub struct Thread {
    /// The provider's id of the comment at its top.
    pub top: String,
    pub post: Post,
}

/// Where the message ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub contact: ContactId,
    pub position: i64,
    pub at: Millis,
}

/// Stores a message, once. A second one with the same `cid` is answered like the first.
///
/// # Errors
/// `Invalid` (empty), `TooLarge`, `NotFound` (a file that is not theirs).
pub async fn receive(app: &App, mut incoming: Incoming) -> Result<Accepted, DeskError> {
    // PostgreSQL's TEXT cannot hold it, and no keyboard types it.
    incoming.text.retain(|c| c != '\0');
    if incoming.said.is_some() {
        // Nothing that a provider delivers is refused for its length.
        cut(&mut incoming.text);
    }
    if incoming.text.len() > MAX_TEXT {
        return Err(Refusal::new(Code::TooLarge, format!("a message has at most {MAX_TEXT} bytes")).into());
    }
    if incoming.said.is_none() && incoming.text.trim().is_empty() && incoming.files.is_empty() {
        return Err(Refusal::new(Code::Invalid, "the message is empty").into());
    }
    if incoming.said.is_none() && incoming.files.len() > MAX_FILES {
        return Err(Refusal::new(Code::TooLarge, format!("a message has at most {MAX_FILES} files")).into());
    }
    incoming.name = incoming.name.map(|name| tidy(&name)).filter(|name| !name.is_empty());
    incoming.email = incoming
        .email
        .map(|email| email.trim().to_owned())
        .filter(|email| is_plausible(Detail::Email, email));
    for _ in 0..TRIES {
        match attempt(app, &incoming).await {
            Err(DeskError::Refused(refusal)) if refusal.code == Code::Conflict => {}
            other => return other,
        }
    }
    Err(Refusal::new(Code::Conflict, "the chat is busy; try again").into())
}

fn cut(text: &mut String) {
    let mut end = MAX_TEXT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

fn tidy(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_NAME)
        .collect();
    plain.trim().to_owned()
}

async fn attempt(app: &App, incoming: &Incoming) -> Result<Accepted, DeskError> {
    let now = app.clock.now();
    let found = find(app, incoming, now).await?;
    if let Some(record) = found.duplicate {
        return Ok(accepted(&record));
    }
    // First who, then what: an offer must not ring under a name that changes a moment later.
    if found.writes {
        introduce(app, incoming, found.contact.id).await?;
    }
    let (contact, open) = (found.contact, found.open);
    let id = MessageId::new(now, random_u128());
    let conversation = open
        .as_ref()
        .map_or_else(|| ConversationId::new(now, random_u128()), |head| head.id);
    let segment = open.as_ref().map_or(1, |head| head.segment);
    let said = incoming.said.as_deref();
    let kind = match said {
        Some(said) => said.kind,
        None if incoming.files.is_empty() => Kind::Text,
        None => Kind::File,
    };
    let outgoing = said.is_some_and(|said| said.outgoing);
    let message = Message {
        id,
        author: if outgoing { Author::Elsewhere } else { Author::Contact },
        kind,
        body: incoming.text.clone(),
        at: now,
        reply_to: found.quoted,
        private: false,
        template: None,
        attachments: incoming.files.clone(),
    };
    let document = DocumentId::Timeline(conversation, segment);
    let mut room = aside::lock(app, document).await?;
    if room.usable().is_err() {
        return Err(set_aside());
    }
    let prepared = room.prepare_own(|doc, pen| timeline::append(doc, pen, &message).map(Some));
    if room.must_be_set_aside() {
        aside::set(app, &mut room).await?;
        return Err(set_aside());
    }
    let mut prepared = prepared?.ok_or_else(|| Refusal::new(Code::Internal, "the message changed nothing"))?;

    let mut tx = app.store.begin().await?;
    contacts::lock(&mut tx, contact.id).await?;
    let mut news = News::default();
    let (mut head, answered) = match &open {
        Some(known) => (reopen(&mut tx, known).await?, None),
        None => {
            let head = start(&mut tx, incoming, contact.id, conversation, now, &mut news).await?;
            let answered = link(&mut tx, incoming, &head).await?;
            (head, answered)
        }
    };
    let files = attach(&mut tx, &head, contact.id, &incoming.files).await?;
    head.position += 1;
    if outgoing {
        // Somebody has seen and answered it elsewhere.
        head.seen = head.position;
        head.unread = 0;
    } else {
        head.unread += 1;
    }
    if let Some(window) = said.and_then(|said| said.window) {
        head.window = head.window.max(Some(window));
    }
    head.active_at = now;
    head.preview = Some(reply::preview(&message, now));
    merge_origin(&mut head.origin, &incoming.origin);
    let (first, bytes) = (head.position, room.bytes_with(&prepared));
    prepared.seals = reply::turn_if_full(&mut tx, &mut head, first, bytes, now).await?;
    let scope = touch(&mut tx, &mut head, &mut news).await?;
    let mut record = reply::record(&head, &message, files, now);
    record.row.segment = segment;
    record.contact = Some(contact.id);
    record.cid = Some(incoming.cid.clone());
    if let Some(said) = said {
        let to = found.answers_to.as_ref().unwrap_or(&incoming.external);
        // What is said of a person under their old id changes no address.
        if open.is_none() || said.kind != Kind::Notice {
            conversations::set_answers_to(&mut tx, conversation, to).await?;
        }
        record.row.said_at = said.at.map(|at| at.min(now));
        let mut extra = said.extra.clone();
        extra.referral = extra.referral.or(answered);
        record.row.extra = (extra != Extra::default()).then(|| Box::new(extra));
        let bound = ProviderMessage {
            account: incoming.account.row.id,
            external: said.id.clone(),
            message: id,
            conversation,
            outgoing,
            quoted: said.quoted.clone(),
            at: now,
        };
        if !provider::bind(&mut tx, &bound).await? {
            return Err(Refusal::new(Code::Conflict, "the message came twice at once").into());
        }
    }
    match messages::insert(&mut tx, &record).await {
        Err(error) if error.is_duplicate() => {
            return Err(Refusal::new(Code::Conflict, "the message came twice at once").into());
        }
        other => other?,
    }
    news.message(record.clone());
    room.write(&mut tx, IntentId::from(id), &prepared).await?;
    tx.commit().await?;

    let part = room.committed(prepared);
    app.hub
        .queue_change(document, &ServerFrame::Part(part), Some(&scope), None);
    change::publish(app, news);
    Ok(accepted(&record))
}

/// The chat goes on in the next segment: tried again, the message finds it.
fn set_aside() -> DeskError {
    Refusal::new(Code::Conflict, "the segment was set aside").into()
}

fn accepted(record: &MessageRecord) -> Accepted {
    Accepted {
        id: record.row.id,
        conversation: record.row.conversation,
        contact: record.contact.unwrap_or(ContactId::from_u128(0)),
        position: record.row.position,
        at: record.row.accepted_at,
    }
}

struct Found {
    contact: ContactRecord,
    open: Option<Head>,
    duplicate: Option<MessageRecord>,
    /// The message that it answers.
    quoted: Option<MessageId>,
    /// The contact wrote it themself: others reply under a comment, too.
    writes: bool,
    /// The provider's id of the thread's author; `None`: of whoever writes.
    answers_to: Option<String>,
}

/// Who writes, and into which chat. The answer is checked again under the contact's lock.
async fn find(app: &App, incoming: &Incoming, now: Millis) -> Result<Found, DeskError> {
    let mut db = app.store.read().await?;
    let account = incoming.account.row.id;
    let said = incoming.said.as_deref();
    let aliases = said.map_or(&[][..], |said| &said.aliases);
    let known = contacts::by_identity(&mut db, account, &incoming.external).await?;
    let contact = match known {
        Some(id) if knows_all(&mut db, account, aliases).await? => contacts::get(&mut db, id).await?,
        Some(_) | None => None,
    };
    let contact = match contact {
        Some(contact) => contact,
        None => {
            drop(db);
            let mut tx = app.store.begin().await?;
            let contact = contact::resolve(&mut tx, account, &incoming.external, aliases, now).await?;
            tx.commit().await?;
            db = app.store.read().await?;
            contact
        }
    };
    let duplicate = match said {
        Some(said) => match provider::by_external(&mut db, account, &said.id).await? {
            Some(bound) => messages::get(&mut db, bound.conversation, bound.message).await?,
            None => None,
        },
        None => messages::by_cid(&mut db, contact.id, &incoming.cid).await?,
    };
    let quoted = match said.and_then(|said| said.quoted.as_deref()) {
        Some(quoted) => provider::by_external(&mut db, account, quoted)
            .await?
            .map(|bound| bound.message),
        None => None,
    };
    let open = open(&mut db, incoming, contact.id).await?;
    // A thread stays its first author's, whoever writes in it.
    let before = match said.and_then(|said| said.thread.as_ref()) {
        Some(thread) => conversations::of_thread(&mut db, account, &thread.top).await?,
        None => None,
    };
    let (writer, answers_to) = (
        contact.id,
        match &before {
            Some(before) => conversations::answers_to(&mut db, before.id).await?,
            None => None,
        },
    );
    let contact = match before {
        Some(before) => contacts::get(&mut db, before.contact).await?.unwrap_or(contact),
        None => contact,
    };
    Ok(Found {
        writes: contact.id == writer && said.is_none_or(|said| !said.outgoing),
        contact,
        open,
        duplicate,
        quoted,
        answers_to,
    })
}

/// Somebody has each of a person's further ids already: there is nothing to write.
async fn knows_all(db: &mut Db, account: AccountId, aliases: &[String]) -> Result<bool, DeskError> {
    for alias in aliases {
        if contacts::by_identity(&mut *db, account, alias).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The chat that the message goes on with: the contact's on the web, the thread's under a post, else the contact's on
/// this account.
async fn open(db: &mut Db, incoming: &Incoming, contact: ContactId) -> Result<Option<Head>, DeskError> {
    let account = incoming.account.row.id;
    Ok(match incoming.said.as_deref() {
        None => conversations::open_of(db, contact).await?,
        Some(Said {
            thread: Some(thread), ..
        }) => conversations::open_thread(db, account, &thread.top).await?,
        Some(Said { thread: None, .. }) => conversations::open_on(db, contact, account).await?,
    })
}

/// The chat that was open a moment ago, locked; `Conflict` when it has ended meanwhile.
async fn reopen(db: &mut Db, known: &Head) -> Result<Head, DeskError> {
    let head = conversations::lock(db, known.id).await?;
    head.filter(|head| !head.state.status().is_final() && head.segment == known.segment)
        .ok_or_else(|| Refusal::new(Code::Conflict, "the chat ended meanwhile").into())
}

/// Begins a conversation. `Conflict` when the contact has one meanwhile.
async fn start(
    db: &mut Db,
    incoming: &Incoming,
    contact: ContactId,
    id: ConversationId,
    now: Millis,
    news: &mut News,
) -> Result<Head, DeskError> {
    if open(&mut *db, incoming, contact).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "the contact has a chat").into());
    }
    let contact = contacts::get(&mut *db, contact).await?.ok_or_else(super::not_found)?;
    // The channels' workers ask before; a visitor learns it here.
    if blacklist::is_blocked(&mut *db, incoming.account.row.channel, &incoming.external).await? {
        return Err(Refusal::new(Code::Forbidden, "nothing more can be written here").into());
    }
    // A visitor's socket may be older than the switch.
    let account = places::account_by_id(&mut *db, incoming.account.row.id).await?;
    if account.is_none_or(|account| !account.row.enabled) {
        return Err(Refusal::new(Code::NotFound, "this chat is switched off").into());
    }
    let inbox = incoming.account.row.inbox;
    let routing = change::routing(&mut *db, inbox).await?;
    let mut last = conversations::of_contact(&mut *db, contact.id, 1).await?.pop();
    if let Some(last) = &mut last {
        ending::hasten(&mut *db, last, now, news).await?;
    }
    // After a miss and outside business hours the visitor leaves a message: it waits without a queue timer
    // (`domain.md` §2).
    let missed = matches!(
        last.map(|head| head.state),
        Some(State::Failed {
            reason: FailReason::Missed,
            ..
        })
    );
    let thread = incoming.said.as_deref().and_then(|said| said.thread.as_ref());
    let offline = missed || !routing.is_open(now);
    let mut head = Head {
        id,
        number: next_number(&mut *db, "conversation").await?,
        inbox,
        account: incoming.account.row.id,
        channel: incoming.account.row.channel,
        contact: contact.id,
        contact_name: contact.name.clone(),
        contact_since: contact.created_at,
        state: begin(false, offline, now),
        version: 1,
        created_at: now,
        waiting_since: now,
        ring: None,
        active_at: now,
        ended_at: None,
        preview: None,
        unread: 0,
        position: 0,
        seen: 0,
        online: incoming.said.is_none(),
        origin: incoming.origin.clone(),
        invited: vec![],
        discussed: 0,
        post: thread.map(|thread| thread.post.clone()),
        window: None,
        segment: 1,
        seq: 0,
    };
    change::follow(&mut head, &routing.rules, now);
    let scope = head.scope(routing.rules.mode);
    let entry = feed::append(&mut *db, FeedKind::Conversation, id.to_string(), None, Some(scope)).await?;
    head.seq = entry.seq;
    conversations::insert(&mut *db, &head).await?;
    if let Some(thread) = thread {
        conversations::set_thread(&mut *db, id, &thread.top).await?;
    }
    change::set_timer(&mut *db, &head, &routing, now).await?;
    change::write_journey(db, &head, "begin", Actor::Contact, None, now, news).await?;
    news.entry(entry);
    news.woken(head.inbox);
    Ok(head)
}

/// Ties a new chat to the thread under a post whose private reply it answers; in words, for those who take it.
async fn link(db: &mut Db, incoming: &Incoming, head: &Head) -> Result<Option<String>, DeskError> {
    let comments = channels::sibling(head.channel).filter(|beside| beside.is_comments());
    let (Some(comments), Some(said)) = (comments, &incoming.said) else {
        return Ok(None);
    };
    if said.outgoing {
        return Ok(None);
    }
    let thread = threads::link(&mut *db, head.id, head.account, &incoming.external, comments).await?;
    Ok(match thread {
        Some(thread) => conversations::get(db, thread).await?,
        None => None,
    }
    .map(|thread| format!("Answer to the private reply in #{}", thread.number)))
}

async fn attach(
    db: &mut Db,
    head: &Head,
    contact: ContactId,
    wanted: &[causerie_shared::ids::FileId],
) -> Result<Vec<FileBrief>, DeskError> {
    let mut briefs = vec![];
    for id in wanted {
        let file = files::file(&mut *db, *id)
            .await?
            .filter(|file| file.contact == Some(contact));
        let file = file.ok_or_else(|| Refusal::new(Code::NotFound, "a file is not there; attach it again"))?;
        files::attach(&mut *db, *id, head.id, false).await?;
        briefs.push(file.brief());
    }
    Ok(briefs)
}

fn merge_origin(known: &mut Origin, now: &Origin) {
    if now.page.is_some() {
        known.page.clone_from(&now.page);
    }
    if known.started_on.is_none() {
        known.started_on.clone_from(&now.started_on);
    }
    if now.ip.is_some() {
        known.ip.clone_from(&now.ip);
    }
    if now.country.is_some() {
        known.country.clone_from(&now.country);
    }
}

/// Puts the form's name and e-mail into the profile, if they are new.
async fn introduce(app: &App, incoming: &Incoming, contact: ContactId) -> Result<(), DeskError> {
    let phone = incoming
        .said
        .as_deref()
        .map(|said| said.phone.as_str())
        .filter(|phone| !phone.is_empty());
    if incoming.name.is_none() && incoming.email.is_none() && phone.is_none() {
        return Ok(());
    }
    let document = DocumentId::Contact(contact);
    let mut room = aside::lock(app, document).await?;
    if room.usable().is_err() {
        // What the contact says is stored all the same.
        return Ok(());
    }
    let prepared = room.prepare_own(|doc, pen| {
        contact::introduce(doc, pen, incoming.name.as_deref(), incoming.email.as_deref(), phone)
    });
    if room.must_be_set_aside() {
        return aside::set(app, &mut room).await;
    }
    let prepared: Option<Prepared> = prepared?;
    let Some(prepared) = prepared else { return Ok(()) };
    let mut news = News::default();
    let mut tx = app.store.begin().await?;
    contact::profile_changed(&mut tx, contact, room.doc(), &mut news).await?;
    let intent = IntentId::new(app.clock.now(), random_u128());
    room.write(&mut tx, intent, &prepared).await?;
    tx.commit().await?;
    let part = room.committed(prepared);
    app.hub.queue_change(document, &ServerFrame::Part(part), None, None);
    change::publish(app, news);
    outgrown::begin_anew(app, &mut room, None).await;
    Ok(())
}
