//! A console that is connected: what it may see, and what waits for it.

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

pub(super) struct Console {
    pub(super) session: SessionId,
    pub(super) device: DeviceId,
    pub(super) access: Arc<Access>,
    out: Slot,
    /// Something of the frames that wait is to leave as soon as the hub is done with the present events.
    pub(super) immediate: bool,
    /// Frames wait that may leave together with later ones.
    pub(super) deferred: bool,
    /// Live frames wait here until the catch-up was sent.
    pub(super) held: Option<Vec<Bytes>>,
    pub(super) documents: HashSet<DocumentId>,
    /// Documents of a contact of whom a chat went away: nothing of them is sent until it is known that another
    /// chat of theirs may be seen.
    pub(super) doubtful: HashSet<DocumentId>,
    pub(super) counts: Option<Counts>,
    /// A chat that this console may see changed its state, so its counters may be old.
    pub(super) recount: bool,
}

impl Console {
    /// A console whose live frames are held, with the end that its socket reads.
    pub(super) fn new(session: SessionId, device: DeviceId, access: Arc<Access>) -> (Self, Mailbox) {
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

    /// Its last words. `false` when nobody hears them.
    pub(super) fn bye(self, why: Refusal) -> bool {
        self.out.put(Outgoing::Close(why))
    }

    /// Queues a frame that leaves at the next [`Console::post`]. `false` when the socket cannot keep up.
    pub(super) fn send(&mut self, frame: Bytes) -> bool {
        self.immediate = true;
        self.queue(frame)
    }

    /// Queues a frame that may wait for others.
    pub(super) fn send_deferred(&mut self, frame: Bytes) -> bool {
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

    /// All that was queued leaves in one go, if something of it is urgent.
    pub(super) fn flush(&mut self) {
        if std::mem::take(&mut self.immediate) {
            self.deferred = false;
            self.out.flush();
        }
    }

    pub(super) fn follows(&self, conversation: ConversationId) -> bool {
        self.documents
            .iter()
            .any(|document| matches!(document, DocumentId::Timeline(id, _) if *id == conversation))
    }
}
