//! The agents and inboxes that can be chosen in an inbox's settings.

use causerie_shared::{
    api::{Account, settings::InboxDetail},
    ids::{InboxId, UserId},
    user::Role,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{net::http, settings::Here};

/// A user as a possible agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    /// Maximum number of chats at a time, over all inboxes.
    pub capacity: u32,
    /// Whether the user has both add-ons and can therefore be a member.
    pub seated: bool,
}

/// Agents and inboxes, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    pub agents: Vec<Agent>,
    pub inboxes: Vec<(InboxId, String)>,
}

impl Lists {
    /// Starts with the console's own data and then fetches the server's. Users who may manage inboxes but not users
    /// cannot read the add-ons; the server refuses members without them.
    pub fn load(here: Here) -> RwSignal<Self> {
        let known = here.about.with_untracked(|about| {
            let active = about.users.iter().filter(|user| user.active);
            let agents = active.map(|user| Agent {
                id: user.id,
                name: user.name.clone(),
                role: user.role,
                capacity: user.capacity,
                seated: true,
            });
            Self {
                agents: agents.collect(),
                inboxes: vec![],
            }
        });
        let lists = RwSignal::new(known);
        spawn_local(async move {
            if let Ok(users) = http::get::<Vec<Account>>("/api/users").await {
                let users = users.into_iter().filter(|user| user.active);
                let agents = users.map(|user| Agent {
                    id: user.id,
                    name: user.name,
                    role: user.role,
                    capacity: user.capacity,
                    seated: user.grants.live_chat && user.grants.contact_center,
                });
                let agents = agents.collect();
                lists.try_update(|lists| lists.agents = agents);
            }
            if let Ok(inboxes) = http::get::<Vec<InboxDetail>>("/api/inboxes").await {
                let inboxes = inboxes
                    .into_iter()
                    .map(|inbox| (inbox.id, inbox.settings.name))
                    .collect();
                lists.try_update(|lists| lists.inboxes = inboxes);
            }
        });
        lists
    }

    /// Returns the name of a user; the id if the user is unknown.
    pub fn user(&self, id: UserId) -> String {
        let agent = self.agents.iter().find(|agent| agent.id == id);
        agent.map_or_else(|| id.to_string(), |agent| agent.name.clone())
    }

    /// Returns the name of an inbox; the id if the inbox is unknown.
    pub fn inbox(&self, id: InboxId) -> String {
        let inbox = self.inboxes.iter().find(|(other, _)| *other == id);
        inbox.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    }
}
