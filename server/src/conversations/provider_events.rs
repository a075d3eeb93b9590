//! What providers report about stored messages and their contacts: delivery states, reactions, edits, deletions,
//! changed ids. Events that come before their message is stored wait for it.

pub mod match_echo;

use causerie_shared::{
    conversation::transition::{Actor, Event},
    ids::{AccountId, ContactId},
    message::{Delivery, Side},
};

use futures_util::future::BoxFuture;

use crate::{
    channels::{
        InboundEvent,
        inbound_event::{InboundEventKind, Person},
    },
    clock::sequence,
    conversations::{
        lifecycle,
        message_updates::{self, MessageUpdate},
        redact,
    },
    error::ServiceError,
    state::App,
    store::{
        StoreError,
        channel_accounts::{self, ChannelAccount},
        contacts,
        provider::{self, Early, ProviderMessage},
        retried, threads,
    },
};
use match_echo::bind_by_opaque;

/// An event that a provider reported, with its account.
pub struct Routed {
    pub account: ChannelAccount,
    pub element: InboundEvent,
    /// Id of the body that the event came in.
    pub event: String,
}

/// Applies a comment. `inbound`, which knows contacts, does it; `delivery` on the same floor reaches it by this type.
pub type ApplyComment = for<'a> fn(&'a App, &'a Routed) -> BoxFuture<'a, Result<(), ServiceError>>;

/// Applies an event about a message or a contact that is stored already. An event whose message is not stored yet is
/// kept until then. Other events change nothing here: they begin conversations or concern the account
/// ([`crate::inbound`]).
pub async fn apply(app: &App, routed: &Routed) -> Result<(), ServiceError> {
    let (account, element) = (&routed.account, &routed.element);
    match &element.what {
        InboundEventKind::Reaction {
            target,
            emoji,
            outgoing,
        } => {
            let by = if *outgoing { Side::Us } else { Side::Contact };
            let (emoji, at) = (emoji.clone(), element.at);
            on(app, routed, target, MessageUpdate::React { emoji, by, at }).await
        }
        InboundEventKind::Edit { target, text, number } => {
            let (text, number) = (text.clone(), *number);
            on(app, routed, target, MessageUpdate::Edit { text, number }).await
        }
        InboundEventKind::Delete { target } => {
            let bound = bound(app, routed, target).await?;
            match bound {
                Some(bound) if bound.outgoing => message_updates::update(app, &bound, MessageUpdate::Delete).await,
                // The contact's text and files are removed everywhere, not only marked as deleted.
                Some(bound) => redact::taken_back(app, bound.conversation, bound.message).await,
                None => early(app, routed, target).await,
            }
        }
        InboundEventKind::Hide { target, hidden } => {
            let (hidden, at) = (*hidden, element.at);
            on(app, routed, target, MessageUpdate::Hide { hidden, at }).await
        }
        InboundEventKind::Status {
            target,
            state,
            problem,
            opaque,
        } => {
            let reason = problem.as_ref().map(|problem| problem.words.clone());
            status(app, routed, target, *state, reason, opaque.as_deref()).await
        }
        InboundEventKind::Watermark { until, state } => {
            let Some(person) = &element.person else { return Ok(()) };
            let contact = known(app, account.row.id, person).await?;
            let Some(contact) = contact else { return Ok(()) };
            message_updates::deliver_until(app, account.row.id, contact, *until, *state).await
        }
        InboundEventKind::UpTo { target, state } => {
            let bound = bound(app, routed, target).await?;
            match bound {
                Some(bound) => message_updates::deliver_up_to(app, &bound, *state).await,
                None => early(app, routed, target).await,
            }
        }
        InboundEventKind::PersonChanged { ids, gone } => {
            let Some(person) = &element.person else { return Ok(()) };
            match known(app, account.row.id, person).await? {
                Some(contact) => message_updates::further_ids(app, account.row.id, contact, ids, gone).await,
                None => Ok(()),
            }
        }
        InboundEventKind::PostRemoved { post } => {
            let open = threads::open_under(&mut *app.store.read().await?, account.row.id, post).await?;
            for head in open {
                lifecycle::apply_system_event(app, head.id, Event::Leave, Actor::Contact).await?;
            }
            Ok(())
        }
        InboundEventKind::Message(_)
        | InboundEventKind::Notice(_)
        | InboundEventKind::Blocked(_)
        | InboundEventKind::AccountChanged(_)
        | InboundEventKind::Belongs(_)
        | InboundEventKind::TemplatesChanged(_)
        | InboundEventKind::Nothing(_) => Ok(()),
    }
}

