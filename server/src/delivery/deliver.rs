//! Sends one message to its provider, part by part.

use causerie_shared::{
    Millis,
    api::channels::Template,
    message::{Delivery, Kind, PRIVATE_MS},
    row::ConversationRow,
};

use super::{
    save,
    settle::{give_up, settle},
};
use crate::{
    channels::{
        Adapter, Credentials, Outcome, SendRequest,
        capabilities::Open,
        client,
        inbound_event::Problem,
        parts::{self, MessagePart},
        step::Content,
    },
    conversations::{
        message_updates,
        provider_events::{self, match_echo::bound},
    },
    error::ServiceError,
    state::App,
    store::{
        StoreError,
        channel_accounts::{self, ChannelAccount},
        contacts, conversations,
        messages::{self, MessageRecord},
        outbox::{self, OutboxRow, Stage},
        provider::{self, ProviderMessage},
        templates, threads,
    },
    unit_of_work::UnitOfWork,
};

/// The context in which the parts of a message are sent.
struct DeliveryContext<'a> {
    account: &'a ChannelAccount,
    adapter: &'static dyn Adapter,
    credentials: Credentials,
    head: ConversationRow,
    record: MessageRecord,
    to: String,
    thread: Option<String>,
    /// When the comment thread began.
    begun: Millis,
    quoted: Option<String>,
    /// The templates of the account, if the message is a template.
    templates: Vec<Template>,
}

/// Sends the parts of a message that the provider does not have yet. Returns until when nothing of the account is sent,
/// if the provider asks for a pause.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other outcomes and kinds are treated alike"
)]
pub async fn deliver(
    app: &App,
    account: &ChannelAccount,
    adapter: &'static dyn Adapter,
    mut row: OutboxRow,
) -> Result<Option<Millis>, ServiceError> {
    let way = match way(app, account, adapter, &row).await? {
        Ok(way) => way,
        Err(words) => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(words)).await?;
            return Ok(None);
        }
    };
    let capabilities = parts::capabilities(account.row.channel, way.is_private()).unwrap_or(adapter.capabilities());
    let pieces = match parts::split(capabilities, &way.record) {
        Ok(pieces) if way.is_private() && pieces.len() > 1 => Err(parts::too_long_for_one(capabilities)),
        other => other,
    };
    let pieces = match pieces {
        Ok(pieces) => pieces,
        Err(words) => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(words)).await?;
            return Ok(None);
        }
    };
    let mut left = pieces.len().saturating_sub(row.progress.sent as usize);
    if left == 0 {
        // The server stopped after the provider's last answer and before that was stored.
        let mut unit = UnitOfWork::begin(app).await?;
        all_sent(&mut unit, &mut row).await?;
        unit.commit(app).await?;
    }
    for (at, piece) in pieces.iter().enumerate().skip(row.progress.sent as usize) {
        row.progress.begun = true;
        if !save(app, &row).await? {
            return Ok(None);
        }
        let outcome = send(app, &way, piece, at).await;
        match outcome {
            Outcome::Accepted { id, person } => {
                row.progress.sent += 1;
                row.progress.begun = false;
                left -= 1;
                accepted(app, &way, &mut row, left == 0, id, person).await?;
            }
            other => return settle(app, account, row, other).await,
        }
    }
    Ok(None)
}

/// Records that the provider has every part.
async fn all_sent(unit: &mut UnitOfWork, row: &mut OutboxRow) -> Result<(), ServiceError> {
    let message = (row.conversation, row.message);
    message_updates::deliver_in(&mut unit.tx, message, Delivery::Sent, None, &mut unit.events).await?;
    row.stage = Stage::Settled;
    outbox::save(&mut unit.tx, row).await?;
    Ok(())
}

