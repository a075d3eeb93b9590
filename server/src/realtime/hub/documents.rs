//! The followers of documents, and the versions that were sent to them.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use causerie_shared::{
    access::{Access, Scope},
    document::DocumentId,
    frame::{Part, ServerFrame, encode},
};

use super::{Hub, Inner, SocketId};

impl Hub {
    /// Removes and returns the documents whose access must be rechecked, with their sockets.
    pub(crate) fn take_rechecks(&self) -> Vec<(SocketId, Arc<Access>, DocumentId)> {
        let mut inner = self.inner();
        let mut all = vec![];
        for (id, console) in &mut inner.consoles {
            for document in console.doubtful.drain() {
                all.push((*id, Arc::clone(&console.access), document));
            }
        }
        all
    }

    /// Returns the documents that sockets of this node follow, with their sent versions. Drops the sent versions of
    /// others.
    pub(crate) fn followed(&self) -> Vec<(DocumentId, (u32, i64))> {
        let mut inner = self.inner();
        let Inner {
            consoles,
            sent_versions,
            ..
        } = &mut *inner;
        let open: HashSet<&DocumentId> = consoles.values().flat_map(|console| &console.documents).collect();
        sent_versions.retain(|document, _| open.contains(document));
        sent_versions.iter().map(|(document, at)| (*document, *at)).collect()
    }

    /// Subscribes the socket to this document's changes.
    pub fn follow(&self, socket: SocketId, document: DocumentId) {
        if let Some(console) = self.inner().consoles.get_mut(&socket) {
            console.documents.insert(document);
        }
    }

    /// Records that a socket was sent the document up to this version. A recorded version stays, because other
    /// followers may have less.
    pub fn epoch_began(&self, document: DocumentId, epoch: u32, seq: i64) {
        self.inner().sent_versions.entry(document).or_insert((epoch, seq));
    }

    /// Ends the socket's subscription to the document.
    pub fn unfollow(&self, socket: SocketId, document: DocumentId) {
        if let Some(console) = self.inner().consoles.get_mut(&socket) {
            console.documents.remove(&document);
            console.doubtful.remove(&document);
        }
    }

    /// Sends the change of a document on this node to the sockets that have it open and may read it, except its author.
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

    /// As [`Hub::document_changed`], but only queues the frame. It leaves with the commit events of the transaction,
    /// which the caller must publish right after.
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
                Some(sent) if part.snapshot.is_some() || (part.epoch, part.from) == *sent => {
                    *sent = (part.epoch, part.to);
                }
                // Another node wrote in between; the worker reads its changes from the database.
                Some(_) => self.lagging.notify_one(),
                None => {}
            }
            drop(inner);
            self.wrote.notify_one();
        }
        self.tell_followers(document, frame, scope, author);
    }

    /// Sends the change of a document by another node. Ignores it if this node has sent the same or a newer version
    /// meanwhile: an older epoch after a newer one would bring back removed content.
    pub(crate) fn document_heard(&self, frame: &Part, scope: Option<&Scope>) {
        let mut inner = self.inner();
        let at = (frame.epoch, frame.to);
        if inner.sent_versions.get(&frame.document).is_some_and(|sent| *sent >= at) {
            return;
        }
        inner.sent_versions.insert(frame.document, at);
        drop(inner);
        self.tell_followers(frame.document, &ServerFrame::Part(frame.clone()), scope, None);
        self.flush();
    }

    /// Queues a frame for the followers of a document.
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
