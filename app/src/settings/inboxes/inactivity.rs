//! The form of the inactivity rule: switch, duration, action, and message with a counter.

use causerie_shared::inbox::inactivity::{MAX_MESSAGE, TimeOut, length};
use leptos::prelude::*;

use super::{
    draft::{Draft, Unit},
    words,
};
use crate::{
    i18n::{Key, t, tf},
    settings::{
        form::Form,
        parts::{Below, Choice, NumberField, Switch},
    },
    ui::Icon,
};

/// The switch and the rule.
#[component]
pub fn InactivityAction(draft: Draft, form: Form) -> impl IntoView {
    view! {
        <section class="settings-section form">
            <Switch
                id="inactive-on" label=t(Key::InactivityAction) help=t(Key::InactivityHelp) on=draft.silence
                set=move |on| draft.silence.set(on)
            />
            {move || draft.silence.get().then(|| view! { <Rule draft form /> })}
        </section>
    }
}

#[component]
fn Rule(draft: Draft, form: Form) -> impl IntoView {
    let actions: Vec<_> = TimeOut::ALL
        .map(|action| (action.as_str().to_owned(), words::time_out(action).to_owned()))
        .into();
    let choose = move |event| {
        let key = event_target_value(&event);
        if let Some(unit) = Unit::ALL.into_iter().find(|unit| unit.as_str() == key) {
            draft.unit.set(unit);
        }
    };
    let sends = Memo::new(move |_| draft.action.get().sends());
    view! {
        <div class="form-pair form-tight">
            <NumberField
                id="inactive-amount" label=t(Key::InactivityDuration) value=draft.amount help=t(Key::InactivityDurationHelp)
                error=form.error("inactive-amount")
            />
            <div class="select select-unit">
                <select class="input" aria-label=t(Key::Unit) on:change=choose>
                    {Unit::ALL.map(|unit| view! {
                        <option value=unit.as_str() prop:selected=move || draft.unit.get() == unit>{unit.name()}</option>
                    })}
                </select>
                <Icon name="chevron-down" class="icon-16" />
            </div>
        </div>
        <Choice
            id="inactive-action" label=t(Key::TimeOutAction) choices=actions
            value=Signal::derive(move || draft.action.get().as_str().to_owned())
            chosen=move |key: String| {
                if let Some(action) = TimeOut::from_key(&key) {
                    draft.action.set(action);
                }
            }
        />
        {move || sends.get().then(|| view! { <Message draft form /> })}
    }
}

#[component]
fn Message(draft: Draft, form: Form) -> impl IntoView {
    let have = Memo::new(move |_| length(draft.message.read().trim()));
    let error = form.error("inactive-message");
    view! {
        <div class="field">
            <div class="field-top">
                <label class="field-label" for="inactive-message">{t(Key::Message)}</label>
                <span class="field-count tnum" id="inactive-count" data-over=move || (have.get() > MAX_MESSAGE).then_some("")>
                    {move || tf(Key::CountOf, &[("have", &have.get().to_string()), ("limit", &MAX_MESSAGE.to_string())])}
                </span>
            </div>
            <textarea
                class="input" id="inactive-message" rows="3" prop:value=move || draft.message.get()
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby="inactive-count inactive-message-error"
                on:input=move |event| draft.message.set(event_target_value(&event))
            ></textarea>
            <Below id="inactive-message" help=Some(t(Key::InactivityMessageHelp)) error />
        </div>
    }
}
