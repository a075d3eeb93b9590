//! Splits a batch into lanes: all events about a contact, under any of the contact's ids, belong to one lane.

use std::collections::{BTreeMap, HashMap};

use causerie_shared::ids::AccountId;

use super::Routed;
use crate::channels::inbound_event::{InboundEvent, InboundEventKind};

/// Groups events into lanes with a union-find over names. Within a lane, events keep their order.
#[derive(Default)]
pub(crate) struct Lanes {
    names: HashMap<(AccountId, String), usize>,
    /// The parent of each name; a root is its own parent.
    parents: Vec<usize>,
    routed: Vec<(usize, Routed)>,
}

impl Lanes {
    /// Adds the next event.
    pub(crate) fn push(&mut self, routed: Routed) {
        let account = routed.account.row.id;
        let mut names = names(&routed.element).into_iter();
        let first = self.number(account, names.next().unwrap_or_default());
        for name in names {
            let other = self.number(account, name);
            let (one, other) = (self.root(first), self.root(other));
            self.parents[other] = one;
        }
        self.routed.push((first, routed));
    }

    fn number(&mut self, account: AccountId, name: String) -> usize {
        let next = self.parents.len();
        let number = *self.names.entry((account, name)).or_insert(next);
        if number == next {
            self.parents.push(next);
        }
        number
    }

    fn root(&mut self, mut name: usize) -> usize {
        while self.parents[name] != name {
            self.parents[name] = self.parents[self.parents[name]];
            name = self.parents[name];
        }
        name
    }

    /// Returns the lanes, which are independent of each other.
    pub(crate) fn split(mut self) -> Vec<Vec<Routed>> {
        let mut lanes: BTreeMap<usize, Vec<Routed>> = BTreeMap::new();
        for (name, routed) in std::mem::take(&mut self.routed) {
            lanes.entry(self.root(name)).or_default().push(routed);
        }
        lanes.into_values().collect()
    }
}

/// Returns the names that decide an event's lane: the post of its comment thread, else all ids of its contact (before
/// and after a change), else the message or post that it is about.
fn names(element: &InboundEvent) -> Vec<String> {
    if let Some(thread) = &element.thread {
        return vec![thread.post.clone()];
    }
    let Some(person) = &element.person else {
        return vec![target(&element.what)];
    };
    let mut names: Vec<String> = person.ids().cloned().collect();
    if let InboundEventKind::PersonChanged { ids, .. } = &element.what {
        names.extend(ids.iter().cloned());
    }
    names
}

fn target(what: &InboundEventKind) -> String {
    match what {
        InboundEventKind::Reaction { target, .. }
        | InboundEventKind::Edit { target, .. }
        | InboundEventKind::Delete { target }
        | InboundEventKind::Hide { target, .. }
        | InboundEventKind::Status { target, .. }
        | InboundEventKind::UpTo { target, .. } => target.clone(),
        InboundEventKind::PostRemoved { post } => post.clone(),
        InboundEventKind::Message(_)
        | InboundEventKind::Notice(_)
        | InboundEventKind::Watermark { .. }
        | InboundEventKind::PersonChanged { .. }
        | InboundEventKind::Blocked(_)
        | InboundEventKind::AccountChanged(_)
        | InboundEventKind::Belongs(_)
        | InboundEventKind::TemplatesChanged(_)
        | InboundEventKind::Nothing(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use causerie_shared::{
        ids::InboxId,
        inbox::{AccountRow, Channel},
    };

    use super::*;
    use crate::{
        channels::inbound_event::Person,
        store::channel_accounts::{ChannelAccount, Health},
    };

    fn account() -> ChannelAccount {
        ChannelAccount {
            row: AccountRow {
                id: AccountId::from_u128(1),
                inbox: InboxId::from_u128(1),
                channel: Channel::Whatsapp,
                name: String::new(),
                enabled: true,
                trouble: false,
                human_agent: false,
            },
            key: String::new(),
            external: String::new(),
            secrets: String::new(),
            health: Health::default(),
        }
    }

    fn element(id: &str, aliases: &[&str], at: i64, what: InboundEventKind) -> Routed {
        let person = Person {
            id: id.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            ..Person::default()
        };
        Routed {
            account: account(),
            element: InboundEvent {
                channel: Channel::Whatsapp,
                account: String::new(),
                person: Some(person),
                thread: None,
                at: Some(at),
                what,
            },
            event: String::new(),
        }
    }

    #[test]
    fn one_person_under_several_ids_is_one_lane_in_order() {
        let nothing = || InboundEventKind::Nothing(String::new());
        let mut lanes = Lanes::default();
        lanes.push(element("a", &[], 1, nothing()));
        lanes.push(element("c", &[], 2, nothing()));
        lanes.push(element("b", &[], 3, nothing()));
        let moved = InboundEventKind::PersonChanged {
            ids: vec!["c".to_owned()],
            gone: vec![],
        };
        lanes.push(element("a", &[], 4, moved));
        lanes.push(element("d", &["b"], 5, nothing()));
        let times: Vec<Vec<i64>> = lanes
            .split()
            .into_iter()
            .map(|lane| lane.iter().filter_map(|routed| routed.element.at).collect())
            .collect();
        assert_eq!(times.len(), 2, "{times:?}");
        assert!(
            times.contains(&vec![1, 2, 4]) && times.contains(&vec![3, 5]),
            "{times:?}"
        );
    }
}
