//! Who is here: visitors and colleagues who type, colleagues who have a chat open. Worth nothing a minute later.

use causerie_shared::{
    Millis,
    frame::{ClientFrame, Ephemeral},
    ids::{ConversationId, UserId},
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

/// Until when a colleague is believed to have the chat open, and to type.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Present {
    viewing: Millis,
    typing: Millis,
}

impl Core {
    /// Colleagues who have the chat open or type in it, by name.
    pub fn viewers(&self, id: ConversationId) -> Vec<Colleague> {
        let here = self.present.iter().filter(|((chat, _), _)| *chat == id);
        let mut here: Vec<Colleague> = here
            .map(|((_, user), present)| Colleague {
                user: *user,
                name: self
                    .users
                    .get(user.to_u128())
                    .map(|row| row.name.clone())
                    .unwrap_or_default(),
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
            // Carets in notes are not drawn yet.
            (_, Ephemeral::Caret { .. }) | (None, Ephemeral::Viewing { .. }) => {}
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
