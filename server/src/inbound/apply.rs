//! Applies an inbound event: messages and notices go to the contact's chat, account events to the account, and
//! everything else to the stored message or contact that it is about.

use causerie_shared::message::Kind;

use super::message::message;
use crate::{
    accounts::{health::note, templates},
    channels::inbound_event::{InboundEventKind, InboundMessage},
    conversations::provider_events::{self, Routed, known},
    error::ServiceError,
    state::App,
    store::conversations,
};

/// Applies an inbound event of an account.
pub(super) async fn apply(app: &App, routed: &Routed) -> Result<(), ServiceError> {
    let (account, element) = (&routed.account, &routed.element);
    match &element.what {
        InboundEventKind::Message(arrived) => message(app, routed, arrived).await,
        InboundEventKind::Notice(arrived) => notice(app, routed, arrived).await,
        InboundEventKind::Blocked(blocked) => {
            let Some(person) = &element.person else { return Ok(()) };
            let words = if *blocked {
                "The customer has blocked this account."
            } else {
                "The customer takes messages again."
            };
            let at = element.at.unwrap_or_default();
            let arrived = line(format!("blocked-{}-{blocked}-{at}", person.id), words);
            notice(app, routed, &arrived).await
        }
        InboundEventKind::AccountChanged(words) => {
            let (id, now) = (account.row.id, app.clock.now());
            Ok(note(app, id, |health| health.note(now, words.clone())).await?)
        }
        InboundEventKind::Belongs(business) => Ok(templates::belongs(app, account.row.id, business).await?),
        InboundEventKind::TemplatesChanged(business) => {
            Ok(templates::changed(app, account.row.id, business.as_deref()).await?)
        }
        InboundEventKind::Reaction { .. }
        | InboundEventKind::Edit { .. }
        | InboundEventKind::Delete { .. }
        | InboundEventKind::Hide { .. }
        | InboundEventKind::Status { .. }
        | InboundEventKind::Watermark { .. }
        | InboundEventKind::UpTo { .. }
        | InboundEventKind::PersonChanged { .. }
        | InboundEventKind::PostRemoved { .. } => provider_events::apply(app, routed).await,
        InboundEventKind::Nothing(_) => Ok(()),
    }
}

/// Stores a notice of the channel, if the contact has an open conversation.
async fn notice(app: &App, routed: &Routed, arrived: &InboundMessage) -> Result<(), ServiceError> {
    let account = routed.account.row.id;
    let Some(person) = &routed.element.person else {
        return Ok(());
    };
    let Some(contact) = known(app, account, person).await? else {
        return Ok(());
    };
    let open = conversations::open_on(&mut *app.store.read().await?, contact, account).await?;
    match open {
        Some(_) => message(app, routed, arrived).await,
        None => Ok(()),
    }
}

/// Returns a notice of the channel.
fn line(id: String, words: &str) -> InboundMessage {
    InboundMessage {
        id,
        outgoing: false,
        kind: Kind::Notice,
        text: words.to_owned(),
        media: vec![],
        quoted: None,
        forwarded: false,
        referral: None,
        card: None,
        opaque: None,
        album: None,
    }
}
