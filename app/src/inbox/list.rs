//! The list pane: title, filters, rows and undelivered intents.

use causerie_shared::window::{Filter, Folder};
use leptos::prelude::*;

use super::{board::BoardSwitch, filters::Filters, rows::Rows, undelivered::UndeliveredTray};
use crate::{
    i18n::{Key, Plural, t, tn},
    navigation::{Navigation, folder_name},
    store::Store,
};

/// The first pane of the inbox; on a phone the first screen.
#[component]
pub fn List() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    // The number of rows that pass the filter, or the folder counter if there is no filter.
    let total = move || match nav.list.get().filter == Filter::default() {
        true => store.counts().with(|counts| counts.of(nav.folder.get())),
        false => nav.rows.read().total,
    };
    view! {
        <section class="pane list" id="conversations" role="region" aria-label=t(Key::Conversations)>
            <header class="pane-head">
                <h1 class="pane-title">{move || folder_name(nav.folder.get())}</h1>
                <span class="pane-count">{move || tn(Plural::Chats, total())}</span>
                {move || (nav.folder.get() == Folder::All).then(|| view! { <BoardSwitch /> })}
            </header>
            <Filters />
            // Each folder gets a new list, which starts at its top.
            {move || {
                let folder = nav.folder.get();
                view! { <Rows folder /> }
            }}
            <UndeliveredTray />
        </section>
    }
}
