//! A message of a contact: finds or begins its chat, and writes it to the document and the rows in one transaction.

mod begin;
mod find;
mod introduce;

use causerie_shared::{
    Millis,
    contact::{Detail, is_plausible},
    document::{DocumentId, timeline},
    frame::ServerFrame,
    ids::{AccountId, ContactId, ConversationId, IntentId, MessageId},
    message::{Author, Extra, FileBrief, Kind, MAX_DELIVERED, MAX_FILES, MAX_TEXT, Message},
    refusal::{Code, Refusal},
    row::{ConversationRow, Origin, Post},
};

use crate::{
    channels::inbound_event,
    clock::random_u128,
    conversations::{
        append_message::{Appended, append_messages, record},
        quarantine,
    },
    error::ServiceError,
    state::App,
    store::{
        Db, contacts, conversations, files,
        messages::MessageRecord,
        places::AccountRecord,
        provider::{self, ProviderMessage},
    },
    unit_of_work::{UnitOfWork, retry_conflicts},
};
use begin::{link, reopen, start};
use find::find;
use introduce::introduce;

/// Maximum length of a visitor's name, in characters.
const MAX_NAME: usize = 100;

/// A message as the channel delivers it.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub account: AccountRecord,
    /// The author's id on the account.
    pub external: String,
    /// The author's own id of the message, used to detect duplicates.
    pub cid: String,
    pub text: String,
    pub files: Vec<causerie_shared::ids::FileId>,
    /// The details from the pre-chat form.
    pub name: Option<String>,
    pub email: Option<String>,
    pub origin: Origin,
    /// Further data from channels other than the web.
    pub said: Option<Box<ProviderMetadata>>,
}

/// What a provider reports about a message besides its text and files.
#[derive(Debug, Clone)]
pub struct ProviderMetadata {
    /// The provider's id of the message, used to detect duplicates.
    pub id: String,
    /// Whether the company wrote it in the provider's own app.
    pub outgoing: bool,
    /// When it was written, by the provider's clock.
    pub at: Option<Millis>,
    pub kind: Kind,
    /// Further ids of the author on the account.
    pub aliases: Vec<String>,
    /// Phone number with country code and without `+`; empty when unknown.
    pub phone: String,
    /// The provider's id of the message that this one answers.
    pub quoted: Option<String>,
    pub extra: Extra,
    /// When the channel's window closes after this message.
    pub window: Option<Millis>,
    /// For comments: the thread and its post.
    pub thread: Option<CommentThread>,
}

/// A thread of comments.
#[derive(Debug, Clone)]
pub struct CommentThread {
    /// The provider's id of the thread's top-level comment.
    pub top: String,
    pub post: Post,
}

/// Where a message was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub contact: ContactId,
    pub position: i64,
    pub at: Millis,
}

/// Stores a message exactly once. A repeated message gets the same result as the first.
///
/// # Errors
/// `Invalid` for an empty message, `TooLarge`, `NotFound` for a file that the contact did not upload.
pub async fn receive(app: &App, mut incoming: NewMessage) -> Result<Accepted, ServiceError> {
    // PostgreSQL's TEXT cannot hold NUL, and no keyboard types it.
    incoming.text.retain(|c| c != '\0');
    if incoming.said.is_some() {
        // A message from a provider is truncated rather than refused.
        inbound_event::cut(&mut incoming.text, MAX_DELIVERED);
    } else if incoming.text.len() > MAX_TEXT {
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
    retry_conflicts(|| attempt(app, &incoming)).await
}

fn tidy(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_NAME)
        .collect();
    plain.trim().to_owned()
}

