//! Who and what an inbox can be set to: agents and other inboxes, by name.

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
    /// Chats at a time over all inboxes.
    pub capacity: u32,
    /// Has both add-ons, so that an inbox may have them.
    pub seated: bool,
}

/// Agents and inboxes by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    pub agents: Vec<Agent>,
    pub inboxes: Vec<(InboxId, String)>,
}

impl Lists {
    /// What the console knows at once, then what the server says. Those who may manage inboxes but not users get no
    /// list of add-ons: the server refuses what does not go.
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

    /// The name of a user; the id of one who is gone.
    pub fn user(&self, id: UserId) -> String {
        let agent = self.agents.iter().find(|agent| agent.id == id);
        agent.map_or_else(|| id.to_string(), |agent| agent.name.clone())
    }

    /// The name of an inbox.
    pub fn inbox(&self, id: InboxId) -> String {
        let inbox = self.inboxes.iter().find(|(other, _)| *other == id);
        inbox.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    }
}
