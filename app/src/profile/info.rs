//! Info: personal fields, what bots filled in, what is known automatically, highlighted notes.

use causerie_shared::{
    contact::{Detail, Field},
    ids::{ContactId, ConversationId},
    row::Head,
};
use leptos::prelude::*;

use super::{
    automatic::Automatic,
    fact::{DetailFacts, FieldFact},
    person::OnePerson,
};
use crate::{
    format,
    i18n::{Key, t, tf},
    store::Store,
    ui::{Confirm, Icon},
};

/// The Info tab.
#[component]
pub fn Info(
    id: ConversationId,
    head: Signal<Option<Head>>,
    /// The chat's own timeline stands in the place of the tabs.
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
        <ForgetContact contact head />
    }
    .into_any()
}

/// On the person's request everything of theirs is removed from every copy; owners and admins.
#[component]
fn ForgetContact(contact: ContactId, head: Signal<Option<Head>>) -> impl IntoView {
    let store: Store = expect_context();
    let open = RwSignal::new(false);
    let manages = store
        .me()
        .with_untracked(|me| me.as_ref().is_some_and(|me| me.role.manages()));
    let name = move || {
        head.read_untracked()
            .as_ref()
            .map(|head| head.contact_name.clone())
            .unwrap_or_default()
    };
    manages.then(|| {
        view! {
            <section class="facts-last">
                <button class="text-btn" type="button" data-kind="danger" on:click=move |_| open.set(true)>{t(Key::ForgetContact)}</button>
                {move || open.get().then(|| view! {
                    <Confirm
                        title=tf(Key::ForgetContactTitle, &[("name", &name())]) text=t(Key::ForgetContactText) act=t(Key::Forget)
                        word=name() open done=Callback::new(move |()| store.forget_contact(contact))
                    />
                })}
            </section>
        }
    })
}

/// Highlighted notes are read without opening their tab.
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
