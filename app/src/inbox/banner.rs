//! The banner at the top: connection state, a new version, or an account that needs a new token (`docs/ux.md#banner`).

use causerie_shared::inbox::AccountRow;
use leptos::prelude::*;

use crate::{
    format,
    hooks::{Address, Sound},
    i18n::{Key, t, tf},
    navigation::place::Place,
    store::{Store, view::Connection},
    ui::Icon,
};

/// The action of a banner's button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Reload,
    TryNow,
    Update,
    Accounts,
}

impl Act {
    fn name(self) -> &'static str {
        t(match self {
            Self::Reload | Self::Update => Key::Reload,
            Self::TryNow => Key::TryNow,
            Self::Accounts => Key::MessagingAccounts,
        })
    }

    fn run(self, store: Store, address: Address) {
        match self {
            Self::Reload => {
                if let Err(error) = window().location().reload() {
                    crate::hooks::warn("the page did not reload", &error);
                }
            }
            Self::TryNow => store.reconnect(),
            Self::Update => store.apply_update(),
            Self::Accounts => address.go(&Place::Settings("accounts".to_owned()).path(), false),
        }
    }
}

/// Kind for the style, icon, text and button of a banner.
type Banner = (&'static str, &'static str, String, Option<Act>);

/// Shows at most one banner: the most important one.
#[component]
pub fn Banners() -> impl IntoView {
    let store: Store = expect_context();
    let address: Address = expect_context();
    let (online, update, outdated, full) = (
        store.online(),
        store.update_ready(),
        store.read_only(),
        store.storage_full(),
    );
    let blocked = expect_context::<Sound>().blocked;
    let (me, accounts) = (store.me(), store.accounts());
    // Only owners and admins can renew a token, so only they see the banner.
    let down = move || {
        let manages = me.read().as_ref().is_some_and(|me| me.role.manages());
        let down = |account: &&AccountRow| account.enabled && account.trouble;
        accounts.with(|all| {
            all.iter()
                .find(down)
                .filter(|_| manages)
                .map(|account| account.name.clone())
        })
    };
    let banner = move || -> Option<Banner> {
        if outdated.get() {
            return Some(("error", "warning", t(Key::Outdated).to_owned(), Some(Act::Reload)));
        }
        Some(match online.get() {
            Connection::Offline { as_of } => {
                let text = match as_of {
                    Some(at) => tf(
                        Key::OfflineAsOf,
                        &[("time", &format::short(at, store.now().get_untracked()))],
                    ),
                    None => t(Key::OfflineNothing).to_owned(),
                };
                ("offline", "offline", text, Some(Act::TryNow))
            }
            Connection::Reconnecting => ("reconnecting", "refresh", t(Key::Reconnecting).to_owned(), None),
            // The only problem here that a click fixes comes first.
            Connection::Online if blocked.get() => ("offline", "warning", t(Key::SoundsBlocked).to_owned(), None),
            Connection::Online if full.get() => ("offline", "warning", t(Key::StorageFull).to_owned(), None),
            Connection::Online => {
                if let Some(name) = down() {
                    let text = tf(Key::AccountDown, &[("name", &name)]);
                    ("error", "warning", text, Some(Act::Accounts))
                } else if update.get() {
                    ("update", "refresh", t(Key::NewVersion).to_owned(), Some(Act::Update))
                } else {
                    return None;
                }
            }
        })
    };
    move || {
        let (kind, icon, text, act) = banner()?;
        let act = act.map(|act| {
            view! { <button type="button" on:click=move |_| act.run(store, address)>{act.name()}</button> }
        });
        Some(
            view! { <div class="banner" data-kind=kind role="status"><Icon name=icon /><span>{text}</span>{act}</div> },
        )
    }
}
