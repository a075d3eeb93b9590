//! When the console makes itself heard and seen (`ux.md` §7): sounds, and desktop notifications by the service worker,
//! as the user prefers. Only the tab that leads does.

use std::time::Duration;

use causerie_shared::{
    api::notify::NotifyPreferences, conversation::Status, ids::ConversationId, row::Head, user::Availability,
    window::Folder,
};
use leptos::{prelude::*, task::spawn_local};

use super::sound::{Sound, Tune};
use crate::{
    i18n::{Key, t, tf},
    net::{http, local, push, worker},
    store::{Store, view::NoticeBody},
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
    let watched = watched(store);
    Effect::new(move |before: Option<Vec<Watched>>| {
        let now = watched.get();
        teller.compare(&before.unwrap_or_default(), &now);
        now
    });
    if let Ok(interval) = set_interval_with_handle(move || teller.ring(), EVERY) {
        on_cleanup(move || interval.clear());
    }
    let notices = store.notices();
    Effect::new(move |before: Option<u64>| {
        let newest = notices.with(|all| all.last().map(|notice| (notice.id, notice.body.clone())));
        let Some((id, body)) = newest else {
            return before.unwrap_or_default();
        };
        if before.is_none_or(|before| id > before)
            && let NoticeBody::Invited { conversation, .. } = body
            && teller.may(|preferences| preferences.mention)
        {
            teller.sound.play(Tune::Message);
            teller.show(conversation, Folder::Mine, false);
        }
        id
    });
}

/// The chats that may want attention, as they are.
fn watched(store: Store) -> Memo<Vec<Watched>> {
    let (offers, mine, queue) = (store.offers(), store.folder(Folder::Mine), store.folder(Folder::Queue));
    Memo::new(move |_| {
        let mut all = vec![];
        let mut add = |ids: &Vec<ConversationId>, folder| {
            for id in ids {
                let (unread, asks) = match folder {
                    Folder::Mine => store
                        .head(*id)
                        .with(|head| head.as_ref().map_or((0, false), |head| (head.unread, is_asked(head)))),
                    Folder::Queue | Folder::Engaged | Folder::All | Folder::History => (0, false),
                };
                all.push(Watched {
                    id: *id,
                    folder,
                    unread,
                    asks,
                });
            }
        };
        offers.with(|ids| add(ids, Folder::Engaged));
        mine.with(|ids| add(ids, Folder::Mine));
        queue.with(|ids| add(ids, Folder::Queue));
        all
    })
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

    /// This tab is the one to tell, the user wants it and it is no quiet hour.
    fn may(self, wants: impl Fn(&NotifyPreferences) -> bool) -> bool {
        self.store.leads()
            && self
                .preferences
                .with_value(|preferences| wants(preferences) && !is_quiet(preferences))
    }

    fn compare(self, before: &[Watched], now: &[Watched]) {
        for chat in now {
            let old = before.iter().find(|old| old.id == chat.id);
            let moved = old.is_none_or(|old| old.folder != chat.folder);
            match chat.folder {
                Folder::Engaged if moved => {
                    self.left.set_value(TIMES);
                    self.ring();
                    if self.may(|preferences| self.wants(preferences, chat.id)) {
                        self.show(chat.id, Folder::Engaged, true);
                    }
                }
                Folder::Mine => {
                    let news = old.is_some_and(|old| !moved && chat.unread > old.unread);
                    if news && !self.sees(chat.id) && self.may(|_| true) {
                        self.sound.play(Tune::Message);
                        self.show(chat.id, Folder::Mine, false);
                    }
                }
                Folder::Queue if moved && self.is_fresh(chat.id) && self.may(|preferences| preferences.new_chat) => {
                    self.sound.play(Tune::Queue);
                    if local::hidden() {
                        self.show(chat.id, Folder::Queue, false);
                    }
                }
                Folder::Engaged | Folder::Queue | Folder::All | Folder::History => {}
            }
        }
        for old in before {
            let chat = now.iter().find(|chat| chat.id == old.id);
            if old.asks && chat.is_none_or(|chat| !chat.asks) && !self.sees(old.id) && self.may(|p| p.transfer) {
                self.sound.play(Tune::Message);
            }
            let moved = chat.is_none_or(|chat| chat.folder != old.folder);
            if moved || (old.unread > 0 && chat.is_some_and(|chat| chat.unread == 0)) {
                // Answered, taken or read, on whichever device.
                worker::tell(&old.id.to_string().into());
            }
        }
    }

    /// Is this kind of request wanted?
    fn wants(self, preferences: &NotifyPreferences, id: ConversationId) -> bool {
        let transfer = self
            .store
            .head(id)
            .with_untracked(|head| head.as_ref().is_some_and(is_asked));
        if transfer {
            preferences.transfer
        } else {
            preferences.offer
        }
    }

    fn ring(self) {
        let offers = self.store.offers();
        let wanted = offers.with_untracked(|offers| {
            offers
                .iter()
                .any(|id| !self.sees(*id) && self.may(|preferences| self.wants(preferences, *id)))
        });
        if wanted && self.left.get_value() > 0 {
            self.left.update_value(|left| *left -= 1);
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
        let fresh = self
            .store
            .head(id)
            .with_untracked(|head| head.as_ref().is_some_and(|head| now - head.waiting_since < FRESH_MS));
        let me = self.store.me().with_untracked(|me| me.as_ref().map(|me| me.id));
        fresh
            && me.is_some_and(|me| {
                self.store.user(me).with_untracked(|user| {
                    user.as_ref()
                        .is_some_and(|user| user.availability == Availability::Available)
                })
            })
    }

    /// A notification beside the page, by the service worker: its click works when the page is gone.
    fn show(self, id: ConversationId, folder: Folder, again: bool) {
        if self.sees(id) {
            return;
        }
        let private = self.preferences.with_value(|preferences| preferences.private);
        let Some(head) = self.store.head(id).get_untracked() else {
            return;
        };
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
        let text = head.preview.filter(|_| !private).map(|preview| preview.text);
        let path = format!("/app/{}/{id}", folder.as_str());
        worker::tell(&js_sys::Array::of5(
            &title.into(),
            &text.unwrap_or_default().into(),
            &id.to_string().into(),
            &path.into(),
            &again.into(),
        ));
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
