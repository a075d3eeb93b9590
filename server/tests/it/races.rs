//! Races of many agents for one chat, and of many chats for one place: one winner, refusals for the others, and never a
//! load above the capacity.
//!
//! The tests run 50 rounds. `CAUSERIE_RACE_ROUNDS=1000` is the full number (`make bench-faults`).

use crate::common::{self, World, worlds};
use causerie_server::{
    clock::random_u128,
    conversations::claim,
    settings::members,
    store::users::{self, NewUser},
};
use causerie_shared::{
    access::Access,
    conversation::{Status, transition::Event},
    ids::{ConversationId, UserId},
    inbox::Member,
    refusal::Code,
    user::{Grants, Role},
};
use tokio::task::JoinSet;

/// Agents who start the same chat at once.
const AGENTS: usize = 50;
/// Chats that compete for one place.
const CHATS: usize = 8;

fn rounds() -> usize {
    let text = std::env::var("CAUSERIE_RACE_ROUNDS").unwrap_or_default();
    text.parse().unwrap_or(50)
}

/// Creates members of the broadcast inbox with a capacity of `capacity` chats each.
async fn agents(world: &World, n: usize, capacity: u32) -> Vec<Access> {
    let mut users = vec![];
    let mut tx = world.app.store.begin_ordered().await.unwrap();
    for n in 0..n {
        let user = NewUser {
            id: UserId::from_u128(random_u128()),
            email: format!("agent{n}@demo.test"),
            name: format!("Agent {n}"),
            role: Role::Agent,
            grants: Grants::default(),
            password: None,
            capacity,
            created_at: common::START,
        };
        users::insert_user(&mut tx, &user).await.unwrap();
        users.push(user.id);
    }
    tx.commit().await.unwrap();
    let members: Vec<Member> = users.iter().map(|user| Member { user: *user, capacity }).collect();
    members::set(&world.app, world.demo.orders.row.inbox, &members)
        .await
        .unwrap();
    let mut all = vec![];
    for user in users {
        all.push(world.access(user).await);
    }
    all
}

/// Runs all starts at once, and returns the result of each.
async fn race(world: &World, starts: Vec<(Access, ConversationId)>) -> Vec<Result<(), Code>> {
    let mut tasks = JoinSet::new();
    for (access, chat) in starts {
        let app = world.app.clone();
        tasks.spawn(async move { common::code(claim::act(&app, &access, chat, Event::Start, None).await) });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_agents_start_the_same_chat_and_one_gets_it() {
    for world in worlds().await {
        let agents = agents(&world, AGENTS, 1).await;
        for round in 0..rounds() {
            let chat = world.order(&format!("v{round}"), "Hello").await;
            let starts = agents.iter().map(|access| (access.clone(), chat)).collect();
            let told = race(&world, starts).await;
            assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "round {round}");
            let late = told.iter().filter(|told| **told == Err(Code::Taken)).count();
            assert_eq!(late, AGENTS - 1, "round {round}: {told:?}");
            let winner = world.head(chat).await.state.agent().expect("a winner");
            assert_eq!(world.user(winner).await.load, 1);
            world.act(winner, chat, Event::End).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_chats_race_for_one_place_and_one_gets_it() {
    for world in worlds().await {
        let agent = agents(&world, 1, 1).await.remove(0);
        for round in 0..rounds() {
            let mut chats = vec![];
            for n in 0..CHATS {
                chats.push(world.order(&format!("v{round}-{n}"), "Hello").await);
            }
            let starts = chats.iter().map(|chat| (agent.clone(), *chat)).collect();
            let told = race(&world, starts).await;
            assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "round {round}");
            let full = told.iter().filter(|told| **told == Err(Code::Capacity)).count();
            assert_eq!(full, CHATS - 1, "round {round}: {told:?}");
            assert_eq!(world.user(agent.user).await.load, 1);
            for chat in chats {
                let head = world.head(chat).await;
                match head.state.agent() {
                    Some(winner) => world.act(winner, chat, Event::End).await.unwrap(),
                    None => assert_eq!(head.state.status(), Status::Waiting, "a refusal changes nothing"),
                }
            }
        }
    }
}
