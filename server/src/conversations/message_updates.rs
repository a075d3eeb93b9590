//! Later changes of a message on its channel: reactions, edits, deletion, delivery.

use causerie_shared::{
    Millis,
    ids::{AccountId, ContactId, ConversationId, MessageId},
    message::{Delivery, Extra, Reaction, Side},
};

use super::{append_message, row};
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    state::App,
    store::{
        OrderedTx, contacts, conversations, messages,
        provider::{self, ProviderMessage},
    },
    unit_of_work::UnitOfWork,
};

/// A later change of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageUpdate {
    /// A reaction; `None` removes it. The latest one counts.
    React {
        emoji: Option<String>,
        by: Side,
        at: Option<Millis>,
    },
    /// An edit. The one with the highest number counts.
    Edit {
        text: String,
        number: i64,
    },
    Delete,
    /// Hiding a comment or showing it again. The latest one counts.
    Hide {
        hidden: bool,
        at: Option<Millis>,
    },
}

impl MessageUpdate {
    /// Returns which part of a message changes and when the change was made: an older change that arrives later has no
    /// effect.
    fn said(&self) -> Option<(&'static str, Millis)> {
        match self {
            Self::React {
                by: Side::Contact, at, ..
            } => at.map(|at| ("contact", at)),
            Self::React { by: Side::Us, at, .. } => at.map(|at| ("us", at)),
            Self::Hide { at, .. } => at.map(|at| ("hidden", at)),
            Self::Edit { .. } | Self::Delete => None,
        }
    }

    /// Applies the change; `false` when nothing changed.
    fn apply(self, extra: &mut Extra) -> bool {
        let before = extra.clone();
        match self {
            Self::React { emoji, by, .. } => {
                extra.reactions.retain(|reaction| reaction.by != by);
                extra.reactions.extend(emoji.map(|emoji| Reaction { emoji, by }));
            }
            Self::Edit { text, number } => {
                if extra.edited.as_ref().is_none_or(|(_, known)| number >= *known) {
                    extra.edited = Some((text, number));
                }
            }
            Self::Delete => extra.deleted = true,
            Self::Hide { hidden, .. } => extra.hidden = hidden,
        }
        *extra != before
    }
}

/// Applies a change to a message. Applying it again changes nothing.
pub async fn update(app: &App, bound: &ProviderMessage, update: MessageUpdate) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let Some(mut head) = conversations::lock(&mut unit.tx, bound.conversation).await? else {
        return Ok(());
    };
    let Some(record) = messages::get(&mut unit.tx, bound.conversation, bound.message).await? else {
        return Ok(());
    };
    let mut extra = record.row.extra.map(|extra| *extra).unwrap_or_default();
    let said = update.said();
    if record.row.redacted_at.is_some() {
        return Ok(());
    }
    if let Some((what, at)) = said
        && !provider::is_latest(&mut unit.tx, bound.message, what, at).await?
    {
        return Ok(());
    }
    if !update.apply(&mut extra) {
        // Keep the time of the change even when it has no effect.
        unit.commit(app).await?;
        return Ok(());
    }
    // The list must not show text of the newest message that was edited or deleted.
    if record.row.position == head.position
        && let Some(preview) = &mut head.preview
    {
        append_message::show_again(preview, &extra);
    }
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    if let Some(record) = messages::set_extra(&mut unit.tx, bound.message, &extra, head.seq).await? {
        unit.events.message(record);
    }
    unit.commit(app).await?;
    Ok(())
}

/// Advances the delivery state of an outgoing message. A state never moves back.
pub async fn deliver(
    app: &App,
    bound: &ProviderMessage,
    delivery: Delivery,
    reason: Option<String>,
) -> Result<(), ServiceError> {
    // Many reports bring nothing new, so check before waiting for the write lock.
    if !messages::would_move(&mut *app.store.read().await?, bound.message, delivery).await? {
        return Ok(());
    }
    let mut unit = UnitOfWork::begin(app).await?;
    let id = (bound.conversation, bound.message);
    deliver_in(&mut unit.tx, id, delivery, reason, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(())
}

/// Like [`deliver`], in the caller's transaction. Writes nothing when the state does not advance.
pub async fn deliver_in(
    tx: &mut OrderedTx,
    (conversation, message): (ConversationId, MessageId),
    delivery: Delivery,
    reason: Option<String>,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    if !messages::would_move(tx, message, delivery).await? {
        return Ok(());
    }
    let Some(mut head) = conversations::lock(tx, conversation).await? else {
        return Ok(());
    };
    row::save(tx, &mut head, events).await?;
    if let Some(record) = messages::deliver(tx, message, delivery, reason, head.seq).await? {
        events.message(record);
    }
    Ok(())
}

/// Records that an unconfirmed message reached the provider, even if its agent gave it up.
pub async fn went_after_all(app: &App, bound: &ProviderMessage) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let Some(mut head) = conversations::lock(&mut unit.tx, bound.conversation).await? else {
        return Ok(());
    };
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    let Some(record) = messages::went_after_all(&mut unit.tx, bound.message, head.seq).await? else {
        return Ok(());
    };
    unit.events.message(record);
    unit.commit(app).await?;
    Ok(())
}

