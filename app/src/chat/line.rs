//! System lines: what happened to the chat, as the journey tells it.

use causerie_shared::{conversation::State, row::JourneyRow};
use leptos::prelude::*;

use crate::{
    format,
    i18n::{Key, t, tf},
    store::Store,
    ui::Icon,
};

/// A centred line with who, what and when.
#[component]
pub fn SystemLine(line: JourneyRow) -> impl IntoView {
    let store: Store = expect_context();
    // The person it is about, else the one who did it.
    let who = line.user.or_else(|| line.actor.user()).map(|id| store.user(id));
    let cause = line.cause.clone();
    let text = move || {
        let name = who
            .and_then(|user| user.get())
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name);
        words(&cause, &name)
    };
    view! {
        <p class="system">
            <Icon name=icon(&line) />
            {text}" · "{format::time(line.at)}
        </p>
    }
}

fn icon(line: &JourneyRow) -> &'static str {
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

/// The words for a cause (the names of `conversation::transition::Event`).
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
        "withdraw" => t(Key::LineWithdraw).to_owned(),
        "transfer_to_agent" => with_name(Key::LineTransfer),
        "cancel_transfer" => t(Key::LineTransferCancelled).to_owned(),
        "transfer_to_inbox" => t(Key::LineTransferInbox).to_owned(),
        "end" => with_name(Key::LineEnd),
        "leave" => t(Key::LineLeave).to_owned(),
        "inactive" => t(Key::LineInactive).to_owned(),
        "queue_over" => t(Key::LineQueueOver).to_owned(),
        "account_removed" => t(Key::LineAccountRemoved).to_owned(),
        "undo" => with_name(Key::LineUndo),
        // A newer server tells of something that this version has no words for.
        _ => t(Key::LineOther).to_owned(),
    }
}
