//! Who sees what (`docs/domain.md#who-sees-what`): one function for reading and one for each kind of writing.

use serde::{Deserialize, Serialize};

use crate::{
    conversation::State,
    ids::{InboxId, UserId},
    inbox::Mode,
    user::{Grants, Role},
};

/// The users who may read a conversation, as a value that can be stored and compared. Supervisors of the inbox may
/// always read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub inbox: InboxId,
    /// Whether all members of the inbox may read.
    pub members: bool,
    /// Users who may read, whether or not they are members.
    pub named: Vec<UserId>,
}

impl Scope {
    /// The users who may read a conversation in `state`, in an inbox of `mode`. `invited` are the colleagues in the
    /// conversation's internal discussion.
    pub fn of(inbox: InboxId, mode: Mode, state: &State, invited: &[UserId]) -> Self {
        let (members, named) = match state {
            State::Bot { .. } | State::Ended { .. } | State::Failed { .. } => (true, vec![]),
            State::Waiting { .. } => (matches!(mode, Mode::Broadcast), vec![]),
            State::Assigning { agent, .. } => (false, vec![*agent]),
            State::Assigned { agent, .. } => (false, [&[*agent], invited].concat()),
            State::Transferring { from, to, .. } => (false, [&[*from, *to], invited].concat()),
        };
        Self { inbox, members, named }
    }
}

/// What one user may see and do. Computed when a session opens and again when a grant changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub user: UserId,
    pub role: Role,
    /// Inboxes that the user is a member of; the user may handle their chats.
    pub member_of: Vec<InboxId>,
    /// Inboxes that the user sees, including those that the user is a member of.
    pub sees: Vec<InboxId>,
}

impl Access {
    /// Applies the rule: an inbox is visible to its members, and to owners, admins and holders of `all_inboxes`,
    /// provided that they have `contact_center`.
    pub fn new(user: UserId, role: Role, grants: &Grants, member_of: Vec<InboxId>, all: &[InboxId]) -> Self {
        let everything = (role.manages() || grants.all_inboxes) && grants.contact_center;
        let sees = if everything { all.to_vec() } else { member_of.clone() };
        Self {
            user,
            role,
            member_of,
            sees,
        }
    }

    /// Whether the user sees the inbox itself: its name and its members.
    pub fn sees_inbox(&self, inbox: InboxId) -> bool {
        self.sees.contains(&inbox)
    }

    /// Whether the user is a member of the inbox and may handle its chats.
    pub fn is_member(&self, inbox: InboxId) -> bool {
        self.member_of.contains(&inbox)
    }

    /// Whether the user sees and assigns everyone's chats in the inbox.
    pub fn supervises(&self, inbox: InboxId) -> bool {
        self.role.supervises() && self.sees_inbox(inbox)
    }

    /// Whether the user may read a conversation with this scope.
    pub fn reads(&self, scope: &Scope) -> bool {
        self.supervises(scope.inbox)
            || scope.named.contains(&self.user)
            || (scope.members && self.is_member(scope.inbox))
    }

    /// A number that changes whenever what the user may see changes. A client whose copy was made under another number
    /// discards the copy (`docs/sync.md#lost-access`).
    pub fn fingerprint(&self) -> u64 {
        let mut inboxes: Vec<(u128, bool)> = self
            .sees
            .iter()
            .map(|inbox| (inbox.to_u128(), self.is_member(*inbox)))
            .collect();
        inboxes.sort_unstable();
        let mut bytes = self.user.to_u128().to_be_bytes().to_vec();
        bytes.push(u8::from(self.role.supervises()));
        for (inbox, member) in inboxes {
            bytes.extend(inbox.to_be_bytes());
            bytes.push(u8::from(member));
        }
        // FNV-1a gives the same value on every machine and in every build; the standard hasher does not promise that.
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// Whether the user may read the internal discussion of a chat with this scope.
    pub fn discusses(&self, scope: &Scope, invited: &[UserId]) -> bool {
        self.reads(scope) || invited.contains(&self.user)
    }

    /// Whether the user may write to the customer: the chat's agent, and the previous agent while a transfer is
    /// pending.
    pub fn replies(&self, state: &State) -> bool {
        match state {
            State::Assigned { agent, .. } => *agent == self.user,
            State::Transferring { from, .. } => *from == self.user,
            State::Bot { .. }
            | State::Waiting { .. }
            | State::Assigning { .. }
            | State::Ended { .. }
            | State::Failed { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{EndReason, FailReason};

    fn user(n: u128) -> UserId {
        UserId::from_u128(n)
    }

    fn access(n: u128, role: Role, member: &[u128]) -> Access {
        let all = [InboxId::from_u128(1), InboxId::from_u128(2)];
        let member = member.iter().map(|i| InboxId::from_u128(*i)).collect();
        Access::new(user(n), role, &Grants::default(), member, &all)
    }

    #[test]
    fn an_assigned_chat_is_read_by_its_agent_and_supervisors_only() {
        let state = State::Assigned {
            agent: user(1),
            since: 0,
        };
        let scope = Scope::of(InboxId::from_u128(1), Mode::Broadcast, &state, &[]);
        assert!(access(1, Role::Agent, &[1]).reads(&scope));
        assert!(!access(2, Role::Agent, &[1]).reads(&scope));
        assert!(access(3, Role::Supervisor, &[1]).reads(&scope));
        assert!(
            !access(3, Role::Supervisor, &[2]).reads(&scope),
            "supervisors see their inboxes only"
        );
        assert!(access(4, Role::Admin, &[]).reads(&scope));
    }

    #[test]
    fn a_waiting_chat_is_seen_by_members_in_broadcast_only() {
        let state = State::waiting(0);
        let inbox = InboxId::from_u128(1);
        let agent = access(1, Role::Agent, &[1]);
        assert!(agent.reads(&Scope::of(inbox, Mode::Broadcast, &state, &[])));
        assert!(!agent.reads(&Scope::of(inbox, Mode::Auto, &state, &[])));
        assert!(!agent.reads(&Scope::of(inbox, Mode::Manual, &state, &[])));
        assert!(!access(1, Role::Agent, &[2]).reads(&Scope::of(inbox, Mode::Broadcast, &state, &[])));
    }

    #[test]
    fn final_chats_are_history_for_the_members() {
        let inbox = InboxId::from_u128(1);
        for state in [
            State::Ended {
                reason: EndReason::Agent,
                by: None,
                at: 0,
                last_agent: None,
            },
            State::Failed {
                reason: FailReason::Missed,
                at: 0,
            },
        ] {
            let scope = Scope::of(inbox, Mode::Auto, &state, &[]);
            assert!(access(1, Role::Agent, &[1]).reads(&scope));
            assert!(!access(1, Role::Agent, &[2]).reads(&scope));
        }
    }

    #[test]
    fn without_the_contact_center_seat_an_admin_sees_memberships_only() {
        let grants = Grants {
            contact_center: false,
            ..Grants::default()
        };
        let all = [InboxId::from_u128(1), InboxId::from_u128(2)];
        let admin = Access::new(user(1), Role::Admin, &grants, vec![all[1]], &all);
        assert!(!admin.sees_inbox(all[0]));
        assert!(admin.sees_inbox(all[1]));
    }
}
