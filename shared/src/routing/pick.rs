//! Chooses an agent for a waiting chat of an `auto` inbox.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::capacity::Load;
use crate::{Millis, ids::UserId, user::Availability};

/// A member of the inbox, with the data that routing needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub user: UserId,
    pub availability: Availability,
    pub connected: bool,
    pub load: Load,
    /// When the user last got or ended a chat. A smaller value means idle for longer.
    pub idle_since: Millis,
}

impl Candidate {
    /// Whether the user is available, connected and below capacity.
    pub fn is_eligible(&self) -> bool {
        self.availability == Availability::Available && self.connected && self.load.has_room()
    }
}

/// What to do with a waiting chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Offer the chat to this user.
    Offer(UserId),
    /// Everyone eligible was asked in this round: wait for the next round.
    RoundOver,
    /// Nobody is eligible: wait for an event.
    Nobody,
}

/// The agents who can take a chat now, in the order in which routing asks them: fewest active chats first, then idle
/// longest, then by id.
///
/// A choice costs the length of the chat's own list of asked agents, however many agents there are.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    order: BTreeSet<(u32, Millis, UserId)>,
    seats: HashMap<UserId, (Load, Millis)>,
}

impl Candidates {
    /// Builds the line from an inbox's members.
    pub fn new(candidates: &[Candidate]) -> Self {
        let mut line = Self::default();
        for candidate in candidates.iter().filter(|candidate| candidate.is_eligible()) {
            let key = (candidate.load.active, candidate.idle_since, candidate.user);
            line.order.insert(key);
            line.seats
                .insert(candidate.user, (candidate.load, candidate.idle_since));
        }
        line
    }

    /// Whether nobody can take a chat.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The number of chats that the agents in the line can still take.
    pub fn room(&self) -> u32 {
        let waiting = self.order.iter().filter_map(|(_, _, user)| self.seats.get(user));
        waiting.map(|(load, _)| load.room()).sum()
    }

    /// Chooses whom to ask next. The agents in `asked` declined or let the offer expire in this round. `first` is asked
    /// before the others if possible: the agent whose private reply the customer answers
    /// (`docs/domain.md#comments-and-private-replies`).
    pub fn pick(&self, asked: &HashSet<UserId>, first: Option<UserId>) -> Choice {
        let has_room = |user: &UserId| self.seats.get(user).is_some_and(|(load, _)| load.has_room());
        if let Some(user) = first.filter(|user| has_room(user) && !asked.contains(user)) {
            return Choice::Offer(user);
        }
        let next = self.order.iter().find(|(_, _, user)| !asked.contains(user));
        match next {
            Some((_, _, user)) => Choice::Offer(*user),
            None if self.is_empty() => Choice::Nobody,
            None => Choice::RoundOver,
        }
    }

