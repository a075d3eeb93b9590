//! Parts of settings forms: numbers with a unit, choices, switches, explanations.

use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    ui::Icon,
};

fn described(id: &str, help: bool, error: bool) -> Option<String> {
    match (help, error) {
        (_, true) => Some(format!("{id}-error")),
        (true, false) => Some(format!("{id}-help")),
        (false, false) => None,
    }
}

/// The help and error below a field.
#[component]
pub fn Below(
    id: &'static str,
    help: Option<&'static str>,
    #[prop(into)] error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        {help.map(|help| view! { <p class="field-help" id=format!("{id}-help")>{help}</p> })}
        {move || error.get().map(|error| view! {
            <p class="field-error" id=format!("{id}-error")><Icon name="alert" class="icon-14" />{error}</p>
        })}
    }
}

/// A whole number with its unit; `tip` is the text of a tooltip behind an icon.
#[component]
pub fn NumberField(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    #[prop(optional)] unit: &'static str,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(optional)] tip: Option<&'static str>,
    #[prop(into)] error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="field">
            <div class="field-top field-start">
                <label class="field-label" for=id>{label}</label>
                {tip.map(|text| view! { <Tip id text /> })}
            </div>
            <div class="unit">
                <input
                    class="input tnum" id=id inputmode="numeric" autocomplete="off" required=true
                    prop:value=move || value.get()
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=move || described(id, help.is_some(), error.get().is_some())
                    on:input=move |event| value.set(event_target_value(&event))
                />
                <span class="unit-name" aria-hidden="true">{unit}</span>
            </div>
            <Below id help error />
        </div>
    }
}

/// An icon with a tooltip that shows on hover and on focus; Escape hides it.
#[component]
pub fn Tip(id: &'static str, text: &'static str) -> impl IntoView {
    let hidden = RwSignal::new(false);
    let tip = format!("{id}-tip");
    view! {
        <span class="tip" on:mouseenter=move |_| hidden.set(false) on:focusin=move |_| hidden.set(false)>
            <button
                class="tip-button" type="button" aria-label=t(Key::MoreInfo) aria-describedby=tip.clone()
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        hidden.set(true);
                    }
                }
            >
                <Icon name="info" class="icon-16" />
            </button>
            <span class="tip-text" role="tooltip" id=tip data-hidden=move || hidden.get().then_some("")>{text}</span>
        </span>
    }
}

/// One of several values; `choices` are keys and labels.
#[component]
pub fn Choice(
    id: &'static str,
    label: &'static str,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] choices: Signal<Vec<(String, String)>>,
    #[prop(into)] chosen: Callback<String>,
    #[prop(optional)] help: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="field">
            <div class="field-top"><label class="field-label" for=id>{label}</label></div>
            <div class="select">
                <select
                    class="input" id=id aria-describedby=help.map(|_| format!("{id}-help"))
                    on:change=move |event| chosen.run(event_target_value(&event))
                >
                    {move || choices
                        .get()
                        .into_iter()
                        .map(|(key, word)| {
                            let this = key.clone();
                            view! { <option value=key prop:selected=move || *value.read() == this>{word}</option> }
                        })
                        .collect_view()}
                </select>
                <Icon name="chevron-down" class="icon-16" />
            </div>
            {help.map(|help| view! { <p class="field-help" id=format!("{id}-help")>{help}</p> })}
        </div>
    }
}

/// A switch with an explanation.
#[component]
pub fn Switch(
    id: &'static str,
    label: &'static str,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] set: Callback<bool>,
    #[prop(into, optional)] disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <div class="switch-row">
            <div>
                <label class="field-label" for=id>{label}</label>
                {help.map(|help| view! { <p class="field-help" id=format!("{id}-help")>{help}</p> })}
            </div>
            <input
                class="switch" type="checkbox" role="switch" id=id
                aria-describedby=help.map(|_| format!("{id}-help"))
                prop:checked=move || on.get()
                prop:disabled=move || disabled.get()
                on:change=move |event| set.run(event_target_checked(&event))
            />
        </div>
    }
}

/// A checkbox.
#[component]
pub fn Tick(
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] set: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=move || on.get() on:change=move |event| set.run(event_target_checked(&event)) />
            <span>
                {move || label.get()}
                {help.map(|help| view! { <br /><span class="cell-sub">{help}</span> })}
            </span>
        </label>
    }
}

/// Parses a whole number within a range.
pub fn whole(text: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    text.trim().parse().ok().filter(|number| range.contains(number))
}
