//! Contacts, messaging accounts, the outbox and webhooks.

use std::collections::BTreeMap;

use causerie_server::{
    clock::random_u128,
    store::{
        Db, blacklist, channel_accounts, contact_merges, contacts, outbox, posts,
        provider::{self, Early, ProviderMessage},
        raw_events::{self, RawEvent},
        templates, test_reset, threads,
    },
};
use causerie_shared::{
    api::{
        blocked::Blocked,
        channels::{Templates, TemplatesKnown},
    },
    ids::PostId,
    inbox::Channel,
    row::Post,
};

use super::{Ground, sent};
use crate::common::START;

pub async fn every(db: &mut Db, ground: &Ground) {
    people(db, ground).await;
    comments(db, ground).await;
    webhooks(db, ground).await;
    outgoing(db, ground).await;
    blocked(db, ground).await;
    accounts(db, ground).await;
}

async fn people(db: &mut Db, ground: &Ground) {
    let (account, contact) = (ground.line.row.id, ground.contact);
    let record = sent(contacts::get(db, contact)).await.expect("a contact");
    sent(contacts::save(db, &record)).await;
    sent(contacts::lock(db, contact)).await;
    sent(contacts::by_identity(db, account, "person 1")).await;
    sent(contacts::identities(db, account, contact)).await;
    sent(contact_merges::places(db, contact)).await;
    sent(contact_merges::find(db, "fox", 10)).await;
    sent(contact_merges::join(db, contact, ground.other, None, START)).await;
    sent(contact_merges::part(db, contact)).await;
    sent(contact_merges::part(db, ground.other)).await;
    sent(channel_accounts::people(db)).await;
    sent(test_reset::conversations(db)).await;
    sent(test_reset::phone(db, contact)).await;
    sent(contacts::remove_identities(db, ground.other)).await;
}

async fn comments(db: &mut Db, ground: &Ground) {
    let (account, chat) = (ground.line.row.id, ground.chat.id);
    let post = Post {
        id: PostId::new(START, random_u128()),
        title: String::new(),
        url: None,
    };
    sent(posts::ensure(db, account, "post", &post, START)).await;
    sent(posts::by_external(db, account, "post")).await;
    sent(test_reset::post(db, post.id)).await;
    sent(threads::private_reply(db, account, "top")).await;
    sent(threads::set_private_to(db, chat, "person")).await;
    sent(threads::link(db, chat, account, "person", Channel::FacebookComments)).await;
    sent(threads::answered_agents(db, &[chat, ground.ended.id])).await;
    sent(threads::open_under(db, account, "post")).await;
    sent(threads::of_comment(db, account, post.id, "1")).await;
    sent(threads::known_top(db, account, post.id, "1")).await;
}

async fn webhooks(db: &mut Db, ground: &Ground) {
    let account = ground.line.row.id;
    let event = RawEvent {
        id: "1".to_owned(),
        account,
        body: vec![],
        received_at: START,
    };
    sent(raw_events::insert(db, &event)).await;
    sent(raw_events::waiting(db, 10)).await;
    sent(raw_events::rewrite(db, &event.id, vec![])).await;
    let problems = BTreeMap::from([("2".to_owned(), "no JSON".to_owned())]);
    sent(raw_events::done(db, &[event], &problems)).await;
    sent(raw_events::trim(db, START)).await;
    let bound = ProviderMessage {
        account,
        external: "1".to_owned(),
        message: ground.message,
        conversation: ground.chat.id,
        outgoing: true,
        quoted: None,
        at: START,
    };
    sent(provider::bind(db, &bound)).await;
    sent(provider::by_external(db, account, "1")).await;
    sent(provider::of_message(db, ground.message)).await;
    sent(provider::is_latest(db, ground.message, "us", START)).await;
    let early = Early {
        id: "1".to_owned(),
        element: "{}".to_owned(),
    };
    sent(provider::keep_early(db, &early, account, "2", START)).await;
    sent(provider::has_early(db, account, "2")).await;
    sent(provider::take_early(db, account, "2")).await;
    sent(provider::trim_early(db, START)).await;
}

async fn outgoing(db: &mut Db, ground: &Ground) {
    let account = ground.line.row.id;
    let row = outbox::OutboxRow {
        message: ground.message,
        account,
        conversation: ground.chat.id,
        position: 1,
        stage: outbox::Stage::Waiting,
        attempts: 0,
        due: START,
        fence: 0,
        progress: outbox::Progress::default(),
    };
    sent(outbox::insert(db, &row)).await;
    sent(outbox::due(db, START, 10)).await;
    sent(outbox::next_due(db, START)).await;
    sent(outbox::waiting(db)).await;
    sent(outbox::delay_account(db, account, START)).await;
    sent(outbox::hold_account(db, account, START)).await;
    sent(outbox::is_busy(db, START)).await;
    let taken = sent(outbox::take(db, &row, START)).await.expect("a row");
    sent(outbox::save(db, &taken)).await;
    sent(outbox::get(db, ground.message)).await;
    sent(outbox::orphans(db, START, 10)).await;
    sent(outbox::open_of(db, account)).await;
    sent(outbox::trim(db, START, 10)).await;
}

async fn blocked(db: &mut Db, ground: &Ground) {
    let blocked = Blocked {
        contact: ground.contact,
        channel: Channel::FacebookComments,
        name: "Brown Fox".to_owned(),
        ids: vec!["person 1".to_owned()],
        reason: String::new(),
        by: ground.demo.ana,
        at: START,
        dropped: 0,
    };
    sent(blacklist::insert(db, &blocked)).await;
    sent(blacklist::extend(db, ground.line.row.id, "person 2", ground.contact)).await;
    sent(blacklist::of(db, ground.contact)).await;
    sent(blacklist::is_anyone(db)).await;
    sent(blacklist::is_blocked(db, blocked.channel, "person 1")).await;
    sent(blacklist::dropped(db, blocked.channel, "person 1")).await;
    sent(blacklist::all(db)).await;
    sent(blacklist::remove(db, ground.contact)).await;
}

async fn accounts(db: &mut Db, ground: &Ground) {
    let line = &ground.line;
    let account = line.row.id;
    sent(channel_accounts::get(db, account)).await;
    sent(channel_accounts::lock(db, account)).await;
    sent(channel_accounts::by_key(db, &line.key)).await;
    sent(channel_accounts::by_external(db, line.row.channel, &line.external)).await;
    sent(channel_accounts::all(db)).await;
    sent(channel_accounts::save(db, line)).await;
    sent(channel_accounts::save_health(db, account, &line.health)).await;
    sent(templates::ask(db, account, START)).await;
    sent(templates::save(db, account, &Templates::default(), START)).await;
    sent(templates::refused(db, account, &TemplatesKnown::NotYet, START)).await;
    sent(templates::get(db, account)).await;
    sent(templates::next_due(db)).await;
    sent(templates::take(db, START, START)).await;
    sent(templates::forget(db, account)).await;
    sent(channel_accounts::remove(db, account, START)).await;
}
