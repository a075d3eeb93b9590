//! To whom a chat can be given: agents and inboxes (`docs/ux.md#assignment`).

use causerie_shared::{
    conversation::State,
    inbox::InboxRow,
    row::ConversationRow,
    user::{Me, UserRow},
};
use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    store::Store,
    ui::Presence,
};

/// A colleague who may be given a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub user: UserRow,
    /// Why the colleague cannot take the chat now; `None` if they can.
    pub why_not: Option<&'static str>,
}

impl Candidate {
    /// The load and capacity as "3/5".
    pub fn load(&self) -> String {
        format!("{}/{}", self.user.load, self.user.capacity)
    }
}

/// Whether `me` may give the chat away: its agent by a transfer, a supervisor by an assignment.
pub fn may_give(state: &State, me: &Me) -> bool {
    match state {
        State::Assigned { agent, .. } => *agent == me.id || me.role.supervises(),
        State::Waiting { .. } | State::Assigning { .. } => me.role.supervises(),
        State::Bot { .. } | State::Transferring { .. } | State::Ended { .. } | State::Failed { .. } => false,
    }
}

/// Returns the agents of the chat's inbox, by name, with those who can take the chat first. A supervisor may also take
/// a waiting chat themself.
pub fn candidates(users: &[UserRow], inbox: Option<&InboxRow>, head: &ConversationRow, me: &Me) -> Vec<Candidate> {
    let waits = matches!(head.state, State::Waiting { .. } | State::Assigning { .. });
    let member = |user: &UserRow| {
        let member = inbox.is_some_and(|inbox| inbox.members.iter().any(|member| member.user == user.id));
        member || (waits && user.id == me.id && me.role.supervises())
    };
    let why_not = |user: &UserRow| match Presence::of(user) {
        _ if user.load >= user.capacity => Some(t(Key::Full)),
        Presence::Available => None,
        // A user who takes a chat themself is present.
        Presence::Busy | Presence::Disconnected if user.id == me.id => None,
        away @ (Presence::Busy | Presence::Disconnected) => Some(away.name()),
    };
    let able = users
        .iter()
        .filter(|user| user.active && Some(user.id) != head.state.agent() && member(user));
    let all = able.map(|user| Candidate {
        user: user.clone(),
        why_not: why_not(user),
    });
    let (mut able, others): (Vec<Candidate>, Vec<Candidate>) = all.partition(|one| one.why_not.is_none());
    able.extend(others);
    able
}

/// Returns a function that lists the candidates. Call the function where signals are tracked.
pub fn candidates_for(
    store: Store,
    head: Signal<Option<ConversationRow>>,
) -> impl Fn() -> Vec<Candidate> + Copy + Send + Sync {
    let (users, inboxes, me) = (store.users(), store.inboxes(), store.me());
    move || {
        let (head, me) = (head.read(), me.read());
        let (Some(head), Some(me)) = (head.as_ref(), me.as_ref()) else {
            return vec![];
        };
        inboxes.with(|all| {
            let inbox = all.iter().find(|inbox| inbox.id == head.inbox);
            users.with(|users| candidates(users, inbox, head, me))
        })
    }
}

/// Returns a function that lists the inboxes that the chat could move to. Call the function where signals are tracked.
pub fn other_inboxes(
    store: Store,
    head: Signal<Option<ConversationRow>>,
) -> impl Fn() -> Vec<InboxRow> + Copy + Send + Sync {
    let inboxes = store.inboxes();
    move || {
        let here = head.read().as_ref().map(|head| head.inbox);
        let mut all = inboxes.get();
        all.retain(|inbox| Some(inbox.id) != here);
        all
    }
}

#[cfg(test)]
mod tests {
    use causerie_shared::{
        ids::{ConversationId, InboxId, UserId},
        inbox::{Member, Rules},
        user::{Availability, Grants, Role},
    };

    use super::*;

    fn user(n: u128, name: &str, load: u32) -> UserRow {
        UserRow {
            id: UserId::from_u128(n),
            name: name.into(),
            role: Role::Agent,
            availability: Availability::Available,
            connected: true,
            load,
            capacity: 3,
            active: true,
            idle_since: 0,
        }
    }

    fn me(role: Role) -> Me {
        Me {
            id: UserId::from_u128(9),
            name: "Sup".into(),
            email: String::new(),
            role,
            grants: Grants::default(),
            organization: String::new(),
            memberships: vec![],
        }
    }

    fn head(state: State) -> ConversationRow {
        ConversationRow {
            id: ConversationId::from_u128(1),
            number: 1,
            inbox: InboxId::from_u128(1),
            account: causerie_shared::ids::AccountId::from_u128(1),
            channel: causerie_shared::inbox::Channel::Web,
            contact: causerie_shared::ids::ContactId::from_u128(1),
            contact_name: String::new(),
            contact_since: 0,
            state,
            version: 1,
            created_at: 0,
            waiting_since: 0,
            ring: None,
            active_at: 0,
            ended_at: None,
            preview: None,
            unread: 0,
            position: 0,
            seen: 0,
            online: false,
            origin: causerie_shared::row::Origin::default(),
            invited: vec![],
            discussed: 0,
            post: None,
            window: None,
            segment: 1,
            seq: 1,
        }
    }

    #[test]
    fn who_cannot_take_a_chat_is_named_last_with_the_reason() {
        let full = user(1, "Ana", 3);
        let mut busy = user(2, "Ben", 0);
        busy.availability = Availability::Busy;
        let mut gone = user(3, "Cleo", 0);
        gone.connected = false;
        let users = [
            full,
            busy,
            gone,
            user(4, "Dora", 2),
            user(5, "Eve", 0),
            user(9, "Sup", 0),
        ];
        let member = |n| Member {
            user: UserId::from_u128(n),
            capacity: 3,
        };
        let inbox = InboxRow {
            id: InboxId::from_u128(1),
            name: "Sales".into(),
            rules: Rules::default(),
            members: (1..=4).map(member).collect(),
        };
        let named = |state: State, role: Role| -> Vec<(String, Option<&'static str>)> {
            let all = candidates(&users, Some(&inbox), &head(state), &me(role));
            all.into_iter().map(|one| (one.user.name, one.why_not)).collect()
        };
        let dora = State::Assigned {
            agent: UserId::from_u128(4),
            since: 0,
        };
        assert_eq!(
            named(dora, Role::Agent),
            [
                ("Ana".to_owned(), Some("full")),
                ("Ben".to_owned(), Some("Busy")),
                ("Cleo".to_owned(), Some("Disconnected"))
            ],
            "not who has it, not who is in another inbox"
        );
        let able: Vec<String> = named(State::waiting(0), Role::Supervisor)
            .into_iter()
            .filter_map(|(name, why_not)| why_not.is_none().then_some(name))
            .collect();
        assert_eq!(able, ["Dora", "Sup"], "a supervisor may take a waiting chat");
    }
}
