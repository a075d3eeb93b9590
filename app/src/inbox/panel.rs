//! The panel of channels and users, shown instead of the profile (`docs/ux.md#channels-and-users`).

use causerie_shared::{
    api::channels::ChannelRow,
    inbox::AccountRow,
    user::{Availability, UserRow},
};
use leptos::{prelude::*, task::spawn_local};

use super::agents::connected_first;
use crate::{
    i18n::{Key, Plural, t, tf, tn},
    navigation::Navigation,
    net::http,
    store::Store,
    ui::{Avatar, ChannelIcon, Icon, Presence, key_of, keyed},
};

/// The panel. A click on an account filters the list.
#[component]
pub fn Panel() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (accounts, users, me) = (store.accounts(), store.users(), store.me());
    let people = move || {
        let mut all = users.get();
        all.retain(|user| user.active);
        connected_first(all)
    };
    let here = move || {
        let all = people();
        let connected = all.iter().filter(|user| user.connected).count();
        tf(
            Key::OfConnected,
            &[("have", &connected.to_string()), ("limit", &all.len().to_string())],
        )
    };
    // The server counts when the panel is opened; while offline the numbers are left out.
    let reached = RwSignal::new(Vec::<ChannelRow>::new());
    spawn_local(async move {
        if let Ok(rows) = http::get("/api/channels").await {
            reached.try_set(rows);
        }
    });
    let manages = me.with_untracked(|me| me.as_ref().is_some_and(|me| me.role.manages()));
    view! {
        <aside class="pane profile panel" aria-label=t(Key::ChannelsAndUsers)>
            <header class="pane-head">
                <h1 class="pane-title">{t(Key::ChannelsAndUsers)}</h1>
                <span class="spacer"></span>
                <button class="icon-btn" type="button" aria-label=t(Key::Close) on:click=move |_| nav.panel.set(false)>
                    <Icon name="close" />
                </button>
            </header>
            <div class="scroll">
                <h2 class="panel-title">{t(Key::Channels)}</h2>
                {keyed(
                    move || accounts.get(),
                    |account| key_of(&(account.id, &account.name, account.enabled, account.trouble)),
                    move |account| view! { <Account account reached /> }.into_any(),
                )}
                <h2 class="panel-title">{t(Key::Users)}<span>{here}</span></h2>
                <ul class="people">
                    {keyed(
                        people,
                        |user| key_of(&(user.id, &user.name, user.load, user.capacity, Presence::of(user).name(), user.availability.as_str())),
                        move |user| view! { <Person user manages /> }.into_any(),
                    )}
                </ul>
            </div>
        </aside>
    }
}

#[component]
fn Account(account: AccountRow, reached: RwSignal<Vec<ChannelRow>>) -> impl IntoView {
    let nav: Navigation = expect_context();
    let id = account.id;
    let people = move || {
        let people = reached.with(|all| all.iter().find(|row| row.id == id).map(|row| row.people))?;
        Some(view! { <span class="assign-load">{tn(Plural::People, people)}</span> })
    };
    let (state, word) = match (account.enabled, account.trouble) {
        (false, _) => ("disconnected", Some(t(Key::Disabled))),
        (true, true) => ("busy", Some(t(Key::NeedsToken))),
        (true, false) => ("available", None),
    };
    let chosen = Memo::new(move |_| nav.filter.get().account == Some(id));
    view! {
        <button
            class="person" type="button" aria-pressed=move || chosen.get().to_string()
            on:click=move |_| {
                let account = (!chosen.get_untracked()).then_some(id);
                nav.filter.update(|filter| filter.account = account);
                if nav.phone.get_untracked() {
                    nav.panel.set(false);
                }
            }
        >
            <ChannelIcon channel=account.channel />
            <span class="person-who"><span class="truncate">{account.name}</span></span>
            {word.map(|word| view! { <span class="person-state">{word}</span> })}
            {people}
            <span class="dot" data-state=state aria-hidden="true"></span>
        </button>
    }
}

#[component]
fn Person(user: UserRow, manages: bool) -> impl IntoView {
    let store: Store = expect_context();
    let presence = Presence::of(&user);
    let (id, declared) = (user.id, user.availability);
    let label = tf(Key::AvailabilityOf, &[("name", &user.name)]);
    view! {
        <li class="person">
            <Avatar name=Signal::stored(user.name.clone()) seed=id.to_u128() size=28 presence=Signal::stored(Some(presence)) />
            <span class="person-who"><span class="truncate" data-off=(!user.connected).then_some("")><bdi>{user.name}</bdi></span></span>
            <span class="person-state" data-state=presence.as_str()>{presence.name()}</span>
            <span class="assign-load">{format!("{}/{}", user.load, user.capacity)}</span>
            {manages.then(|| view! {
                <span class="person-set">
                    <Icon name="chevron-down" />
                    <select
                        aria-label=label
                        on:change=move |event| {
                            if let Some(chosen) = Availability::from_key(&event_target_value(&event)) {
                                store.set_availability_of(id, chosen);
                            }
                        }
                    >
                        {[(Availability::Available, Key::Available), (Availability::Busy, Key::Busy)].map(|(one, name)| view! {
                            <option value=one.as_str() selected=one == declared>{t(name)}</option>
                        })}
                    </select>
                </span>
            })}
        </li>
    }
}
