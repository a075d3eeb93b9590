//! Presence: contacts and colleagues who type, and colleagues who have a chat open. All of it expires within a minute.

use causerie_shared::{
    Millis,
    frame::{ClientFrame, Ephemeral},
    ids::{ContactId, ConversationId, NoteId, UserId},
};

use super::{Core, Key, Step};
use crate::store::view::Colleague;

/// How long a typing mark is valid.
const TYPING_MS: Millis = 8_000;
/// Minimum interval between two typing marks of the user.
const TELL_MS: Millis = 3_000;
/// Interval at which the viewing mark of the open chat is sent, and how long a colleague's mark is valid.
const VIEWING_EVERY_MS: Millis = 20_000;
const VIEWING_MS: Millis = 45_000;
/// Minimum interval between two carets of the user, and how long a colleague's caret is valid.
const CARET_EVERY_MS: Millis = 300;
const CARET_MS: Millis = 20_000;

/// Until when a colleague counts as viewing the chat, and as typing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Present {
    viewing: Millis,
    typing: Millis,
}

/// A colleague's caret in a note, in UTF-16 units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caret {
    contact: ContactId,
    note: NoteId,
    user: UserId,
    at: u32,
    until: Millis,
}

/// The user's caret, and when it was last sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentCaret {
    contact: ContactId,
    note: NoteId,
    at: u32,
    when: Millis,
    /// Whether the caret has moved since.
    moved: bool,
}

impl Core {
    /// The colleagues who write in a contact's notes, with their carets; the most recently moved one is last.
    pub fn carets(&self, contact: ContactId) -> Vec<(NoteId, Colleague, u32)> {
        let here = self.carets.iter().filter(|caret| caret.contact == contact);
        here.map(|caret| {
            let colleague = Colleague {
                user: caret.user,
                name: self.name_of(caret.user),
                typing: true,
            };
            (caret.note, colleague, caret.at)
        })
        .collect()
    }

    pub(super) fn name_of(&self, user: UserId) -> String {
        let row = self.users.get(user.to_u128());
        row.map(|row| row.name.clone()).unwrap_or_default()
    }

    /// The colleagues who view the chat or type in it, by name.
    pub fn viewers(&self, id: ConversationId) -> Vec<Colleague> {
        let here = self.present.iter().filter(|((chat, _), _)| *chat == id);
        let mut here: Vec<Colleague> = here
            .map(|((_, user), present)| Colleague {
                user: *user,
                name: self.name_of(*user),
                typing: present.typing > 0,
            })
            .collect();
        here.sort_unstable_by(|a, b| (&a.name, a.user).cmp(&(&b.name, b.user)));
        here
    }

    /// Processes ephemera from a colleague's console or the visitor's page.
    pub(super) fn ephemeral(&mut self, step: &mut Step<'_>, from: Option<UserId>, body: Ephemeral) {
        let me = self.me.as_ref().map(|me| me.id);
        match (from, body) {
            (None, Ephemeral::Typing { conversation, on }) => {
                if on {
                    self.typing.insert(conversation, step.now + TYPING_MS);
                } else {
                    self.typing.remove(&conversation);
                }
                step.changed(Key::Typing(conversation));
            }
            // The user's other tabs and devices are not colleagues.
            (Some(user), _) if Some(user) == me => {}
            (Some(user), Ephemeral::Typing { conversation, on }) => {
                let until = if on { step.now + TYPING_MS } else { 0 };
                self.present.entry((conversation, user)).or_default().typing = until;
                self.expire_present(step);
                step.changed(Key::Viewers(conversation));
            }
            (Some(user), Ephemeral::Viewing { conversation, on }) => {
                let present = self.present.entry((conversation, user)).or_default();
                present.viewing = if on { step.now + VIEWING_MS } else { 0 };
                if !on {
                    present.typing = 0;
                }
                self.expire_present(step);
                step.changed(Key::Viewers(conversation));
            }
            (Some(user), Ephemeral::Caret { contact, note, at }) => {
                // A colleague has one caret.
                self.lift(step, user);
                if let Some(at) = at {
                    self.carets.push(Caret {
                        contact,
                        note,
                        user,
                        at,
                        until: step.now + CARET_MS,
                    });
                    step.changed(Key::Carets(contact));
                }
            }
            // Visitors do not send these.
            (None, Ephemeral::Caret { .. } | Ephemeral::Viewing { .. }) => {}
        }
    }

