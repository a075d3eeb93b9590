//! Tests of the core with a fake disk and a fake server that runs the real gate.

mod channel;
mod copies;
mod desk;
mod documents;
mod drafts;
mod edits;
mod held;
mod line;
mod lists;
mod notices;
mod outcomes;
mod replies;
mod rows;
mod server;
mod storm;
mod tabs;

use causerie_shared::{
    conversation::State,
    ids::{AccountId, ContactId, ConversationId, InboxId, UserId},
    inbox::{Channel, InboxRow, Member, Rules},
    row::{ConversationRow, Origin, Row},
    user::{Availability, Grants, Me, Role, UserRow},
};

pub(super) const ANA: UserId = UserId::from_u128(1);
pub(super) const BEN: UserId = UserId::from_u128(2);
pub(super) const INBOX: InboxId = InboxId::from_u128(10);
pub(super) const CHAT: ConversationId = ConversationId::from_u128(100);
pub(super) const CONTACT: ContactId = ContactId::from_u128(200);

pub(super) fn me() -> Me {
    Me {
        id: ANA,
        name: "Ana".into(),
        email: "ana@demo.test".into(),
        role: Role::Agent,
        grants: Grants::default(),
        organization: "Lumbre".into(),
        memberships: vec![INBOX],
    }
}

pub(super) fn user(id: UserId, name: &str) -> UserRow {
    UserRow {
        id,
        name: name.into(),
        role: Role::Agent,
        availability: Availability::Available,
        connected: true,
        load: 0,
        capacity: 3,
        active: true,
        idle_since: 0,
    }
}

pub(super) fn inbox() -> InboxRow {
    InboxRow {
        id: INBOX,
        name: "Sales".into(),
        rules: Rules::default(),
        members: vec![Member { user: ANA, capacity: 3 }, Member { user: BEN, capacity: 3 }],
    }
}

/// A chat of Ana.
pub(super) fn head(id: ConversationId) -> ConversationRow {
    ConversationRow {
        id,
        number: 1042,
        inbox: INBOX,
        account: AccountId::from_u128(20),
        channel: Channel::Web,
        contact: CONTACT,
        contact_name: "Teal Otter".into(),
        contact_since: 0,
        state: State::Assigned { agent: ANA, since: 0 },
        version: 3,
        created_at: 0,
        waiting_since: 0,
        ring: None,
        active_at: 0,
        ended_at: None,
        preview: None,
        unread: 0,
        position: 0,
        seen: 0,
        online: true,
        origin: Origin::default(),
        invited: vec![],
        discussed: 0,
        post: None,
        window: None,
        segment: 1,
        seq: 1,
    }
}

pub(super) fn people() -> Vec<Row> {
    vec![
        Row::Inbox(inbox()),
        Row::User(user(ANA, "Ana")),
        Row::User(user(BEN, "Ben")),
    ]
}
