//! Sounds and desktop notifications (`docs/ux.md#sound-title-badge`), according to the user's preferences. The service
//! worker shows the notifications. Only the leading tab plays and shows them.

use std::time::Duration;

use causerie_shared::{
    api::notify::NotifyPreferences, conversation::Status, ids::ConversationId, row::ConversationRow,
    user::Availability, window::Folder,
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::sound::{Sound, Tune};
use crate::{
    format::kind::preview_words,
    i18n::{Key, t, tf},
    net::{http, local, push, worker},
    store::{Store, view::NoticeBody},
};

/// Interval at which an offer's sound is repeated until it is answered, [`TIMES`] times at most.
const EVERY: Duration = Duration::from_secs(5);
const TIMES: u32 = 6;
/// A chat that has waited longer than this is not new: it appeared because the list was loaded again.
const FRESH_MS: i64 = 15_000;

/// A chat in a list that notifications watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Watched {
    id: ConversationId,
    folder: Folder,
    unread: u32,
    /// Whether a colleague is asked to take the chat.
    asks: bool,
}

#[derive(Clone, Copy)]
struct Teller {
    store: Store,
    sound: Sound,
    in_front: Signal<Option<ConversationId>>,
    preferences: StoredValue<NotifyPreferences>,
    /// How many more times the sound of the open offers is played.
    left: StoredValue<u32>,
}

/// The state that the last comparison saw.
#[derive(Default)]
struct Seen {
    chats: Vec<Watched>,
    /// The newest notice's id.
    notice: u64,
}

/// Notifies of offers, messages in the user's own chats, new chats in the queue, and answers to transfer requests.
pub fn use_notifications(store: Store, sound: Sound, in_front: Signal<Option<ConversationId>>) {
    let teller = Teller {
        store,
        sound,
        in_front,
        preferences: StoredValue::new(NotifyPreferences::default()),
        left: StoredValue::new(0),
    };
    teller.learn();
    let changed = window_event_listener_untyped(push::CHANGED, move |_| teller.learn());
    on_cleanup(move || changed.remove());
    worker::on_answer(move |tag, accepted| {
        let Ok(id) = tag.parse() else { return };
        if accepted {
            store.accept(id);
        } else {
            store.decline(id);
        }
    });
    let lists = [
        (Folder::Engaged, store.offers()),
        (Folder::Mine, store.folder(Folder::Mine)),
        (Folder::Queue, store.folder(Folder::Queue)),
    ];
    let notices = store.notices();
    // One effect without memos: each memo would add a copy of the generic code to the program.
    Effect::new(move |before: Option<Seen>| {
        let mut chats = vec![];
        for (folder, ids) in &lists {
            for id in &*ids.read() {
                chats.push(watch(store, *id, *folder));
            }
        }
        let first = before.is_none();
        let before = before.unwrap_or_default();
        teller.compare(&before.chats, &chats);
        let newest = notices.with(|all| all.last().map(|notice| (notice.id, heard(&notice.body))));
        let (notice, heard) = newest.unwrap_or((before.notice, None));
        if !first
            && notice > before.notice
            && let Some((id, folder, tune)) = heard
            && teller.preferences().is_some_and(|preferences| match tune {
                Tune::Queue => preferences.new_chat,
                Tune::Message | Tune::Offer => preferences.mention,
            })
        {
            teller.sound.play(tune);
            teller.show(id, folder);
        }
        Seen { chats, notice }
    });
    if let Ok(interval) = set_interval_with_handle(move || teller.ring(), EVERY) {
        on_cleanup(move || interval.clear());
    }
}

fn watch(store: Store, id: ConversationId, folder: Folder) -> Watched {
    let (unread, asks) = if folder == Folder::Mine {
        let head = store.head(id);
        let head = head.read();
        head.as_ref().map_or((0, false), |head| (head.unread, is_asked(head)))
    } else {
        (0, false)
    };
    Watched {
        id,
        folder,
        unread,
        asks,
    }
}

/// The chat, its folder and its tune for a notice that makes a sound; `None` for a silent notice.
fn heard(body: &NoticeBody) -> Option<(ConversationId, Folder, Tune)> {
    match body {
        NoticeBody::Invited { conversation, .. } => Some((*conversation, Folder::Mine, Tune::Message)),
        // The chat waits for a supervisor's decision.
        NoticeBody::CameBack { conversation, .. } => Some((*conversation, Folder::All, Tune::Queue)),
        NoticeBody::Refused { .. }
        | NoticeBody::Taken { .. }
        | NoticeBody::Transfer { .. }
        | NoticeBody::Ended { .. }
        | NoticeBody::Interrupted { .. }
        | NoticeBody::Storage { .. } => None,
    }
}

fn is_asked(head: &ConversationRow) -> bool {
    head.state.status() == Status::Transferring
}

impl Teller {
    /// Loads the preferences. If the request fails, the known ones remain.
    fn learn(self) {
        spawn_local(async move {
            if let Ok(preferences) = http::get("/api/me/notifications").await {
                self.preferences.set_value(preferences);
            }
        });
    }

