//! Bodies of a user's own notifications under `/api/me/`: preferences, push subscriptions, the delivery log.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// `GET` and `PUT /api/me/notifications`: the same on all of a user's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyPreferences {
    pub new_chat: bool,
    pub offer: bool,
    pub transfer: bool,
    pub mention: bool,
    /// No text of customers in notifications.
    pub private: bool,
    /// Nothing is pushed and nothing sounds in this interval of the day; `None`: never quiet.
    pub quiet: Option<Quiet>,
}

impl Default for NotifyPreferences {
    fn default() -> Self {
        Self {
            new_chat: true,
            offer: true,
            transfer: true,
            mention: true,
            private: false,
            quiet: None,
        }
    }
}

/// Quiet hours in the user's zone, minutes from midnight; `from` later than `to` goes over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    pub from: u16,
    pub to: u16,
    /// IANA name, e.g. `Europe/Madrid`.
    pub zone: String,
}

/// `GET /api/me/push`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushInfo {
    /// The installation's VAPID public key, base64url without padding.
    pub key: String,
    pub devices: Vec<PushDevice>,
    /// Newest first, at most 50.
    pub log: Vec<PushDelivery>,
}

/// A device that gets pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDevice {
    pub id: String,
    /// The browser, in words.
    pub name: String,
    pub since: Millis,
    pub current: bool,
}

/// One attempt to push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDelivery {
    pub at: Millis,
    /// `test`, `new_chat`, `offer`, `transfer`, `transfer_outcome`, `mention`.
    pub kind: String,
    pub device: String,
    /// Status of the push service's answer; 0 when there was none.
    pub status: u16,
    /// What went wrong, in words; empty when nothing did.
    pub problem: String,
}

/// `POST /api/me/push`: what the browser's `PushSubscription` says, for the present session. `DELETE
/// /api/me/push/{id}` ends one; `POST /api/me/push/test` sends a test to all of the user's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribe {
    pub endpoint: String,
    /// base64url.
    pub p256dh: String,
    /// base64url.
    pub auth: String,
}