async fn attempt(app: &App, incoming: &NewMessage) -> Result<Accepted, ServiceError> {
    let now = app.clock.now();
    let found = find(app, incoming, now).await?;
    if let Some(record) = found.duplicate {
        return Ok(accepted(&record));
    }
    // Update the profile before the chat begins: an offer must not show a name that changes a moment later.
    if found.writes {
        introduce(app, incoming, found.contact.id).await?;
    }
    let (contact, open) = (found.contact, found.open);
    let id = MessageId::new(now, random_u128());
    let conversation = open
        .as_ref()
        .map_or_else(|| ConversationId::new(now, random_u128()), |head| head.id);
    let segment = open.as_ref().map_or(1, |head| head.segment);
    let message = compose(incoming, id, found.quoted, now);
    let document_id = DocumentId::Timeline(conversation, segment);
    let mut document = quarantine::lock(app, document_id).await?;
    if document.usable().is_err() {
        return Err(quarantined());
    }
    let prepared = document.prepare_own(|doc, pen| timeline::append(doc, pen, &message).map(Some));
    if document.must_be_quarantined() {
        quarantine::set(app, &mut document).await?;
        return Err(quarantined());
    }
    let mut prepared = prepared?.ok_or_else(|| Refusal::new(Code::Internal, "the message changed nothing"))?;

    let mut unit = UnitOfWork::begin(app).await?;
    contacts::lock(&mut unit.tx, contact.id).await?;
    let (mut head, answered) = match &open {
        Some(known) => (reopen(&mut unit.tx, known).await?, None),
        None => {
            let head = start(&mut unit.tx, incoming, contact.id, conversation, now, &mut unit.events).await?;
            let answered = link(&mut unit.tx, incoming, &head).await?;
            (head, answered)
        }
    };
    let files = attach(&mut unit.tx, &head, contact.id, &incoming.files).await?;
    merge_origin(&mut head.origin, &incoming.origin);
    let mut record = record(&head, &message, files, now);
    record.contact = Some(contact.id);
    record.cid = Some(incoming.cid.clone());
    if let Some(said) = incoming.said.as_deref() {
        head.window = head.window.max(said.window);
        // A notice about a person's old id does not change the reply address.
        if open.is_none() || said.kind != Kind::Notice {
            let to = found.reply_address.as_ref().unwrap_or(&incoming.external);
            conversations::set_reply_address(&mut unit.tx, conversation, to).await?;
        }
        bind(&mut unit.tx, incoming.account.row.id, said, answered, &mut record).await?;
    }
    let (new, bytes) = (vec![record], document.bytes_with(&prepared));
    let appended = append_messages(&mut unit.tx, &mut head, None, new, bytes, now, &mut unit.events).await;
    let Appended { scope, seals, records } =
        appended.map_err(|error| if error.is_duplicate() { twice() } else { error })?;
    prepared.seals = seals;
    document.write(&mut unit.tx, IntentId::from(id), &prepared).await?;
    let committed = unit.commit_held().await?;

    let part = document.committed(prepared);
    app.hub
        .queue_change(document_id, &ServerFrame::Part(part), Some(&scope), None);
    committed.publish(app);
    let record = records.first().ok_or_else(twice)?;
    Ok(accepted(record))
}

/// Returns the message as the document holds it.
fn compose(incoming: &NewMessage, id: MessageId, quoted: Option<MessageId>, now: Millis) -> Message {
    let said = incoming.said.as_deref();
    Message {
        id,
        author: match said {
            Some(said) if said.outgoing => Author::Elsewhere,
            Some(_) | None => Author::Contact,
        },
        kind: match said {
            Some(said) => said.kind,
            None if incoming.files.is_empty() => Kind::Text,
            None => Kind::File,
        },
        body: incoming.text.clone(),
        at: now,
        reply_to: quoted,
        private: false,
        template: None,
        attachments: incoming.files.clone(),
    }
}

/// Adds what the provider says about a message to its record, and binds the provider's id to it.
///
/// # Errors
/// `Conflict` if the id is bound already.
async fn bind(
    db: &mut Db,
    account: AccountId,
    said: &ProviderMetadata,
    answered: Option<String>,
    record: &mut MessageRecord,
) -> Result<(), ServiceError> {
    let now = record.row.accepted_at;
    record.row.said_at = said.at.map(|at| at.min(now));
    let mut extra = said.extra.clone();
    extra.referral = extra.referral.or(answered);
    record.row.extra = (extra != Extra::default()).then(|| Box::new(extra));
    let bound = ProviderMessage {
        account,
        external: said.id.clone(),
        message: record.row.id,
        conversation: record.row.conversation,
        outgoing: said.outgoing,
        quoted: said.quoted.clone(),
        at: now,
    };
    if provider::bind(db, &bound).await? {
        Ok(())
    } else {
        Err(twice())
    }
}

/// The error for a message that another task stores at the same time. A retry finds it.
fn twice() -> ServiceError {
    Refusal::new(Code::Conflict, "the message is being stored already").into()
}

/// The error for a quarantined segment. The chat continues in the next segment, and a retry finds it.
fn quarantined() -> ServiceError {
    Refusal::new(Code::Conflict, "the segment is quarantined").into()
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

async fn attach(
    db: &mut Db,
    head: &ConversationRow,
    contact: ContactId,
    wanted: &[causerie_shared::ids::FileId],
) -> Result<Vec<FileBrief>, ServiceError> {
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
