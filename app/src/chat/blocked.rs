//! What is said above the messages of somebody who is blocked.

use causerie_shared::{ids::ConversationId, row::Head};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    i18n::{Key, t, tf},
    inbox::Desk,
    net::http,
    pages::Place,
    store::Store,
    ui::Icon,
};

/// The line; and with it the server is asked who the contact is, for the profile too.
#[component]
pub fn BlockedLine(id: ConversationId, head: Signal<Option<Head>>) -> impl IntoView {
    let store: Store = expect_context();
    let desk: Desk = expect_context();
    let contact = head.with_untracked(|head| head.as_ref().map(|head| head.contact))?;
    spawn_local(async move {
        let answer = http::get(&format!("/api/contacts/{contact}/same")).await;
        // Another chat may be open by now, or none.
        if desk.open.try_get_untracked() == Some(Some(id)) {
            desk.person.set(answer.ok());
        }
    });
    let line = move || {
        let blocking = desk.person_of(contact)?.contact.blocked?;
        let name = store.user(blocking.by).get().map(|user| user.name);
        let words = tf(
            Key::BlockedLine,
            &[("name", name.as_deref().unwrap_or(t(Key::SomeAgent)))],
        );
        let more = Place::Settings(format!("contacts/{contact}")).path();
        Some(view! {
            <p class="post-line blocked-line">
                <Icon name="ban" />
                <span class="truncate" title=blocking.reason>{words}</span>
                <a class="link" href=more>{t(Key::Blocking)}</a>
            </p>
        })
    };
    Some(line)
}