/// Advances the delivery state of everything that was sent to a contact on an account up to `until`.
pub async fn deliver_until(
    app: &App,
    account: AccountId,
    contact: ContactId,
    until: Millis,
    delivery: Delivery,
) -> Result<(), ServiceError> {
    let mut db = app.store.read().await?;
    let Some(chat) = conversations::newest_on(&mut db, contact, account).await? else {
        return Ok(());
    };
    let sent = messages::at_provider(&mut db, chat.id).await?;
    drop(db);
    let reached = sent.iter().filter(|sent| sent.at <= until);
    advance(app, chat.id, reached, delivery).await
}

/// Advances the delivery state of an outgoing message and of all that were sent before it in its chat.
pub async fn deliver_up_to(app: &App, bound: &ProviderMessage, delivery: Delivery) -> Result<(), ServiceError> {
    let mut db = app.store.read().await?;
    let Some(last) = messages::get(&mut db, bound.conversation, bound.message).await? else {
        return Ok(());
    };
    let sent = messages::at_provider(&mut db, bound.conversation).await?;
    drop(db);
    let reached = sent.iter().filter(|sent| sent.position <= last.row.position);
    advance(app, bound.conversation, reached, delivery).await
}

async fn advance(
    app: &App,
    conversation: ConversationId,
    reached: impl Iterator<Item = &messages::AtProvider>,
    delivery: Delivery,
) -> Result<(), ServiceError> {
    let lagging: Vec<_> = reached
        .filter(|sent| sent.delivery < delivery)
        .map(|sent| sent.id)
        .collect();
    if lagging.is_empty() {
        return Ok(());
    }
    let mut unit = UnitOfWork::begin(app).await?;
    let Some(mut head) = conversations::lock(&mut unit.tx, conversation).await? else {
        return Ok(());
    };
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    for message in lagging {
        if let Some(record) = messages::deliver(&mut unit.tx, message, delivery, None, head.seq).await? {
            unit.events.message(record);
        }
    }
    unit.commit(app).await?;
    Ok(())
}

/// Adds ids of a contact on an account; an id of another contact stays unchanged. If the open chat's reply address is
/// in `gone`, it becomes the first of `ids`.
pub async fn further_ids(
    app: &App,
    account: AccountId,
    contact: ContactId,
    ids: &[String],
    gone: &[String],
) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    for id in ids {
        contacts::add_identity(&mut tx, account, id, contact).await?;
    }
    if let (Some(new), Some(chat)) = (ids.first(), conversations::open_on(&mut tx, contact, account).await?)
        && let Some(to) = conversations::reply_address(&mut tx, chat.id).await?
        && gone.contains(&to)
    {
        conversations::set_reply_address(&mut tx, chat.id, new).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn react(emoji: Option<&str>, by: Side) -> MessageUpdate {
        MessageUpdate::React {
            emoji: emoji.map(str::to_owned),
            by,
            at: None,
        }
    }

    #[test]
    fn a_side_has_one_reaction_and_can_take_it_back() {
        let mut extra = Extra::default();
        assert!(react(Some("👍"), Side::Contact).apply(&mut extra));
        assert!(!react(Some("👍"), Side::Contact).apply(&mut extra), "twice is once");
        assert!(react(Some("❤️"), Side::Us).apply(&mut extra));
        assert!(react(Some("😮"), Side::Contact).apply(&mut extra));
        assert_eq!(extra.reactions.len(), 2);
        assert!(react(None, Side::Contact).apply(&mut extra));
        assert_eq!(extra.reactions.len(), 1);
    }

    #[test]
    fn of_several_edits_the_last_one_counts_in_whatever_order_they_come() {
        let edit = |text: &str, number| MessageUpdate::Edit {
            text: text.to_owned(),
            number,
        };
        let mut extra = Extra::default();
        assert!(edit("second", 2).apply(&mut extra));
        assert!(!edit("first", 1).apply(&mut extra));
        assert_eq!(extra.edited, Some(("second".to_owned(), 2)));
    }
}
