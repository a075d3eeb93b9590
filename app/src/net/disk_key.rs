//! The keys of the values on the disk.

use causerie_shared::{
    document::DocumentId,
    ids::{ConversationId, IntentId},
};

/// The key of one value on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiskKey {
    Meta,
    Users,
    Inboxes,
    Accounts,
    /// The list of stored documents, with the time of their last use.
    Copies,
    Head(ConversationId),
    /// Message and event rows of a conversation.
    Thread(ConversationId),
    Document(DocumentId),
    Outbox(IntentId),
    Draft(ConversationId),
    /// The draft for the internal discussion.
    DiscussionDraft(ConversationId),
}

/// Names of the object stores.
pub const STORES: [&str; 6] = ["meta", "heads", "rows", "documents", "outbox", "drafts"];
/// Stores that contain copies of the server's data.
pub const CACHES: [&str; 3] = ["heads", "rows", "documents"];
/// Stores whose values are all read at the start.
pub const BOOT_STORES: [&str; 4] = ["meta", "heads", "outbox", "drafts"];

/// Key prefix of drafts for the internal discussion.
const DISCUSSION: &str = "discussion/";

impl DiskKey {
    /// The object store of the value.
    pub fn store(self) -> &'static str {
        match self {
            Self::Meta | Self::Users | Self::Inboxes | Self::Accounts | Self::Copies => "meta",
            Self::Head(_) => "heads",
            Self::Thread(_) => "rows",
            Self::Document(_) => "documents",
            Self::Outbox(_) => "outbox",
            Self::Draft(_) | Self::DiscussionDraft(_) => "drafts",
        }
    }

    /// The name inside the object store.
    pub fn name(self) -> String {
        match self {
            Self::Meta => "meta".into(),
            Self::Users => "users".into(),
            Self::Inboxes => "inboxes".into(),
            Self::Accounts => "accounts".into(),
            Self::Copies => "copies".into(),
            Self::Head(id) | Self::Thread(id) | Self::Draft(id) => id.to_string(),
            Self::Document(id) => id.to_string(),
            Self::DiscussionDraft(id) => format!("{DISCUSSION}{id}"),
            Self::Outbox(id) => id.to_string(),
        }
    }

    /// The key of a stored conversation row, read from the row: its id is the first field.
    pub fn of_head(head: &[u8]) -> Option<Self> {
        postcard::take_from_bytes(head).ok().map(|(id, _)| Self::Head(id))
    }

    /// Parses a store and a name; `None` if this version does not know the key.
    pub fn parse(store: &str, name: &str) -> Option<Self> {
        match (store, name) {
            ("meta", "meta") => Some(Self::Meta),
            ("meta", "users") => Some(Self::Users),
            ("meta", "inboxes") => Some(Self::Inboxes),
            ("meta", "accounts") => Some(Self::Accounts),
            ("meta", "copies") => Some(Self::Copies),
            ("heads", id) => id.parse().ok().map(Self::Head),
            ("rows", id) => id.parse().ok().map(Self::Thread),
            ("documents", id) => id.parse().ok().map(Self::Document),
            ("outbox", id) => id.parse().ok().map(Self::Outbox),
            ("drafts", id) => match id.strip_prefix(DISCUSSION) {
                Some(id) => id.parse().ok().map(Self::DiscussionDraft),
                None => id.parse().ok().map(Self::Draft),
            },
            _ => None,
        }
    }
}
