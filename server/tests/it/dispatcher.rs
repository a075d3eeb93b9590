//! Simulates the dispatcher in virtual time: agents connect, disconnect, decline and ignore offers, chats arrive at
//! random, and servers die before they have dispatched. No worker runs: after every step the dispatcher is brought to
//! rest, and everything that it guarantees (`docs/domain.md#routing-modes`) is checked against the database.
//!
//! The tests run a twentieth of the full size, which is `CAUSERIE_DISPATCHER_CHATS=20000` (`make bench-faults`).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use crate::common::{self, World};
use causerie_server::{
    Shared, access,
    clock::{Clock, ManualClock, random_u128},
    config::Config,
    conversations::{assign, claim},
    demo, presence, routing,
    state::App,
    store::{
        Db, Store, agent_load, conversation_events, conversations,
        nodes::NodeSession,
        offer_rounds,
        places::{self, AccountRecord},
        timers,
        users::{self, NewUser},
    },
    timers as worker,
};
use causerie_shared::{
    access::Access,
    conversation::{State, Status, transition::Event},
    ids::{AccountId, ConversationId, InboxId, UserId},
    inbox::{InboxRow, Member, Rules},
    row::ConversationRow,
    user::{Availability, Grants, Role},
};
use sqlx::Row as _;

/// A small generator of repeatable random numbers (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

struct Node {
    app: Shared,
    /// Holds the lock that shows other nodes that this one lives.
    _link: Option<NodeSession>,
}

struct Simulation {
    config: Config,
    hand: ManualClock,
    clock: Clock,
    dice: Dice,
    nodes: Vec<Node>,
    agents: Vec<UserId>,
    access: HashMap<UserId, Access>,
    inboxes: Vec<InboxId>,
    accounts: Vec<AccountRecord>,
    chats: Vec<ConversationId>,
    /// The first chats of each queue and the agents who were asked, as the last step left them.
    lines: HashMap<ConversationId, HashSet<UserId>>,
    /// Open offers after the last step, with their versions.
    offers: HashMap<ConversationId, i64>,
    _folder: tempfile::TempDir,
}

/// How many chats at the head of a queue are compared between steps.
const FIRST: i64 = 8;

impl Simulation {
    async fn new(address: String, folder: tempfile::TempDir, nodes: usize, agents: usize, seed: u64) -> Self {
        let mut config = Config::for_test(folder.path());
        config.database_url = address;
        let (hand, clock) = ManualClock::new(common::START);
        let mut sim = Self {
            config,
            hand,
            clock,
            dice: Dice(seed | 1),
            nodes: vec![],
            agents: vec![],
            access: HashMap::new(),
            inboxes: vec![],
            accounts: vec![],
            chats: vec![],
            lines: HashMap::new(),
            offers: HashMap::new(),
            _folder: folder,
        };
        for _ in 0..nodes {
            let node = sim.node().await;
            sim.nodes.push(node);
        }
        sim.people(agents).await;
        sim
    }

    /// A server without workers.
    async fn node(&self) -> Node {
        let store = Store::open(&self.config.database_url).await.unwrap();
        let app: Shared = Arc::new(App::new(self.config.clone(), store, self.clock.clone()).await.unwrap());
        let link = app.store.node_session(app.node).await.unwrap();
        presence::recover(&app).await.unwrap();
        Node { app, _link: link }
    }