    /// Removes a colleague's caret.
    fn lift(&mut self, step: &mut Step<'_>, user: UserId) {
        self.carets.retain(|caret| {
            if caret.user == user {
                step.effects.changed.insert(Key::Carets(caret.contact));
            }
            caret.user != user
        });
    }

    /// Sends the user's caret in a note: at once when it enters or leaves the note, otherwise throttled.
    pub(super) fn tell_caret(&mut self, step: &mut Step<'_>, contact: ContactId, note: NoteId, at: Option<u32>) {
        let told = self.told_caret.filter(|told| told.note == note);
        let Some(at) = at else {
            if told.is_some() {
                self.told_caret = None;
                self.send_caret(step, contact, note, None);
            }
            return;
        };
        let due = told.is_none_or(|told| step.now - told.when >= CARET_EVERY_MS);
        if due {
            self.send_caret(step, contact, note, Some(at));
        }
        self.told_caret = Some(SentCaret {
            contact,
            note,
            at,
            when: told.filter(|_| !due).map_or(step.now, |told| told.when),
            moved: !due,
        });
    }

    fn send_caret(&self, step: &mut Step<'_>, contact: ContactId, note: NoteId, at: Option<u32>) {
        if self.online() {
            step.send(ClientFrame::Ephemeral(Ephemeral::Caret { contact, note, at }));
        }
    }

    fn expire_present(&mut self, step: &mut Step<'_>) {
        for ((conversation, _), present) in &mut self.present {
            for until in [&mut present.typing, &mut present.viewing] {
                if *until > 0 && *until <= step.now {
                    *until = 0;
                    step.effects.changed.insert(Key::Viewers(*conversation));
                }
            }
        }
        self.present
            .retain(|_, present| present.viewing > 0 || present.typing > 0);
    }

    /// Once a second, removes expired marks and sends the user's own again.
    pub(super) fn tick_presence(&mut self, step: &mut Step<'_>) {
        let over: Vec<_> = self
            .typing
            .iter()
            .filter(|(_, until)| **until <= step.now)
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            self.typing.remove(&id);
            step.changed(Key::Typing(id));
        }
        self.expire_present(step);
        let late: Vec<UserId> = self
            .carets
            .iter()
            .filter(|caret| caret.until <= step.now)
            .map(|caret| caret.user)
            .collect();
        late.into_iter().for_each(|user| self.lift(step, user));
        if let Some(told) = self.told_caret.filter(|told| told.moved) {
            self.tell_caret(step, told.contact, told.note, Some(told.at));
        }
        if step.now - self.told_viewing >= VIEWING_EVERY_MS {
            self.tell_viewing(step, true);
        }
    }

    /// Tells colleagues that the open chat is in view, or no longer.
    pub(super) fn tell_viewing(&mut self, step: &mut Step<'_>, on: bool) {
        if let Some(conversation) = self.open
            && self.online()
        {
            self.told_viewing = step.now;
            step.send(ClientFrame::Ephemeral(Ephemeral::Viewing { conversation, on }));
        }
    }

    /// Removes all marks, because the connection is gone.
    pub(super) fn nobody(&mut self, step: &mut Step<'_>) {
        for (id, _) in self.typing.drain() {
            step.effects.changed.insert(Key::Typing(id));
        }
        for ((id, _), _) in self.present.drain() {
            step.effects.changed.insert(Key::Viewers(id));
        }
        for caret in self.carets.drain(..) {
            step.effects.changed.insert(Key::Carets(caret.contact));
        }
    }

    /// Sends that this agent is typing or has stopped, throttled.
    pub(super) fn tell_typing(&mut self, step: &mut Step<'_>, id: ConversationId, on: bool) {
        if !self.online() {
            return;
        }
        let told = self.told_typing.get(&id).copied();
        let due = match (on, told) {
            (true, Some(at)) => step.now - at >= TELL_MS,
            (true, None) => true,
            (false, told) => told.is_some(),
        };
        if !due {
            return;
        }
        if on {
            self.told_typing.insert(id, step.now);
        } else {
            self.told_typing.remove(&id);
        }
        step.send(ClientFrame::Ephemeral(Ephemeral::Typing { conversation: id, on }));
    }
}