/// Returns the contact who has one of a person's ids on the account.
pub async fn known(app: &App, account: AccountId, person: &Person) -> Result<Option<ContactId>, StoreError> {
    let mut db = app.store.read().await?;
    for id in person.ids() {
        if let Some(contact) = contacts::by_identity(&mut db, account, id).await? {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// Finds the message with a provider's id. Events about a private reply name the account for direct messages, while the
/// reply is bound on the paired account, in its comment's thread.
async fn bound(app: &App, routed: &Routed, target: &str) -> Result<Option<ProviderMessage>, StoreError> {
    let account = &routed.account;
    let mut db = app.store.read().await?;
    let here = provider::by_external(&mut db, account.row.id, target).await?;
    if here.is_some() {
        return Ok(here);
    }
    match channel_accounts::paired(&mut db, account).await? {
        Some(paired) => provider::by_external(&mut db, paired.row.id, target).await,
        None => Ok(None),
    }
}

/// Applies an update to the message with a provider's id, or keeps the event until that message is stored.
async fn on(app: &App, routed: &Routed, target: &str, mark: MessageUpdate) -> Result<(), ServiceError> {
    let bound = bound(app, routed, target).await?;
    match bound {
        Some(bound) => message_updates::update(app, &bound, mark).await,
        None => early(app, routed, target).await,
    }
}

/// Keeps an event until its message is stored. Returns `false` if the message was stored meanwhile: the caller applies
/// the event again.
pub async fn keep_until_stored(app: &App, routed: &Routed, target: &str) -> Result<bool, ServiceError> {
    let now = app.clock.now();
    let early = Early {
        id: sequence(now),
        element: serde_json::to_string(&routed.element).map_err(|_| StoreError::Damaged("element"))?,
    };
    // In an ordered transaction: a message that is stored meanwhile is found here, or looks for pending events after
    // this commit.
    let mut tx = app.store.begin_ordered().await?;
    let bound = provider::by_external(&mut tx, routed.account.row.id, target).await?;
    if bound.is_some() {
        return Ok(false);
    }
    provider::keep_early(&mut tx, &early, routed.account.row.id, target, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Keeps an event until its message is stored, or applies it if the message was stored meanwhile.
async fn early(app: &App, routed: &Routed, target: &str) -> Result<(), ServiceError> {
    if keep_until_stored(app, routed, target).await? {
        return Ok(());
    }
    Box::pin(apply(app, routed)).await
}

/// Applies the pending events of a message that is stored now.
pub async fn apply_pending(app: &App, account: &ChannelAccount, external: &str) -> Result<(), ServiceError> {
    // Usually nothing is pending, and this check needs no ordered transaction: an event that comes from now on finds
    // the message.
    if !provider::has_early(&mut *app.store.read().await?, account.row.id, external).await? {
        return Ok(());
    }
    let kept = retried(async || {
        let mut tx = app.store.begin().await?;
        let kept = provider::take_early(&mut tx, account.row.id, external).await?;
        tx.commit().await?;
        Ok(kept)
    })
    .await?;
    for early in kept {
        if let Ok(element) = serde_json::from_str(&early.element) {
            let routed = Routed {
                account: account.clone(),
                element,
                event: String::new(),
            };
            if matches!(routed.element.what, InboundEventKind::Message(_)) {
                // A comment in a thread whose first comment came late.
                (app.apply_comment)(app, &routed).await?;
            } else {
                Box::pin(apply(app, &routed)).await?;
            }
        }
    }
    Ok(())
}

async fn status(
    app: &App,
    routed: &Routed,
    target: &str,
    state: Delivery,
    reason: Option<String>,
    opaque: Option<&str>,
) -> Result<(), ServiceError> {
    let account = routed.account.row.id;
    let bound = bound(app, routed, target).await?;
    let bound = match bound {
        Some(bound) => Some(bound),
        None => bind_by_opaque(app, account, target, opaque).await?,
    };
    match bound {
        Some(bound) if bound.outgoing => message_updates::deliver(app, &bound, state, reason).await,
        Some(_) => Ok(()),
        None => early(app, routed, target).await,
    }
}
