//! One conversation in the list (`docs/ux.md#conversation-row`).

use causerie_shared::{
    conversation::Status,
    ids::{ConversationId, UserId},
    message::Author,
    row::{ConversationRow, Preview},
    window::Folder,
};
use leptos::prelude::*;

use crate::{
    format::{self, kind::preview_words},
    i18n::{Key, Plural, t, tn},
    navigation::{Navigation, unread},
    store::{
        Store,
        view::{Bubble, Stage},
    },
    ui::{Avatar, Icon, Presence, StatusWord, TimerRing, channel_name, status_name},
};

/// A row of the list; empty until its data is known.
#[component]
pub fn Row(
    id: ConversationId,
    folder: Folder,
    /// The row that Tab reaches.
    tab_stop: Memo<Option<ConversationId>>,
    row_height: Memo<f64>,
) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let head = store.head(id);
    let index = Memo::new(move |_| nav.rows.with(|rows| rows.index(id)).unwrap_or_default());
    let selected = Memo::new(move |_| nav.open.get() == Some(id));
    let new = Memo::new(move |_| head.read().as_ref().map_or(0, unread));
    view! {
        <div
            class="row" role="option" id=format!("row-{id}")
            tabindex=move || if tab_stop.get() == Some(id) { "0" } else { "-1" }
            aria-selected=move || selected.get().to_string()
            aria-posinset=move || (index.get() + 1).to_string()
            aria-setsize=move || nav.rows.read().total.to_string()
            data-unread=move || (new.get() > 0).then_some("")
            style:transform=move || format!("translateY({}px)", f64::from(index.get()) * row_height.get())
            on:click=move |_| nav.open_in(folder, id)
        >
            {move || head.read().is_some().then(|| view! { <Content head folder /> })}
        </div>
    }
}

#[component]
fn Content(head: Signal<Option<ConversationRow>>, folder: Folder) -> impl IntoView {
    let store: Store = expect_context();
    // The row is drawn only while its data is known; while the data is being dropped, keep the last values.
    let head =
        Memo::new(move |before: Option<&Option<ConversationRow>>| head.get().or_else(|| before.cloned().flatten()));
    let part = move |select: fn(&ConversationRow) -> String| {
        Memo::new(move |_| head.read().as_ref().map(select).unwrap_or_default())
    };
    let Some(first) = head.get_untracked() else {
        return ().into_any();
    };
    let name = part(|head| head.contact_name.clone());
    let status = Memo::new(move |_| head.read().as_ref().map_or(Status::Waiting, |head| head.state.status()));
    // An undo window does not concern the list.
    let ring = Memo::new(move |_| {
        let running = |head: &&ConversationRow| !head.state.status().is_final();
        head.read().as_ref().filter(running).and_then(|head| head.ring)
    });
    let new = Memo::new(move |_| head.read().as_ref().map_or(0, unread));
    let inbox = store.inbox(first.inbox);
    let inbox = Memo::new(move |_| {
        inbox
            .read()
            .as_ref()
            .map(|inbox| inbox.name.clone())
            .unwrap_or_default()
    });
    let today = Memo::new(move |_| format::local_day(store.now().get()));
    let time = Memo::new(move |_| {
        today.track();
        head.read()
            .as_ref()
            .map(|head| format::short(shown_time(head, folder), store.now().get_untracked()))
            .unwrap_or_default()
    });
    let presence = Memo::new(move |_| {
        head.read()
            .as_ref()
            .is_some_and(|head| head.online && !head.state.status().is_final())
            .then_some(Presence::Available)
    });
    let line = preview_line(store, head, first.id, folder);
    let spoken = move || {
        let unseen = (new.get() > 0).then(|| tn(Plural::UnreadCount, new.get()));
        let parts = [
            Some(name.get()),
            Some(channel_name(first.channel).to_owned()),
            Some(status_name(status.get()).to_owned()),
            Some(time.get()),
            unseen,
            Some(line.get().words()),
        ];
        parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    };
    view! {
        <span class="sr-only">{spoken}</span>
        <Avatar name seed=first.contact.to_u128() size=40 channel=first.channel presence top=true />
        <span class="row-name truncate" aria-hidden="true"><bdi>{name}</bdi></span>
        <time class="row-time" aria-hidden="true">{time}</time>
        <span class="row-preview truncate" aria-hidden="true">{move || line.get().view()}</span>
        <span class="row-end" aria-hidden="true">
            {move || match (ring.get(), new.get()) {
                (Some(_), _) => view! {
                    <TimerRing ring=Signal::derive(move || ring.get().unwrap_or_else(over)) now=store.now() quiet=true />
                }
                .into_any(),
                (None, 0) => ().into_any(),
                (None, many) => view! { <span class="pill">{pill(many)}</span> }.into_any(),
            }}
        </span>
        <span class="row-meta" aria-hidden="true">
            <StatusWord status />
            <span class="row-inbox truncate">{inbox}</span>
        </span>
    }
    .into_any()
}

