//! A connected console: its access, its documents and its queued frames.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use causerie_shared::{
    access::Access,
    document::DocumentId,
    ids::{ConversationId, DeviceId, SessionId},
    refusal::Refusal,
    window::Counts,
};

use super::{
    Outgoing, QUEUE,
    mailbox::{Mailbox, Slot, mailbox},
};

pub(crate) struct Console {
    pub(crate) session: SessionId,
    pub(crate) device: DeviceId,
    pub(crate) access: Arc<Access>,
    out: Slot,
    /// Whether a queued frame must leave at the next [`Console::flush`].
    pub(crate) immediate: bool,
    /// Whether deferred frames are queued, which may leave together with later ones.
    pub(crate) deferred: bool,
    /// Live frames that are held back until the catch-up is queued; `None` afterwards.
    pub(crate) held: Option<Vec<Bytes>>,
    pub(crate) documents: HashSet<DocumentId>,
    /// Documents of contacts after the console lost access to one of their chats. Nothing of them is sent until a
    /// recheck finds another chat that the user may read.
    pub(crate) doubtful: HashSet<DocumentId>,
    pub(crate) counts: Option<Counts>,
    /// Whether the counters may be old, because a chat that this console may see changed its state.
    pub(crate) recount: bool,
}

impl Console {
    /// Creates a console whose live frames are held back, and the mailbox from which its socket reads.
    pub(crate) fn new(session: SessionId, device: DeviceId, access: Arc<Access>) -> (Self, Mailbox) {
        let (out, mailbox) = mailbox();
        let console = Self {
            session,
            device,
            access,
            out,
            immediate: false,
            deferred: false,
            held: Some(vec![]),
            documents: HashSet::new(),
            doubtful: HashSet::new(),
            counts: None,
            recount: true,
        };
        (console, mailbox)
    }

    /// Queues the reason for closing. Returns `false` if the socket is gone or too many frames wait.
    pub(crate) fn bye(self, why: Refusal) -> bool {
        self.out.put(Outgoing::Close(why))
    }

    /// Queues a frame that leaves at the next [`Console::flush`]. Returns `false` if the socket cannot keep up.
    pub(crate) fn send(&mut self, frame: Bytes) -> bool {
        self.immediate = true;
        self.queue(frame)
    }

    /// Queues a deferred frame. Returns `false` if the socket cannot keep up.
    pub(crate) fn send_deferred(&mut self, frame: Bytes) -> bool {
        self.deferred = true;
        self.queue(frame)
    }

    fn queue(&mut self, frame: Bytes) -> bool {
        if let Some(held) = &mut self.held {
            held.push(frame);
            return held.len() <= QUEUE;
        }
        self.out.put(Outgoing::Frame(frame))
    }

    /// Flushes all queued frames if one of them must not wait.
    pub(crate) fn flush(&mut self) {
        if std::mem::take(&mut self.immediate) {
            self.deferred = false;
            self.out.flush();
        }
    }

    pub(crate) fn follows(&self, conversation: ConversationId) -> bool {
        self.documents
            .iter()
            .any(|document| matches!(document, DocumentId::Timeline(id, _) if *id == conversation))
    }
}
