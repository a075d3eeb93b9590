//! Who follows which document, and what they have of it.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use causerie_shared::{
    access::{Access, Scope},
    document::DocumentId,
    frame::{Part, ServerFrame, encode},
};

use super::{Hub, Inner, SocketId};

impl Hub {
    /// Documents in doubt, each asked once by the worker that decides.
    pub(in crate::sync) fn take_rechecks(&self) -> Vec<(SocketId, Arc<Access>, DocumentId)> {
        let mut inner = self.inner();
        let mut all = vec![];
        for (id, console) in &mut inner.consoles {
            for document in console.doubtful.drain() {
                all.push((*id, Arc::clone(&console.access), document));
            }
        }
        all
    }

    /// Documents that somebody here follows, with what their followers have of them. The others are forgotten.
    pub(in crate::sync) fn followed(&self) -> Vec<(DocumentId, (u32, i64))> {
        let mut inner = self.inner();
        let Inner {
            consoles,
            sent_versions: told,
            ..
        } = &mut *inner;
        let open: HashSet<&DocumentId> = consoles.values().flat_map(|console| &console.documents).collect();
        told.retain(|document, _| open.contains(document));
        told.iter().map(|(document, at)| (*document, *at)).collect()
    }

    /// From now on the socket gets this document's changes.
    pub fn follow(&self, socket: SocketId, document: DocumentId) {
        if let Some(console) = self.inner().consoles.get_mut(&socket) {
            console.documents.insert(document);
        }
    }

    /// The socket was sent the document up to here. Other followers may have less.
    pub fn epoch_began(&self, document: DocumentId, epoch: u32, seq: i64) {
        self.inner().sent_versions.entry(document).or_insert((epoch, seq));
    }

    /// The socket needs the document no longer.
    pub fn unfollow(&self, socket: SocketId, document: DocumentId) {
        if let Some(console) = self.inner().consoles.get_mut(&socket) {
            console.documents.remove(&document);
            console.doubtful.remove(&document);
        }
    }

    /// A document changed on this node: everyone who has it open and may (still) read it gets the frame, but its author.
    pub fn document_changed(
        &self,
        document: DocumentId,
        frame: &ServerFrame,
        scope: Option<&Scope>,
        author: Option<SocketId>,
    ) {
        self.queue_change(document, frame, scope, author);
        self.flush();
    }

    /// As [`Hub::document_changed`], for one who announces the rest of the transaction right after it: the frame
    /// leaves together with that.
    pub fn queue_change(
        &self,
        document: DocumentId,
        frame: &ServerFrame,
        scope: Option<&Scope>,
        author: Option<SocketId>,
    ) {
        if let ServerFrame::Part(part) = frame {
            let mut inner = self.inner();
            match inner.sent_versions.get_mut(&document) {
                Some(told) if part.snapshot.is_some() || (part.epoch, part.from) == *told => {
                    *told = (part.epoch, part.to);
                }
                // Another node wrote in between: its part is read from the database.
                Some(_) => self.lagging.notify_one(),
                None => {}
            }
            drop(inner);
            self.wrote.notify_one();
        }
        self.tell_followers(document, frame, scope, author);
    }

    /// What another node wrote into a document. What this node wrote and told while it was read is told once: an older
    /// epoch behind the new one would bring back what was removed.
    pub(in crate::sync) fn document_heard(&self, frame: &Part, scope: Option<&Scope>) {
        let mut inner = self.inner();
        let at = (frame.epoch, frame.to);
        if inner.sent_versions.get(&frame.document).is_some_and(|told| *told >= at) {
            return;
        }
        inner.sent_versions.insert(frame.document, at);
        drop(inner);
        self.tell_followers(frame.document, &ServerFrame::Part(frame.clone()), scope, None);
        self.flush();
    }

    /// Queues it.
    fn tell_followers(
        &self,
        document: DocumentId,
        frame: &ServerFrame,
        scope: Option<&Scope>,
        author: Option<SocketId>,
    ) {
        let bytes = Bytes::from(encode(frame));
        self.each(|id, console| {
            let wanted = Some(id) != author && console.documents.contains(&document);
            let allowed = scope.is_none_or(|scope| console.access.reads(scope));
            !(wanted && allowed) || console.send(bytes.clone())
        });
    }
}
