//! Three short tunes (`docs/ux.md#sound-title-badge`). `use_notifications` decides when to play them.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, OscillatorType};

const LENGTH: f64 = 0.35;
const VOLUME: f32 = 0.12;
/// Minimum interval between two tunes other than an offer's, in milliseconds.
const PAUSE: f64 = 3000.0;

/// A tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tune {
    /// An offer or a transfer request.
    Offer,
    Message,
    Queue,
}

impl Tune {
    /// The frequencies of the notes in Hz, in the order of playing.
    fn notes(self) -> &'static [f32] {
        match self {
            Self::Offer => &[659.3, 880.0],
            Self::Message => &[880.0],
            Self::Queue => &[523.3],
        }
    }
}

/// Plays tunes. Browsers allow sound only after the first user gesture.
#[derive(Clone, Copy)]
pub struct Sound {
    speaker: StoredValue<Option<AudioContext>, LocalStorage>,
    /// When a tune other than an offer's was last played, by the device's clock in milliseconds.
    last: StoredValue<f64>,
    /// Whether a tune was not played because there was no user gesture yet.
    pub blocked: RwSignal<bool>,
}

impl Sound {
    /// Creates the speaker, which opens at the first user gesture.
    pub fn new() -> Self {
        let sound = Self {
            speaker: StoredValue::new_local(None),
            last: StoredValue::new(0.0),
            blocked: RwSignal::new(false),
        };
        let unlock = move || {
            if sound.speaker.with_value(Option::is_none)
                && let Ok(speaker) = AudioContext::new()
            {
                sound.speaker.set_value(Some(speaker));
                sound.blocked.set(false);
            }
        };
        let handles = [
            // Not pointerdown: the banner disappears when sound is allowed, and must not move the element being
            // clicked.
            window_event_listener(ev::click, move |_| unlock()),
            window_event_listener(ev::keydown, move |_| unlock()),
        ];
        on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
        sound
    }

    /// Plays a tune. A message or queue tune within 3 s of the last one is skipped.
    pub fn play(self, tune: Tune) {
        match tune {
            Tune::Offer => {
                let navigator = window().navigator();
                // Firefox and Safari have no vibration API; elsewhere only phones vibrate.
                if js_sys::Reflect::has(&navigator, &"vibrate".into()).unwrap_or(false) {
                    navigator.vibrate_with_duration(200);
                }
            }
            Tune::Message | Tune::Queue => {
                let now = js_sys::Date::now();
                if now - self.last.get_value() < PAUSE {
                    return;
                }
                self.last.set_value(now);
            }
        }
        self.speaker.with_value(|speaker| match speaker {
            Some(speaker) => {
                if let Err(error) = play(speaker, tune.notes()) {
                    crate::hooks::warn("no sound", &error);
                }
            }
            None => self.blocked.set(true),
        });
    }
}

impl Default for Sound {
    fn default() -> Self {
        Self::new()
    }
}

fn play(speaker: &AudioContext, notes: &[f32]) -> Result<(), JsValue> {
    let mut start = speaker.current_time();
    for pitch in notes {
        let (tone, volume) = (speaker.create_oscillator()?, speaker.create_gain()?);
        let end = start + LENGTH;
        tone.set_type(OscillatorType::Sine);
        tone.frequency().set_value(*pitch);
        volume.gain().set_value_at_time(VOLUME, start)?;
        volume.gain().exponential_ramp_to_value_at_time(0.001, end)?;
        tone.connect_with_audio_node(&volume)?;
        volume.connect_with_audio_node(&speaker.destination())?;
        tone.start_with_when(start)?;
        tone.stop_with_when(end)?;
        start += LENGTH / 2.0;
    }
    Ok(())
}
