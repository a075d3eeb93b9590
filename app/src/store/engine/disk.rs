//! The local copy: read on demand, written in batches, evicted when the disk is full.

use std::{collections::HashMap, rc::Rc};

use leptos::task::spawn_local;

use super::Engine;
use crate::{
    net::{disk_key::DiskKey, tabs::TabMessage},
    store::{
        core::{Core, Documents, Event, Stored, is_shared, lasting},
        view::Session,
    },
};

impl Engine {
    /// Reads the keys that the core asks for. Keys that cannot exist are answered at once. There is no answer before
    /// documents can be constructed.
    pub(super) fn load(self: &Rc<Self>, keys: Vec<DiskKey>) {
        let Some(documents) = self.documents.get() else {
            self.waiting.borrow_mut().extend(keys);
            return;
        };
        let asked = self.disk.borrow().as_ref().and_then(|disk| disk.read(&keys));
        let Some(asked) = asked else {
            self.loaded(documents, keys, vec![]);
            return;
        };
        let engine = Rc::clone(self);
        spawn_local(async move {
            let found = asked.await.unwrap_or_else(|error| {
                engine.disk_trouble(error.0);
                vec![]
            });
            engine.loaded(documents, keys, found);
        });
    }

    fn loaded(self: &Rc<Self>, documents: Documents, keys: Vec<DiskKey>, found: Vec<(DiskKey, Option<Vec<u8>>)>) {
        let mut found: HashMap<DiskKey, Option<Vec<u8>>> = found.into_iter().collect();
        let answer = keys
            .into_iter()
            .map(|key| (key, found.remove(&key).flatten()))
            .collect();
        self.handle(Event::Loaded(documents, answer));
    }

    pub(super) fn write_now(self: &Rc<Self>, durable: bool) {
        spawn_local(Rc::clone(self).write(durable));
    }

    /// Writes all dirty keys in one transaction, then tells the other tabs.
    pub(super) fn write(self: Rc<Self>, durable: bool) -> impl Future<Output = ()> {
        self.flush.borrow_mut().take();
        let batch = std::mem::take(&mut *self.batch.borrow_mut());
        let clear = self.clear.replace(false);
        let values: Vec<_> = self.with(|core| {
            lasting(batch)
                .into_iter()
                .filter_map(
                    |(key, erase)| match if erase { Stored::Delete } else { core.stored(key) } {
                        Stored::Put(bytes) => Some((key, Some(bytes))),
                        Stored::Delete => Some((key, None)),
                        Stored::Skip => None,
                    },
                )
                .collect()
        });
        let disk = self.disk.borrow().clone().filter(|_| clear || !values.is_empty());
        async move {
            let Some(disk) = disk else { return };
            let writes: Vec<(DiskKey, bool)> = values.iter().map(|(key, value)| (*key, value.is_none())).collect();
            match disk.write(values, durable, clear).await {
                Ok(()) => {
                    let shared = writes.into_iter().map(|(key, _)| key).filter(|key| is_shared(*key));
                    let shared: Vec<_> = shared.map(|key| (key.store().to_owned(), key.name())).collect();
                    if !shared.is_empty() {
                        self.say(&TabMessage::Changed(shared));
                    }
                }
                Err(error) if error.is_full() => self.handle(Event::DiskFull(writes)),
                Err(error) => self.disk_trouble(error.0),
            }
        }
    }

    /// Deletes copies in a separate transaction, so that the next write finds the space.
    pub(super) fn evict(self: &Rc<Self>, keys: Vec<DiskKey>) {
        self.batch.borrow_mut().retain(|(key, _)| !keys.contains(key));
        let Some(disk) = self.disk.borrow().clone() else { return };
        let engine = Rc::clone(self);
        spawn_local(async move {
            let values = keys.into_iter().map(|key| (key, None)).collect();
            if let Err(error) = disk.write(values, false, false).await {
                engine.disk_trouble(error.0);
            }
        });
    }

    pub(super) fn disk_trouble(self: &Rc<Self>, text: String) {
        // After a sign-out in another tab nothing has to be stored any more.
        if !self.disk_failed.replace(true) && self.with(|core| core.session) != Session::SignedOut {
            self.handle(Event::DiskFailed(text));
        }
    }

    /// Reads the values needed for the first paint.
    pub(super) async fn stored(self: &Rc<Self>) -> Vec<(DiskKey, Vec<u8>)> {
        let disk = self.disk.borrow().clone();
        let Some(disk) = disk else { return vec![] };
        disk.boot(self.with(Core::leads)).await.unwrap_or_else(|error| {
            self.disk_trouble(error.0);
            vec![]
        })
    }
}
