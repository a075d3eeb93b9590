//! The speaker: three short tunes (`docs/ux.md#sound-title-badge`). What is played when is `use_notifications`' to
//! decide.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, OscillatorType};

const LENGTH: f64 = 0.35;
const VOLUME: f32 = 0.12;
/// Messages sound at most this often, milliseconds.
const PAUSE: f64 = 3000.0;

/// What sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tune {
    /// Somebody is asked: an offer or a request for a transfer.
    Offer,
    Message,
    Queue,
}

impl Tune {
    /// Notes, Hz, one after the other.
    fn notes(self) -> &'static [f32] {
        match self {
            Self::Offer => &[659.3, 880.0],
            Self::Message => &[880.0],
            Self::Queue => &[523.3],
        }
    }
}

/// The speaker. Browsers open it on the first gesture only.
#[derive(Clone, Copy)]
pub struct Sound {
    speaker: StoredValue<Option<AudioContext>, LocalStorage>,
    /// When a message sounded last, by the browser's clock.
    last: StoredValue<f64>,
    /// It was to play, and no gesture had opened it.
    pub blocked: RwSignal<bool>,
}

impl Sound {
    /// Waits for the first gesture to open the speaker.
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
            // Not the press before it: the banner goes then, and must not move away what is being clicked.
            window_event_listener(ev::click, move |_| unlock()),
            window_event_listener(ev::keydown, move |_| unlock()),
        ];
        on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
        sound
    }

    /// Plays a tune; one of a message that comes right after another is left out.
    pub fn play(self, tune: Tune) {
        match tune {
            Tune::Offer => {
                let navigator = window().navigator();
                // Firefox and Safari cannot be asked; elsewhere only phones do it.
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
