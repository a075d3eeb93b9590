//! Bodies of a user's own notifications under `/api/me/`: preferences, web push subscriptions, the delivery log.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// `GET` and `PUT /api/me/notifications`: the preferences, shared by all of a user's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyPreferences {
    pub new_chat: bool,
    pub offer: bool,
    pub transfer: bool,
    pub mention: bool,
    /// Whether notifications leave out the texts of customers.
    pub private: bool,
    /// The daily interval without web push and sounds; `None` for no quiet hours.
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

/// Quiet hours in the user's time zone, in minutes from midnight. If `from` is later than `to`, they span midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    pub from: u16,
    pub to: u16,
    /// The IANA name of the time zone, e.g. `Europe/Madrid`.
    pub zone: String,
}

/// `GET /api/me/push`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushInfo {
    /// The installation's VAPID public key, base64url without padding.
    pub key: String,
    pub devices: Vec<PushDevice>,
    /// The newest deliveries first, at most 50.
    pub log: Vec<PushDelivery>,
}

/// A device with a web push subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDevice {
    pub id: String,
    /// The name of the browser.
    pub name: String,
    pub since: Millis,
    pub current: bool,
}

/// One attempt to send a web push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDelivery {
    pub at: Millis,
    /// `test`, `new_chat`, `offer`, `transfer`, `transfer_outcome` or `mention`.
    pub kind: String,
    pub device: String,
    /// HTTP status of the push service's response; 0 if there was none.
    pub status: u16,
    /// What went wrong, in plain words; empty if nothing did.
    pub problem: String,
}

/// `POST /api/me/push`: the data of the browser's `PushSubscription`, for the current session. `DELETE
/// /api/me/push/{id}` ends a subscription; `POST /api/me/push/test` sends a test to all of the user's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribe {
    pub endpoint: String,
    /// The key in base64url.
    pub p256dh: String,
    /// The secret in base64url.
    pub auth: String,
}
