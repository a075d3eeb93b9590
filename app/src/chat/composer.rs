//! The composer: the box for replies and its tray of files (`docs/ux.md#composer`).

use std::time::Duration;

use causerie_shared::{
    ids::{ConversationId, UserId},
    inbox::Channel,
    row::ConversationRow,
};
use leptos::{ev, html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use web_sys::{DragEvent, HtmlTextAreaElement, KeyboardEvent};

use super::{
    tray::{Tray, TrayView},
    window::{PrivateSwitch, left, window_words},
};
use crate::{
    format,
    hooks::{PHONE, matches_media_now, primary},
    i18n::{Key, t, tf},
    store::{
        Store,
        view::{Connection, ReplyError, Way},
    },
    ui::{Icon, focus, show_text},
};

/// Delay between the last key press and storing the draft.
const DRAFT: Duration = Duration::from_millis(200);
/// How long after the last key press the contact still sees "typing".
const TYPING: Duration = Duration::from_secs(4);

/// The text of a reply with its draft, files and timers; `Copy`.
#[derive(Clone, Copy)]
struct Pen {
    store: Store,
    id: ConversationId,
    text: RwSignal<String>,
    problem: RwSignal<Option<String>>,
    /// The colleague who has answered since this reply was begun.
    overtaken: Signal<Option<UserId>>,
    /// Whether the user was warned of that colleague's answer, so that the next attempt sends.
    anyway: StoredValue<bool>,
    tray: Tray,
    /// Whether a comment gets a private reply.
    private: RwSignal<bool>,
    saving: StoredValue<Option<TimeoutHandle>>,
    typing: StoredValue<Option<TimeoutHandle>>,
    /// The last draft received from the store. A box with the same text contains nothing new.
    given: StoredValue<String>,
}

impl Pen {
    fn new(store: Store, id: ConversationId) -> Self {
        let draft = store.draft(id).get_untracked();
        Self {
            store,
            id,
            given: StoredValue::new(draft.clone()),
            text: RwSignal::new(draft),
            problem: RwSignal::new(None),
            overtaken: store.answered_meanwhile(id),
            anyway: StoredValue::new(false),
            tray: Tray::new(store),
            private: RwSignal::new(false),
            saving: StoredValue::new(None),
            typing: StoredValue::new(None),
        }
    }

    fn typed(self, text: String) {
        let writing = !text.is_empty();
        self.text.set(text);
        self.problem.set(None);
        restart(self.saving, DRAFT, move || self.save());
        self.store.typing_now(self.id, writing);
        restart(self.typing, TYPING, move || self.store.typing_now(self.id, false));
    }

    /// Stores the draft if a timer for it is running.
    fn save(self) {
        if let Some(waiting) = self.saving.try_update_value(Option::take).flatten() {
            waiting.clear();
            self.store.set_draft(self.id, self.text.get_untracked());
        }
    }

    /// Puts a changed draft, from here or another device, into the box, unless the box contains newer text.
    fn take(self, draft: String, field: Option<&HtmlTextAreaElement>) {
        let untouched = self
            .text
            .with_untracked(|text| self.given.with_value(|given| text == given));
        if untouched && self.text.with_untracked(|text| *text != draft) {
            // `show_text` keeps the caret's position; setting the signal then changes nothing in the field.
            if let Some(field) = field {
                show_text(field, &draft);
            }
            self.text.set(draft.clone());
        }
        self.given.set_value(draft);
    }

    fn send(self) {
        let Some(files) = self.tray.ready() else {
            self.problem.set(Some(t(Key::FilesNotReady).to_owned()));
            return;
        };
        if let Some(colleague) = self.overtaken.get_untracked()
            && !self.anyway.get_value()
        {
            let name = self.store.user(colleague).get_untracked().map(|user| user.name);
            let name = name.unwrap_or_else(|| t(Key::SomeAgent).to_owned());
            self.problem.set(Some(tf(Key::AnsweredMeanwhile, &[("name", &name)])));
            self.anyway.set_value(true);
            return;
        }
        let way = if self.private.get_untracked() {
            Way::Private
        } else {
            Way::Plain
        };
        match self.store.reply_as(self.id, self.text.get_untracked(), files, way) {
            Ok(_) => {
                self.private.set(false);
                self.anyway.set_value(false);
                cancel(self.saving);
                cancel(self.typing);
                self.store.typing_now(self.id, false);
                self.text.set(String::new());
                self.problem.set(None);
                self.tray.clear();
            }
            Err(error) => self.problem.set(refused(&error)),
        }
    }

    /// Takes back the newest unsent reply into the empty box (key ↑); returns whether there was one.
    fn take_back(self) -> bool {
        match self.store.take_back_last(self.id) {
            Some(text) => {
                self.text.set(text);
                true
            }
            None => false,
        }
    }

    fn key(self, event: &KeyboardEvent) {
        // While an input method composes, Enter selects a candidate.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let sends = event.key() == "Enter" && !event.shift_key() && (primary(event) || !event.alt_key());
        let takes_back = event.key() == "ArrowUp" && self.text.read_untracked().is_empty();
        if sends {
            event.prevent_default();
            self.send();
        } else if takes_back && self.take_back() {
            event.prevent_default();
        }
    }
}

/// The text for a refused reply; `None` if the reply was empty.
pub(super) fn refused(error: &ReplyError) -> Option<String> {
    match *error {
        ReplyError::Empty => None,
        ReplyError::TooLong { have, limit } => Some(tf(
            Key::MessageTooLong,
            &[
                ("have", &format::size(have as i64)),
                ("limit", &format::size(limit as i64)),
            ],
        )),
        ReplyError::TooManyFiles { limit, .. } => Some(tf(Key::TooManyFiles, &[("limit", &limit.to_string())])),
    }
}

fn cancel(timer: StoredValue<Option<TimeoutHandle>>) {
    if let Some(running) = timer.try_update_value(Option::take).flatten() {
        running.clear();
    }
}

fn restart(timer: StoredValue<Option<TimeoutHandle>>, after: Duration, then: impl FnOnce() + 'static) {
    cancel(timer);
    timer.set_value(set_timeout_with_handle(then, after).ok());
}

/// The composer of a chat of the signed-in user.
#[component]
pub fn Composer(
    id: ConversationId,
    head: Signal<Option<ConversationRow>>,
    name: Memo<String>,
    /// Whether to focus the box if the clicked button has disappeared together with the focus.
    take_focus: bool,
) -> impl IntoView {
    let store: Store = expect_context();
    let pen = Pen::new(store, id);
    // The draft is stored when the user leaves the chat and when the page is closed or suspended.
    let leaving = window_event_listener(ev::pagehide, move |_| pen.save());
    on_cleanup(move || {
        leaving.remove();
        pen.save();
        cancel(pen.typing);
    });
    let field = NodeRef::<html::Textarea>::new();
    let draft = store.draft(id);
    Effect::new(move |_| pen.take(draft.get(), field.get_untracked().as_ref()));
    field.on_load(move |field| {
        let lost = document()
            .active_element()
            .is_none_or(|focused| focused.tag_name() == "BODY");
        if take_focus && lost && !matches_media_now(PHONE) {
            focus(&field);
        }
    });
    let picker = NodeRef::<html::Input>::new();
    let pick = move |_| {
        if let Some(picker) = picker.get_untracked() {
            picker.click();
        }
    };
    let picked = move |_| {
        if let Some(picker) = picker.get_untracked() {
            pen.tray.add_all(picker.files());
            picker.set_value("");
        }
    };
    let drop_files = move |event: DragEvent| {
        event.prevent_default();
        pen.tray.add_all(event.data_transfer().and_then(|data| data.files()));
    };
    let paste = move |event: web_sys::ClipboardEvent| {
        let files = event.clipboard_data().and_then(|data| data.files());
        if files.as_ref().is_some_and(|files| files.length() > 0) {
            event.prevent_default();
            pen.tray.add_all(files);
        }
    };
    view! {
        <form
            class="composer" aria-label=t(Key::Reply)
            on:submit=move |event| {
                event.prevent_default();
                pen.send();
            }
            on:dragover=move |event: DragEvent| event.prevent_default()
            on:drop=drop_files
        >
            <ChannelLine head name problem=pen.problem />
            <PrivateSwitch head private=pen.private />
            <div class="composer-box">
                <button class="icon-btn" type="button" aria-label=t(Key::AttachFile) on:click=pick><Icon name="attach" /></button>
                <input type="file" multiple=true hidden=true node_ref=picker on:change=picked />
                <textarea
                    class="composer-input" rows="1" aria-label=t(Key::Reply) dir="auto"
                    placeholder=move || tf(Key::ReplyTo, &[("name", &name.get())])
                    node_ref=field
                    prop:value=move || pen.text.get()
                    aria-describedby="composer-line"
                    aria-invalid=move || pen.problem.read().is_some().then_some("true")
                    on:input=move |event| pen.typed(event_target_value(&event))
                    on:keydown=move |event| pen.key(&event)
                    on:blur=move |_| pen.save()
                    on:paste=paste
                ></textarea>
                <button class="btn btn-primary composer-send" type="submit">
                    <span>{t(Key::Send)}</span>
                    <Icon name="arrow-up" />
                </button>
                <TrayView tray=pen.tray />
            </div>
        </form>
    }
}

/// The line above the box: a problem, that replies wait for the connection, or where the contact is.
#[component]
fn ChannelLine(
    head: Signal<Option<ConversationRow>>,
    name: Memo<String>,
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let store: Store = expect_context();
    let online = store.online();
    let here = Memo::new(move |_| head.read().as_ref().is_some_and(|head| head.online));
    let page = Memo::new(move |_| {
        head.read()
            .as_ref()
            .and_then(|head| head.origin.page.clone())
            .unwrap_or_default()
    });
    let offline = Memo::new(move |_| online.get() != Connection::Online);
    let left = left(store, head);
    let elsewhere = Memo::new(move |_| {
        let head = head.read();
        let head = head.as_ref().filter(|head| head.channel != Channel::Web)?;
        Some(window_words(head, left.get(), store.now().get_untracked()))
    });
    let warns = move || offline.get() || problem.read().is_some() || elsewhere.get().is_some_and(|(_, soon)| soon);
    view! {
        <p class="channel-line" id="composer-line" role="status" data-kind=move || warns().then_some("warn")>
            {move || match (problem.get(), offline.get()) {
                (Some(text), _) => view! { <Icon name="alert" /><span>{text}</span> }.into_any(),
                (None, true) => view! {
                    <Icon name="offline" />
                    <span>{t(Key::RepliesWait)}</span>
                }
                .into_any(),
                (None, false) if elsewhere.read().is_some() => view! {
                    <Icon name="clock" />
                    <span>{move || elsewhere.get().map(|(words, _)| words)}</span>
                }
                .into_any(),
                (None, false) if here.get() => view! {
                    <span class="dot" data-state="available" aria-hidden="true"></span>
                    <span>{move || tf(Key::OnTheSite, &[("name", &name.get())])}</span>
                    <span class="channel-from truncate">{move || format::without_scheme(&page.get()).to_owned()}</span>
                }
                .into_any(),
                (None, false) => view! {
                    <span class="dot" data-state="disconnected" aria-hidden="true"></span>
                    <span>{move || tf(Key::LeftTheSite, &[("name", &name.get())])}</span>
                }
                .into_any(),
            }}
        </p>
    }
}
