//! Lists from SQL agree with the shared rules, the stored folder counters are right, and indexes serve the pages.

use crate::common::{self, START, World, worlds};
use causerie_server::{
    clock::random_u128,
    conversations::claim,
    store::{
        Db, conversations, folder_counts, places,
        users::{self, NewUser},
        windows,
    },
};
use causerie_shared::{
    access::Access,
    conversation::{FailReason, State, transition::Event},
    ids::{ContactId, InboxId, UserId},
    inbox::{Channel, InboxRow, Member, Mode, Rules},
    row::ConversationRow,
    timer::Countdown,
    user::{Grants, Role},
    window::{Filter, Folder, List, Sort},
};

/// A generator of repeatable random numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize]
    }
}

struct Places {
    users: Vec<UserId>,
    inboxes: Vec<InboxRow>,
    accounts: Vec<places::AccountRecord>,
    contact: ContactId,
}

/// Creates, besides the demo's, an inbox of each mode, and a user who sees all inboxes and supervises none.
async fn places_of(world: &World) -> Places {
    let contact = common::contact(&world.app.store).await;
    let mut tx = world.app.store.begin_ordered().await.unwrap();
    let watcher = UserId::from_u128(random_u128());
    let user = NewUser {
        id: watcher,
        email: "watcher@demo.test".into(),
        name: "Wanda Watcher".into(),
        role: Role::Agent,
        grants: Grants {
            all_inboxes: true,
            ..Grants::default()
        },
        password: None,
        capacity: 3,
        created_at: START,
    };
    users::insert_user(&mut tx, &user).await.unwrap();
    for (n, mode) in [Mode::Broadcast, Mode::Auto, Mode::Manual].into_iter().enumerate() {
        let row = InboxRow {
            id: InboxId::from_u128(random_u128()),
            name: format!("Inbox {n}"),
            rules: Rules {
                mode,
                ..Rules::default()
            },
            members: [world.demo.ana, watcher][..=n % 2]
                .iter()
                .map(|user| Member {
                    user: *user,
                    capacity: 3,
                })
                .collect(),
        };
        places::insert_inbox(&mut tx, &row).await.unwrap();
        let mut account = world.demo.orders.clone();
        account.row.id = causerie_shared::ids::AccountId::from_u128(random_u128());
        account.row.inbox = row.id;
        account.row.channel = Channel::ALL[n];
        account.key = format!("key-{n}");
        places::insert_account(&mut tx, &account).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut db = world.app.store.read().await.unwrap();
    Places {
        users: users::users(&mut db)
            .await
            .unwrap()
            .iter()
            .map(|user| user.id)
            .collect(),
        inboxes: places::inboxes(&mut db).await.unwrap(),
        accounts: places::accounts(&mut db).await.unwrap(),
        contact,
    }
}

fn state(dice: &mut Dice, users: &[UserId]) -> State {
    let (agent, to) = (dice.one(users), dice.one(users));
    let at = START + dice.roll(50) as i64;
    let overdue = dice.roll(3) == 0;
    match dice.roll(8) {
        0 => State::Bot { since: at },
        1 | 2 => State::Waiting {
            since: at,
            overdue,
            offline: false,
        },
        3 => State::Assigning {
            agent,
            deadline: at,
            waiting_since: at,
            overdue,
            offline: false,
        },
        4 => State::Assigned { agent, since: at },
        5 => State::Transferring {
            from: agent,
            to,
            by: agent,
            deadline: at,
            since: at,
        },
        6 => State::Ended {
            reason: causerie_shared::conversation::EndReason::Visitor,
            by: None,
            at,
            last_agent: Some(agent),
        },
        _ => State::Failed {
            reason: FailReason::Missed,
            at,
        },
    }
}

/// Puts a conversation row into a random state, with all dependent fields.
fn shuffle(head: &mut ConversationRow, dice: &mut Dice, places: &Places) {
    head.state = state(dice, &places.users);
    head.waiting_since = START + dice.roll(40) as i64;
    head.active_at = START + dice.roll(40) as i64;
    head.ended_at = None;
    head.unread = dice.roll(3) as u32;
    let due = START + dice.roll(40) as i64;
    head.ring = (dice.roll(2) == 0).then_some(Countdown { due, total: 1000 });
    if let State::Ended { at, .. } | State::Failed { at, .. } = head.state {
        head.ended_at = Some(at);
        head.unread = 0;
        head.ring = None;
    }
}

/// Stores 200 chats, each with a random past.
async fn fill(world: &World, places: &Places, dice: &mut Dice) -> Vec<ConversationRow> {
    let mut heads = vec![];
    for n in 0..200 {
        let account = &places.accounts[dice.roll(places.accounts.len() as u64) as usize];
        let mut head = common::ended(account, places.contact, n);
        shuffle(&mut head, dice, places);
        let mut tx = world.app.store.begin_ordered().await.unwrap();
        conversations::insert(&mut tx, &head).await.unwrap();
        for _ in 0..dice.roll(4) {
            shuffle(&mut head, dice, places);
            // Sometimes the chat moves to another inbox.
            if dice.roll(4) == 0 {
                head.inbox = places.inboxes[dice.roll(places.inboxes.len() as u64) as usize].id;
            }
            head.version += 1;
            assert!(conversations::save(&mut tx, &head, head.version - 1).await.unwrap());
        }
        // A rolled-back change is not counted.
        if dice.roll(10) == 0 {
            tx.rollback().await.unwrap();
        } else {
            tx.commit().await.unwrap();
            heads.push(head);
        }
    }
    heads
}

fn mode(places: &Places, inbox: InboxId) -> Mode {
    let row = places.inboxes.iter().find(|row| row.id == inbox).expect("an inbox");
    row.rules.mode
}

fn filters(dice: &mut Dice, places: &Places) -> Filter {
    let account = places.accounts[dice.roll(places.accounts.len() as u64) as usize].row.id;
    let inbox = places.inboxes[dice.roll(places.inboxes.len() as u64) as usize].id;
    Filter {
        inbox: (dice.roll(3) == 0).then_some(inbox),
        channel: (dice.roll(4) == 0).then(|| dice.one(&Channel::ALL)),
        account: (dice.roll(4) == 0).then_some(account),
        social: dice.roll(4) == 0,
        post: None,
        unread: dice.roll(4) == 0,
        overdue: dice.roll(4) == 0,
    }
}

async fn agrees(db: &mut Db, places: &Places, heads: &[ConversationRow], access: &Access, list: List, dice: &mut Dice) {
    let now = START + dice.roll(40) as i64;
    let mut expected: Vec<&ConversationRow> = heads
        .iter()
        .filter(|head| list.folder.holds(access, mode(places, head.inbox), head) && list.filter.passes(head, now))
        .collect();
    expected.sort_by_key(|head| list.key(head));
    let from = dice.roll(6) as u32;
    let to = from + 1 + dice.roll(100) as u32;
    let (page, total) = windows::window(db, access, &list, from, to, now).await.unwrap();
    assert_eq!(total as usize, expected.len(), "total of {list:?} for {access:?}");
    let wanted: Vec<_> = expected
        .iter()
        .skip(from as usize)
        .take((to - from) as usize)
        .map(|head| head.id)
        .collect();
    let got: Vec<_> = page.iter().map(|head| head.id).collect();
    assert_eq!(got, wanted, "{from}..{to} of {list:?} for {access:?}");
    if list.filter == Filter::default() {
        let counts = windows::counts(db, access).await.unwrap();
        assert_eq!(counts.of(list.folder), total);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_in_sql_hold_what_the_shared_rules_say_in_their_order() {
    for world in worlds().await {
        let mut dice = Dice(7);
        let places = places_of(&world).await;
        let heads = fill(&world, &places, &mut dice).await;
        let mut db = world.app.store.read().await.unwrap();
        for user in &places.users {
            let access = world.access(*user).await;
            for folder in Folder::ALL {
                for sort in [Sort::Folder, Sort::Newest, Sort::Oldest] {
                    let whole = List {
                        sort,
                        ..List::of(folder)
                    };
                    agrees(&mut db, &places, &heads, &access, whole, &mut dice).await;
                    for _ in 0..15 {
                        let filter = filters(&mut dice, &places);
                        agrees(&mut db, &places, &heads, &access, List { filter, ..whole }, &mut dice).await;
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_equal_a_recount_after_any_history() {
    for world in worlds().await {
        let mut dice = Dice(11);
        let places = places_of(&world).await;
        fill(&world, &places, &mut dice).await;
        // Add changes by the server's own commands.
        let ana = world.demo.ana;
        world.connect(world.demo.ben).await;
        for n in 0..4 {
            let chat = world.order(&format!("v{n}"), "Hello").await;
            world.ask(&format!("a{n}"), "Hello").await;
            if n < 2 {
                let access = world.access(ana).await;
                claim::act(&world.app, &access, chat, Event::Start, None).await.unwrap();
            }
            if n == 0 {
                let access = world.access(ana).await;
                claim::act(&world.app, &access, chat, Event::End, None).await.unwrap();
            }
        }
        // The write lock keeps the dispatcher from changing anything in between.
        let mut tx = world.app.store.begin_ordered().await.unwrap();
        let kept = folder_counts::all(&mut tx).await.unwrap();
        folder_counts::recount(&mut tx).await.unwrap();
        assert_eq!(kept, folder_counts::all(&mut tx).await.unwrap());
        assert!(kept.len() > 20, "{kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_from_before_the_counters_is_counted_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for address in common::databases(folder.path()).await {
        let home = tempfile::tempdir().unwrap();
        let mut config = causerie_server::config::Config::for_test(home.path());
        config.database_url = address;
        let (_hand, clock) = causerie_server::clock::ManualClock::new(START);
        let app = causerie_server::build(config.clone(), clock.clone()).await.unwrap();
        let demo = causerie_server::demo::workspace(&app).await.unwrap();
        World::write_at(&app, &demo.orders, "v1", "m1", "Hello").await;
        let kept = folder_counts::all(&mut app.store.read().await.unwrap()).await.unwrap();
        let mut tx = app.store.begin_ordered().await.unwrap();
        sqlx::query("DELETE FROM folder_counts")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let again = causerie_server::build(config, clock).await.unwrap();
        let counted = folder_counts::all(&mut again.store.read().await.unwrap())
            .await
            .unwrap();
        assert_eq!(counted, kept);
        assert_eq!(counted.len(), 2, "one chat waits: in the queue and in All");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_pages_are_read_from_an_index_in_its_order() {
    let world = worlds().await.swap_remove(0);
    let places = places_of(&world).await;
    fill(&world, &places, &mut Dice(3)).await;
    let mut db = world.app.store.read().await.unwrap();
    for user in &places.users {
        let access = world.access(*user).await;
        for folder in Folder::ALL {
            let plan = windows::plan(&mut db, &access, &List::of(folder), 0, 50).await.unwrap();
            for step in &plan {
                let whole = step.contains("SCAN conversations") || step.contains("TEMP B-TREE");
                assert!(!whole, "{folder:?} of {access:?}: {plan:#?}");
            }
            // A user without a queue or an inbox to supervise has no inbox to read.
            let empty = matches!(folder, Folder::Queue | Folder::All) && plan.is_empty();
            let walked = plan
                .iter()
                .any(|step| step.contains(&format!("conversations_{}", folder.as_str())));
            assert!(walked || empty, "{folder:?} of {access:?}: {plan:#?}");
        }
        for sort in [Sort::Newest, Sort::Oldest] {
            let list = List {
                sort,
                ..List::of(Folder::History)
            };
            let plan = windows::plan(&mut db, &access, &list, 0, 50).await.unwrap();
            assert!(
                !plan.iter().any(|step| step.contains("TEMP B-TREE")),
                "{sort:?}: {plan:#?}"
            );
        }
    }
}
