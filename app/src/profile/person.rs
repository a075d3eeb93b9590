//! Other contacts of the same person: where else they write, merging, and undoing it (`domain.md` §1).

use causerie_shared::{
    api::persons::{Merge, SamePerson},
    ids::ContactId,
    window::Folder,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    format,
    i18n::{Key, explain, t, tf},
    net::http,
    pages::Place,
    store::{Store, view::Connection},
    ui::{ChannelIcon, Dialog, Icon, key_of, keyed},
};

/// Typing pauses for this long before the server is asked.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// The section of the profile. Without network it shows nothing: who is whom is the server's to say.
#[component]
pub fn OnePerson(contact: ContactId) -> impl IntoView {
    let store: Store = expect_context();
    let others = RwSignal::new(Vec::<SamePerson>::new());
    let problem = RwSignal::new(None::<String>);
    let searching = RwSignal::new(false);
    let online = move || matches!(store.online().get(), Connection::Online);
    let path = StoredValue::new(format!("/api/contacts/{contact}/same"));
    let learn = move || {
        spawn_local(async move {
            // Offline, or the contact is out of sight by now: nothing to show.
            if let Ok(found) = http::get(&path.get_value()).await {
                others.try_set(found);
            }
        });
    };
    Effect::new(move |_| {
        if online() {
            learn();
        }
    });
    let separate = move |other: ContactId| {
        spawn_local(async move {
            match http::delete(&format!("/api/contacts/{other}/same")).await {
                Ok(()) => learn(),
                Err(refusal) => drop(problem.try_set(Some(explain(&refusal)))),
            }
        });
    };
    let merge = Callback::new(move |with: ContactId| {
        searching.set(false);
        spawn_local(async move {
            match http::post(&path.get_value(), &Merge { with }).await {
                Ok(found) => drop(others.try_set(found)),
                Err(refusal) => drop(problem.try_set(Some(explain(&refusal)))),
            }
        });
    });
    view! {
        <section class="facts" aria-label=t(Key::SamePerson)>
            <h2 class="facts-title"><Icon name="person" />{t(Key::SamePerson)}</h2>
            <ul class="persons">
                {keyed(
                    move || others.get(),
                    |person| key_of(&(person.contact, &person.name, person.active_at)),
                    move |person| {
                        let id = person.contact;
                        view! {
                            <li class="person-row">
                                <PersonWords person />
                                <button class="text-btn" type="button" on:click=move |_| separate(id)>{t(Key::Separate)}</button>
                            </li>
                        }
                        .into_any()
                    },
                )}
            </ul>
            {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> })}
            <button class="facts-link" type="button" disabled=move || !online() on:click=move |_| searching.set(true)>
                <Icon name="plus" />{t(Key::MergeContact)}
            </button>
            {move || searching.get().then(|| view! { <Search contact open=searching merge /> })}
        </section>
    }
}

/// Who and where, with the way to their chat.
#[component]
fn PersonWords(person: SamePerson) -> impl IntoView {
    let store: Store = expect_context();
    let channels: Vec<AnyView> = person
        .places
        .iter()
        .map(|(channel, _)| view! { <ChannelIcon channel=*channel /> }.into_any())
        .collect();
    let accounts: Vec<&str> = person.places.iter().map(|(_, account)| account.as_str()).collect();
    let seen = format::short(person.active_at, store.now().get_untracked());
    let words = format!("{} · {seen}", accounts.join(", "));
    let name = match person.chat {
        Some(chat) => {
            let place = Place::Folder {
                folder: if person.ended { Folder::History } else { Folder::Mine },
                conversation: Some(chat),
            };
            view! { <a class="link truncate" href=place.path()><bdi>{person.name}</bdi></a> }.into_any()
        }
        None => view! { <b class="truncate"><bdi>{person.name}</bdi></b> }.into_any(),
    };
    view! {
        <span class="person-channels">{channels}</span>
        <span class="person-who">{name}<span class="offer-sub truncate">{words}</span></span>
    }
}

/// Finds the contact to merge with.
#[component]
fn Search(contact: ContactId, open: RwSignal<bool>, merge: Callback<ContactId>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<SamePerson>>);
    let asked = StoredValue::new(0_u32);
    let ask = move || {
        let number = asked.get_value() + 1;
        asked.set_value(number);
        let name = text.get_untracked();
        if name.trim().chars().count() < 2 {
            found.set(None);
            return;
        }
        set_timeout(
            move || {
                spawn_local(async move {
                    if asked.try_get_value() != Some(number) {
                        return;
                    }
                    let path = format!("/api/contacts/{contact}/candidates?name={}", http::segment(name.trim()));
                    let answer = http::get(&path).await.unwrap_or_default();
                    if asked.try_get_value() == Some(number) {
                        found.try_set(Some(answer));
                    }
                });
            },
            PAUSE,
        );
    };
    view! {
        <Dialog labelled_by="merge-title" closed=move |()| open.set(false)>
            <h2 class="dialog-title" id="merge-title">{t(Key::MergeContact)}</h2>
            <p class="section-help">{t(Key::MergeText)}</p>
            <input
                class="input" type="search" autofocus=true aria-label=t(Key::MergeSearch) placeholder=t(Key::MergeSearch)
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    ask();
                }
            />
            <div class="persons" aria-live="polite">
                {move || found.read().as_ref().is_some_and(Vec::is_empty).then(|| view! { <p class="field-help">{t(Key::NobodyFound)}</p> })}
                {keyed(
                    move || found.get().unwrap_or_default(),
                    |person| key_of(&(person.contact, &person.name)),
                    move |person| {
                        let id = person.contact;
                        let label = tf(Key::MergeWith, &[("name", &person.name)]);
                        view! {
                            <div class="person-row">
                                <PersonWords person />
                                <button class="btn" type="button" aria-label=label on:click=move |_| merge.run(id)>{t(Key::Merge)}</button>
                            </div>
                        }
                        .into_any()
                    },
                )}
            </div>
            <div class="dialog-acts"><button class="btn" type="button" on:click=move |_| open.set(false)>{t(Key::Cancel)}</button></div>
        </Dialog>
    }
}