fn over() -> causerie_shared::timer::Countdown {
    causerie_shared::timer::Countdown { due: 0, total: 0 }
}

fn pill(count: u32) -> String {
    if count > 99 {
        "99+".to_owned()
    } else {
        count.to_string()
    }
}

fn shown_time(head: &ConversationRow, folder: Folder) -> i64 {
    match folder {
        Folder::History => head.ended_at.unwrap_or(head.active_at),
        Folder::Queue | Folder::Engaged | Folder::Mine | Folder::All => {
            head.preview.as_ref().map_or(head.active_at, |preview| preview.at)
        }
    }
}

/// The second line of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Typing,
    Draft(String),
    /// The user's newest reply, which has not been sent yet.
    Queued(String),
    Mine(String),
    Other(String),
}

impl Line {
    fn words(&self) -> String {
        match self {
            Self::Typing => t(Key::Typing).to_owned(),
            Self::Draft(text) => format!("{} {text}", t(Key::Draft)),
            Self::Queued(text) => format!("{}: {text}", t(Key::StateQueued)),
            Self::Mine(text) => format!("{} {text}", t(Key::You)),
            Self::Other(text) => text.clone(),
        }
    }

    fn view(self) -> AnyView {
        match self {
            Self::Typing => view! { <span class="row-typing">{t(Key::Typing)}</span> }.into_any(),
            Self::Draft(text) => view! { <span class="row-draft">{t(Key::Draft)}" "</span>{text} }.into_any(),
            Self::Queued(text) => view! { <Icon name="clock" />{text} }.into_any(),
            Self::Mine(text) => view! { <span class="row-you">{t(Key::You)}" "</span>{text} }.into_any(),
            Self::Other(text) => text.into_any(),
        }
    }
}

/// The newest reply of a chat, if it has not been sent yet.
fn newest_unsent(bubbles: &[Bubble]) -> Option<String> {
    match bubbles.last() {
        Some(Bubble::Message(message)) if message.stage == Stage::Unsent => {
            let files = u32::try_from(message.files.len()).unwrap_or(u32::MAX);
            Some(if message.body.is_empty() {
                tn(Plural::Files, files)
            } else {
                message.body.clone()
            })
        }
        Some(Bubble::Message(_) | Bubble::Line(_)) | None => None,
    }
}

fn preview_line(store: Store, head: Memo<Option<ConversationRow>>, id: ConversationId, folder: Folder) -> Memo<Line> {
    let nav: Navigation = expect_context();
    let (typing, draft) = (store.typing(id), store.draft(id));
    // Users write replies in Mine only, and the few chats of that folder are in memory.
    let bubbles = (folder == Folder::Mine).then(|| store.bubbles(id));
    let me = store.me();
    Memo::new(move |_| {
        if typing.get() {
            return Line::Typing;
        }
        // The draft of the open chat is visible in the composer already.
        let draft = draft.get();
        if !draft.trim().is_empty() && nav.open.get() != Some(id) {
            return Line::Draft(draft);
        }
        if let Some(text) = bubbles.and_then(|bubbles| bubbles.with(|bubbles| newest_unsent(bubbles))) {
            return Line::Queued(text);
        }
        let me = me.read().as_ref().map(|me| me.id);
        head.read()
            .as_ref()
            .and_then(|head| head.preview.as_ref())
            .map_or(Line::Other(String::new()), |preview| of(preview, me))
    })
}

fn of(preview: &Preview, me: Option<UserId>) -> Line {
    let text = preview_words(preview);
    match preview.author {
        Author::Agent(user) if Some(user) == me => Line::Mine(text),
        Author::Agent(_) | Author::Contact | Author::System | Author::Bot | Author::Elsewhere => Line::Other(text),
    }
}
