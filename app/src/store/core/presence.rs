//! Who is here: visitors and colleagues who type, colleagues who have a chat open. Worth nothing a minute later.

use causerie_shared::{
    Millis,
    frame::{ClientFrame, Ephemeral},
    ids::{ContactId, ConversationId, NoteId, UserId},
};

use super::{Core, Key, Step};
use crate::store::view::Colleague;

/// A typing mark is believed for this long.
const TYPING_MS: Millis = 8_000;
/// Own typing is told at most this often.
const TELL_MS: Millis = 3_000;
/// That a chat is open is told this often, and believed for so long.
const VIEWING_EVERY_MS: Millis = 20_000;
const VIEWING_MS: Millis = 45_000;
/// A caret is told at most this often, and believed for so long.
const CARET_EVERY_MS: Millis = 300;
const CARET_MS: Millis = 20_000;

/// Until when a colleague is believed to have the chat open, and to type.
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

/// Where my caret is, and when that was told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    contact: ContactId,
    note: NoteId,
    at: u32,
    when: Millis,
    /// It moved since.
    moved: bool,
}

impl Core {
    /// Colleagues who write in a contact's notes, and where; who came last is last.
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

    /// Colleagues who have the chat open or type in it, by name.
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

    /// What another person's console or the visitor's page said.
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
            // My other tabs and devices are not colleagues.
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
                // One caret a colleague.
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
            // Visitors know nothing of these.
            (None, Ephemeral::Caret { .. } | Ephemeral::Viewing { .. }) => {}
        }
    }

    /// A colleague's caret is nowhere.
    fn lift(&mut self, step: &mut Step<'_>, user: UserId) {
        self.carets.retain(|caret| {
            if caret.user == user {
                step.effects.changed.insert(Key::Carets(caret.contact));
            }
            caret.user != user
        });
    }

    /// My caret stands in a note, or left it: told at once when it came or left, else not more often than needed.
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
        self.told_caret = Some(Told {
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

    /// Once a second: marks that are over, and my own to be told again.
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

    /// Tells colleagues that the open chat is in front of me, or no longer.
    pub(super) fn tell_viewing(&mut self, step: &mut Step<'_>, on: bool) {
        if let Some(conversation) = self.open
            && self.online()
        {
            self.told_viewing = step.now;
            step.send(ClientFrame::Ephemeral(Ephemeral::Viewing { conversation, on }));
        }
    }

    /// The line is gone: nobody is believed to be anywhere.
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

    /// Tells that this agent types, not more often than needed.
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
