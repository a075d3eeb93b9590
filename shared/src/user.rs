//! Users, roles and presence (`docs/domain.md#roles-and-permissions`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{InboxId, UserId},
};

/// The default limit of a user's active chats.
pub const DEFAULT_CAPACITY: u32 = 3;
/// After the last socket closes, a user still counts as connected for this long.
pub const PRESENCE_GRACE_MS: i64 = 30_000;
/// Like [`PRESENCE_GRACE_MS`], for a user who can be reached by web push.
pub const PUSH_GRACE_MS: i64 = 15 * 60_000;

/// A user's role. Permissions are added on top ([`Grants`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Supervisor,
    Agent,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Supervisor, Self::Agent];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == key)
    }

    /// Whether the role manages users and settings: owners and admins.
    pub fn manages(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Whether the role sees and assigns the chats of others, in the inboxes that the user sees.
    pub fn supervises(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Supervisor)
    }
}

/// Permissions and add-ons on top of the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grants {
    pub inbox_management: bool,
    pub all_inboxes: bool,
    pub reports: bool,
    pub export: bool,
    /// Add-on: a seat.
    pub live_chat: bool,
    /// Add-on: a seat.
    pub contact_center: bool,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            inbox_management: false,
            all_inboxes: false,
            reports: false,
            export: true,
            live_chat: true,
            contact_center: true,
        }
    }
}

/// The availability that a user declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Available,
    Busy,
}

impl Availability {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Available, Self::Busy].into_iter().find(|a| a.as_str() == key)
    }
}

/// A user as every colleague may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub availability: Availability,
    /// Whether any of the user's devices is connected; the server decides.
    pub connected: bool,
    /// Number of active chats: Assigning, Assigned and Transferring, including a reserved incoming transfer.
    pub load: u32,
    pub capacity: u32,
    pub active: bool,
    /// Since when the user has had nothing new to do. Among equally loaded agents, routing picks the one idle longest.
    pub idle_since: Millis,
}

/// The signed-in user, with data that only this user and admins see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub grants: Grants,
    pub organization: String,
    pub memberships: Vec<InboxId>,
}
