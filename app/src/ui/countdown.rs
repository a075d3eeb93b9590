//! The countdown ring (`docs/ux.md#countdown`): drains with the shared 1 Hz clock.

use causerie_shared::{Millis, timer::Countdown};
use leptos::prelude::*;

use super::Icon;
use crate::{
    format,
    i18n::{Key, Plural, t, tn},
};

/// The urgency of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Calm,
    Warn,
    Over,
}

impl Level {
    fn of(ring: Countdown, now: Millis) -> Self {
        if ring.left(now) < 0 {
            Self::Over
        } else if ring.share(now) > 0.5 {
            Self::Calm
        } else {
            Self::Warn
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "ok",
            Self::Warn => "warn",
            Self::Over => "over",
        }
    }
}

/// A countdown ring with its remaining time as text.
#[component]
pub fn TimerRing(
    #[prop(into)] ring: Signal<Countdown>,
    /// The clock, corrected by the server's.
    #[prop(into)]
    now: Signal<Millis>,
    /// Whether the ring is part of something with an accessible name of its own, such as a row.
    #[prop(optional)]
    quiet: bool,
) -> impl IntoView {
    let level = Memo::new(move |_| Level::of(ring.get(), now.get()));
    // The accessible name changes at most once a minute.
    let minutes = Memo::new(move |_| (ring.get().left(now.get()).max(0) + 59_999) / 60_000);
    view! {
        <span
            class="ring"
            role=(!quiet).then_some("timer")
            data-level=move || level.get().as_str()
            aria-label=move || (!quiet).then(|| time_left(minutes.get()))
        >
            <svg class="ring-dial" viewBox="0 0 20 20" aria-hidden="true">
                <circle class="ring-track" cx="10" cy="10" r="8.5"></circle>
                <circle
                    class="ring-arc" cx="10" cy="10" r="8.5" pathLength="100"
                    stroke-dashoffset=move || format!("{:.1}", 100.0 - drawn(ring.get(), now.get()) * 100.0)
                ></circle>
            </svg>
            {move || (level.get() == Level::Over).then(|| view! { <Icon name="warning" /> })}
            <span class="ring-time" aria-hidden="true">{move || format::clock(ring.get().left(now.get()))}</span>
        </span>
    }
}

/// The share of the circle to draw; a full circle when overdue.
fn drawn(ring: Countdown, now: Millis) -> f64 {
    if ring.left(now) < 0 { 1.0 } else { ring.share(now) }
}

fn time_left(minutes: i64) -> String {
    match minutes {
        ..=0 => t(Key::Overdue).to_owned(),
        1 => t(Key::LessThanMinute).to_owned(),
        more => tn(Plural::MinutesLeft, u32::try_from(more).unwrap_or(u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_turns_warm_at_half_and_red_when_overdue() {
        let ring = Countdown {
            due: 30_000,
            total: 30_000,
        };
        assert_eq!(Level::of(ring, 1_000), Level::Calm);
        assert_eq!(Level::of(ring, 15_000), Level::Warn);
        assert_eq!(Level::of(ring, 30_000), Level::Warn);
        assert_eq!(Level::of(ring, 30_001), Level::Over);
    }
}
