//! System lines: a chat's events in words.

use causerie_shared::{conversation::State, row::JourneyRow};
use leptos::prelude::*;

use super::Icon;
use crate::{
    format,
    i18n::{Key, t, tf},
    store::Store,
};

/// A centred line with an event's text and time.
#[component]
pub fn SystemLine(line: JourneyRow) -> impl IntoView {
    let (icon, text) = (line_icon(&line), line_words(&line));
    view! {
        <p class="system">
            <Icon name=icon />
            {text}" · "{format::time(line.at)}
        </p>
    }
}

/// Returns the text of an event, with the name of the user concerned.
pub fn line_words(line: &JourneyRow) -> impl Fn() -> String + Send + use<> {
    let store: Store = expect_context();
    // The user concerned, else the user who acted.
    let who = line.user.or_else(|| line.actor.user()).map(|id| store.user(id));
    let cause = line.cause.clone();
    move || {
        let name = who
            .and_then(|user| user.get())
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name);
        words(&cause, &name)
    }
}

/// Returns the icon for the state after the event.
pub fn line_icon(line: &JourneyRow) -> &'static str {
    match line.state {
        State::Bot { .. } => "bot",
        State::Waiting { .. } => "waiting",
        State::Assigning { .. } => "engaged",
        State::Assigned { .. } => "person",
        State::Transferring { .. } => "transfer",
        State::Ended { .. } => "done",
        State::Failed { .. } => "alert",
    }
}

/// Returns the text for a cause (the names of `conversation::transition::Event`).
fn words(cause: &str, name: &str) -> String {
    let with_name = |key: Key| tf(key, &[("name", name)]);
    match cause {
        "begin" => t(Key::LineBegin).to_owned(),
        "hand_over" => t(Key::LineHandOver).to_owned(),
        "jump_in" => with_name(Key::LineJumpIn),
        "bot_done" => t(Key::LineBotDone).to_owned(),
        "offer" => with_name(Key::LineOffer),
        "start" => with_name(Key::LineStart),
        "accept" => with_name(Key::LineAccept),
        "decline" => with_name(Key::LineDecline),
        "expire" => with_name(Key::LineExpire),
        "agent_gone" => with_name(Key::LineAgentGone),
        "agent_removed" => with_name(Key::LineAgentRemoved),
        "withdraw" => t(Key::LineWithdraw).to_owned(),
        "transfer_to_agent" => with_name(Key::LineTransfer),
        "cancel_transfer" => t(Key::LineTransferCancelled).to_owned(),
        "transfer_to_inbox" => t(Key::LineTransferInbox).to_owned(),
        "end" => with_name(Key::LineEnd),
        "leave" => t(Key::LineLeave).to_owned(),
        "inactive" => t(Key::LineInactive).to_owned(),
        "queue_over" => t(Key::LineQueueOver).to_owned(),
        "hours_over" => t(Key::LineHoursOver).to_owned(),
        "closed" => t(Key::LineClosed).to_owned(),
        "account_removed" => t(Key::LineAccountRemoved).to_owned(),
        "undo" => with_name(Key::LineUndo),
        // A newer server may send a cause that this version does not know.
        _ => t(Key::LineOther).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use causerie_shared::{conversation::transition::Event, ids::UserId};

    use super::*;

    #[test]
    fn every_cause_has_words() {
        let agent = UserId::from_u128(1);
        for event in [
            Event::HandOver,
            Event::JumpIn,
            Event::BotDone,
            Event::Offer { agent },
            Event::Start,
            Event::Accept,
            Event::Decline,
            Event::Expire,
            Event::AgentGone { agent },
            Event::Withdraw,
            Event::TransferToAgent { to: agent },
            Event::CancelTransfer,
            Event::TransferToInbox,
            Event::End,
            Event::Leave,
            Event::Inactive,
            Event::QueueOver,
            Event::AccountRemoved,
            Event::Undo,
        ] {
            assert_ne!(words(event.as_str(), "Ana"), t(Key::LineOther), "{}", event.as_str());
        }
        assert_eq!(words("something_new", "Ana"), t(Key::LineOther));
    }
}
