//! Notes, written together: keys are gathered into one change per pause (`sync.md`).

use std::time::Duration;

use causerie_shared::ids::{ContactId, NoteId};
use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlTextAreaElement};

use crate::{
    format,
    i18n::{Key, t},
    store::{
        Store,
        view::{EditError, SharedNote},
    },
    ui::{Empty, Icon, focus, keyed},
};

/// A pause in typing this long makes a change.
const PAUSE: Duration = Duration::from_millis(700);

/// The Notes tab.
#[component]
pub fn Notes(contact: ContactId) -> impl IntoView {
    let store: Store = expect_context();
    let notes = store.notes(contact);
    let ids = Memo::new(move |_| notes.with(|notes| notes.iter().map(|shared| shared.note.id).collect::<Vec<_>>()));
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
            {keyed(move || ids.get(), |id| id.to_u128(), move |id| view! { <NoteItem contact id notes /> }.into_any())}
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

/// A note being typed: where typing began, and the timer of its pause.
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
fn NoteItem(contact: ContactId, id: NoteId, notes: Signal<Vec<SharedNote>>) -> impl IntoView {
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
    on_cleanup(move || typing.save());

    let field = NodeRef::<html::Textarea>::new();
    // Others' edits come into the field unless something typed here is still on its way.
    Effect::new(move |_| {
        let text = shared
            .read()
            .as_ref()
            .map(|shared| shared.note.text.clone())
            .unwrap_or_default();
        if let Some(field) = field.get()
            && typing.base.with_value(Option::is_none)
        {
            show(&field, &text);
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
                on:input=move |event| typing.typed(shared.get_untracked(), event_target_value(&event))
                on:blur=move |_| typing.save()
            ></textarea>
            {move || typing.error.get().map(|error| view! { <p class="field-error" role="alert">{error}</p> })}
        </li>
    }
    .into_any()
}

/// Shows a text without moving the caret out of what was before it.
fn show(field: &HtmlTextAreaElement, text: &str) {
    let old = field.value();
    if old == text {
        return;
    }
    let caret = field.selection_start().ok().flatten();
    field.set_value(text);
    if let Some(caret) = caret {
        let moved = moved_caret(&old, text, caret);
        if let Err(error) = field.set_selection_range(moved, moved) {
            leptos::logging::warn!("the caret was lost: {error:?}");
        }
    }
}

/// Where a caret stands after a text was replaced by another: text added or removed before it moves it.
/// Positions in UTF-16 units.
fn moved_caret(old: &str, new: &str, caret: u32) -> u32 {
    let old: Vec<u16> = old.encode_utf16().collect();
    let new: Vec<u16> = new.encode_utf16().collect();
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let caret = caret as usize;
    if caret <= prefix {
        return caret as u32;
    }
    let from_end = old.len().saturating_sub(caret);
    new.len().saturating_sub(from_end).max(prefix) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_keeps_its_place_when_others_write() {
        assert_eq!(moved_caret("hello", "hello world", 3), 3);
        assert_eq!(moved_caret("hello", "VIP. hello", 3), 8);
        assert_eq!(moved_caret("VIP. hello", "hello", 8), 3);
        assert_eq!(moved_caret("abc", "", 2), 0);
    }
}
