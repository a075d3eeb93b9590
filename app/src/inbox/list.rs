//! The list pane: title, filters, rows, and what could not be delivered.

use causerie_shared::window::Folder;
use leptos::prelude::*;

use super::{Desk, folder_name, rows::Rows, undelivered::UndeliveredTray};
use crate::{
    i18n::{Key, Plural, t, tn},
    store::Store,
};

/// The pane at the start of the desk; on a phone the first screen.
#[component]
pub fn List() -> impl IntoView {
    let store: Store = expect_context();
    let desk: Desk = expect_context();
    let total = move || store.counts().with(|counts| counts.of(desk.folder.get()));
    view! {
        <section class="pane list" id="conversations" role="region" aria-label=t(Key::Conversations)>
            <header class="pane-head">
                <h1 class="pane-title">{move || folder_name(desk.folder.get())}</h1>
                <span class="pane-count">{move || tn(Plural::Chats, total())}</span>
            </header>
            <div class="filter-bar" role="group" aria-label=t(Key::Filters)>
                {move || (desk.folder.get() != Folder::History).then(|| view! { <Chips /> })}
            </div>
            // A new list for each folder: it begins at its top.
            {move || {
                let folder = desk.folder.get();
                view! { <Rows folder /> }
            }}
            <UndeliveredTray />
        </section>
    }
}

/// Which rows are wanted; what is over is neither unread nor overdue.
#[component]
fn Chips() -> impl IntoView {
    let desk: Desk = expect_context();
    view! {
                <button
                    class="chip" type="button"
                    aria-pressed=move || desk.filters.get().unread.to_string()
                    on:click=move |_| desk.filters.update(|filters| filters.unread = !filters.unread)
                >
                    {t(Key::Unread)}
                </button>
                <button
                    class="chip" type="button"
                    aria-pressed=move || desk.filters.get().overdue.to_string()
                    on:click=move |_| desk.filters.update(|filters| filters.overdue = !filters.overdue)
                >
                    {t(Key::Overdue)}
                </button>
    }
}
