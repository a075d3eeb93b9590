//! The ring of an offer: a short tone, every 5 s until it is answered, for 30 s at most (`ux.md` §7).

use std::time::Duration;

use causerie_shared::ids::ConversationId;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, OscillatorType};

use crate::store::Store;

const EVERY: Duration = Duration::from_secs(5);
const TIMES: u32 = 6;
/// Two notes, Hz, and when each begins, seconds.
const NOTES: [(f32, f64); 2] = [(659.3, 0.0), (880.0, 0.16)];
const LENGTH: f64 = 0.35;
const VOLUME: f32 = 0.12;

/// The speaker. Browsers open it on the first gesture only.
#[derive(Clone, Copy)]
pub struct Sound {
    speaker: StoredValue<Option<AudioContext>, LocalStorage>,
    /// It was to ring, and no gesture had opened it.
    pub blocked: RwSignal<bool>,
}

impl Sound {
    /// Waits for the first gesture to open the speaker.
    pub fn new() -> Self {
        let sound = Self {
            speaker: StoredValue::new_local(None),
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
            window_event_listener(ev::pointerdown, move |_| unlock()),
            window_event_listener(ev::keydown, move |_| unlock()),
        ];
        on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
        sound
    }

    fn ring(self) {
        // Only phones do; others answer no.
        window().navigator().vibrate_with_duration(200);
        self.speaker.with_value(|speaker| match speaker {
            Some(speaker) => {
                if let Err(error) = play(speaker) {
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

fn play(speaker: &AudioContext) -> Result<(), JsValue> {
    let now = speaker.current_time();
    for (pitch, begins) in NOTES {
        let (tone, volume) = (speaker.create_oscillator()?, speaker.create_gain()?);
        let (start, end) = (now + begins, now + begins + LENGTH);
        tone.set_type(OscillatorType::Sine);
        tone.frequency().set_value(pitch);
        volume.gain().set_value_at_time(VOLUME, start)?;
        volume.gain().exponential_ramp_to_value_at_time(0.001, end)?;
        tone.connect_with_audio_node(&volume)?;
        volume.connect_with_audio_node(&speaker.destination())?;
        tone.start_with_when(start)?;
        tone.stop_with_when(end)?;
    }
    Ok(())
}

/// Rings when an offer comes, and again until no offer is left; silent for the chat in front, and in tabs that follow
/// another one.
pub fn use_offer_sound(store: Store, sound: Sound, in_front: Signal<Option<ConversationId>>) {
    let offers = store.offers();
    let left = StoredValue::new(0_u32);
    let again = move || {
        let wanted = offers.with_untracked(|offers| offers.iter().any(|id| Some(*id) != in_front.get_untracked()));
        if wanted && left.get_value() > 0 && store.leads() {
            left.update_value(|left| *left -= 1);
            sound.ring();
        }
    };
    Effect::new(move |before: Option<Vec<ConversationId>>| {
        let now = offers.get();
        if now
            .iter()
            .any(|id| !before.as_ref().is_some_and(|before| before.contains(id)))
        {
            left.set_value(TIMES);
            again();
        }
        now
    });
    if let Ok(interval) = set_interval_with_handle(again, EVERY) {
        on_cleanup(move || interval.clear());
    }
}
