//! For how long and in which ways a channel allows answers (`docs/ux.md#channel-line`).

use causerie_shared::{
    Millis,
    inbox::{Channel, HUMAN_AGENT_MS},
    row::ConversationRow,
};
use leptos::prelude::*;

use crate::{
    format,
    i18n::{Key, t, tf},
    store::{
        Store,
        view::{Bubble, MessageBubble},
    },
    ui::{Icon, channel_name},
};

/// How long after the first comment a private reply is allowed, in milliseconds.
const PRIVATE_MS: i64 = 7 * 24 * 3_600_000;
/// The channel line warns when less than this is left of the window, in milliseconds.
const SOON_MS: i64 = 3_600_000;

/// The time when the channel's window for free answers closes; `None` if it never closes. With `human_agent`, Messenger
/// and Instagram allow answers for longer.
pub fn closes(channel: Channel, window: Option<Millis>, human_agent: bool) -> Option<Millis> {
    let longer = human_agent && matches!(channel, Channel::Messenger | Channel::Instagram);
    window.map(|window| if longer { window + HUMAN_AGENT_MS } else { window })
}

/// Milliseconds left of the window, in whole minutes; 0 after it has closed; `None` if the channel has no window.
pub fn left(store: Store, head: Signal<Option<ConversationRow>>) -> Memo<Option<i64>> {
    let now = store.now();
    let account = head.get_untracked().map(|head| store.account(head.account));
    let until = Memo::new(move |_| {
        let human = account.is_some_and(|account| account.read().as_ref().is_some_and(|account| account.human_agent));
        head.read()
            .as_ref()
            .and_then(|head| closes(head.channel, head.window, human))
    });
    Memo::new(move |_| {
        let left = until.get()? - now.get();
        // Coarse, so that views update only once a minute.
        Some(if left > 0 { (left / 60_000).max(1) * 60_000 } else { 0 })
    })
}

/// The text of the channel line for channels other than the web, and whether it is a warning.
pub fn window_words(head: &ConversationRow, left: Option<i64>, now: Millis) -> (String, bool) {
    let channel = channel_name(head.channel);
    match left {
        Some(ms) => {
            let time = format::elapsed(ms);
            // The ordinary window has closed; messages are now sent with the human agent tag.
            let key = if head.window.is_some_and(|closes| closes <= now) {
                Key::HumanAgent
            } else {
                Key::WindowCloses
            };
            (tf(key, &[("channel", channel), ("time", &time)]), ms < SOON_MS)
        }
        None => (tf(Key::AnswersGoOut, &[("channel", channel)]), false),
    }
}

/// The bar in place of the composer when the window has closed and the channel has no templates.
#[component]
pub fn Closed(channel: Channel) -> impl IntoView {
    let text = tf(Key::WindowClosedText, &[("channel", channel_name(channel))]);
    view! {
        <div class="bar" role="group" aria-label=t(Key::Reply)>
            <Icon name="lock" />
            <p class="bar-text">{text}</p>
        </div>
    }
}

fn private_given(bubbles: &[Bubble]) -> bool {
    let given = |message: &MessageBubble| message.private && !message.redacted;
    bubbles.iter().any(|bubble| match bubble {
        Bubble::Message(message) => given(message),
        Bubble::Line(_) => false,
    })
}

/// The choice for comments: a public answer or, once and within 7 days, a private reply.
#[component]
pub fn PrivateSwitch(head: Signal<Option<ConversationRow>>, private: RwSignal<bool>) -> impl IntoView {
    let store: Store = expect_context();
    let first = head.get_untracked()?;
    if !first.channel.is_comments() {
        return None;
    }
    let bubbles = store.bubbles(first.id);
    let now = store.now();
    let why = Memo::new(move |_| {
        if bubbles.with(|bubbles| private_given(bubbles)) {
            Some(Key::PrivateGiven)
        } else if now.get() > first.created_at + PRIVATE_MS {
            Some(Key::PrivateOver)
        } else {
            None
        }
    });
    Effect::new(move |_| {
        if why.get().is_some() {
            private.set(false);
        }
    });
    let choice = move |on: bool, label: Key| {
        let off = move || on && why.get().is_some();
        view! {
            <button
                class="seg-item" type="button" aria-pressed=move || (private.get() == on).to_string()
                aria-disabled=move || off().then_some("true")
                title=move || if on { why.get().map(t) } else { None }
                on:click=move |_| {
                    if !off() {
                        private.set(on);
                    }
                }
            >
                {t(label)}
            </button>
        }
        .into_any()
    };
    Some(view! {
        <div class="seg composer-way" role="group" aria-label=t(Key::AnswerAs)>
            {choice(false, Key::PublicComment)}
            {choice(true, Key::PrivateReply)}
        </div>
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_human_agent_has_seven_days_where_the_channel_allows_it() {
        let day = 24 * 3_600_000;
        assert_eq!(closes(Channel::Messenger, Some(day), true), Some(7 * day));
        assert_eq!(closes(Channel::Messenger, Some(day), false), Some(day));
        assert_eq!(closes(Channel::Whatsapp, Some(day), true), Some(day));
        assert_eq!(closes(Channel::Telegram, None, true), None);
    }
}
