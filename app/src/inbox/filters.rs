//! The filters and the order of the list (`docs/domain.md#filters`).

use causerie_shared::{
    inbox::Channel,
    window::{Filter, Folder, Sort},
};
use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    navigation::Navigation,
    store::Store,
    ui::{Icon, channel_name},
};

/// The bar of filter chips above the list.
#[component]
pub fn Filters() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (inboxes, accounts) = (store.inboxes(), store.accounts());
    let inbox_choices = Signal::derive(move || {
        inboxes.with(|all| {
            all.iter()
                .map(|inbox| (inbox.id.to_string(), inbox.name.clone()))
                .collect()
        })
    });
    let channel_choices = Signal::derive(move || {
        let used = |channel: &Channel| accounts.with(|all| all.iter().any(|account| account.channel == *channel));
        let name = |channel: Channel| (channel.as_str().to_owned(), channel_name(channel).to_owned());
        Channel::ALL.into_iter().filter(used).map(name).collect()
    });
    let sorts = Signal::stored(vec![
        ("newest".to_owned(), t(Key::Newest).to_owned()),
        ("oldest".to_owned(), t(Key::Oldest).to_owned()),
    ]);
    let narrow = move |change: fn(&mut Filter, &str)| {
        Callback::new(move |value: String| nav.filter.update(|filter| change(filter, &value)))
    };
    view! {
        <div class="filter-bar" role="group" aria-label=t(Key::Filters)>
            {move || nav.filter.get().post.map(|_| view! {
                <button class="chip" type="button" aria-pressed="true" on:click=move |_| nav.filter.update(|filter| filter.post = None)>
                    {t(Key::OnePost)}<Icon name="close" />
                </button>
            })}
            {move || {
                let account = nav.filter.get().account?;
                let name = store.account(account).get().map(|account| account.name);
                Some(view! {
                    <button class="chip" type="button" aria-pressed="true" on:click=move |_| nav.filter.update(|filter| filter.account = None)>
                        {name}<Icon name="close" />
                    </button>
                })
            }}
            {move || (nav.folder.get() != Folder::History).then(|| view! {
                <Toggle label=t(Key::Unread) on=|filter| &mut filter.unread />
                <Toggle label=t(Key::Overdue) on=|filter| &mut filter.overdue />
            })}
            {move || accounts.with(|all| all.iter().any(|account| account.channel.is_comments())).then(|| view! {
                <Toggle label=t(Key::SocialPosts) on=|filter| &mut filter.social />
            })}
            <Choice
                label=t(Key::Inbox) choices=inbox_choices
                chosen=Signal::derive(move || nav.filter.get().inbox.map(|inbox| inbox.to_string()).unwrap_or_default())
                choose=narrow(|filter, value| filter.inbox = value.parse().ok())
            />
            <Choice
                label=t(Key::Channel) choices=channel_choices
                chosen=Signal::derive(move || nav.filter.get().channel.map_or("", Channel::as_str).to_owned())
                choose=narrow(|filter, value| filter.channel = Channel::from_key(value))
            />
            <Choice
                label=t(Key::Order) choices=sorts
                chosen=Signal::derive(move || match nav.sort.get() {
                    Sort::Folder => String::new(),
                    Sort::Newest => "newest".to_owned(),
                    Sort::Oldest => "oldest".to_owned(),
                })
                choose=Callback::new(move |value: String| nav.sort.set(match value.as_str() {
                    "newest" => Sort::Newest,
                    "oldest" => Sort::Oldest,
                    _ => Sort::Folder,
                }))
            />
        </div>
    }
}

/// A filter that is on or off.
#[component]
fn Toggle(label: &'static str, on: fn(&mut Filter) -> &mut bool) -> impl IntoView {
    let nav: Navigation = expect_context();
    let pressed = move || *on(&mut nav.filter.get());
    view! {
        <button
            class="chip" type="button" aria-pressed=move || pressed().to_string()
            on:click=move |_| nav.filter.update(|filter| {
                let on = on(filter);
                *on = !*on;
            })
        >
            {label}
        </button>
    }
}

/// A filter with one of several values, or none: a native `select` styled as a chip. Hidden if there are fewer than two
/// values.
#[component]
fn Choice(
    label: &'static str,
    /// Values and their labels.
    choices: Signal<Vec<(String, String)>>,
    /// The chosen value; empty for none.
    chosen: Signal<String>,
    choose: Callback<String>,
) -> impl IntoView {
    move || {
        let choices = choices.get();
        (choices.len() > 1).then(|| {
            view! {
                <span class="chip-choice">
                <select
                    class="chip" aria-label=label
                    data-chosen=move || (!chosen.read().is_empty()).then_some("")
                    prop:value=move || chosen.get()
                    on:change=move |event| choose.run(event_target_value(&event))
                >
                    <option value="">{label}</option>
                    {choices
                        .into_iter()
                        .map(|(value, name)| {
                            let selected = chosen.with_untracked(|chosen| *chosen == value);
                            view! { <option value=value selected=selected>{name}</option> }
                        })
                        .collect_view()}
                </select>
                <Icon name="chevron-down" />
                </span>
            }
        })
    }
}
