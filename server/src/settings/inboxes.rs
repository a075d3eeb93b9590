//! Creating, changing and deleting inboxes.

mod words;

use causerie_shared::{
    api::settings::{DeleteInbox, InboxKind, InboxSettings, NewInbox, SaveInbox},
    ids::{AccountId, InboxId},
    inbox::{AccountRow, Channel, InboxRow, Rules},
    refusal::{Code, Refusal},
    timer::TimerKind,
};

use super::{check, same_version};
use crate::{
    access::may_change_inboxes,
    audit::Trail,
    clock::{hex, random_bytes, random_u128},
    commit_events::CommitEvents,
    conversations::inbox,
    error::ServiceError,
    settings::members,
    state::App,
    store::{
        OrderedTx, departments,
        feed::{self, FeedKind},
        inboxes::{self, InboxRecord},
        places::{self, AccountRecord, WidgetSettings},
        timers,
        users::{self, UserRecord},
    },
    unit_of_work::UnitOfWork,
};

/// The refusal for an inbox that does not exist or was deleted.
pub fn no_inbox() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such inbox")
}

/// The effects of a change that is being made, published after the commit.
#[derive(Default)]
pub(super) struct Change {
    pub(super) events: CommitEvents,
    /// Users whose access changes, and whose sockets are therefore checked again.
    pub(super) touched: Vec<causerie_shared::ids::UserId>,
}

/// Creates an inbox, with a widget if it is a live chat inbox.
///
/// # Errors
/// [`Code::Invalid`] for settings out of range, [`Code::Forbidden`].
pub async fn create(app: &App, actor: &UserRecord, body: NewInbox) -> Result<InboxId, ServiceError> {
    may_change_inboxes(actor)?;
    let mut tx = app.store.begin_ordered().await?;
    let mut change = Change::default();
    let name = check::name(&body.settings.name)?;
    let inbox = insert(app, &mut tx, actor, body.settings, &mut change).await?;
    if body.kind == InboxKind::LiveChat {
        let account = AccountRecord {
            row: AccountRow {
                id: AccountId::new(app.clock.now(), random_u128()),
                inbox,
                channel: Channel::Web,
                name: name.clone(),
                enabled: true,
                trouble: false,
                human_agent: false,
            },
            key: hex(&random_bytes::<12>()),
            config: WidgetSettings {
                title: name,
                origins: check::origins(&body.origins)?,
                lang: "en".to_owned(),
                ..WidgetSettings::default()
            },
        };
        places::insert_account(&mut tx, &account).await?;
        told(&mut tx, FeedKind::Account, account.row.id, &mut change.events).await?;
    }
    let unit = UnitOfWork {
        tx,
        events: change.events,
    };
    members::told(app, &change.touched, unit.commit_held().await?).await?;
    Ok(inbox)
}

/// Creates an inbox without a widget, in the caller's transaction.
pub(super) async fn insert(
    app: &App,
    db: &mut OrderedTx,
    actor: &UserRecord,
    settings: InboxSettings,
    change: &mut Change,
) -> Result<InboxId, ServiceError> {
    let now = app.clock.now();
    check::seats(&mut *db).await?;
    let settings = check::inbox(&mut *db, None, &[], settings).await?;
    let row = InboxRow {
        id: InboxId::new(now, random_u128()),
        name: settings.name.clone(),
        rules: Rules::default(),
        members: vec![],
    };
    places::insert_inbox(&mut *db, &row).await?;
    // Users who see all inboxes see the new one at once.
    let users = users::users(&mut *db).await?;
    let all = |user: &&UserRecord| (user.role.manages() || user.grants.all_inboxes) && user.grants.contact_center;
    change.touched.extend(users.iter().filter(all).map(|user| user.id));
    let before = InboxRecord {
        id: row.id,
        version: 1,
        settings: InboxSettings {
            name: String::new(),
            rules: row.rules,
            members: vec![],
            inactivity: None,
            hours: None,
        },
        department: None,
        open: 0,
    };
    let trail = words::compare(&mut *db, &before.settings, &settings).await?;
    trail
        .write(&mut *db, actor, "inbox.create", &settings.name, now)
        .await?;
    write(app, db, &before, &settings, change).await?;
    Ok(row.id)
}

