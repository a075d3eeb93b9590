//! A hidden live region that announces changes to screen readers.

use std::time::Duration;

use leptos::prelude::*;

/// Minimum interval between two polite announcements (`docs/ux.md#reading`).
const PAUSE: Duration = Duration::from_secs(2);

/// Announces texts for views, in context. Polite texts keep a minimum interval; urgent ones (offers) do not.
#[derive(Clone, Copy)]
pub struct Announcer {
    polite: RwSignal<String>,
    urgent: RwSignal<String>,
    /// The last text that arrived during a pause.
    held: StoredValue<Option<String>>,
    pausing: StoredValue<bool>,
}

impl Announcer {
    pub fn new() -> Self {
        Self {
            polite: RwSignal::default(),
            urgent: RwSignal::default(),
            held: StoredValue::new(None),
            pausing: StoredValue::new(false),
        }
    }

    /// Announces a text when the screen reader is idle. Of several texts within 2 s, it keeps only the last.
    pub fn polite(self, text: String) {
        if self.pausing.get_value() {
            self.held.set_value(Some(text));
            return;
        }
        self.polite.set(text);
        self.pausing.set_value(true);
        set_timeout(
            move || {
                self.pausing.set_value(false);
                let next = self.held.try_update_value(Option::take).flatten();
                if let Some(next) = next {
                    self.polite(next);
                }
            },
            PAUSE,
        );
    }

    /// Announces a text at once.
    pub fn urgent(self, text: String) {
        self.urgent.set(text);
    }

    /// The live regions; render them once per page.
    pub fn regions(self) -> impl IntoView {
        view! {
            <div class="sr-only" aria-live="polite">{move || self.polite.get()}</div>
            <div class="sr-only" aria-live="assertive">{move || self.urgent.get()}</div>
        }
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}
