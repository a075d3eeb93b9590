//! The settings of inboxes: the list, the wizard for a new inbox, and the page of one.

mod agents;
mod draft;
mod hours;
mod inactivity;
mod lists;
mod overview;
mod page;
mod widget;
mod wizard;
mod words;

use causerie_shared::api::settings::InboxDetail;
use leptos::prelude::*;

pub use page::InboxPage;
pub use wizard::NewInbox;

use super::{fetched::Fetched, frame::SettingsPage, route::Route};
use crate::{
    i18n::{Key, Plural, t, tn},
    ui::{ChannelIcon, Empty, Icon, channel_name},
};

/// The list of inboxes.
#[component]
pub fn Inboxes() -> impl IntoView {
    let inboxes = Fetched::<Vec<InboxDetail>>::get("/api/inboxes");
    // It looks like a link but is called a button everywhere, so it is one.
    let create = view! { <CreateButton /> };
    view! {
        <SettingsPage title=t(Key::Inboxes) actions=create.into_any()>
            <section class="settings-section" data-wide="">
                <p class="section-help">{t(Key::InboxesHelp)}</p>
                {inboxes.view(|rows| if rows.is_empty() {
                    view! { <Empty title=t(Key::NoInboxes) text=t(Key::NoInboxesText) icon="queue" /> }.into_any()
                } else {
                    view! { <InboxTable rows /> }.into_any()
                })}
            </section>
        </SettingsPage>
    }
}

#[component]
fn CreateButton() -> impl IntoView {
    let here: super::Here = expect_context();
    view! {
        <button class="btn btn-primary" type="button" on:click=move |_| here.go(&Route::NewInbox)>
            <Icon name="plus" class="icon-16" />
            {t(Key::CreateInbox)}
        </button>
    }
}

#[component]
fn InboxTable(rows: Vec<InboxDetail>) -> impl IntoView {
    view! {
        <div class="table-card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t(Key::Inbox)}</th>
                        <th scope="col">{t(Key::AssignmentMode)}</th>
                        <th scope="col">{t(Key::Agents)}</th>
                        <th scope="col">{t(Key::OpenChats)}</th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(|row| view! { <InboxLine row /> }).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn InboxLine(row: InboxDetail) -> impl IntoView {
    let members = u32::try_from(row.settings.members.len()).unwrap_or(u32::MAX);
    let channels = row.accounts.into_iter().map(|account| {
        let off = (!account.row.enabled).then(|| format!(" · {}", t(Key::Disabled)));
        view! {
            <span class="cell-channel">
                <ChannelIcon channel=account.row.channel />
                {channel_name(account.row.channel)}
                {off}
            </span>
        }
    });
    view! {
        <tr>
            <td>
                <a class="cell-link" href=Route::Inbox(row.id).path()><bdi>{row.settings.name}</bdi></a>
                <span class="cell-sub cell-channels">{channels.collect_view()}</span>
            </td>
            <td class="cell-quiet" data-label=t(Key::AssignmentMode)>{words::mode(row.settings.rules.mode)}</td>
            <td class="cell-quiet" data-label=t(Key::Agents)>
                {if members == 0 {
                    view! { <span class="warn-text"><Icon name="warning" class="icon-14" />{t(Key::NoMembers)}</span> }.into_any()
                } else {
                    crate::format::number(members).into_any()
                }}
            </td>
            <td class="cell-quiet" data-label=t(Key::OpenChats)>{tn(Plural::Chats, row.open)}</td>
        </tr>
    }
}
