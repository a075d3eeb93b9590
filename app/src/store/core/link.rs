//! The protocol with the server: the hello, the effect of each frame, and the connection's state.

use causerie_shared::{
    Millis, SCHEMA,
    frame::{ClientFrame, ServerFrame},
    refusal::{Code, Refusal},
    user::Me,
};

use super::{Core, Key, Step};
use crate::{
    net::disk_key::DiskKey,
    store::view::{Connection, Session},
};

/// After this long without a connection the console says "offline".
const PATIENCE_MS: Millis = 3_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkState {
    Down {
        since: Millis,
        long: bool,
    },
    /// The hello is sent, and the `Welcome` has not arrived.
    Greeting {
        since: Millis,
    },
    Up,
}

impl LinkState {
    pub(super) fn down(now: Millis) -> Self {
        Self::Down {
            since: now,
            long: false,
        }
    }
}

impl Core {
    pub(super) fn online(&self) -> bool {
        self.line == LinkState::Up
    }

    /// The connection's state.
    pub fn connection(&self) -> Connection {
        match self.line {
            LinkState::Up => Connection::Online,
            LinkState::Down { long: true, .. } => Connection::Offline { as_of: self.as_of },
            LinkState::Down { long: false, .. } | LinkState::Greeting { .. } => Connection::Reconnecting,
        }
    }

    pub(super) fn opened(&mut self, step: &mut Step<'_>) {
        let Some(device) = self.device else { return };
        if let LinkState::Down { since, .. } = self.line {
            self.line = LinkState::Greeting { since };
        }
        // Each document is opened separately afterwards, with its rows.
        let documents = vec![];
        step.send(ClientFrame::Hello {
            schema: SCHEMA,
            device,
            cursor: self.cursor,
            grants: self.grants,
            documents,
        });
        step.changed(Key::Connection);
    }

    pub(super) fn closed(&mut self, step: &mut Step<'_>) {
        self.line = match self.line {
            LinkState::Up => LinkState::down(step.now),
            LinkState::Greeting { since } => LinkState::Down {
                since,
                long: step.now - since >= PATIENCE_MS,
            },
            LinkState::Down { since, long } => LinkState::Down { since, long },
        };
        self.replicas.values_mut().for_each(|replica| replica.disconnected());
        self.forget_asked_windows();
        self.caught_up = false;
        self.elsewhere.clear();
        self.denied.clear();
        self.doubted.clear();
        self.nobody(step);
        self.interrupted(step);
        step.changed(Key::Connection);
        step.dirty(DiskKey::Meta);
    }

    pub(super) fn frame(&mut self, step: &mut Step<'_>, frame: ServerFrame) {
        self.as_of = Some(self.now(step));
        match frame {
            ServerFrame::Welcome { now, me, grants, .. } => self.welcome(step, now, grants, *me),
            ServerFrame::Rows { to, upserts, gone } => self.rows(step, to, upserts, gone),
            ServerFrame::Window {
                list,
                from,
                total,
                order,
            } => self.window(step, list, from, total, &order),
            ServerFrame::Counts(counts) => self.set_counts(step, counts),
            ServerFrame::Part(part) => self.part(step, part),
            ServerFrame::Applied {
                intent,
                document,
                epoch,
                seq,
                changes,
            } => {
                self.applied(step, intent, document, epoch, seq, changes);
            }
            ServerFrame::Refused {
                intent,
                document,
                refusal,
            } => self.refused(step, intent, document, refusal),
            ServerFrame::Outcome { intent, result } => self.outcome(step, intent, result),
            ServerFrame::Revoked { documents, inboxes } => {
                self.drop_inboxes(step, &inboxes);
                self.denied.extend(&documents);
                self.purge(step, &documents);
            }
            ServerFrame::Reset => self.reset(step),
            ServerFrame::Ephemeral { from, body } => self.ephemeral(step, from, body),
            ServerFrame::Ping { now } => {
                self.offset = now - step.now;
                if self.leads {
                    step.send(ClientFrame::Pong);
                }
            }
            ServerFrame::Bye(refusal) => self.bye(step, refusal),
            // The server did not understand one of our frames. The user's actions have their own outcomes, and nothing
            // can be done about the rest.
            ServerFrame::Error(_) => {}
        }
    }

    fn welcome(&mut self, step: &mut Step<'_>, now: Millis, grants: u64, me: Me) {
        self.line = LinkState::Up;
        self.grants = grants;
        step.dirty(DiskKey::Meta);
        self.offset = now - step.now;
        self.farewell = None;
        if self.session == Session::Expired {
            // The user has signed in again in another tab.
            self.session = Session::SignedIn;
            step.changed(Key::Session);
        }
        self.set_me(step, me);
        self.ask_windows(step);
        self.catch_up(step);
        self.tell_viewing(step, true);
        step.changed(Key::Connection);
    }

    pub(super) fn bye(&mut self, step: &mut Step<'_>, refusal: Refusal) {
        // After any other refusal the socket reconnects by itself.
        step.effects.hang_up = matches!(refusal.code, Code::Unauthorized | Code::Schema);
        if refusal.code == Code::Unauthorized {
            self.session = Session::Expired;
            step.changed(Key::Session);
        }
        self.farewell = Some(refusal);
        step.changed(Key::Connection);
    }

    /// Whether the server has another schema version: everything can be read, and nothing is sent until the page is
    /// loaded again (`docs/sync.md#failures`, 19).
    pub fn read_only(&self) -> bool {
        self.farewell
            .as_ref()
            .is_some_and(|refusal| refusal.code == Code::Schema)
    }

    pub(super) fn tick(&mut self, step: &mut Step<'_>) {
        if let LinkState::Down { since, long: false } = self.line
            && step.now - since >= PATIENCE_MS
        {
            self.line = LinkState::Down { since, long: true };
            step.changed(Key::Connection);
        }
        self.tick_presence(step);
        self.tick_lists(step);
        self.tick_drafts(step);
        self.tick_copies(step);
    }
}
