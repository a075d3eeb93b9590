//! Names and icons of statuses and channels.

use causerie_shared::{conversation::Status, inbox::Channel};
use leptos::prelude::*;

use super::{Icon, sprite};
use crate::i18n::{Key, t};

/// Returns the name of a status (`docs/domain.md#states`).
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Bot => t(Key::StatusBot),
        Status::Waiting => t(Key::StatusWaiting),
        Status::Assigning => t(Key::StatusAssigning),
        Status::Assigned => t(Key::StatusAssigned),
        Status::Transferring => t(Key::StatusTransferring),
        Status::Ended => t(Key::StatusEnded),
        Status::Failed => t(Key::StatusFailed),
    }
}

/// Returns the icon of a status (`docs/ux.md#status-tags`).
pub fn status_icon(status: Status) -> &'static str {
    match status {
        Status::Bot => "bot",
        Status::Waiting => "waiting",
        Status::Assigning => "engaged",
        Status::Assigned => "person",
        Status::Transferring => "transfer",
        Status::Ended => "check",
        Status::Failed => "close",
    }
}

/// Returns the name of a channel.
pub fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => t(Key::ChannelWeb),
        Channel::Whatsapp => "WhatsApp",
        Channel::Messenger => "Messenger",
        Channel::Instagram => "Instagram",
        Channel::Telegram => "Telegram",
        Channel::FacebookComments => t(Key::ChannelFacebookComments),
        Channel::InstagramComments => t(Key::ChannelInstagramComments),
    }
}

/// Returns the name of a channel's icon, which is that of the channel.
pub fn channel_icon(channel: Channel) -> &'static str {
    channel.as_str()
}

/// The icon of a channel in its colour.
#[component]
pub fn ChannelIcon(channel: Channel) -> impl IntoView {
    view! {
        <svg class="icon" data-channel=channel.as_str() aria-hidden="true">
            <use_ href=sprite(channel_icon(channel))></use_>
        </svg>
    }
}

/// A status as a filled tag, for headers.
#[component]
pub fn StatusTag(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    view! {
        <span class="tag" data-status=move || status.get().as_str()>
            <Icon name=Signal::derive(move || status_icon(status.get())) />
            {move || status_name(status.get())}
        </span>
    }
}

/// A status as an icon and a word, for rows.
#[component]
pub fn StatusWord(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    view! {
        <span class="status" data-status=move || status.get().as_str()>
            <Icon name=Signal::derive(move || status_icon(status.get())) />
            {move || status_name(status.get())}
        </span>
    }
}
