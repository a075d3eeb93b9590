//! The page of a contact: merged contacts (`docs/domain.md#merged-contacts`), merging and separating, blocking, and
//! erasing on request.

mod blocking;
mod forgetting;

use std::time::Duration;

use causerie_shared::{
    api::persons::{Merge, Person, SamePerson},
    ids::ContactId,
    refusal::Refusal,
    window::Folder,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, frame::SettingsPage, here::why};
use crate::{
    format,
    i18n::{Key, t, tf},
    navigation::place::Place,
    net::http,
    ui::{ChannelIcon, Empty},
};
use blocking::{BlockingSection, Doing};
use forgetting::ForgettingSection;

/// The pause in typing after which the search is sent.
const PAUSE: Duration = Duration::from_millis(250);

/// State shared by the sections of the page; `Copy`.
#[derive(Clone, Copy)]
struct Known {
    contact: ContactId,
    person: Fetched<Person>,
    problem: RwSignal<Option<Refusal>>,
    blocking: Doing,
}

/// The place of the contact's newest chat.
fn chat_of(person: &SamePerson) -> Option<Place> {
    Some(Place::Folder {
        folder: if person.ended { Folder::History } else { Folder::Mine },
        conversation: Some(person.chat?),
    })
}

impl Known {
    fn path(self) -> String {
        format!("/api/contacts/{}/same", self.contact)
    }

    fn merge(self, with: ContactId) {
        spawn_local(async move {
            let answer = http::post(&self.path(), &Merge { with }).await;
            self.problem.try_set(answer.as_ref().err().cloned());
            if let Ok(person) = answer {
                self.person.answer.try_set(Some(Ok(person)));
            }
        });
    }

    fn separate(self, other: ContactId) {
        spawn_local(async move {
            let answer = http::delete(&format!("/api/contacts/{other}/same")).await;
            self.problem.try_set(answer.err());
            self.person.again();
        });
    }
}

/// The page of a contact; `blocks` opens the dialog that blocks the contact.
#[component]
pub fn ContactPage(id: ContactId, blocks: bool) -> impl IntoView {
    let known = Known {
        contact: id,
        person: Fetched::get(format!("/api/contacts/{id}/same")),
        problem: RwSignal::new(None),
        blocking: Doing::new(blocks),
    };
    provide_context(known);
    let title = Signal::derive(move || {
        known.person.answer.with(|answer| match answer {
            Some(Ok(person)) => person.contact.name.clone(),
            Some(Err(_)) | None => t(Key::Contact).to_owned(),
        })
    });
    view! {
        <SettingsPage title>
            <section class="settings-section">
                <h2 class="section-title">{t(Key::SamePerson)}</h2>
                <p class="section-help">{t(Key::MergeText)}</p>
                {move || known.problem.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
                {known.person.view(|person| view! { <Contacts person /> }.into_any())}
            </section>
            <Search />
            {move || known.person.answer.get().and_then(Result::ok).map(|person| view! {
                <ForgettingSection name=person.contact.name.clone() />
                <BlockingSection person=person.contact />
            })}
        </SettingsPage>
    }
}

#[component]
fn Contacts(person: Person) -> impl IntoView {
    let known: Known = expect_context();
    let here: Here = expect_context();
    let alone = person.others.is_empty();
    let others = person.others.into_iter().map(|other| {
        let id = other.contact;
        let label = tf(Key::SeparateName, &[("name", &other.name)]);
        view! {
            <li class="person-row">
                <PersonWords person=other />
                <button
                    class="btn" type="button" aria-label=label prop:disabled=move || !here.online()
                    on:click=move |_| known.separate(id)
                >
                    {t(Key::Separate)}
                </button>
            </li>
        }
        .into_any()
    });
    let others: Vec<AnyView> = others.collect();
    view! {
        <ul class="persons card">
            <li class="person-row"><PersonWords person=person.contact /></li>
            {others}
        </ul>
        {alone.then(|| view! { <p class="field-help">{t(Key::NotMerged)}</p> })}
    }
}

/// A contact's name and accounts, with a link to their chat.
#[component]
fn PersonWords(person: SamePerson) -> impl IntoView {
    let here: Here = expect_context();
    let channels = person.places.iter().map(|(channel, _)| *channel);
    let channels: Vec<AnyView> = channels
        .map(|channel| view! { <ChannelIcon channel /> }.into_any())
        .collect();
    let accounts: Vec<&str> = person.places.iter().map(|(_, account)| account.as_str()).collect();
    let words = format!(
        "{} · {}",
        accounts.join(", "),
        format::short(person.active_at, here.now())
    );
    let blocked = person
        .blocked
        .then(|| view! { <span class="tag" data-status="failed">{t(Key::Blocked)}</span> });
    let name = match chat_of(&person) {
        Some(place) => {
            view! { <a class="cell-link truncate" href=place.path()><bdi>{person.name}</bdi></a> }.into_any()
        }
        None => view! { <b class="truncate"><bdi>{person.name}</bdi></b> }.into_any(),
    };
    view! {
        <span class="person-channels">{channels}</span>
        <span class="person-who">{name}<span class="offer-sub truncate">{words}</span></span>
        {blocked}
    }
}

/// Searches for a contact to merge with.
#[component]
fn Search() -> impl IntoView {
    let known: Known = expect_context();
    let found = RwSignal::new(None::<Vec<SamePerson>>);
    let asked = StoredValue::new(0_u32);
    let ask = move |name: String| {
        let number = asked.get_value() + 1;
        asked.set_value(number);
        if name.trim().chars().count() < 2 {
            found.set(None);
            return;
        }
        let later = move || {
            // The user typed something else meanwhile, or has left the page.
            if asked.try_get_value() != Some(number) {
                return;
            }
            let path = format!(
                "/api/contacts/{}/candidates?name={}",
                known.contact,
                http::segment(name.trim())
            );
            spawn_local(async move {
                let answer: Result<Vec<SamePerson>, Refusal> = http::get(&path).await;
                if asked.try_get_value() == Some(number) {
                    known.problem.try_set(answer.as_ref().err().cloned());
                    found.try_set(answer.ok());
                }
            });
        };
        set_timeout(later, PAUSE);
    };
    let merge = move |with: ContactId| {
        found.set(None);
        known.merge(with);
    };
    let rows = move || {
        let all = found.get()?;
        if all.is_empty() {
            return Some(
                view! { <Empty title=t(Key::NobodyFound) text=t(Key::NobodyFoundText) icon="search" /> }.into_any(),
            );
        }
        let row = |person: SamePerson| {
            let id = person.contact;
            let label = tf(Key::MergeWith, &[("name", &person.name)]);
            view! {
                <li class="person-row">
                    <PersonWords person />
                    <button class="btn" type="button" aria-label=label on:click=move |_| merge(id)>{t(Key::Merge)}</button>
                </li>
            }
            .into_any()
        };
        let rows: Vec<AnyView> = all.into_iter().map(row).collect();
        Some(view! { <ul class="persons card">{rows}</ul> }.into_any())
    };
    view! {
        <section class="settings-section" aria-live="polite">
            <label class="field">
                <span class="field-label">{t(Key::MergeContact)}</span>
                <input
                    class="input" type="search" placeholder=t(Key::MergeSearch)
                    on:input=move |event| ask(event_target_value(&event))
                />
            </label>
            {rows}
        </section>
    }
}