    /// Records that the user was offered a chat: they move behind agents with fewer chats, or leave the line if they
    /// are full.
    pub fn given(&mut self, user: UserId, now: Millis) {
        let Some((load, idle_since)) = self.seats.get_mut(&user) else {
            return;
        };
        self.order.remove(&(load.active, *idle_since, user));
        load.active += 1;
        load.active_here += 1;
        *idle_since = now;
        if load.has_room() {
            self.order.insert((load.active, now, user));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pick(candidates: &[Candidate], asked: &[UserId]) -> Choice {
        Candidates::new(candidates).pick(&asked.iter().copied().collect(), None)
    }

    fn candidate(id: u128, active: u32, idle_since: Millis) -> Candidate {
        Candidate {
            user: UserId::from_u128(id),
            availability: Availability::Available,
            connected: true,
            load: Load {
                active,
                limit: 3,
                active_here: active,
                limit_here: 3,
            },
            idle_since,
        }
    }

    #[test]
    fn fewest_chats_then_longest_idle() {
        let agents = [candidate(1, 1, 10), candidate(2, 0, 50), candidate(3, 0, 20)];
        assert_eq!(pick(&agents, &[]), Choice::Offer(UserId::from_u128(3)));
        assert_eq!(
            pick(&agents, &[UserId::from_u128(3)]),
            Choice::Offer(UserId::from_u128(2))
        );
    }

    #[test]
    fn a_round_ends_only_when_all_who_could_take_it_were_asked() {
        let mut agents = [candidate(1, 0, 0), candidate(2, 0, 0)];
        let asked = [UserId::from_u128(1), UserId::from_u128(2)];
        assert_eq!(pick(&agents, &asked), Choice::RoundOver);
        for agent in &mut agents {
            agent.availability = Availability::Busy;
        }
        assert_eq!(pick(&agents, &asked), Choice::Nobody);
    }

    #[test]
    fn who_was_given_a_chat_stands_behind_the_others_until_full() {
        let mut line = Candidates::new(&[candidate(1, 1, 0), candidate(2, 2, 5)]);
        let nobody = HashSet::new();
        assert_eq!(line.room(), 3);
        let mut order = vec![];
        while let Choice::Offer(user) = line.pick(&nobody, None) {
            order.push(user.to_u128());
            line.given(user, 9);
        }
        assert_eq!(order, [1, 2, 1], "both end with three chats");
        assert_eq!(line.pick(&nobody, None), Choice::Nobody);
    }

    #[test]
    fn who_is_to_be_asked_first_is_so_while_they_have_room_and_were_not_asked() {
        let mut line = Candidates::new(&[candidate(1, 0, 0), candidate(2, 2, 5)]);
        let (other, first) = (UserId::from_u128(1), UserId::from_u128(2));
        let nobody = HashSet::new();
        assert_eq!(line.pick(&nobody, Some(first)), Choice::Offer(first));
        assert_eq!(line.pick(&HashSet::from([first]), Some(first)), Choice::Offer(other));
        line.given(first, 9);
        assert_eq!(line.pick(&nobody, Some(first)), Choice::Offer(other), "full");
        assert_eq!(
            line.pick(&nobody, Some(UserId::from_u128(3))),
            Choice::Offer(other),
            "not here"
        );
    }

    fn distinct(mut agents: Vec<Candidate>) -> Vec<Candidate> {
        agents.sort_by_key(|agent| agent.user);
        agents.dedup_by_key(|agent| agent.user);
        agents
    }

    prop_compose! {
        fn any_candidate()(id in 1u128..12, active in 0u32..5, here in 0u32..5, limit in 0u32..4, limit_here in 0u32..4,
                           busy: bool, connected: bool, idle_since in 0i64..5) -> Candidate {
            Candidate {
                user: UserId::from_u128(id),
                availability: if busy { Availability::Busy } else { Availability::Available },
                connected,
                load: Load { active, limit, active_here: here, limit_here },
                idle_since,
            }
        }
    }

    proptest! {
        #[test]
        fn an_offer_never_breaks_a_rule(agents in prop::collection::vec(any_candidate(), 0..8).prop_map(distinct), asked in prop::collection::vec(1u128..12, 0..4)) {
            let asked: Vec<_> = asked.into_iter().map(UserId::from_u128).collect();
            match pick(&agents, &asked) {
                Choice::Offer(user) => {
                    prop_assert!(!asked.contains(&user));
                    let chosen: Vec<_> = agents.iter().filter(|c| c.user == user && c.is_eligible()).collect();
                    prop_assert!(!chosen.is_empty());
                    let fewest = chosen.iter().map(|c| c.load.active).min();
                    for other in agents.iter().filter(|c| c.is_eligible() && !asked.contains(&c.user)) {
                        prop_assert!(fewest <= Some(other.load.active));
                    }
                }
                Choice::RoundOver => prop_assert!(agents.iter().filter(|c| c.is_eligible()).all(|c| asked.contains(&c.user))),
                Choice::Nobody => prop_assert!(!agents.iter().any(Candidate::is_eligible)),
            }
        }
    }
}
