//! Avatars: a person's initials on a tint of their own, with channel and presence.

use causerie_shared::{
    inbox::Channel,
    user::{Availability, UserRow},
};
use leptos::prelude::*;

use super::{Icon, channel_icon};
use crate::{
    format,
    i18n::{Key, t},
};

/// Number of tints in the style.
const TINTS: u128 = 8;

/// The presence of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Available,
    Busy,
    Disconnected,
}

impl Presence {
    /// The presence in a user's row.
    pub fn of(user: &UserRow) -> Self {
        match (user.connected, user.availability) {
            (false, _) => Self::Disconnected,
            (true, Availability::Available) => Self::Available,
            (true, Availability::Busy) => Self::Busy,
        }
    }

    /// The name that the style uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Disconnected => "disconnected",
        }
    }

    /// The presence as a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => t(Key::Available),
            Self::Busy => t(Key::Busy),
            Self::Disconnected => t(Key::Disconnected),
        }
    }
}

/// A dot that shows presence by shape and colour; the word must be beside it.
#[component]
pub fn PresenceDot(
    #[prop(into)] state: Signal<Presence>,
    /// Whether the dot is at the top of the avatar instead of the bottom.
    #[prop(optional)]
    top: bool,
) -> impl IntoView {
    view! {
        <span class="dot" data-state=move || state.get().as_str() data-at=top.then_some("top") aria-hidden="true"></span>
    }
}

/// The avatar of a person. Hidden from screen readers, because the name is beside it.
#[component]
pub fn Avatar(
    #[prop(into)] name: Signal<String>,
    /// The bits of the person's id; choose the tint.
    seed: u128,
    /// Size in px: 20, 28, 32, 40 or 48.
    size: u32,
    #[prop(into, optional)] channel: Option<Channel>,
    #[prop(into, optional)] presence: Signal<Option<Presence>>,
    /// Whether the dot is at the top, because the channel is at the bottom.
    #[prop(optional)]
    top: bool,
) -> impl IntoView {
    view! {
        <span class="avatar" data-size=size.to_string() data-tint=(seed % TINTS).to_string() aria-hidden="true">
            {move || format::initials(&name.get())}
            {channel.map(|channel| view! {
                <span class="avatar-channel" data-channel=channel.as_str()>
                    <Icon name=channel_icon(channel) />
                </span>
            })}
            {move || presence.get().map(|state| view! { <PresenceDot state top /> })}
        </span>
    }
}
