//! The resulting conversations, for tests from outside.

use std::collections::HashMap;

use axum::extract::State;
use causerie_shared::{
    ids::{AccountId, ConversationId, MessageId},
    inbox::Channel,
    message::{Author, Delivery, Kind, Side, order},
};
use serde::Serialize;

use crate::{
    channels::{inbound_event::Class, meta::comments, telegram},
    http::{error::ApiError, json::Json},
    state::Shared,
    store::{
        channel_accounts::{self, ChannelAccount},
        conversations,
        messages::{self, MessageRecord},
        provider::{self, ProviderMessage},
        test_reset,
    },
};

#[derive(Serialize)]
pub(super) struct Chat {
    id: ConversationId,
    number: i64,
    channel: &'static str,
    account: String,
    contact: Person,
    comment_thread: Option<ThreadOf>,
    status: &'static str,
    messages: Vec<Line>,
}

#[derive(Serialize)]
struct Person {
    name: String,
    external_id: Option<String>,
    phone: Option<String>,
}

#[derive(Serialize)]
struct ThreadOf {
    post_id: String,
    comment_id: String,
}

#[derive(Serialize)]
struct Reacted {
    emoji: String,
    by: &'static str,
}

#[derive(Serialize)]
struct Line {
    id: MessageId,
    provider_id: Option<String>,
    direction: &'static str,
    /// The author in a group or under a post, when it is not the contact.
    author: Option<String>,
    kind: &'static str,
    text: String,
    attachments: Vec<String>,
    quoted: Option<String>,
    reactions: Vec<Reacted>,
    forwarded: bool,
    referral: Option<String>,
    edited: bool,
    deleted: bool,
    hidden: bool,
    state: Option<&'static str>,
    error: Option<String>,
}

/// `GET /test/conversations`: returns all conversations, oldest first, with their messages in display order.
pub(super) async fn list(State(app): State<Shared>) -> Result<Json<Vec<Chat>>, ApiError> {
    let mut db = app.store.read().await?;
    let accounts: HashMap<AccountId, ChannelAccount> = channel_accounts::all(&mut db)
        .await?
        .into_iter()
        .map(|account| (account.row.id, account))
        .collect();
    let mut chats = vec![];
    for head in test_reset::conversations(&mut db).await? {
        let Some(account) = accounts.get(&head.account) else {
            continue;
        };
        let thread = conversations::thread_of(&mut db, head.id).await?;
        let mut lines = vec![];
        let mut records = messages::newest(&mut db, head.id, i64::MAX).await?;
        order::place_late(&mut records, |record| Some(&record.row));
        for record in records {
            let bound = provider::of_message(&mut db, record.row.id).await?;
            let quoted = match (record.reply_to, bound.first().and_then(|bound| bound.quoted.clone())) {
                (_, Some(quoted)) => Some(quoted),
                (Some(answered), None) => provider::of_message(&mut db, answered)
                    .await?
                    .into_iter()
                    .next()
                    .map(|bound| bound.external),
                (None, None) => None,
            };
            let mut line = line(&record, &bound, quoted);
            line.provider_id = line.provider_id.map(|id| shown(head.channel, &id));
            line.quoted = line.quoted.map(|id| shown(head.channel, &id));
            lines.push(line);
        }
        let reply_address = conversations::reply_address(&mut db, head.id).await?;
        let post = match &head.post {
            Some(post) => test_reset::post(&mut db, post.id).await?,
            None => None,
        };
        chats.push(Chat {
            id: head.id,
            number: head.number,
            channel: head.channel.as_str(),
            account: account.external.clone(),
            contact: Person {
                name: head.contact_name.clone(),
                external_id: reply_address
                    .as_deref()
                    .filter(|person| !person.starts_with(comments::UNSEEN))
                    .map(|person| match head.channel {
                        Channel::Telegram => telegram::plain_chat(person).to_owned(),
                        Channel::Web
                        | Channel::Whatsapp
                        | Channel::Messenger
                        | Channel::Instagram
                        | Channel::FacebookComments
                        | Channel::InstagramComments => person.to_owned(),
                    }),
                phone: match reply_address {
                    // Of several numbers, this is the reply address.
                    Some(person) if head.channel == Channel::Whatsapp && test_reset::is_number(&person) => Some(person),
                    Some(_) | None => test_reset::phone(&mut db, head.contact).await?,
                },
            },
            comment_thread: thread.map(|comment_id| ThreadOf {
                post_id: post.unwrap_or_default(),
                comment_id,
            }),
            status: head.state.status().as_str(),
            messages: lines,
        });
    }
    Ok(Json(chats))
}

/// Returns a message's id as the provider writes it.
fn shown(channel: Channel, stored: &str) -> String {
    match channel {
        Channel::Telegram => telegram::plain_id(stored).to_owned(),
        Channel::Web
        | Channel::Whatsapp
        | Channel::Messenger
        | Channel::Instagram
        | Channel::FacebookComments
        | Channel::InstagramComments => stored.to_owned(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other states have the name that tests expect"
)]
fn line(record: &MessageRecord, bound: &[ProviderMessage], quoted: Option<String>) -> Line {
    let extra = record.row.extra.as_deref().cloned().unwrap_or_default();
    let direction = match (record.row.author, record.kind) {
        (_, Kind::Notice) => "system",
        (Author::Contact, _) => "in",
        (Author::Agent(_) | Author::Bot | Author::System | Author::Elsewhere, _) => "out",
    };
    let text = extra.edited.as_ref().map_or(record.body.as_str(), |(text, _)| text);
    let own = || record.row.files.iter().map(|file| class_of(&file.mime).to_owned());
    let attachments = if extra.media.is_empty() {
        own().collect()
    } else {
        // The story that the message answers is not part of the message.
        let own = extra.media.iter().filter(|(class, _)| class != Class::Story.as_str());
        own.map(|(class, _)| class.clone()).collect()
    };
    let state = match record.row.author {
        Author::Contact => None,
        Author::Agent(_) | Author::Bot | Author::System | Author::Elsewhere => Some(match record.row.delivery {
            // An unconfirmed message is neither sent nor failed yet.
            Delivery::Unconfirmed => "queued",
            other => other.as_str(),
        }),
    };
    Line {
        id: record.row.id,
        provider_id: bound.first().map(|bound| bound.external.clone()),
        direction,
        author: extra.author_name,
        kind: record.kind.as_str(),
        text: if extra.deleted { String::new() } else { text.to_owned() },
        attachments: if extra.deleted { vec![] } else { attachments },
        quoted,
        reactions: extra
            .reactions
            .iter()
            .map(|reaction| Reacted {
                emoji: reaction.emoji.clone(),
                by: match reaction.by {
                    Side::Contact => "contact",
                    Side::Us => "us",
                },
            })
            .collect(),
        forwarded: extra.forwarded,
        referral: extra.referral,
        edited: extra.edited.is_some(),
        deleted: extra.deleted,
        hidden: extra.hidden,
        state: state.filter(|_| direction == "out"),
        error: record.row.reason.clone(),
    }
}

fn class_of(mime: &str) -> &'static str {
    match mime.split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        Some(_) | None => "file",
    }
}
