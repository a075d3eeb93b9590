//! Commands: sent once, answered by one outcome, never merged. `End` and availability wait in the outbox for a
//! connection. The others need one at once, because other people depend on their outcome.

use causerie_shared::{
    frame::{ClientFrame, Command},
    ids::{ConversationId, IntentId},
    intent::{Action, QueueState},
    refusal::{Code, Refusal},
};

use super::{Core, Key, Step, stale_replies::reply_in};
use crate::{net::disk_key::DiskKey, store::view::NoticeBody};

impl Core {
    pub(super) fn command(&mut self, step: &mut Step<'_>, command: Command) {
        match command {
            Command::Invite(..)
            | Command::Redact(..)
            | Command::SetAvailabilityOf(..)
            | Command::Resend(..)
            | Command::GiveUp(..)
            | Command::HideComment(..)
            | Command::DeleteComment(..)
                if self.online() =>
            {
                self.ask(step, command)
            }
            Command::Invite(..)
            | Command::Redact(..)
            | Command::SetAvailabilityOf(..)
            | Command::Resend(..)
            | Command::GiveUp(..)
            | Command::HideComment(..)
            | Command::DeleteComment(..) => {
                self.notify(step, NoticeBody::Interrupted { command });
            }
            Command::Start(id)
            | Command::Accept(id)
            | Command::Decline(id)
            | Command::Assign(id, _)
            | Command::Move(id, _)
            | Command::CancelTransfer(id)
            | Command::Withdraw(id)
            | Command::JumpIn(id)
            | Command::Undo(id) => {
                if !self.online() {
                    self.notify(step, NoticeBody::Interrupted { command });
                } else if !self.busy(id) {
                    self.ask(step, command);
                }
            }
            Command::End(id) => {
                if !self.busy(id) {
                    let expect_version = self.heads.get(&id).map(|head| head.version);
                    self.queue_command(step, expect_version, command);
                    step.changed(Key::Busy(id));
                }
            }
            Command::Seen(id, position) => self.mark_seen(step, id, position),
            Command::SetAvailability(availability) => {
                let me = self.me.as_ref().map(|me| me.id);
                if let Some(row) = me.and_then(|me| self.users.get_mut(me.to_u128())) {
                    row.availability = availability;
                    step.changed(Key::Users);
                    step.dirty(DiskKey::Users);
                }
                let older: Vec<IntentId> = self
                    .outbox
                    .iter()
                    .filter(|queued| {
                        matches!(
                            queued.intent.action,
                            Action::Command {
                                body: Command::SetAvailability(_),
                                ..
                            }
                        ) && !self.asked.contains_key(&queued.intent.id)
                    })
                    .map(|queued| queued.intent.id)
                    .collect();
                older.into_iter().for_each(|intent| self.finish(step, intent));
                self.queue_command(step, None, command);
            }
        }
    }

    fn queue_command(&mut self, step: &mut Step<'_>, expect_version: Option<i64>, body: Command) {
        let at = self.stamp(step);
        let id = IntentId::new(at, step.random());
        self.enqueue(step, id, at, Action::Command { expect_version, body });
    }

    fn mark_seen(&mut self, step: &mut Step<'_>, id: ConversationId, position: i64) {
        let me = self.me.as_ref().map(|me| me.id);
        let Some(head) = self.heads.get_mut(&id) else { return };
        if me.is_none() || head.state.agent() != me || (position <= head.seen && head.unread == 0) {
            return;
        }
        head.seen = head.seen.max(position);
        if position >= head.position {
            head.unread = 0;
        }
        step.changed(Key::Head(id));
        step.dirty(DiskKey::Head(id));
        if self.online() {
            self.ask(step, Command::Seen(id, position));
        } else {
            self.see_later(id, position);
        }
    }

    /// Sends a command without storing it in the outbox.
    fn ask(&mut self, step: &mut Step<'_>, command: Command) {
        let intent = IntentId::new(self.now(step), step.random());
        let expect_version = match command {
            Command::Start(id)
            | Command::Accept(id)
            | Command::Decline(id)
            | Command::End(id)
            | Command::Assign(id, _)
            | Command::Move(id, _)
            | Command::CancelTransfer(id)
            | Command::Withdraw(id)
            | Command::JumpIn(id)
            | Command::Undo(id) => self.heads.get(&id).map(|head| head.version),
            Command::Seen(..)
            | Command::SetAvailability(_)
            | Command::SetAvailabilityOf(..)
            | Command::Invite(..)
            | Command::Redact(..)
            | Command::Resend(..)
            | Command::GiveUp(..)
            | Command::HideComment(..)
            | Command::DeleteComment(..) => None,
        };
        self.asked.insert(intent, command);
        step.send(ClientFrame::Command {
            intent,
            expect_version,
            body: command,
        });
        if let Some(id) = command.conversation() {
            step.changed(Key::Busy(id));
        }
    }

