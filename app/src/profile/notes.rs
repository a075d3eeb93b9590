//! Notes, edited collaboratively: one change per pause in typing (`docs/sync.md#documents`).

use std::time::Duration;

use causerie_shared::ids::{ContactId, NoteId};
use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{
    format,
    i18n::{Key, t, tf},
    store::{
        Store,
        view::{Colleague, EditError, SharedNote},
    },
    ui::{Empty, Icon, focus, keyed, show_text},
};

/// The pause in typing after which a change is made.
const PAUSE: Duration = Duration::from_millis(700);

/// The Notes tab.
#[component]
pub fn Notes(contact: ContactId) -> impl IntoView {
    let store: Store = expect_context();
    let notes = store.notes(contact);
    let ids = Memo::new(move |_| notes.with(|notes| notes.iter().map(|shared| shared.note.id).collect::<Vec<_>>()));
    let carets = store.carets(contact);
    let error = RwSignal::new(false);
    let add = move |_| match store.add_note(contact, String::new()) {
        Ok(id) => {
            error.set(false);
            request_animation_frame(move || focus_note(id));
        }
        Err(_) => error.set(true),
    };
    view! {
        {move || ids.read().is_empty().then(|| view! { <Empty title=t(Key::NoNotes) text=t(Key::NoNotesText) /> })}
        <ul class="notes">
            {keyed(move || ids.get(), |id| id.to_u128(), move |id| view! { <NoteItem contact id notes carets /> }.into_any())}
            <li>
                <button class="btn" type="button" on:click=add><Icon name="plus" class="icon-16" />{t(Key::AddNote)}</button>
                {move || error.get().then(|| view! { <p class="field-error" role="alert">{t(Key::RefusedInternal)}</p> })}
            </li>
        </ul>
    }
}

fn focus_note(id: NoteId) {
    let field = document()
        .get_element_by_id(&format!("note-{id}"))
        .and_then(|field| field.dyn_into::<HtmlElement>().ok());
    if let Some(field) = field {
        focus(&field);
    }
}

/// The edit of a note in progress: its base, its text and the timer of the pause.
#[derive(Clone, Copy)]
struct Typing {
    store: Store,
    contact: ContactId,
    base: StoredValue<Option<SharedNote>>,
    text: StoredValue<String>,
    timer: StoredValue<Option<TimeoutHandle>>,
    error: RwSignal<Option<&'static str>>,
}

impl Typing {
    fn typed(self, note: Option<SharedNote>, text: String) {
        if self.base.with_value(Option::is_none) {
            self.base.set_value(note);
        }
        self.text.set_value(text);
        self.stop();
        self.timer
            .set_value(set_timeout_with_handle(move || self.save(), PAUSE).ok());
    }

    fn stop(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }

    /// Makes one change of everything typed since the last one.
    fn save(self) {
        self.stop();
        let Some(base) = self.base.try_update_value(Option::take).flatten() else {
            return;
        };
        let text = self.text.get_value();
        let result = self.store.edit_note(self.contact, &base, &text);
        self.error.try_set(result.err().map(|error| match error {
            EditError::TooLong => t(Key::TooLongValue),
            EditError::Missing | EditError::NotPlausible => t(Key::RefusedNotFound),
        }));
    }
}

#[component]
fn NoteItem(
    contact: ContactId,
    id: NoteId,
    notes: Signal<Vec<SharedNote>>,
    carets: Signal<Vec<(NoteId, Colleague, u32)>>,
) -> impl IntoView {
    let store: Store = expect_context();
    let shared = Memo::new(move |before: Option<&Option<SharedNote>>| {
        notes
            .with(|notes| notes.iter().find(|shared| shared.note.id == id).cloned())
            .or_else(|| before.cloned().flatten())
    });
    let Some(first) = shared.get_untracked() else {
        return ().into_any();
    };
    let highlighted = Memo::new(move |_| shared.read().as_ref().is_some_and(|shared| shared.note.highlighted));
    let author = store.user(first.note.author);
    let by = move || {
        let name = author.read().as_ref().map(|user| user.name.clone()).unwrap_or_default();
        format!("{name}, {}", format::short(first.note.at, store.now().get_untracked()))
    };
    let typing = Typing {
        store,
        contact,
        base: StoredValue::new(None),
        text: StoredValue::new(String::new()),
        timer: StoredValue::new(None),
        error: RwSignal::new(None),
    };
    on_cleanup(move || {
        typing.save();
        store.caret(contact, id, None);
    });
    let writer = move || {
        carets.with(|carets| {
            let (_, colleague, _) = carets.iter().find(|(note, ..)| *note == id)?;
            Some(tf(Key::WritingHere, &[("name", &colleague.name)]))
        })
    };

    let field = NodeRef::<html::Textarea>::new();
    // Colleagues' edits update the field unless this user has unsaved text in it.
    Effect::new(move |_| {
        let text = shared
            .read()
            .as_ref()
            .map(|shared| shared.note.text.clone())
            .unwrap_or_default();
        if let Some(field) = field.get()
            && typing.base.with_value(Option::is_none)
        {
            show_text(&field, &text);
        }
    });
    view! {
        <li class="note" data-highlighted=move || highlighted.get().then_some("")>
            <div class="note-head">
                <span class="note-by">{by}</span>
                <button
                    class="icon-btn" type="button" aria-label=t(Key::Highlight)
                    aria-pressed=move || highlighted.get().to_string()
                    on:click=move |_| store.highlight_note(contact, id, !highlighted.get_untracked())
                >
                    <Icon name="star" />
                </button>
            </div>
            <textarea
                class="note-text" id=format!("note-{id}") aria-label=t(Key::Note) rows="2" dir="auto"
                placeholder=t(Key::WriteNote) node_ref=field
                on:input=move |event| {
                    typing.typed(shared.get_untracked(), event_target_value(&event));
                    let caret = field.get_untracked().and_then(|field| field.selection_start().ok().flatten());
                    store.caret(contact, id, Some(caret.unwrap_or(0)));
                }
                on:blur=move |_| {
                    typing.save();
                    store.caret(contact, id, None);
                }
            ></textarea>
            <p class="note-writing" role="status">{writer}</p>
            {move || typing.error.get().map(|error| view! { <p class="field-error" role="alert">{error}</p> })}
        </li>
    }
    .into_any()
}
