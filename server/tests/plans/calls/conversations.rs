//! Conversations with their messages, documents and timers, and the lists of them.

use std::slice;

use causerie_server::{
    access,
    clock::random_u128,
    store::{
        Db, OrderedTx, conversation_events, conversations,
        documents::{self, StoredActor, StoredPush},
        feed, files, folder_counts, messages, offer_rounds, timers, users, windows,
    },
};
use causerie_shared::{
    access::Access,
    conversation::transition::Actor,
    document::DocumentId,
    gate::KnownActor,
    ids::{FileId, IntentId, PostId},
    inbox::Channel,
    message::{Author, Delivery, Extra},
    row::JourneyRow,
    timer::TimerKind,
    user::Role,
    window::{Filter, Folder, List, Sort},
};

use super::{Ground, message, sent, timer};
use crate::common::START;

pub async fn every(tx: &mut OrderedTx, ground: &Ground) {
    sent(feed::next_number(tx, "conversation")).await;
    sent(conversations::ruled(tx, ground.chat.id)).await;
    chats(tx, ground).await;
    words(tx, ground).await;
    marks(tx, ground).await;
    history(tx, ground).await;
    kept(tx, ground).await;
    uploads(tx, ground).await;
    clocks(tx, ground).await;
}

async fn chats(db: &mut Db, ground: &Ground) {
    let (head, contact) = (&ground.chat, ground.contact);
    let (inbox, account, user) = (head.inbox, head.account, ground.demo.ana);
    sent(conversations::lock(db, head.id)).await;
    sent(conversations::save(db, head, head.version)).await;
    sent(conversations::get(db, head.id)).await;
    sent(conversations::waiting(db, inbox, None, 10)).await;
    sent(conversations::waiting(db, inbox, Some((0, head.id)), 10)).await;
    sent(conversations::assigned(db, inbox)).await;
    sent(conversations::in_line(db, inbox, 10)).await;
    sent(conversations::asking(db, user)).await;
    sent(conversations::of_user(db, user)).await;
    sent(conversations::open_thread(db, account, "top")).await;
    sent(conversations::of_thread(db, account, "top")).await;
    sent(conversations::thread_of(db, head.id)).await;
    sent(conversations::set_thread(db, head.id, "top")).await;
    sent(conversations::open_on(db, contact, account)).await;
    sent(conversations::open_at(db, account)).await;
    sent(conversations::newest_on(db, contact, account)).await;
    sent(conversations::reply_address(db, head.id)).await;
    sent(conversations::set_reply_address(db, head.id, "person")).await;
    sent(conversations::open_of(db, contact)).await;
    sent(conversations::of_contact(db, contact, 10)).await;
    sent(conversations::ahead_of(db, head)).await;
    sent(conversations::adrift(db)).await;
    sent(folder_counts::all(db)).await;
    sent(offer_rounds::of(db, &[head.id, ground.ended.id])).await;
    sent(offer_rounds::overflowed(db, head.id)).await;
    sent(offer_rounds::set_overflowed(db, head.id, &[])).await;
    sent(offer_rounds::add(db, head.id, user)).await;
    sent(offer_rounds::begin(db, head.id)).await;
}

async fn words(db: &mut Db, ground: &Ground) {
    let (chat, contact) = (&ground.chat, ground.contact);
    let mut theirs = message(chat, Author::Contact, 2);
    theirs.contact = Some(contact);
    theirs.cid = Some("1".to_owned());
    sent(messages::insert(db, &theirs)).await;
    sent(messages::after(db, chat.id, 0)).await;
    sent(messages::of_segment(db, chat.id, 1)).await;
    sent(messages::first_of_segment(db, chat.id, 1)).await;
    sent(messages::get(db, chat.id, ground.message)).await;
    sent(messages::newest(db, chat.id, 5)).await;
    sent(messages::by_cid(db, contact, "1")).await;
    sent(messages::at_provider(db, chat.id)).await;
    sent(messages::has_written(db, contact)).await;
    sent(messages::lags(db, chat.id, 9)).await;
    sent(messages::incoming_after(db, chat.id, 0)).await;
    sent(messages::words(db, chat.id)).await;
    sent(messages::redact(db, chat.id, Some(theirs.row.id), None, START, 2)).await;
}

async fn marks(db: &mut Db, ground: &Ground) {
    let (chat, id) = (ground.chat.id, ground.message);
    for delivery in [
        Delivery::Queued,
        Delivery::Unconfirmed,
        Delivery::Failed,
        Delivery::Sent,
        Delivery::Delivered,
        Delivery::Read,
    ] {
        sent(messages::would_move(db, id, delivery)).await;
        sent(messages::deliver(db, id, delivery, None, 2)).await;
        sent(messages::advance(db, chat, 9, delivery, 2)).await;
    }
    sent(messages::set_extra(db, id, &Extra::default(), 2)).await;
    sent(messages::went_after_all(db, id, 2)).await;
}

