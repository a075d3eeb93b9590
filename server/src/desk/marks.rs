//! What happens to a message on its channel after it was written: reactions, edits, deletion, delivery.

use causerie_shared::{
    Millis,
    ids::{AccountId, ContactId},
    message::{Delivery, Extra, Reaction, Side},
};

use super::{DeskError, change, seen::touch};
use crate::{
    state::App,
    store::{
        contacts, conversations,
        messages::{self, Reacted},
        provider::ProviderMessage,
    },
    sync::News,
};

/// A change of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// `None`: taken back.
    React {
        emoji: Option<String>,
        by: Side,
        /// Of several reactions of a side the last one counts; `None`: the one that comes last.
        at: Option<Millis>,
    },
    /// Of several edits the one with the highest number counts.
    Edit {
        text: String,
        number: i64,
    },
    Delete,
    Hide(bool),
}

impl Mark {
    /// Writes itself; `false` when nothing changed.
    fn apply(self, extra: &mut Extra, reacted: &mut Reacted) -> bool {
        let before = extra.clone();
        match self {
            Self::React { emoji, by, at } => {
                let known = match by {
                    Side::Contact => &mut reacted.contact,
                    Side::Us => &mut reacted.us,
                };
                if at.zip(*known).is_some_and(|(at, known)| at < known) {
                    return false;
                }
                *known = at.or(*known);
                extra.reactions.retain(|reaction| reaction.by != by);
                extra.reactions.extend(emoji.map(|emoji| Reaction { emoji, by }));
            }
            Self::Edit { text, number } => {
                if extra.edited.as_ref().is_none_or(|(_, known)| number >= *known) {
                    extra.edited = Some((text, number));
                }
            }
            Self::Delete => extra.deleted = true,
            Self::Hide(hidden) => extra.hidden = hidden,
        }
        *extra != before
    }
}

/// Marks a message. A second time changes nothing.
pub async fn mark(app: &App, bound: &ProviderMessage, mark: Mark) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    let Some(mut head) = conversations::lock(&mut tx, bound.conversation).await? else {
        return Ok(());
    };
    let Some(record) = messages::get(&mut tx, bound.conversation, bound.message).await? else {
        return Ok(());
    };
    let mut extra = record.row.extra.map(|extra| *extra).unwrap_or_default();
    let before = messages::reacted(&mut tx, bound.message).await?;
    let mut reacted = before;
    let changed = mark.apply(&mut extra, &mut reacted);
    if record.row.redacted_at.is_some() || !(changed || reacted != before) {
        return Ok(());
    }
    if reacted != before {
        messages::set_reacted(&mut tx, bound.message, reacted).await?;
    }
    if !changed {
        return Ok(tx.commit().await?);
    }
    let mut news = News::default();
    touch(&mut tx, &mut head, &mut news).await?;
    if let Some(record) = messages::set_extra(&mut tx, bound.message, &extra, head.seq).await? {
        news.message(record);
    }
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}

/// A message of the company's came so far. States only move forward.
pub async fn deliver(
    app: &App,
    bound: &ProviderMessage,
    delivery: Delivery,
    reason: Option<String>,
) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    let Some(mut head) = conversations::lock(&mut tx, bound.conversation).await? else {
        return Ok(());
    };
    let mut news = News::default();
    touch(&mut tx, &mut head, &mut news).await?;
    let Some(record) = messages::deliver(&mut tx, bound.message, delivery, reason, head.seq).await? else {
        return Ok(());
    };
    news.message(record);
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}

/// A message of which nobody knew whether it went did go, even if a person gave it up.
pub async fn went_after_all(app: &App, bound: &ProviderMessage) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    let Some(mut head) = conversations::lock(&mut tx, bound.conversation).await? else {
        return Ok(());
    };
    let mut news = News::default();
    touch(&mut tx, &mut head, &mut news).await?;
    let Some(record) = messages::went_after_all(&mut tx, bound.message, head.seq).await? else {
        return Ok(());
    };
    news.message(record);
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}

/// Everything that was sent to a contact on an account up to a time came so far.
pub async fn deliver_until(
    app: &App,
    account: AccountId,
    contact: ContactId,
    until: Millis,
    delivery: Delivery,
) -> Result<(), DeskError> {
    let chat = {
        let mut db = app.store.read().await?;
        conversations::newest_on(&mut db, contact, account).await?
    };
    let Some(chat) = chat else { return Ok(()) };
    let position = messages::outgoing_until(&mut *app.store.read().await?, chat.id, until).await?;
    super::seen::by_visitor(app, chat.id, position, delivery).await
}

/// A contact has further ids on an account from now on; one that belongs to somebody else stays theirs. Answers that
/// would go to one of `gone` go to the first of `ids`.
pub async fn further_ids(
    app: &App,
    account: AccountId,
    contact: ContactId,
    ids: &[String],
    gone: &[String],
) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    for id in ids {
        contacts::add_identity(&mut tx, account, id, contact).await?;
    }
    if let (Some(new), Some(chat)) = (ids.first(), conversations::open_on(&mut tx, contact, account).await?)
        && let Some(to) = conversations::answers_to(&mut tx, chat.id).await?
        && gone.contains(&to)
    {
        conversations::set_answers_to(&mut tx, chat.id, new).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn react(emoji: Option<&str>, by: Side, at: Option<Millis>) -> Mark {
        Mark::React {
            emoji: emoji.map(str::to_owned),
            by,
            at,
        }
    }

    #[test]
    fn a_side_has_one_reaction_and_can_take_it_back() {
        let (mut extra, mut reacted) = <(Extra, Reacted)>::default();
        assert!(react(Some("👍"), Side::Contact, None).apply(&mut extra, &mut reacted));
        assert!(
            !react(Some("👍"), Side::Contact, None).apply(&mut extra, &mut reacted),
            "twice is once"
        );
        assert!(react(Some("❤️"), Side::Us, None).apply(&mut extra, &mut reacted));
        assert!(react(Some("😮"), Side::Contact, None).apply(&mut extra, &mut reacted));
        assert_eq!(extra.reactions.len(), 2);
        assert!(react(None, Side::Contact, None).apply(&mut extra, &mut reacted));
        assert_eq!(extra.reactions.len(), 1);
    }

    #[test]
    fn of_several_edits_the_last_one_counts_in_whatever_order_they_come() {
        let edit = |text: &str, number| Mark::Edit {
            text: text.to_owned(),
            number,
        };
        let (mut extra, mut reacted) = <(Extra, Reacted)>::default();
        assert!(edit("second", 2).apply(&mut extra, &mut reacted));
        assert!(!edit("first", 1).apply(&mut extra, &mut reacted));
        assert_eq!(extra.edited, Some(("second".to_owned(), 2)));
    }

    #[test]
    fn a_reaction_that_is_delivered_again_later_changes_nothing() {
        let (mut extra, mut reacted) = <(Extra, Reacted)>::default();
        assert!(react(Some("👍"), Side::Contact, Some(1)).apply(&mut extra, &mut reacted));
        assert!(react(None, Side::Contact, Some(2)).apply(&mut extra, &mut reacted));
        assert!(!react(Some("👍"), Side::Contact, Some(1)).apply(&mut extra, &mut reacted));
        assert!(extra.reactions.is_empty());
        assert!(
            react(Some("👍"), Side::Us, Some(1)).apply(&mut extra, &mut reacted),
            "the other side"
        );
    }
}
