//! Notices derived from changed rows: an answered transfer request, an end that can be undone, an offer that came back
//! to a supervisor.

use causerie_shared::{
    Millis,
    conversation::{State, UNDO_MS},
    ids::{ConversationId, UserId},
    inbox::Mode,
    row::{ConversationRow, JourneyRow, Row},
    window::Folder,
};

use super::{Core, Key, Step, lists::SortKey};
use crate::store::view::{Answer, NoticeBody};

impl Core {
    /// The known open chats of the inboxes that the user supervises, longest waiting first.
    pub fn board(&self) -> Vec<ConversationRow> {
        let all = self.folder(Folder::All);
        let heads = all.iter().filter_map(|id| self.heads.get(id));
        let mut places: Vec<SortKey> = heads.map(|head| (head.waiting_since, head.id.to_u128())).collect();
        places.sort_unstable();
        let ids = places.iter().map(|(_, id)| ConversationId::from_u128(*id));
        ids.filter_map(|id| self.heads.get(&id).cloned()).collect()
    }

    /// Creates notices for the changes in rows that are about to be applied.
    pub(super) fn say_outcomes(&mut self, step: &mut Step<'_>, rows: &[Row]) {
        let mut said = vec![];
        for row in rows {
            let Row::Head(head) = row else { continue };
            let Some(old) = self.heads.get(&head.id).filter(|old| old.version < head.version) else {
                continue;
            };
            let journey = rows.iter().find_map(|row| match row {
                Row::Journey(row) if row.conversation == head.id && row.version == head.version => Some(row),
                Row::Journey(_) | Row::Head(_) | Row::Message(_) | Row::User(_) | Row::Inbox(_) | Row::Account(_) => {
                    None
                }
            });
            said.extend(self.change_says(old, head, journey));
            // After any change of the chat its last end can no longer be undone.
            self.undo_is_over(step, head.id);
        }
        said.into_iter().for_each(|body| self.notify(step, body));
    }

    fn change_says(
        &self,
        old: &ConversationRow,
        head: &ConversationRow,
        journey: Option<&JourneyRow>,
    ) -> Option<NoticeBody> {
        let me = self.me.as_ref()?.id;
        let by_me = journey.is_some_and(|row| row.actor.user() == Some(me)) || self.busy(head.id);
        match (&old.state, &head.state) {
            (State::Transferring { from, to, by, .. }, State::Assigned { agent, .. }) if [*from, *by].contains(&me) => {
                let answer = if agent == to {
                    Answer::Accepted
                } else if by_me {
                    return None;
                } else {
                    why_it_stayed(self.clock, old, journey)
                };
                Some(self.transfer(old, *from, *to, answer))
            }
            (before, State::Ended { by: Some(by), at, .. })
                if *by == me && self.clock - at < UNDO_MS && !before.status().is_final() =>
            {
                Some(NoticeBody::Ended {
                    conversation: head.id,
                    contact_name: head.contact_name.clone(),
                    until: at + UNDO_MS,
                })
            }
            (State::Assigning { agent, .. }, State::Waiting { .. }) if !by_me && *agent != me => {
                let manual = self.inboxes.get(head.inbox.to_u128());
                let manual = manual.is_some_and(|inbox| inbox.rules.mode == Mode::Manual);
                let told = manual && self.access.as_ref().is_some_and(|access| access.supervises(head.inbox));
                told.then(|| NoticeBody::CameBack {
                    conversation: head.id,
                    contact_name: head.contact_name.clone(),
                    name: self.name_of(*agent),
                })
            }
            (
                State::Bot { .. }
                | State::Waiting { .. }
                | State::Assigning { .. }
                | State::Assigned { .. }
                | State::Transferring { .. }
                | State::Ended { .. }
                | State::Failed { .. },
                _,
            ) => None,
        }
    }

    /// The notice for a chat that the user can no longer see because the asked colleague accepted its transfer.
    pub(super) fn handed_over(&self, id: ConversationId, taken_by: Option<UserId>) -> Option<NoticeBody> {
        let me = self.me.as_ref()?.id;
        let head = self.heads.get(&id)?;
        match head.state {
            State::Transferring { from, to, by, .. } if [from, by].contains(&me) && taken_by == Some(to) => {
                Some(self.transfer(head, from, to, Answer::Accepted))
            }
            State::Transferring { .. }
            | State::Bot { .. }
            | State::Waiting { .. }
            | State::Assigning { .. }
            | State::Assigned { .. }
            | State::Ended { .. }
            | State::Failed { .. } => None,
        }
    }

    fn transfer(&self, head: &ConversationRow, from: UserId, to: UserId, answer: Answer) -> NoticeBody {
        let mine = self.me.as_ref().is_some_and(|me| me.id == from);
        NoticeBody::Transfer {
            conversation: head.id,
            contact_name: head.contact_name.clone(),
            name: self.name_of(to),
            keeper: (!mine).then(|| self.name_of(from)),
            answer,
        }
    }

    /// Removes the notice that offers to undo the chat's end.
    fn undo_is_over(&mut self, step: &mut Step<'_>, id: ConversationId) {
        let before = self.notices.len();
        self.notices
            .retain(|notice| !matches!(notice.body, NoticeBody::Ended { conversation, .. } if conversation == id));
        if self.notices.len() < before {
            step.changed(Key::Notices);
        }
    }
}

/// Why a transfer request was not accepted. Without the event's row only the deadline is known.
fn why_it_stayed(now: Millis, old: &ConversationRow, journey: Option<&JourneyRow>) -> Answer {
    let State::Transferring { deadline, .. } = old.state else {
        return Answer::NotTaken;
    };
    match journey.map(|row| row.cause.as_str()) {
        Some("decline") => Answer::Rejected,
        Some("expire") => Answer::Expired,
        Some("cancel_transfer") => Answer::Cancelled,
        Some(_) => Answer::NotTaken,
        None if now >= deadline => Answer::Expired,
        None => Answer::NotTaken,
    }
}