    /// Sends the commands of the outbox. An `End` waits until the server has the replies before it.
    pub(super) fn send_commands(&mut self, step: &mut Step<'_>) {
        for queued in &self.outbox {
            let Action::Command { expect_version, body } = &queued.intent.action else {
                continue;
            };
            let intent = queued.intent.id;
            let behind = matches!(body, Command::End(id) if self.has_unsent_replies(*id));
            if queued.state != QueueState::Waiting || self.asked.contains_key(&intent) || behind {
                continue;
            }
            self.asked.insert(intent, *body);
            step.send(ClientFrame::Command {
                intent,
                expect_version: *expect_version,
                body: *body,
            });
        }
    }

    fn has_unsent_replies(&self, id: ConversationId) -> bool {
        self.outbox.iter().any(|queued| reply_in(queued) == Some(id))
    }

    /// Processes the outcome of a command.
    pub(super) fn outcome(&mut self, step: &mut Step<'_>, intent: IntentId, result: Result<(), Refusal>) {
        let Some(command) = self.asked.remove(&intent) else {
            return;
        };
        self.finish(step, intent);
        if let Some(id) = command.conversation() {
            step.changed(Key::Busy(id));
        }
        let Err(refusal) = result else { return };
        let said = match command {
            // The next time the chat is in view, it is marked again.
            Command::Seen(..) => false,
            // Someone else ended the chat first, which is what the user wanted.
            Command::End(id) => {
                let over = self.heads.get(&id).is_none_or(|head| head.state.status().is_final());
                refusal.code != Code::Closed && !over
            }
            Command::Start(_)
            | Command::Accept(_)
            | Command::Decline(_)
            | Command::Assign(..)
            | Command::Move(..)
            | Command::CancelTransfer(_)
            | Command::Withdraw(_)
            | Command::JumpIn(_)
            | Command::Undo(_)
            | Command::SetAvailability(_)
            | Command::SetAvailabilityOf(..)
            | Command::Invite(..)
            | Command::Redact(..)
            | Command::Resend(..)
            | Command::GiveUp(..)
            | Command::HideComment(..)
            | Command::DeleteComment(..) => true,
        };
        if said {
            self.notify(step, NoticeBody::Refused { command, refusal });
        }
    }

    /// After the socket closed: commands of the outbox are sent again later, read receipts are kept, and for each other
    /// command a notice says that it was interrupted.
    pub(super) fn interrupted(&mut self, step: &mut Step<'_>) {
        let asked: Vec<_> = self.asked.drain().collect();
        for (intent, command) in asked {
            if let Some(id) = command.conversation() {
                step.changed(Key::Busy(id));
            }
            match command {
                Command::Seen(id, position) => {
                    let known = self.seen_later.iter().find(|(known, _)| *known == id);
                    let known = known.map_or(position, |(_, known)| *known);
                    self.see_later(id, position.max(known));
                }
                Command::End(_) | Command::SetAvailability(_) => {}
                Command::Start(_)
                | Command::Accept(_)
                | Command::Decline(_)
                | Command::Assign(..)
                | Command::Move(..)
                | Command::CancelTransfer(_)
                | Command::Withdraw(_)
                | Command::JumpIn(_)
                | Command::Undo(_)
                | Command::SetAvailabilityOf(..)
                | Command::Invite(..)
                | Command::Redact(..)
                | Command::Resend(..)
                | Command::GiveUp(..)
                | Command::HideComment(..)
                | Command::DeleteComment(..) => {
                    debug_assert!(self.intent(intent).is_none());
                    self.notify(step, NoticeBody::Interrupted { command });
                }
            }
        }
    }

    fn see_later(&mut self, id: ConversationId, position: i64) {
        self.seen_later.retain(|(known, _)| *known != id);
        self.seen_later.push((id, position));
    }

    /// Sends the read receipts that waited for the connection.
    pub(super) fn catch_up(&mut self, step: &mut Step<'_>) {
        for (id, position) in std::mem::take(&mut self.seen_later) {
            self.ask(step, Command::Seen(id, position));
        }
    }
}
