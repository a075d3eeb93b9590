//! Ends a chat.

use causerie_shared::{conversation::State, ids::ConversationId, user::Me};
use leptos::prelude::*;

use crate::{navigation::Navigation, store::Store};

/// Whether `me` may end the chat: its agent and supervisors may (`docs/domain.md#states`).
pub fn may_end(state: &State, me: &Me) -> bool {
    match state {
        State::Assigned { agent, .. } | State::Transferring { from: agent, .. } => {
            *agent == me.id || me.role.supervises()
        }
        State::Waiting { .. } => me.role.supervises(),
        State::Bot { .. } | State::Assigning { .. } | State::Ended { .. } | State::Failed { .. } => false,
    }
}

/// Ends the chat if the user may, and opens the next one. Returns whether the user may end it.
pub fn end_chat(store: Store, nav: Navigation, id: ConversationId) -> bool {
    let allowed = store.me().with_untracked(|me| {
        let head = store.head(id).get_untracked();
        me.as_ref()
            .zip(head.as_ref())
            .is_some_and(|(me, head)| may_end(&head.state, me))
    });
    if allowed && !store.busy(id).get_untracked() {
        store.end(id);
        nav.after_end(id);
    }
    allowed
}