    /// The user's preferences, or `None` if another tab leads or the quiet hours apply.
    fn preferences(self) -> Option<NotifyPreferences> {
        let preferences = self.preferences.get_value();
        (self.store.leads() && !is_quiet(&preferences)).then_some(preferences)
    }

    fn compare(self, before: &[Watched], now: &[Watched]) {
        for old in before {
            let chat = now.iter().find(|chat| chat.id == old.id);
            if chat.is_none_or(|chat| chat.folder != old.folder || chat.unread < old.unread) {
                // The chat was answered, taken or read, on any device.
                worker::tell(&old.id.to_string().into());
            }
        }
        let Some(preferences) = self.preferences() else { return };
        for old in before.iter().filter(|old| old.asks && !self.sees(old.id)) {
            let still = now.iter().any(|chat| chat.id == old.id && chat.asks);
            if !still && preferences.transfer {
                self.sound.play(Tune::Message);
            }
        }
        for chat in now {
            let old = before.iter().find(|old| old.id == chat.id && old.folder == chat.folder);
            match chat.folder {
                Folder::Engaged if old.is_none() => {
                    self.left.set_value(TIMES);
                    self.ring();
                    if self.wants(&preferences, chat.id) {
                        self.show(chat.id, chat.folder);
                    }
                }
                Folder::Mine if old.is_some_and(|old| chat.unread > old.unread) && !self.sees(chat.id) => {
                    self.sound.play(Tune::Message);
                    self.show(chat.id, chat.folder);
                }
                Folder::Queue if old.is_none() && preferences.new_chat && self.is_fresh(chat.id) => {
                    self.sound.play(Tune::Queue);
                    if local::hidden() {
                        self.show(chat.id, chat.folder);
                    }
                }
                Folder::Engaged | Folder::Mine | Folder::Queue | Folder::All | Folder::History => {}
            }
        }
    }

    /// Whether the user wants notifications of this kind of request.
    fn wants(self, preferences: &NotifyPreferences, id: ConversationId) -> bool {
        if self.store.head(id).read_untracked().as_ref().is_some_and(is_asked) {
            preferences.transfer
        } else {
            preferences.offer
        }
    }

    fn ring(self) {
        let left = self.left.get_value();
        let Some(preferences) = self.preferences().filter(|_| left > 0) else {
            return;
        };
        let offers = self.store.offers().get_untracked();
        if offers.iter().any(|id| !self.sees(*id) && self.wants(&preferences, *id)) {
            self.left.set_value(left - 1);
            self.sound.play(Tune::Offer);
        }
    }

    /// Whether the chat is in front of the user.
    fn sees(self, id: ConversationId) -> bool {
        self.in_front.get_untracked() == Some(id) && !local::hidden()
    }

    /// Whether the chat has just arrived and the user is available.
    fn is_fresh(self, id: ConversationId) -> bool {
        let now = self.store.now().get_untracked();
        let came = self
            .store
            .head(id)
            .read_untracked()
            .as_ref()
            .map(|head| head.waiting_since);
        let me = self.store.me().read_untracked().as_ref().map(|me| me.id);
        came.is_some_and(|came| now - came < FRESH_MS)
            && me.is_some_and(|me| {
                let me = self.store.user(me);
                let me = me.read_untracked();
                me.as_ref().is_some_and(|me| me.availability == Availability::Available)
            })
    }

    /// Shows a notification through the service worker, so that a click works even after the page is closed.
    fn show(self, id: ConversationId, folder: Folder) {
        if self.sees(id) {
            return;
        }
        let private = self.preferences.with_value(|preferences| preferences.private);
        let Some(head) = self.store.head(id).get_untracked() else {
            return;
        };
        let text = head.preview.as_ref().filter(|_| !private).map(preview_words);
        let name = if private {
            format!("#{}", head.number)
        } else {
            head.contact_name
        };
        let title = match folder {
            Folder::Engaged => tf(Key::OfferFrom, &[("name", &name)]),
            Folder::Queue => format!("{name} · {}", t(Key::Queue)),
            Folder::Mine | Folder::All | Folder::History => name,
        };
        let path = format!("/app/{}/{id}", folder.as_str());
        // An offer can be accepted or declined in the notification itself.
        let answers = if folder == Folder::Engaged {
            [t(Key::Accept), t(Key::Decline)]
        } else {
            [""; 2]
        };
        let said: js_sys::Array = [
            &title,
            &text.unwrap_or_default(),
            &id.to_string(),
            &path,
            answers[0],
            answers[1],
        ]
        .into_iter()
        .map(JsValue::from_str)
        .collect();
        worker::tell(&said);
    }
}

/// Whether the quiet hours apply, by this device's clock. Web push uses the time zone of the preferences instead.
fn is_quiet(preferences: &NotifyPreferences) -> bool {
    let Some(quiet) = &preferences.quiet else { return false };
    let now = js_sys::Date::new_0();
    let minute = (now.get_hours() * 60 + now.get_minutes()) as u16;
    if quiet.from <= quiet.to {
        (quiet.from..quiet.to).contains(&minute)
    } else {
        minute >= quiet.from || minute < quiet.to
    }
}
