//! The chat's timeline: every conversation event with its time, actor and cause.

use causerie_shared::{conversation::transition::Actor, ids::ConversationId, row::JourneyRow};
use leptos::prelude::*;

use crate::{
    format,
    i18n::{Key, t, tf},
    store::{Store, view::Bubble},
    ui::{Icon, key_of, keyed, line_icon, line_words},
};

/// The timeline of one chat, shown instead of the profile's tabs.
#[component]
pub fn Timeline(id: ConversationId, open: RwSignal<bool>) -> impl IntoView {
    let store: Store = expect_context();
    let bubbles = store.bubbles(id);
    let number = store
        .head(id)
        .with_untracked(|head| head.as_ref().map(|head| head.number));
    let title = tf(Key::ChatNumber, &[("number", &number.unwrap_or_default().to_string())]);
    // Each day is named once, before its first event.
    let days = move || {
        let now = store.now().get_untracked();
        let mut last = None;
        let mut step = |bubble: &Bubble| match bubble {
            Bubble::Line(row) => {
                let day = format::local_day(row.at);
                let new = (last.replace(day) != Some(day)).then(|| format::day(row.at, now));
                Some((new, row.clone()))
            }
            Bubble::Message(_) => None,
        };
        bubbles.with(|bubbles| bubbles.iter().filter_map(&mut step).collect::<Vec<_>>())
    };
    view! {
        <section class="scroll timeline" aria-label=t(Key::CustomerJourney) tabindex="0">
            <header class="facts-title timeline-head">
                <b>{title}</b>
                <button class="icon-btn facts-hint" type="button" aria-label=t(Key::CloseJourney) on:click=move |_| open.set(false)>
                    <Icon name="close" />
                </button>
            </header>
            <ol>
                {keyed(
                    days,
                    |(day, row)| key_of(&(row.version, day)),
                    |(day, row)| view! { <Step day row /> }.into_any(),
                )}
            </ol>
        </section>
    }
}

#[component]
fn Step(day: Option<String>, row: JourneyRow) -> impl IntoView {
    let store: Store = expect_context();
    let (icon, words) = (line_icon(&row), line_words(&row));
    // The actor is shown only if the event's text does not name them already.
    let by = row.actor.user().filter(|by| row.user.is_some_and(|user| user != *by));
    let by = by.map(|by| store.user(by));
    let why = move || match row.actor {
        Actor::User { .. } => {
            let by = by?.get()?;
            Some(tf(Key::By, &[("name", &by.name)]))
        }
        Actor::Contact => Some(t(Key::ByContact).to_owned()),
        Actor::Bot => Some(t(Key::ByBot).to_owned()),
        Actor::System => Some(t(Key::BySystem).to_owned()),
    };
    view! {
        <li class="step">
            {day.map(|day| view! { <p class="step-day">{day}</p> })}
            <time title=format::date_time(row.at)>{format::time_exact(row.at)}</time>
            <span class="status" data-status=row.state.status().as_str()><Icon name=icon /></span>
            <p>{words}<span class="step-why">{why}</span></p>
        </li>
    }
}
