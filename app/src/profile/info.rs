//! The Info tab: personal fields, fields filled in by bots, automatic facts, highlighted notes.

use causerie_shared::{
    contact::{Detail, Field},
    ids::{ContactId, ConversationId},
    row::ConversationRow,
};
use leptos::prelude::*;

use super::{
    automatic::Automatic,
    fact::{DetailFacts, FieldFact},
    person::OnePerson,
};
use crate::{
    format,
    i18n::{Key, t},
    store::Store,
    ui::Icon,
};

/// The Info tab.
#[component]
pub fn Info(
    id: ConversationId,
    head: Signal<Option<ConversationRow>>,
    /// Whether the chat's timeline replaces the tabs.
    journey: RwSignal<bool>,
) -> impl IntoView {
    let store: Store = expect_context();
    let Some(contact) = store.head(id).with_untracked(|head| Some(head.as_ref()?.contact)) else {
        return ().into_any();
    };
    let profile = store.profile(contact);
    let custom = Memo::new(move |_| profile.read().custom.clone());
    view! {
        <section class="facts" aria-label=t(Key::Personal)>
            <dl>
                <FieldFact contact profile field=Field::Name />
                <DetailFacts contact profile detail=Detail::Phone />
                <DetailFacts contact profile detail=Detail::Email />
                <FieldFact contact profile field=Field::Company />
                <FieldFact contact profile field=Field::City />
                <FieldFact contact profile field=Field::Address />
                <FieldFact contact profile field=Field::Language />
            </dl>
        </section>
        {move || (!custom.read().is_empty()).then(|| view! {
            <section class="facts">
                <h2 class="facts-title"><Icon name="bot" />{t(Key::FilledByBot)}<span class="facts-hint">{t(Key::ReadOnly)}</span></h2>
                <dl>
                    {custom
                        .get()
                        .into_iter()
                        .map(|(key, value)| view! { <div class="fact"><dt>{key}</dt><dd class="truncate">{value}</dd></div> })
                        .collect_view()}
                </dl>
            </section>
        })}
        <Automatic head />
        <section class="facts">
            <button class="facts-link" type="button" on:click=move |_| journey.set(true)>
                <Icon name="history" />{t(Key::CustomerJourney)}<Icon name="chevron-right" />
            </button>
        </section>
        <OnePerson contact />
        <HighlightedNotes contact />
    }
    .into_any()
}

/// Highlighted notes, readable without opening their tab.
#[component]
fn HighlightedNotes(contact: ContactId) -> impl IntoView {
    let store: Store = expect_context();
    let notes = store.notes(contact);
    let highlighted = Memo::new(move |_| {
        notes.with(|notes| {
            notes
                .iter()
                .filter(|shared| shared.note.highlighted)
                .map(|shared| shared.note.clone())
                .collect::<Vec<_>>()
        })
    });
    move || {
        (!highlighted.read().is_empty()).then(|| view! {
            <section class="facts-notes" aria-label=t(Key::HighlightedNotes)>
                {highlighted
                    .get()
                    .into_iter()
                    .map(|note| {
                        let author = store.user(note.author).get().map(|user| user.name).unwrap_or_default();
                        view! {
                            <article class="note" data-highlighted="">
                                <header class="note-head">
                                    <Icon name="star" class="icon-fill" />
                                    <b>{t(Key::HighlightedNote)}</b>
                                    <span class="note-by">{author}", "{format::short(note.at, store.now().get_untracked())}</span>
                                </header>
                                <p class="note-body" dir="auto">{note.text}</p>
                            </article>
                        }
                    })
                    .collect_view()}
            </section>
        })
    }
}
