//! Who sees what (`docs/domain.md#who-sees-what`): one function each for reading and for each kind of writing.

use serde::{Deserialize, Serialize};

use crate::{
    conversation::State,
    ids::{InboxId, UserId},
    inbox::Mode,
    user::{Grants, Role},
};

/// Who may read a conversation, as a value that can be stored and compared.
/// Supervisors of the inbox may always read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub inbox: InboxId,
    /// All members of the inbox may read.
    pub members: bool,
    /// These users may read, members or not.
    pub named: Vec<UserId>,
}

impl Scope {
    /// The audience of a conversation in `state`, in an inbox of `mode`; `invited` are the colleagues in its
    /// internal discussion.
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

/// What one user may see and do, computed once when a session opens and again when a grant changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub user: UserId,
    pub role: Role,
    /// Inboxes the user is a member of: may handle chats there.
    pub member_of: Vec<InboxId>,
    /// Inboxes the user sees, memberships included.
    pub sees: Vec<InboxId>,
}

impl Access {
    /// Applies "an inbox is seen by its members, and by owners, admins and holders of `all_inboxes`
    /// who have `contact_center`".
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

    /// Sees the inbox itself (its name, its members).
    pub fn sees_inbox(&self, inbox: InboxId) -> bool {
        self.sees.contains(&inbox)
    }

    /// Is a member, so may handle chats there.
    pub fn is_member(&self, inbox: InboxId) -> bool {
        self.member_of.contains(&inbox)
    }

    /// Sees and assigns everyone's chats in the inbox.
    pub fn supervises(&self, inbox: InboxId) -> bool {
        self.role.supervises() && self.sees_inbox(inbox)
    }

    /// May read a conversation with this audience.
    pub fn reads(&self, scope: &Scope) -> bool {
        self.supervises(scope.inbox)
            || scope.named.contains(&self.user)
            || (scope.members && self.is_member(scope.inbox))
    }

    /// A number that changes whenever what the user may see changes. A client whose copy was made under another
    /// one begins anew (`docs/sync.md#lost-access`).
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
        // FNV-1a: the same on every machine and in every build, which the standard hasher does not promise.
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// May read the internal discussion of a chat with this audience.
    pub fn discusses(&self, scope: &Scope, invited: &[UserId]) -> bool {
        self.reads(scope) || invited.contains(&self.user)
    }

    /// May write to the customer: the chat's agent, and the old one while a transfer is pending.
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
