//! The demo workspace: users, inboxes, widgets and a few chats, created once in an empty database.

mod stories;

use causerie_shared::{
    Millis,
    ids::{AccountId, InboxId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Member, Mode, Rules},
    user::{DEFAULT_CAPACITY, Grants, Role},
    widget::{Ask, Form},
};

use crate::{
    clock::random_u128,
    passwords,
    state::Shared,
    store::{
        StoreError,
        places::{self, AccountRecord, WidgetSettings},
        settings,
        users::{self, NewUser},
    },
};

/// Password of all demo users.
pub const PASSWORD: &str = "demo-causerie";
/// Public key of the widget on `/demo`, whose inbox offers a chat to one agent at a time.
pub const KEY: &str = "demo-product-advice";
/// Public key of the second widget (`/demo?inbox=orders`), whose inbox shows waiting chats to all its members.
pub const ORDERS_KEY: &str = "demo-orders";

const PEOPLE: [(&str, &str, Role); 4] = [
    ("owner@demo.test", "Olivia Owen", Role::Owner),
    ("sup@demo.test", "Marta Soler", Role::Supervisor),
    ("ana@demo.test", "Ana Ruiz", Role::Agent),
    ("ben@demo.test", "Ben Castro", Role::Agent),
];

/// Returns the email addresses of the demo's users, which the server prints when it starts.
pub fn emails() -> impl Iterator<Item = &'static str> {
    PEOPLE.into_iter().map(|(email, _, _)| email)
}

/// The users and messaging accounts of the demo that its chats need.
pub struct Demo {
    pub ana: UserId,
    pub ben: UserId,
    pub advice: AccountRecord,
    pub orders: AccountRecord,
}

/// Fills an empty database. Does nothing if there is a user already.
pub async fn fill(app: &Shared) -> Result<(), StoreError> {
    if !users::users(&mut *app.store.read().await?).await?.is_empty() {
        return Ok(());
    }
    let demo = workspace(app).await?;
    if let Err(error) = stories::tell(app, &demo).await {
        // The workspace works without its stories.
        tracing::error!(%error, "the demo's chats could not be made");
    }
    Ok(())
}

/// Creates organization, users, inboxes and widgets, without chats.
pub async fn workspace(app: &Shared) -> Result<Demo, StoreError> {
    let now = app.clock.now();
    let hash = passwords::hash(PASSWORD.to_owned())
        .await
        .map_err(|_| StoreError::Damaged("demo password"))?;
    let mut tx = app.store.begin_ordered().await?;
    settings::set(&mut tx, settings::ORGANIZATION, "Lumbre Lighting").await?;
    settings::set(&mut tx, settings::DEMO_KEY, KEY).await?;
    let mut users = vec![];
    for (email, name, role) in PEOPLE {
        let id = UserId::new(now, random_u128());
        let user = NewUser {
            id,
            email: email.into(),
            name: name.into(),
            role,
            grants: Grants::default(),
            password: Some(hash.clone()),
            capacity: DEFAULT_CAPACITY,
            created_at: now,
        };
        users::insert_user(&mut tx, &user).await?;
        users.push(id);
    }
    let members: Vec<Member> = users[1..]
        .iter()
        .map(|user| Member {
            user: *user,
            capacity: DEFAULT_CAPACITY,
        })
        .collect();
    let advice = InboxRow {
        id: InboxId::new(now, random_u128()),
        name: "Product advice".into(),
        rules: Rules::default(),
        // The supervisor assigns chats, so only agents are members who get offers.
        members: members[1..].to_vec(),
    };
    let orders = InboxRow {
        id: InboxId::new(now, random_u128()),
        name: "Orders".into(),
        rules: Rules {
            mode: Mode::Broadcast,
            ..Rules::default()
        },
        members,
    };
    places::insert_inbox(&mut tx, &advice).await?;
    places::insert_inbox(&mut tx, &orders).await?;
    let advice = widget(app, &advice, "lumbre.example", KEY, now);
    let orders = widget(app, &orders, "lumbre.example/orders", ORDERS_KEY, now);
    places::insert_account(&mut tx, &advice).await?;
    places::insert_account(&mut tx, &orders).await?;
    tx.commit().await?;
    Ok(Demo {
        ana: users[2],
        ben: users[3],
        advice,
        orders,
    })
}

/// Returns a widget's messaging account. Its origins include both names of a loopback address, because the demo page
/// has another origin than the console (`localhost` and `127.0.0.1`).
fn widget(app: &Shared, inbox: &InboxRow, name: &str, key: &str, now: Millis) -> AccountRecord {
    AccountRecord {
        row: AccountRow {
            id: AccountId::new(now, random_u128()),
            inbox: inbox.id,
            channel: Channel::Web,
            name: name.into(),
            enabled: true,
            trouble: false,
            human_agent: false,
        },
        key: key.into(),
        config: WidgetSettings {
            title: "Lumbre".into(),
            origins: app.config.allowed_origins().collect(),
            form: Form {
                name: Ask::Optional,
                email: Ask::Optional,
            },
            lang: "en".into(),
        },
    }
}