async fn history(db: &mut Db, ground: &Ground) {
    let chat = &ground.chat;
    let row = JourneyRow {
        conversation: chat.id,
        version: 9,
        at: START,
        actor: Actor::System,
        cause: "begin".to_owned(),
        user: None,
        state: chat.state.clone(),
        position: 1,
        seq: 1,
    };
    sent(conversation_events::insert(db, &row)).await;
    sent(conversation_events::after(db, chat.id, 0)).await;
    sent(conversation_events::at(db, chat.id, 9)).await;
    sent(conversation_events::reminded_since(db, chat.id, 0)).await;
    sent(conversation_events::was_asked(db, chat.id, ground.demo.ana)).await;
}

async fn kept(db: &mut Db, ground: &Ground) {
    let document = DocumentId::Timeline(ground.chat.id, 1);
    let push = StoredPush {
        seq: 1,
        intent: IntentId::new(START, random_u128()),
        changes: vec![],
    };
    let actor = StoredActor {
        actor: automerge::ActorId::random(),
        known: KnownActor {
            bound_to: None,
            seq: 1,
            max_op: 1,
        },
    };
    sent(documents::ensure(db, document)).await;
    sent(documents::stand(db, slice::from_ref(&document))).await;
    sent(documents::place(db, document)).await;
    sent(documents::advance(db, document, 1, 0, 10)).await;
    sent(documents::insert_push(db, document, 1, &push)).await;
    sent(documents::pushes_after(db, document, 1, 0)).await;
    sent(documents::past_of(db, document, push.intent)).await;
    sent(documents::save_actor(db, document, 1, &actor)).await;
    sent(documents::actors(db, document, 1)).await;
    sent(documents::save_snapshot(db, document, 1, 1, vec![])).await;
    sent(documents::begin_epoch(db, document, (1, 1), 1, 10)).await;
    sent(documents::seal(db, document)).await;
    sent(documents::quarantine(db, document)).await;
}

async fn uploads(db: &mut Db, ground: &Ground) {
    let file = files::FileRecord {
        id: FileId::new(START, random_u128()),
        name: "lamp.png".to_owned(),
        mime: "image/png".to_owned(),
        size: 1,
        user: None,
        contact: Some(ground.contact),
        conversation: None,
        internal: false,
        created_at: START,
    };
    sent(files::insert_file(db, &file)).await;
    sent(files::file(db, file.id)).await;
    sent(files::attach(db, file.id, ground.chat.id, false)).await;
    sent(files::of(db, Some(ground.chat.id), Some(ground.contact))).await;
    sent(files::remove(db, &[file.id], START)).await;
    sent(files::removed(db)).await;
    sent(files::erase(db, file.id)).await;
}

async fn clocks(db: &mut Db, ground: &Ground) {
    let subject = ground.chat.id.to_string();
    let set = timer(TimerKind::Queue, subject.clone());
    sent(timers::set_if_none(db, &set)).await;
    sent(timers::due_of(db, TimerKind::Queue, &subject)).await;
    sent(timers::due(db, START, 10)).await;
    sent(timers::claim(db, ground.engine, 7, START, 10)).await;
    sent(timers::next_due(db, ground.engine, 7)).await;
    sent(timers::take(db, &set)).await;
    sent(timers::cancel(db, TimerKind::Queue, &subject)).await;
    sent(timers::cancel_all(db, &subject)).await;
}

/// Reads every folder in every order and with every filter, for a member and for a supervisor.
pub async fn windows(db: &mut Db, ground: &Ground) {
    let user = sent(users::user(db, ground.demo.ana)).await.expect("Ana");
    let few = sent(access::of(db, &user)).await;
    let owner = Access {
        role: Role::Owner,
        ..few.clone()
    };
    sent(windows::counts(db, &few)).await;
    let filters = [
        Filter::default(),
        Filter {
            inbox: Some(ground.demo.orders.row.inbox),
            ..Filter::default()
        },
        Filter {
            channel: Some(Channel::Web),
            account: Some(ground.demo.orders.row.id),
            ..Filter::default()
        },
        Filter {
            post: Some(PostId::from_u128(1)),
            unread: true,
            overdue: true,
            social: true,
            ..Filter::default()
        },
    ];
    for (access, folder) in [&few, &owner]
        .into_iter()
        .flat_map(|access| Folder::ALL.map(|folder| (access, folder)))
    {
        for sort in [Sort::Folder, Sort::Newest, Sort::Oldest] {
            for filter in filters {
                let list = List { folder, filter, sort };
                sent(windows::window(db, access, &list, 0, 50, START)).await;
            }
        }
    }
}
