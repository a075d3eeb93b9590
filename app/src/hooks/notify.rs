//! When the console makes itself heard and seen (`docs/ux.md#sound-title-badge`): sounds, and desktop notifications by
//! the service worker, as the user prefers. Only the tab that leads does.

use std::time::Duration;

use causerie_shared::{
    api::notify::NotifyPreferences, conversation::Status, ids::ConversationId, row::Head, user::Availability,
    window::Folder,
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::sound::{Sound, Tune};
use crate::{
    i18n::{Key, t, tf},
    net::{http, local, push, worker},
    store::{Store, view::NoticeBody},
    ui::preview_words,
};

/// An offer rings again until it is answered, for 30 s at most.
const EVERY: Duration = Duration::from_secs(5);
const TIMES: u32 = 6;
/// A chat that waits for longer is no news: it came with a list that was read anew.
const FRESH_MS: i64 = 15_000;

/// A chat that may want attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Watched {
    id: ConversationId,
    folder: Folder,
    unread: u32,
    /// A colleague is asked to take it.
    asks: bool,
}

#[derive(Clone, Copy)]
struct Teller {
    store: Store,
    sound: Sound,
    in_front: Signal<Option<ConversationId>>,
    preferences: StoredValue<NotifyPreferences>,
    /// How often the offers that are there ring again.
    left: StoredValue<u32>,
}

/// What was seen at the last look.
#[derive(Default)]
struct Seen {
    chats: Vec<Watched>,
    /// The newest notice.
    notice: u64,
}

/// Tells of offers, messages in one's own chats, new chats in the queue, and what became of a request.
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
    // One effect, and no memo before it: each would be a copy of its machinery in the program.
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

/// The notices that are heard, with the folder in which the chat is found.
fn heard(body: &NoticeBody) -> Option<(ConversationId, Folder, Tune)> {
    match body {
        NoticeBody::Invited { conversation, .. } => Some((*conversation, Folder::Mine, Tune::Message)),
        // A chat that waits for a supervisor's decision.
        NoticeBody::CameBack { conversation, .. } => Some((*conversation, Folder::All, Tune::Queue)),
        NoticeBody::Refused { .. }
        | NoticeBody::Taken { .. }
        | NoticeBody::Transfer { .. }
        | NoticeBody::Ended { .. }
        | NoticeBody::Interrupted { .. }
        | NoticeBody::Storage { .. } => None,
    }
}

fn is_asked(head: &Head) -> bool {
    head.state.status() == Status::Transferring
}

impl Teller {
    /// Reads the preferences; without network those known stay.
    fn learn(self) {
        spawn_local(async move {
            if let Ok(preferences) = http::get("/api/me/notifications").await {
                self.preferences.set_value(preferences);
            }
        });
    }

    /// What the user wants, unless another tab tells them or it is a quiet hour.
    fn preferences(self) -> Option<NotifyPreferences> {
        let preferences = self.preferences.get_value();
        (self.store.leads() && !is_quiet(&preferences)).then_some(preferences)
    }

    fn compare(self, before: &[Watched], now: &[Watched]) {
        for old in before {
            let chat = now.iter().find(|chat| chat.id == old.id);
            if chat.is_none_or(|chat| chat.folder != old.folder || chat.unread < old.unread) {
                // Answered, taken or read, on whichever device.
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

    /// Is this kind of request wanted?
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

    /// The chat is in front of the person.
    fn sees(self, id: ConversationId) -> bool {
        self.in_front.get_untracked() == Some(id) && !local::hidden()
    }

    /// It came just now, and the person is not busy.
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

    /// A notification beside the page, by the service worker: its click works when the page is gone.
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
        // What has to be answered rings again, and can be answered right there.
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

/// By the clock of this device; pushes go by the zone that was chosen.
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