/// Changes an inbox, and applies the new settings to the chats that run in it.
///
/// # Errors
/// [`Code::Conflict`] when the inbox was saved meanwhile, [`Code::Invalid`], [`Code::Forbidden`], [`Code::NotFound`].
pub async fn save(app: &App, actor: &UserRecord, inbox: InboxId, body: SaveInbox) -> Result<(), ServiceError> {
    may_change_inboxes(actor)?;
    let mut tx = app.store.begin_ordered().await?;
    let before = inboxes::record(&mut tx, inbox).await?.ok_or_else(no_inbox)?;
    same_version(body.version, before.version)?;
    let after = check::inbox(&mut tx, Some(inbox), &before.settings.members, body.settings).await?;
    let mut change = Change::default();
    change_in(app, &mut tx, actor, &before, &after, &mut change).await?;
    let unit = UnitOfWork {
        tx,
        events: change.events,
    };
    members::told(app, &change.touched, unit.commit_held().await?).await
}

/// Writes checked settings and their entry in the audit log, if they differ from the old ones.
pub(super) async fn change_in(
    app: &App,
    db: &mut OrderedTx,
    actor: &UserRecord,
    before: &InboxRecord,
    after: &InboxSettings,
    change: &mut Change,
) -> Result<(), ServiceError> {
    let trail = words::compare(&mut *db, &before.settings, after).await?;
    if trail.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    trail
        .write(&mut *db, actor, "inbox.save", &before.settings.name, now)
        .await?;
    if before.settings.members != after.members {
        departments::bump(&mut *db, before.id).await?;
    }
    write(app, db, before, after, change).await
}

async fn write(
    app: &App,
    db: &mut OrderedTx,
    before: &InboxRecord,
    after: &InboxSettings,
    change: &mut Change,
) -> Result<(), ServiceError> {
    let (id, now) = (before.id, app.clock.now());
    let routing = places::routing_of(&mut *db, id).await?.ok_or_else(no_inbox)?;
    inboxes::save(&mut *db, id, after).await?;
    let events = &mut change.events;
    let joined = members::replace(&mut *db, id, &before.settings.members, &after.members, now, events).await?;
    change.touched.extend(
        joined
            .into_iter()
            .filter(|user| !change.touched.contains(user))
            .collect::<Vec<_>>(),
    );
    inbox::changed(&mut *db, id, &routing, now, events).await?;
    told(&mut *db, FeedKind::Inbox, id, events).await?;
    members::granted(db, &change.touched, events).await
}

/// Deletes an inbox for good. Its widget is switched off and its department deleted; its history stays visible to users
/// who see all inboxes.
///
/// # Errors
/// [`Code::Invalid`] when the typed name is wrong, [`Code::Conflict`] with the number of open chats,
/// [`Code::Forbidden`], [`Code::NotFound`].
pub async fn delete(app: &App, actor: &UserRecord, inbox: InboxId, body: DeleteInbox) -> Result<(), ServiceError> {
    may_change_inboxes(actor)?;
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let before = inboxes::record(&mut tx, inbox).await?.ok_or_else(no_inbox)?;
    if body.name.trim() != before.settings.name {
        return Err(Refusal::new(Code::Invalid, "type the name of the inbox as it is").into());
    }
    if before.open > 0 {
        let mut refusal = Refusal::new(
            Code::Conflict,
            match before.open {
                1 => "1 open chat must be ended or moved first".to_owned(),
                many => format!("{many} open chats must be ended or moved first"),
            },
        );
        refusal.numbers = Some((before.open, 0));
        return Err(refusal.into());
    }
    let mut events = CommitEvents::default();
    let members = &before.settings.members;
    let touched = members::replace(&mut tx, inbox, members, &[], now, &mut events).await?;
    departments::remove_of(&mut tx, inbox).await?;
    timers::cancel(&mut tx, TimerKind::Hours, &inbox.to_string()).await?;
    for source in inboxes::delete(&mut tx, inbox, now).await? {
        told(&mut tx, FeedKind::Inbox, source, &mut events).await?;
    }
    for account in places::accounts(&mut tx).await? {
        if account.row.inbox == inbox {
            told(&mut tx, FeedKind::Account, account.row.id, &mut events).await?;
        }
    }
    told(&mut tx, FeedKind::Inbox, inbox, &mut events).await?;
    members::granted(&mut tx, &touched, &mut events).await?;
    let trail = Trail::default();
    trail
        .write(&mut tx, actor, "inbox.delete", &before.settings.name, now)
        .await?;
    let unit = UnitOfWork { tx, events };
    members::told(app, &touched, unit.commit_held().await?).await
}

/// Announces the current version of a row.
pub(super) async fn told(
    db: &mut OrderedTx,
    kind: FeedKind,
    row: impl ToString,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let entry = feed::append(&mut *db, kind, row.to_string(), None, None).await?;
    Ok(events.load(db, entry).await?)
}
