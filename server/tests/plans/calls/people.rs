//! Users, their capacities, sessions and devices.

use causerie_server::{
    clock::random_u128,
    store::{
        Db, OrderedTx, agent_load, audit,
        crashes::{self, MAX_GROUPS},
        departments,
        feed::{self, FeedKind},
        inboxes, places, preferences, presence, push, sessions, settings, users,
    },
};
use causerie_shared::{
    api::{
        LinkKind,
        crashes::{CrashReport, Part},
        notify::{NotifyPreferences, PushDelivery},
        settings::AuditEntry,
    },
    ids::{DepartmentId, InboxId, IntentId, SessionId, UserId},
    inbox::{InboxRow, Member, Rules},
    user::Availability,
};

use super::{Ground, sent};
use crate::common::START;

pub async fn every(tx: &mut OrderedTx, ground: &Ground) {
    feed(tx).await;
    users(tx, ground).await;
    connections(tx, ground).await;
    signins(tx, ground.demo.ana).await;
    devices(tx, ground).await;
    crash_reports(tx).await;
    inboxes_and_departments(tx, ground).await;
}

async fn feed(tx: &mut OrderedTx) {
    for _ in 0..9 {
        sent(feed::append(tx, FeedKind::User, "row".to_owned(), None, None)).await;
    }
    sent(feed::after(tx, 0, 10)).await;
    sent(feed::trim(tx, 1, 2)).await;
}

async fn users(db: &mut Db, ground: &Ground) {
    let (ana, inbox) = (ground.demo.ana, ground.demo.advice.row.inbox);
    let user = sent(users::user(db, ana)).await.expect("Ana");
    sent(users::user_by_email(db, &user.email)).await;
    sent(users::users(db)).await;
    sent(users::save(db, &user)).await;
    sent(users::has_owner(db)).await;
    sent(users::set_password(db, ana, "hash")).await;
    sent(agent_load::candidates(db, inbox)).await;
    sent(agent_load::eligible(db, inbox)).await;
    // With capacity, without capacity in the inbox, and without any capacity.
    for _ in 0..100 {
        sent(agent_load::claim(db, inbox, ana, START)).await.unwrap_or(());
    }
    sent(agent_load::claim(db, ground.demo.orders.row.inbox, ana, START))
        .await
        .unwrap_or(());
    sent(agent_load::claim(db, InboxId::from_u128(1), ana, START))
        .await
        .unwrap_or(());
    sent(agent_load::release(db, inbox, ana, START)).await;
    let entry = AuditEntry {
        id: "0".to_owned(),
        at: START,
        actor: user.name,
        action: "test".to_owned(),
        subject: String::new(),
        changes: vec![],
    };
    sent(audit::insert(db, ana, &entry)).await;
    sent(audit::before(db, None, 10)).await;
    sent(preferences::set(db, ana, &NotifyPreferences::default())).await;
    sent(preferences::get(db, ana)).await;
    sent(settings::set(db, "key", "value")).await;
    sent(settings::take(db, "key", "value")).await;
    sent(settings::organization(db)).await;
}

async fn crash_reports(db: &mut Db) {
    let report = CrashReport {
        build: "a".to_owned(),
        part: Part::Main,
        stack: String::new(),
        route: "/app".to_owned(),
    };
    for number in 0..MAX_GROUPS + 2 {
        let stack = number.to_string();
        let report = CrashReport {
            stack,
            ..report.clone()
        };
        sent(crashes::add(db, &report, "Chromium 141", START)).await;
    }
    sent(crashes::list(db, START, 10)).await;
}

async fn connections(db: &mut Db, ground: &Ground) {
    let (ana, engine) = (ground.demo.ana, ground.engine);
    sent(presence::set_connected(db, ana, true)).await;
    sent(presence::set_availability(db, ana, Availability::Busy)).await;
    sent(presence::lease(db, 7, ana)).await;
    sent(presence::is_leased(db, ana)).await;
    sent(presence::release(db, 7, ana)).await;
    sent(presence::lease_visitor(db, 7, ground.contact)).await;
    sent(presence::is_visitor_leased(db, ground.contact)).await;
    sent(presence::release_visitor(db, 7, ground.contact)).await;
    sent(presence::has_dead(db, engine, 7)).await;
    sent(presence::reap(db, engine, 7)).await;
    sent(presence::reap_visitors(db, engine, 7)).await;
}