impl DeliveryContext<'_> {
    /// Whether only the author of the comment sees the message.
    fn is_private(&self) -> bool {
        self.record.row.extra.as_ref().is_some_and(|extra| extra.private)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other outcomes and kinds are treated alike"
)]
async fn way<'a>(
    app: &App,
    account: &'a ChannelAccount,
    adapter: &'static dyn Adapter,
    row: &OutboxRow,
) -> Result<Result<DeliveryContext<'a>, String>, StoreError> {
    let gone = || Ok(Err("The conversation no longer exists.".to_owned()));
    let Some(credentials) = crate::accounts::credentials(app, account) else {
        return Ok(Err("The account's secrets cannot be read; connect it again.".to_owned()));
    };
    let mut db = app.store.read().await?;
    let Some(head) = conversations::get(&mut db, row.conversation).await? else {
        return gone();
    };
    let Some(record) = messages::get(&mut db, row.conversation, row.message).await? else {
        return gone();
    };
    let Some(to) = conversations::reply_address(&mut db, row.conversation).await? else {
        return gone();
    };
    let thread = conversations::thread_of(&mut db, row.conversation).await?;
    let begun = match &thread {
        Some(top) => threads::private_reply(&mut db, row.account, top).await?.1,
        None => None,
    };
    let quoted = match record.reply_to {
        Some(quoted) => provider::of_message(&mut db, quoted).await?.into_iter().next(),
        None => None,
    };
    let templates = match record.kind {
        Kind::Template => templates::get(&mut db, account.row.id).await?.list,
        _ => vec![],
    };
    Ok(Ok(DeliveryContext {
        account,
        adapter,
        credentials,
        begun: begun.unwrap_or(head.created_at),
        head,
        record,
        to,
        thread,
        quoted: quoted.map(|quoted| quoted.external),
        templates,
    }))
}

/// Sends one part, with as many calls as it takes.
async fn send(app: &App, way: &DeliveryContext<'_>, piece: &MessagePart, at: usize) -> Outcome {
    let now = app.clock.now();
    let open = match (way.adapter.capabilities().window, way.head.window) {
        (Some(window), Some(closes)) if way.record.kind != Kind::Template => {
            window.stands(closes, way.credentials.human_agent, now)
        }
        (Some(_) | None, _) => Open::Freely,
    };
    if open == Open::Not {
        return Outcome::WindowClosed(Problem {
            code: "window".to_owned(),
            words: "The time in which the channel allows free answers is over.".to_owned(),
        });
    }
    let private = way.is_private();
    if private && now > way.begun + PRIVATE_MS {
        return Outcome::WindowClosed(Problem {
            code: "private".to_owned(),
            words: "A comment can be answered privately for 7 days.".to_owned(),
        });
    }
    let opaque = way.record.row.id.to_string();
    let url = piece.public_url(app);
    let outgoing = SendRequest {
        to: &way.to,
        content: match piece {
            MessagePart::Text(text) => Content::Text(text),
            MessagePart::Template(used) => Content::Template {
                used,
                template: way.templates.iter().find(|template| template.is_of(used)),
            },
            MessagePart::File { caption, .. } => Content::File {
                file: match piece.file(app, &url).await {
                    Ok(file) => file,
                    Err(words) => {
                        return Outcome::Final(Problem {
                            code: "file".to_owned(),
                            words,
                        });
                    }
                },
                caption,
            },
        },
        quoted: way.quoted.as_deref().filter(|_| at == 0),
        opaque: &opaque,
        human_agent: open == Open::AsHumanAgent,
        comment: way.thread.as_deref(),
        private,
    };
    client::send(app, way.adapter, &way.credentials, &outgoing).await
}

/// Records that the provider has a part: binds its id, advances the row (to its end with the last part), and applies
/// the pending provider events of the part.
async fn accepted(
    app: &App,
    way: &DeliveryContext<'_>,
    row: &mut OutboxRow,
    is_last: bool,
    id: Option<String>,
    person: Option<String>,
) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    if let Some(id) = &id {
        let bound = ProviderMessage {
            quoted: way.quoted.clone(),
            at: app.clock.now(),
            ..bound(row, id.clone())
        };
        provider::bind(&mut unit.tx, &bound).await?;
    }
    let private = way.is_private();
    if let Some(person) = person.filter(|person| private || *person != way.to) {
        let mut of = Some(row.account);
        if private {
            threads::set_private_to(&mut unit.tx, row.conversation, &person).await?;
            // The recipient's answers come in on the paired account under this id: the same contact.
            of = channel_accounts::paired(&mut unit.tx, way.account)
                .await?
                .map(|account| account.row.id);
        }
        if let Some(of) = of {
            contacts::add_identity(&mut unit.tx, of, &person, way.head.contact).await?;
        }
    }
    if is_last {
        all_sent(&mut unit, row).await?;
    } else {
        outbox::save(&mut unit.tx, row).await?;
    }
    unit.commit(app).await?;
    match id {
        Some(id) => provider_events::apply_pending(app, way.account, &id).await,
        None => Ok(()),
    }
}
