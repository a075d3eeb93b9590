//! Personal fields that are edited in place.

use causerie_shared::{
    contact::{Detail, Field, normalise},
    document::contact::Profile,
    ids::ContactId,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, KeyboardEvent};

use crate::{
    i18n::{Key, t, tf},
    store::{Store, view::EditError},
    ui::{key_of, keyed},
};

fn label(field: Field) -> &'static str {
    match field {
        Field::Name => t(Key::Name),
        Field::Company => t(Key::Company),
        Field::City => t(Key::City),
        Field::Address => t(Key::Address),
        Field::Language => t(Key::Language),
    }
}

fn invitation(field: Field) -> &'static str {
    match field {
        Field::Name => t(Key::AddName),
        Field::Company => t(Key::AddCompany),
        Field::City => t(Key::AddCity),
        Field::Address => t(Key::AddAddress),
        Field::Language => t(Key::AddLanguage),
    }
}

fn problem(error: EditError, detail: Option<Detail>) -> &'static str {
    match (error, detail) {
        (EditError::NotPlausible, Some(Detail::Phone)) => t(Key::NotAPhone),
        (EditError::NotPlausible, Some(Detail::Email) | None) => t(Key::NotAnEmail),
        (EditError::TooLong, _) => t(Key::TooLongValue),
        (EditError::Missing, _) => t(Key::RefusedNotFound),
    }
}

/// A field with one value, or with the values that people wrote concurrently.
#[component]
pub fn FieldFact(contact: ContactId, profile: Signal<Profile>, field: Field) -> impl IntoView {
    let store: Store = expect_context();
    let values = Memo::new(move |_| {
        profile.with(|profile| {
            profile
                .fields
                .iter()
                .find(|(key, _)| *key == field)
                .map(|(_, values)| values.clone())
                .unwrap_or_default()
        })
    });
    let conflict = Memo::new(move |_| values.read().len() > 1);
    let save = Callback::new(move |(_, text): (String, String)| {
        store
            .set_field(contact, field, (!text.is_empty()).then_some(text))
            .err()
            .map(|error| problem(error, None))
    });
    move || {
        if conflict.get() {
            let refused = RwSignal::new(None::<&'static str>);
            let choose = move |value: String| {
                refused.set(
                    store
                        .set_field(contact, field, Some(value))
                        .err()
                        .map(|error| problem(error, None)),
                );
            };
            return view! {
                <div class="fact" data-conflict="">
                    <dt>{label(field)}</dt>
                    <dd class="conflict">
                        <p class="conflict-why">{t(Key::ConflictWhy)}</p>
                        {move || values.get().into_iter().map(|value| {
                            let chosen = value.clone();
                            view! {
                                <div class="conflict-choice">
                                    <span class="truncate">{value.clone()}</span>
                                    <button class="btn" type="button" on:click=move |_| choose(chosen.clone())>
                                        {t(Key::Use)}
                                        <span class="sr-only">" "{value}</span>
                                    </button>
                                </div>
                            }
                        }).collect_view()}
                        {move || refused.get().map(|why| view! { <p class="field-error" role="alert">{why}</p> })}
                    </dd>
                </div>
            }
            .into_any();
        }
        let value = Signal::derive(move || values.read().first().cloned().unwrap_or_default());
        view! {
            <Editable label=label(field) placeholder=invitation(field) value save />
            <Earlier contact field />
        }
        .into_any()
    }
}

/// The former values of the field; nothing that somebody wrote is lost.
#[component]
fn Earlier(contact: ContactId, field: Field) -> impl IntoView {
    let store: Store = expect_context();
    move || {
        let former = store.history_of(contact, field);
        (!former.is_empty()).then(|| {
            view! {
                <details class="earlier">
                    <summary aria-label=tf(Key::EarlierOf, &[("field", label(field))])>{t(Key::Earlier)}</summary>
                    <ul>
                        {former
                            .into_iter()
                            .map(|former| {
                                let by = former.author.and_then(|id| store.user(id).get()).map(|user| user.name);
                                view! { <li><span class="truncate">{former.value}</span><span class="earlier-by">{by}</span></li> }
                            })
                            .collect_view()}
                    </ul>
                </details>
            }
        })
    }
}

/// Phones or e-mails: one row each, and an empty row to add another.
#[component]
pub fn DetailFacts(contact: ContactId, profile: Signal<Profile>, detail: Detail) -> impl IntoView {
    let store: Store = expect_context();
    let values = Memo::new(move |_| {
        profile.with(|profile| match detail {
            Detail::Email => profile.emails.clone(),
            Detail::Phone => profile.phones.clone(),
        })
    });
    let (label, placeholder) = match detail {
        Detail::Email => (t(Key::Email), t(Key::AddEmail)),
        Detail::Phone => (t(Key::Phone), t(Key::AddPhone)),
    };
    let save = Callback::new(move |(before, text): (String, String)| {
        let added = if text.is_empty() {
            Ok(())
        } else {
            store.set_detail(contact, detail, text.clone(), true)
        };
        // The old value is removed only after the new one was accepted, and only if both are not spellings of the same
        // value.
        let replaced = !before.is_empty() && normalise(detail, &before) != normalise(detail, &text);
        let result = match added {
            Ok(()) if replaced => store.set_detail(contact, detail, before, false),
            other => other,
        };
        result.err().map(|error| problem(error, Some(detail)))
    });
    view! {
        {keyed(
            move || values.get(),
            key_of,
            move |value| view! { <Editable label placeholder value=Signal::stored(value) save /> }.into_any(),
        )}
        // A second value is offered only after the first. The row is created anew after a value was added.
        {move || {
            let name = if values.read().is_empty() { label } else { placeholder };
            view! { <Editable label=name silent=name != label placeholder value=Signal::stored(String::new()) save /> }
        }}
    }
}

/// Looks like text and becomes an input when focused. Saves on blur or Enter; Escape restores the value.
#[component]
fn Editable(
    label: &'static str,
    placeholder: &'static str,
    /// Whether the label is for screen readers only.
    #[prop(optional)]
    silent: bool,
    #[prop(into)] value: Signal<String>,
    /// Saves (old, new); returns what is wrong with the new value.
    save: Callback<(String, String), Option<&'static str>>,
) -> impl IntoView {
    let error = RwSignal::new(None::<&'static str>);
    let field = |event: &web_sys::Event| {
        event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
    };
    let leave = move |event: web_sys::FocusEvent| {
        let Some(input) = field(&event) else { return };
        let (before, now) = (value.get_untracked(), input.value().trim().to_owned());
        if before == now {
            error.set(None);
            return;
        }
        error.set(save.run((before, now)));
    };
    let key = move |event: KeyboardEvent| {
        let Some(input) = field(&event) else { return };
        match event.key().as_str() {
            "Enter" if !event.is_composing() => {}
            "Escape" => {
                event.stop_propagation();
                input.set_value(&value.get_untracked());
            }
            _ => return,
        }
        if let Err(error) = input.blur() {
            crate::hooks::warn("focus stayed", &error);
        }
    };
    view! {
        <div class="fact">
            <dt aria-hidden="true">{(!silent).then_some(label)}</dt>
            <dd>
                <input
                    class="fact-input" aria-label=label placeholder=placeholder autocomplete="off"
                    prop:value=move || value.get()
                    aria-invalid=move || error.get().is_some().then_some("true")
                    on:blur=leave on:keydown=key
                />
                {move || error.get().map(|error| view! {
                    <p class="field-error" role="alert">{tf(Key::NotSaved, &[("reason", error)])}</p>
                })}
            </dd>
        </div>
    }
}