async fn signins(db: &mut Db, user: UserId) {
    let session = sessions::SessionRecord {
        id: SessionId::new(START, random_u128()),
        user,
        created_at: START,
        seen_at: START,
        expires_at: START + 1000,
        user_agent: String::new(),
        ip: String::new(),
    };
    sent(sessions::insert_session(db, "hash", &session)).await;
    sent(sessions::session_by_token_hash(db, "hash", START)).await;
    sent(sessions::touch(db, session.id, START + 1)).await;
    sent(sessions::sessions_of(db, user, START)).await;
    sent(sessions::end_other_sessions(db, user, Some(session.id))).await;
    let link = sessions::LinkRecord {
        user,
        kind: LinkKind::Reset,
        expires_at: START + 1000,
        used_at: None,
    };
    sent(sessions::insert_link(db, "link", &link, START)).await;
    sent(sessions::link_by_hash(db, "link")).await;
    sent(sessions::use_link(db, "link", START)).await;
    sent(sessions::insert_link(db, "another", &link, START)).await;
    sent(sessions::end_session(db, user, session.id)).await;
}

async fn devices(db: &mut Db, ground: &Ground) {
    let user = ground.demo.ana;
    let device = push::Subscription {
        id: IntentId::new(START, random_u128()),
        user,
        session: SessionId::new(START, random_u128()),
        endpoint: "https://push.test".to_owned(),
        p256dh: String::new(),
        auth: String::new(),
        device: "Firefox".to_owned(),
        lang: "en".to_owned(),
        created_at: START,
    };
    sent(push::subscribe(db, &device)).await;
    sent(push::of_user(db, user, START)).await;
    sent(push::has_any(db, user)).await;
    sent(push::is_used(db)).await;
    sent(push::reachable_members(db, ground.demo.advice.row.inbox)).await;
    sent(push::stands(db, device.id, START)).await;
    sent(push::end(db, user, &device.id.to_string())).await;
    sent(push::end_orphans(db)).await;
    let attempt = PushDelivery {
        at: START,
        kind: "test".to_owned(),
        device: device.device,
        status: 201,
        problem: String::new(),
    };
    sent(push::log(db, device.id, user, &attempt)).await;
    sent(push::logged(db, user)).await;
    sent(push::badge(db, user)).await;
}

async fn inboxes_and_departments(db: &mut Db, ground: &Ground) {
    let (ana, inbox) = (ground.demo.ana, ground.demo.advice.row.inbox);
    let new = InboxRow {
        id: InboxId::new(START, random_u128()),
        name: "Another".to_owned(),
        rules: Rules::default(),
        members: vec![Member { user: ana, capacity: 2 }],
    };
    sent(places::insert_inbox(db, &new)).await;
    sent(places::inbox(db, inbox)).await;
    sent(places::inbox_ids(db)).await;
    sent(places::rules_of(db, inbox)).await;
    sent(places::hours_of(db, inbox)).await;
    sent(places::inactivity_of(db, inbox)).await;
    sent(places::set_member_capacity(
        db,
        new.id,
        Member { user: ana, capacity: 3 },
    ))
    .await;
    sent(places::memberships(db, ana)).await;
    sent(places::remove_member(db, new.id, ana)).await;
    let account = &ground.demo.advice;
    sent(places::save_account(db, account)).await;
    sent(places::accounts(db)).await;
    sent(places::account_by_id(db, account.row.id)).await;
    sent(places::account_by_key(db, &account.key)).await;
    sent(inboxes::records(db)).await;
    let record = sent(inboxes::record(db, inbox)).await.expect("an inbox");
    sent(inboxes::save(db, inbox, &record.settings)).await;
    sent(inboxes::bump(db, inbox)).await;
    let department = departments::DepartmentRecord {
        id: DepartmentId::new(START, random_u128()),
        name: "Sales".to_owned(),
        inbox,
        version: 1,
    };
    sent(departments::insert(db, &department, START)).await;
    sent(departments::all(db)).await;
    sent(departments::get(db, department.id)).await;
    sent(departments::rename(db, department.id, "Service")).await;
    sent(departments::bump(db, inbox)).await;
    sent(departments::remove_of(db, inbox)).await;
    sent(inboxes::delete(db, new.id, START)).await;
}
