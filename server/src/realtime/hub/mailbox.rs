//! The queue of one socket: the hub adds frames, and the socket's task takes them in batches.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use futures_util::task::AtomicWaker;

use super::{Outgoing, QUEUE};

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Outgoing>,
    /// Whether the frames must leave now and not with later ones.
    due: bool,
    /// Whether one of the two ends was dropped.
    closed: bool,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Every change is a single step, so a panic leaves the queue consistent.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hub's end. Dropping it closes the queue for the socket's end.
pub(crate) struct Slot(Arc<Shared>);

/// The socket's end.
pub struct Mailbox(Arc<Shared>);

/// Returns both ends of a new queue.
pub(crate) fn mailbox() -> (Slot, Mailbox) {
    let shared = Arc::<Shared>::default();
    (Slot(Arc::clone(&shared)), Mailbox(shared))
}

impl Slot {
    /// Adds a frame that leaves at the next [`Slot::flush`]. Returns `false` if too many frames wait or the socket's end
    /// was dropped.
    pub(crate) fn put(&self, next: Outgoing) -> bool {
        let mut waiting = self.0.waiting();
        if waiting.closed || waiting.frames.len() >= QUEUE {
            return false;
        }
        waiting.frames.push_back(next);
        true
    }

    /// Makes all waiting frames due.
    pub(crate) fn flush(&self) {
        self.0.waiting().due = true;
        self.0.waker.wake();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.waiting().closed = true;
        self.0.waker.wake();
    }
}

impl Mailbox {
    /// Waits until frames are due, and takes at most `limit` of the waiting ones in order. Returns `false` if the queue
    /// is empty and closed.
    pub async fn take(&mut self, batch: &mut Vec<Outgoing>, limit: usize) -> bool {
        poll_fn(|context| {
            self.0.waker.register(context.waker());
            let mut waiting = self.0.waiting();
            if waiting.frames.is_empty() {
                waiting.due = false;
                return if waiting.closed {
                    Poll::Ready(false)
                } else {
                    Poll::Pending
                };
            }
            if !waiting.due && !waiting.closed {
                return Poll::Pending;
            }
            let count = limit.min(waiting.frames.len());
            batch.extend(waiting.frames.drain(..count));
            waiting.due = !waiting.frames.is_empty();
            Poll::Ready(true)
        })
        .await
    }

    /// Waits for the next due frame; `None` if the queue is empty and closed.
    pub async fn recv(&mut self) -> Option<Outgoing> {
        let mut one = Vec::with_capacity(1);
        self.take(&mut one, 1).await;
        one.pop()
    }

    /// Takes the next frame, due or not.
    pub fn try_recv(&mut self) -> Option<Outgoing> {
        self.0.waiting().frames.pop_front()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.closed = true;
        waiting.frames.clear();
    }
}
