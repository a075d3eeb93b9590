//! The console's frame: navigation, top bar, and the panes or a settings page.

use leptos::prelude::*;

use super::{
    assign_dialog::Giving,
    banner::Banners,
    board::Board,
    list::List,
    offers::Offers,
    panel::Panel,
    panes::{Profile, Thread, provide_panes},
    rail::Rail,
    shortcuts::use_shortcuts,
    toasts::Toasts,
    topbar::TopBar,
};
use crate::{
    hooks::{Announcer, Sound, use_notifications, use_title},
    i18n::{Key, t},
    navigation::{Navigation, folder_name, place::Place},
    settings::SettingsHost,
    store::Store,
};
use causerie_shared::{message::Author, window::Folder};

/// The content of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Main {
    Navigation,
    Settings,
}

impl Main {
    fn of(place: &Place) -> Self {
        match place {
            Place::Settings(_) => Self::Settings,
            Place::Folder { .. } | Place::Unknown | Place::Login | Place::Setup | Place::Link(_) => Self::Navigation,
        }
    }
}

/// The whole console after sign-in.
#[component]
pub fn Frame(place: Memo<Place>) -> impl IntoView {
    let store: Store = expect_context();
    let announcer: Announcer = expect_context();
    let nav = Navigation::new(store, place);
    provide_context(nav);
    provide_panes();
    use_shortcuts(store, nav);
    use_title(waiting_for_me(store), page_name(store, nav));
    use_notifications(store, expect_context::<Sound>(), nav.open.into());
    Effect::new(move |_| match nav.open.get() {
        Some(id) => store.open(id),
        None => store.close(),
    });

    let main = Memo::new(move |_| Main::of(&place.read()));
    let profile = move || match nav.profile.get() {
        _ if nav.panel.get() => "open",
        None => "auto",
        Some(true) => "open",
        Some(false) => "closed",
    };
    let board = Memo::new(move |_| nav.board_shown());
    let skip = move || {
        if nav.open.get().is_some() || main.get() != Main::Navigation {
            "#main"
        } else {
            "#conversations"
        }
    };
    view! {
        <a class="skip" href=skip>{t(Key::SkipToConversation)}</a>
        <div class="shell" data-screen=move || nav.screen() data-profile=profile>
            <Banners />
            <Rail />
            <TopBar />
            {move || match main.get() {
                Main::Navigation => view! {
                    <div class="desk">
                        {move || if board.get() {
                            view! { <Board /> }.into_any()
                        } else {
                            view! { <List /><Thread /> }.into_any()
                        }}
                        {move || if nav.panel.get() {
                            view! { <Panel /> }.into_any()
                        } else {
                            view! { <Profile /> }.into_any()
                        }}
                        <Offers />
                    </div>
                }
                .into_any(),
                Main::Settings => view! { <SettingsHost place /> }.into_any(),
            }}
        </div>
        <Giving />
        <Toasts />
        {announcer.regions()}
    }
}

/// The number in the title and the app badge: offers, and the user's chats whose last message is the customer's
/// (`docs/ux.md#sound-title-badge`).
fn waiting_for_me(store: Store) -> Signal<u32> {
    let (mine, offers) = (store.folder(Folder::Mine), store.offers());
    Memo::new(move |_| {
        let unanswered = mine.with(|ids| {
            ids.iter()
                .filter(|id| {
                    store.head(**id).with(|head| {
                        let preview = head.as_ref().and_then(|head| head.preview.as_ref());
                        preview.is_some_and(|preview| preview.author == Author::Contact)
                    })
                })
                .count()
        });
        u32::try_from(unanswered + offers.read().len()).unwrap_or(u32::MAX)
    })
    .into()
}

/// The page's name, for example "Ana Ruiz · Mine".
fn page_name(store: Store, nav: Navigation) -> Signal<String> {
    Memo::new(move |_| match &*nav.place.read() {
        Place::Settings(_) => format!("{} · Causerie", t(Key::Settings)),
        Place::Folder { folder, conversation } => {
            let name =
                conversation.and_then(|id| store.head(id).with(|head| Some(head.as_ref()?.contact_name.clone())));
            match name {
                Some(name) => format!("{name} · {}", folder_name(*folder)),
                None => format!("{} · Causerie", folder_name(*folder)),
            }
        }
        Place::Login | Place::Setup | Place::Link(_) | Place::Unknown => "Causerie".to_owned(),
    })
    .into()
}
