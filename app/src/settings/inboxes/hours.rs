//! The form of the business hours: several intervals per day, exceptions by date, the time zone.

use causerie_shared::inbox::hours::MAX_INTERVALS;
use leptos::prelude::*;

use super::{
    draft::{Dated, Draft, Span},
    words::DAYS,
};
use crate::{
    i18n::{Key, t, tf},
    settings::{
        form::Form,
        parts::{Below, Switch},
        zones,
    },
    ui::Icon,
};

/// The week, the exceptions and the time zone.
#[component]
pub fn BusinessHours(draft: Draft, form: Form) -> impl IntoView {
    view! {
        <section class="settings-section form">
            <Switch
                id="hours-on" label=t(Key::BusinessHours) help=t(Key::HoursHelp) on=draft.scheduled
                set=move |on| draft.scheduled.set(on)
            />
            {move || draft.scheduled.get().then(|| view! { <Schedule draft form /> })}
        </section>
    }
}

#[component]
fn Schedule(draft: Draft, form: Form) -> impl IntoView {
    let error = form.error("hours-zone");
    let add = move |_| {
        draft.exceptions.update(|days| {
            days.push(Dated {
                date: String::new(),
                open: vec![],
            })
        })
    };
    let count = Memo::new(move |_| draft.exceptions.read().len());
    view! {
        <div class="field">
            <label class="field-label" for="hours-zone">{t(Key::TimeZone)}</label>
            <input
                class="input" id="hours-zone" list="zones" autocomplete="off" prop:value=move || draft.zone.get()
                aria-invalid=move || error.get().is_some().then_some("true")
                on:input=move |event| draft.zone.set(event_target_value(&event))
            />
            <datalist id="zones">{zones::all().into_iter().map(|zone| view! { <option value=zone></option> }).collect_view()}</datalist>
            <Below id="hours-zone" help=None error />
        </div>
        <div class="week">
            {(0..DAYS.len())
                .map(|n| {
                    let spans = Signal::derive(move || draft.week.read()[n].clone());
                    let set = move |spans: Vec<Span>| draft.week.update(|week| week[n] = spans);
                    let error = form.error(format!("day-{n}"));
                    view! { <Day id=format!("day-{n}") name=t(DAYS[n]).to_owned() spans set error /> }
                })
                .collect_view()}
        </div>
        <h2 class="section-title">{t(Key::Exceptions)}</h2>
        <p class="field-help">{t(Key::ExceptionsHelp)}</p>
        {move || (0..count.get()).map(|n| view! { <ExceptionRow n draft form /> }).collect_view()}
        <div><button class="btn" type="button" on:click=add><Icon name="plus" class="icon-16" />{t(Key::AddException)}</button></div>
    }
}

#[component]
fn ExceptionRow(n: usize, draft: Draft, form: Form) -> impl IntoView {
    let day = move || draft.exceptions.read().get(n).cloned();
    let date = Memo::new(move |_| day().map(|day| day.date).unwrap_or_default());
    let change = move |act: &dyn Fn(&mut Dated)| {
        draft.exceptions.update(|days| {
            if let Some(day) = days.get_mut(n) {
                act(day);
            }
        });
    };
    let set = move |spans: Vec<Span>| change(&|day| day.open.clone_from(&spans));
    let name = move || match date.get() {
        none if none.is_empty() => t(Key::NewException).to_owned(),
        date => date,
    };
    view! {
        <div class="exception">
            <input
                class="input exception-date" type="date" aria-label=t(Key::Date) id=format!("exception-{n}") prop:value=date
                on:input=move |event| {
                    let date = event_target_value(&event);
                    change(&|day| day.date.clone_from(&date));
                }
            />
            <Day
                id=format!("exception-day-{n}") name=Signal::derive(name)
                spans=Signal::derive(move || day().map(|day| day.open).unwrap_or_default())
                set
                error=form.error(format!("exception-{n}"))
            />
            <button
                class="icon-btn" type="button" aria-label=move || tf(Key::RemoveFile, &[("name", &name())])
                on:click=move |_| draft.exceptions.update(|days| { days.remove(n); })
            >
                <Icon name="trash" class="icon-16" />
            </button>
        </div>
    }
}

/// The intervals of a day.
#[component]
fn Day(
    id: String,
    #[prop(into)] name: Signal<String>,
    #[prop(into)] spans: Signal<Vec<Span>>,
    #[prop(into)] set: Callback<Vec<Span>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let count = Memo::new(move |_| spans.read().len());
    let add = move |_: web_sys::MouseEvent| {
        let mut spans = spans.get_untracked();
        spans.push(match spans.last() {
            Some((_, end)) => (end.clone(), String::new()),
            None => ("09:00".to_owned(), "18:00".to_owned()),
        });
        set.run(spans);
    };
    let full = move || count.get() >= MAX_INTERVALS;
    view! {
        <div class="hours-day" role="group" id=id tabindex="-1" aria-label=move || name.get()>
            <span class="hours-name">{move || name.get()}</span>
            <div class="hours-spans">
                {move || (count.get() == 0).then(|| view! { <span class="cell-quiet">{t(Key::Closed)}</span> })}
                {move || (0..count.get()).map(|n| view! { <SpanRow n spans set name /> }).collect_view()}
            </div>
            <button
                class="icon-btn" type="button" aria-label=move || tf(Key::AddHours, &[("day", &name.get())])
                prop:disabled=full on:click=add
            >
                <Icon name="plus" class="icon-16" />
            </button>
            {move || error.get().map(|error| view! { <p class="field-error"><Icon name="alert" class="icon-14" />{error}</p> })}
        </div>
    }
}

#[component]
fn SpanRow(n: usize, spans: Signal<Vec<Span>>, set: Callback<Vec<Span>>, name: Signal<String>) -> impl IntoView {
    let of = move |end: bool| {
        let spans = spans.read();
        let span = spans.get(n).cloned().unwrap_or_default();
        if end { span.1 } else { span.0 }
    };
    let change = move |end: bool, text: String| {
        let mut spans = spans.get_untracked();
        if let Some(span) = spans.get_mut(n) {
            *(if end { &mut span.1 } else { &mut span.0 }) = text;
        }
        set.run(spans);
    };
    let remove = move |_| {
        let mut spans = spans.get_untracked();
        spans.remove(n);
        set.run(spans);
    };
    let field = move |end: bool, key: Key| {
        view! {
            <input
                class="input tnum" type="time" aria-label=move || format!("{} {}", name.get(), t(key))
                prop:value=move || of(end) on:input=move |event| change(end, event_target_value(&event))
            />
        }
    };
    view! {
        <span class="span">
            {field(false, Key::From)}
            <span aria-hidden="true">"–"</span>
            {field(true, Key::Until)}
            <button class="icon-btn" type="button" aria-label=move || tf(Key::RemoveHours, &[("day", &name.get())]) on:click=remove>
                <Icon name="close" class="icon-14" />
            </button>
        </span>
    }
}