    /// Creates two inboxes. Every third agent belongs to both, and capacities differ.
    async fn people(&mut self, agents: usize) {
        let app = Arc::clone(&self.nodes[0].app);
        let demo = demo::workspace(&app).await.unwrap();
        let mut members = [vec![], vec![]];
        let mut tx = app.store.begin_ordered().await.unwrap();
        for n in 0..agents {
            let id = UserId::from_u128(self.dice.below(usize::MAX) as u128);
            let user = NewUser {
                id,
                email: format!("agent{n}@demo.test"),
                name: format!("Agent {n}"),
                role: Role::Agent,
                grants: Grants::default(),
                password: None,
                capacity: 1 + (n % 3) as u32,
                created_at: common::START,
            };
            users::insert_user(&mut tx, &user).await.unwrap();
            self.agents.push(id);
            for inbox in [0, 1].into_iter().filter(|inbox| n % 3 == 2 || n % 2 == *inbox) {
                let capacity = 1 + (n % 2) as u32;
                members[inbox].push(Member { user: id, capacity });
            }
        }
        for (n, members) in members.into_iter().enumerate() {
            let inbox = InboxRow {
                id: InboxId::new(common::START, random_u128()),
                name: format!("Inbox {n}"),
                rules: Rules::default(),
                members,
            };
            places::insert_inbox(&mut tx, &inbox).await.unwrap();
            let mut account = demo.advice.clone();
            account.row.id = AccountId::new(common::START, random_u128());
            account.row.inbox = inbox.id;
            account.key = format!("inbox-{n}");
            places::insert_account(&mut tx, &account).await.unwrap();
            self.inboxes.push(inbox.id);
            self.accounts.push(account);
        }
        tx.commit().await.unwrap();
        let mut db = app.store.read().await.unwrap();
        for agent in self.agents.clone() {
            let user = users::user(&mut db, agent).await.unwrap().unwrap();
            self.access.insert(agent, access::of(&mut db, &user).await.unwrap());
        }
    }

    fn app(&mut self) -> Shared {
        let node = self.dice.below(self.nodes.len());
        Arc::clone(&self.nodes[node].app)
    }

    /// Runs a few random actions before the dispatcher comes to rest.
    async fn step(&mut self, most: usize) {
        for _ in 0..=self.dice.below(5) {
            self.happen(most.saturating_sub(self.chats.len())).await;
        }
    }

    /// Runs one random action. It may be refused, for example because it comes too late or there is no capacity.
    async fn happen(&mut self, left: usize) {
        let app = self.app();
        let agent = self.dice.pick(&self.agents);
        match self.dice.below(100) {
            0..22 if left > 0 => self.arrive(&app).await,
            0..52 => self.answer(&app, agent).await,
            52..75 => self.work(&app, agent).await,
            75..79 => presence::disconnected(&app, agent).await.unwrap(),
            79..87 => presence::connected(&app, agent).await.unwrap(),
            87..89 => presence::declare(&app, agent, Availability::Busy).await.unwrap(),
            89..93 => presence::declare(&app, agent, Availability::Available).await.unwrap(),
            _ => {
                let seconds = self.dice.below(12) as u64;
                self.hand.advance(Duration::from_secs(seconds));
            }
        }
    }

    async fn arrive(&mut self, app: &Shared) {
        let account = self.dice.below(self.accounts.len());
        let visitor = format!("v{}", self.chats.len());
        let written = World::write_at(app, &self.accounts[account], &visitor, "m", "Hello").await;
        self.chats.push(written.conversation);
    }

    async fn act(&self, app: &Shared, agent: UserId, chat: ConversationId, event: Event) {
        // The action may be refused. The checks cover what a refusal leaves behind.
        if let Err(error) = claim::act(app, &self.access[&agent], chat, event, None).await {
            common::code(Err(error)).unwrap_err();
        }
    }

    /// Answers the offers of an agent: accepts, declines, or leaves them open.
    async fn answer(&mut self, app: &Shared, agent: UserId) {
        let asking = conversations::asking(&mut app.store.read().await.unwrap(), agent)
            .await
            .unwrap();
        for head in asking {
            match self.dice.below(10) {
                0..6 => self.act(app, agent, head.id, Event::Accept).await,
                6..8 => self.act(app, agent, head.id, Event::Decline).await,
                _ => {}
            }
        }
    }

    /// Ends one of an agent's chats, or requests a transfer to a colleague.
    async fn work(&mut self, app: &Shared, agent: UserId) {
        let mine = conversations::of_user(&mut app.store.read().await.unwrap(), agent)
            .await
            .unwrap();
        let Some(chat) = mine.iter().find(|head| head.state.status() == Status::Assigned) else {
            return;
        };
        match self.dice.below(8) {
            0 => {
                let colleague = self.dice.pick(&self.agents);
                let access = &self.access[&agent];
                if let Err(error) = assign::to_agent(app, access, chat.id, colleague, None).await {
                    common::code(Err(error)).unwrap_err();
                }
            }
            1 => self.act(app, agent, chat.id, Event::Undo).await,
            _ => self.act(app, agent, chat.id, Event::End).await,
        }
    }

