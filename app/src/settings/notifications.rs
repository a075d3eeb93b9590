//! The user's own notifications: kinds, quiet hours and devices. Every switch saves at once.

use causerie_shared::{
    api::notify::{NotifyPreferences, Quiet},
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, frame::SettingsPage, here::why, parts::Switch, push::Devices, zones};
use crate::{
    i18n::{Key, t},
    net::{http, push},
    ui::Icon,
};

const ADDRESS: &str = "/api/me/notifications";

/// A kind of notification, with its texts and its field in the preferences.
struct Kind {
    id: &'static str,
    name: Key,
    help: Key,
    of: fn(&mut NotifyPreferences) -> &mut bool,
}

const KINDS: [Kind; 5] = [
    Kind {
        id: "notify-new",
        name: Key::NotifyNewChat,
        help: Key::NotifyNewChatHelp,
        of: |all| &mut all.new_chat,
    },
    Kind {
        id: "notify-offer",
        name: Key::NotifyOffer,
        help: Key::NotifyOfferHelp,
        of: |all| &mut all.offer,
    },
    Kind {
        id: "notify-transfer",
        name: Key::NotifyTransfer,
        help: Key::NotifyTransferHelp,
        of: |all| &mut all.transfer,
    },
    Kind {
        id: "notify-mention",
        name: Key::NotifyMention,
        help: Key::NotifyMentionHelp,
        of: |all| &mut all.mention,
    },
    Kind {
        id: "notify-private",
        name: Key::NotifyPrivate,
        help: Key::NotifyPrivateHelp,
        of: |all| &mut all.private,
    },
];

/// The notifications page.
#[component]
pub fn Notifications() -> impl IntoView {
    let preferences = Fetched::<NotifyPreferences>::get(ADDRESS);
    view! {
        <SettingsPage title=t(Key::Notifications)>
            {preferences.view(|known| view! { <Preferences known /> }.into_any())}
            <Devices />
        </SettingsPage>
    }
}

#[component]
fn Preferences(known: NotifyPreferences) -> impl IntoView {
    let here: Here = expect_context();
    let shown = RwSignal::new(known.clone());
    let stored = StoredValue::new(known);
    let refusal = RwSignal::new(None::<Refusal>);
    let saved = RwSignal::new(false);
    let save = Callback::new(move |change: NotifyPreferences| {
        shown.set(change.clone());
        saved.set(false);
        spawn_local(async move {
            match http::store(ADDRESS, &change).await {
                Ok(()) => {
                    stored.try_set_value(change);
                    refusal.try_set(None);
                    saved.try_set(true);
                    push::preferences_changed();
                }
                Err(error) => {
                    // After a failure, show the stored preferences again.
                    if let Some(stored) = stored.try_get_value() {
                        shown.try_set(stored);
                    }
                    refusal.try_set(Some(error));
                }
            }
        });
    });
    let offline = Signal::derive(move || !here.online());
    let switch = move |kind: &'static Kind| {
        let on = Signal::derive(move || *(kind.of)(&mut shown.get()));
        let set = move |on| {
            let mut change = shown.get_untracked();
            *(kind.of)(&mut change) = on;
            save.run(change);
        };
        view! { <Switch id=kind.id label=t(kind.name) help=t(kind.help) on set disabled=offline /> }
    };
    view! {
        <section class="settings-section card switches">
            {KINDS.iter().map(switch).collect_view()}
            <QuietHours shown save offline />
        </section>
        <p class="form-ok switches-saved" role="status">
            {move || saved.get().then(|| view! { <Icon name="check" class="icon-16" />{t(Key::Saved)} })}
        </p>
        {move || offline.get().then(|| view! { <p class="field-help">{t(Key::SavingNeedsLine)}</p> })}
        {move || refusal.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
    }
}

/// Parses `HH:MM` into minutes of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<u16>().ok()? * 60 + minutes.get(..2)?.parse::<u16>().ok()?)
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

#[component]
fn QuietHours(
    shown: RwSignal<NotifyPreferences>,
    save: Callback<NotifyPreferences>,
    offline: Signal<bool>,
) -> impl IntoView {
    let quiet = Memo::new(move |_| shown.read().quiet.clone());
    let on = Memo::new(move |_| quiet.read().is_some());
    let store = move |quiet: Option<Quiet>| {
        save.run(NotifyPreferences {
            quiet,
            ..shown.get_untracked()
        });
    };
    let set = move |on: bool| {
        store(on.then(|| Quiet {
            from: 20 * 60,
            to: 8 * 60,
            zone: zones::own(),
        }));
    };
    let field = move |end: bool, label: Key| {
        let value = move || {
            let quiet = quiet.read();
            quiet
                .as_ref()
                .map(|quiet| clock(if end { quiet.to } else { quiet.from }))
                .unwrap_or_default()
        };
        let change = move |event| {
            let (Some(minutes), Some(mut quiet)) = (minutes(&event_target_value(&event)), quiet.get_untracked()) else {
                return;
            };
            *(if end { &mut quiet.to } else { &mut quiet.from }) = minutes;
            quiet.zone = zones::own();
            store(Some(quiet));
        };
        view! {
            <label class="field">
                <span class="field-label">{t(label)}</span>
                <input class="input tnum" type="time" required=true prop:value=value prop:disabled=offline on:change=change />
            </label>
        }
    };
    view! {
        <Switch id="notify-quiet" label=t(Key::QuietHours) help=t(Key::QuietHoursHelp) on set disabled=offline />
        {move || on.get().then(|| view! {
            <div class="form-pair form-tight">
                {field(false, Key::From)}
                {field(true, Key::Until)}
                <p class="field-help quiet-zone">{move || quiet.get().map(|quiet| quiet.zone)}</p>
            </div>
        })}
    }
}