    /// Kills a server with all its pending work and starts another one. Most agents reconnect.
    async fn restart(&mut self) {
        let node = self.dice.below(self.nodes.len());
        let dead = self.nodes.remove(node);
        dead.app.store.close().await;
        drop(dead);
        let fresh = self.node().await;
        for agent in self.agents.clone() {
            if self.dice.below(10) > 0 {
                presence::connected(&fresh.app, agent).await.unwrap();
            }
        }
        self.nodes.push(fresh);
    }

    /// Dispatches until no server has anything to do. Two servers work at the same time.
    async fn rest(&self) {
        loop {
            let work = |node: &Node| {
                let app = Arc::clone(&node.app);
                async move {
                    worker::round(&app).await.unwrap();
                    routing::settle(&app).await;
                }
            };
            match self.nodes.as_slice() {
                [one] => work(one).await,
                [one, two] => {
                    tokio::join!(work(one), work(two));
                }
                more => panic!("{} nodes", more.len()),
            }
            let mut db = self.nodes[0].app.store.read().await.unwrap();
            let due = timers::due(&mut db, self.clock.now(), 1).await.unwrap();
            if due.is_empty() && self.nodes.iter().all(|node| routing::is_at_rest(&node.app)) {
                return;
            }
        }
    }

    /// Checks that no chat waits while an agent could be asked, and that no chat was passed over.
    async fn check(&mut self) {
        let app = Arc::clone(&self.nodes[0].app);
        let mut db = app.store.read().await.unwrap();
        let (mut lines, mut offers) = (HashMap::new(), HashMap::new());
        for inbox in self.inboxes.clone() {
            let candidates = agent_load::candidates(&mut db, inbox).await.unwrap();
            let able: Vec<UserId> = candidates.iter().filter(|c| c.is_eligible()).map(|c| c.user).collect();
            for candidate in &candidates {
                let load = candidate.load;
                assert!(
                    load.active <= load.limit && load.active_here <= load.limit_here,
                    "{candidate:?}"
                );
            }
            let all = if able.is_empty() { FIRST } else { conversations::ALL };
            let waiting = conversations::waiting(&mut db, inbox, None, all).await.unwrap();
            let ids: Vec<_> = waiting.iter().map(|head| head.id).collect();
            for ids in ids.chunks(100) {
                let (mut asked, _) = offer_rounds::of(&mut db, ids).await.unwrap();
                for id in ids {
                    lines.insert(*id, asked.remove(id).unwrap_or_default());
                }
            }
            for head in &waiting {
                let free = able.iter().find(|agent| !lines[&head.id].contains(agent));
                assert_eq!(free, None, "#{} waits and nobody asks", head.number);
            }
            let running = running(&mut db, inbox).await;
            self.fair(&waiting, &running, &lines);
            offers.extend(running.iter().map(|offer| (offer.chat, offer.version)));
        }
        self.lines = lines;
        self.offers = offers;
    }

    /// Checks that an agent who was offered a chat in this step was asked about all chats that waited longer, in this
    /// round or the last.
    fn fair(&self, waiting: &[ConversationRow], running: &[Offer], lines: &HashMap<ConversationId, HashSet<UserId>>) {
        let fresh = |offer: &&Offer| self.offers.get(&offer.chat) != Some(&offer.version);
        for offer in running.iter().filter(fresh) {
            let earlier = |head: &&ConversationRow| (head.waiting_since, head.id) < (offer.since, offer.chat);
            for older in waiting.iter().take_while(earlier) {
                let Some(asked) = self.lines.get(&older.id) else {
                    continue;
                };
                let had = asked.contains(&offer.agent) || lines[&older.id].contains(&offer.agent);
                assert!(had, "#{} was passed over", older.number);
            }
        }
    }

    /// Checks that every agent's load equals the number of their chats.
    async fn places(&self) {
        let mut db = self.nodes[0].app.store.read().await.unwrap();
        for agent in &self.agents {
            let load = users::user(&mut db, *agent).await.unwrap().unwrap().load as usize;
            let chats = conversations::of_user(&mut db, *agent).await.unwrap();
            assert_eq!(load, chats.len(), "places of {agent}");
        }
    }

    /// Keeps all agents connected and working until all chats have ended, then checks that events and chats agree.
    async fn finish(&mut self) {
        for round in 0.. {
            assert!(round < 10_000, "chats are left over");
            let app = self.app();
            let mut open = 0;
            for agent in self.agents.clone() {
                presence::connected(&app, agent).await.unwrap();
                presence::declare(&app, agent, Availability::Available).await.unwrap();
                self.rest().await;
                for head in conversations::of_user(&mut app.store.read().await.unwrap(), agent)
                    .await
                    .unwrap()
                {
                    open += 1;
                    let event = match head.state {
                        State::Assigned { .. } => Event::End,
                        _ => Event::Accept,
                    };
                    self.act(&app, agent, head.id, event).await;
                }
                self.rest().await;
                self.check().await;
            }
            self.hand.advance(Duration::from_secs(61));
            self.rest().await;
            let mut db = app.store.read().await.unwrap();
            for inbox in &self.inboxes {
                open += conversations::in_line(&mut db, *inbox, 1).await.unwrap().len();
            }
            if open == 0 {
                break;
            }
        }
        self.places().await;
        let app = self.app();
        let mut db = app.store.read().await.unwrap();
        for chat in &self.chats {
            let head = conversations::get(&mut db, *chat)
                .await
                .unwrap()
                .expect("no chat is lost");
            assert!(head.state.status().is_final());
            let events = conversation_events::after(&mut db, *chat, 0).await.unwrap();
            let last = events.last().expect("a journey");
            assert_eq!((&last.state, last.version), (&head.state, head.version));
            let first = head.version - events.len() as i64;
            assert!(
                events
                    .iter()
                    .zip(first + 1..)
                    .all(|(row, version)| row.version == version)
            );
        }
    }
}

/// An open offer.
struct Offer {
    chat: ConversationId,
    version: i64,
    agent: UserId,
    since: i64,
}

async fn running(db: &mut Db, inbox: InboxId) -> Vec<Offer> {
    let sql =
        "SELECT id, version, agent_id, waiting_since FROM conversations WHERE inbox_id = $1 AND status = 'assigning'";
    let rows = sqlx::query(sql).bind(inbox.to_string()).fetch_all(db).await.unwrap();
    let offer = |row: &sqlx::any::AnyRow| Offer {
        chat: row.get::<String, _>("id").parse().unwrap(),
        version: row.get("version"),
        agent: row.get::<String, _>("agent_id").parse().unwrap(),
        since: row.get("waiting_since"),
    };
    rows.iter().map(offer).collect()
}

fn size() -> usize {
    let text = std::env::var("CAUSERIE_DISPATCHER_CHATS").unwrap_or_default();
    text.parse().unwrap_or(1_000)
}

fn seed() -> u64 {
    match std::env::var("CAUSERIE_DISPATCHER_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    {
        Some(seed) => seed,
        None if size() > 1_000 => random_u128() as u64,
        None => 4,
    }
}

async fn simulate(address: String, folder: tempfile::TempDir, nodes: usize) {
    let (chats, seed) = (size(), seed());
    println!("{chats} chats on {nodes} node(s), CAUSERIE_DISPATCHER_SEED={seed}");
    let mut sim = Simulation::new(address, folder, nodes, (chats / 100).max(2), seed).await;
    let mut steps = 0;
    while sim.chats.len() < chats {
        steps += 1;
        sim.step(chats).await;
        if sim.dice.below(150) == 0 {
            sim.restart().await;
        }
        sim.rest().await;
        sim.check().await;
        if steps % 50 == 0 {
            sim.places().await;
        }
    }
    sim.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chat_finds_its_agent_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for address in common::databases(folder.path()).await {
        simulate(address, tempfile::tempdir().unwrap(), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_do_as_well() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(address) = common::databases(folder.path()).await.into_iter().nth(1) {
        simulate(address, tempfile::tempdir().unwrap(), 2).await;
    }
}
