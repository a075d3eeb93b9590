//! A confirmation dialog before an irreversible action.

use leptos::prelude::*;

use super::Dialog;
use crate::i18n::{Key, t, tf};

/// Asks for a confirmation and runs `done` after a yes. If `word` is given, the user must type it first.
#[component]
pub fn Confirm(
    title: String,
    text: &'static str,
    /// The label of the confirming button.
    act: &'static str,
    #[prop(into, optional)] word: Option<String>,
    open: RwSignal<bool>,
    done: Callback<()>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let word = StoredValue::new(word);
    let sure = move || word.with_value(|word| word.as_ref().is_none_or(|word| *word == typed.read().trim()));
    view! {
        <Dialog labelled_by="confirm-title" closed=move |()| open.set(false)>
            <h2 class="dialog-title" id="confirm-title">{title}</h2>
            <p class="dialog-text">{text}</p>
            {word.get_value().map(|word| view! {
                <label class="field">
                    <span class="field-label">{tf(Key::TypeToConfirm, &[("word", &word)])}</span>
                    <input class="input" autocomplete="off" prop:value=typed on:input=move |event| typed.set(event_target_value(&event)) />
                </label>
            })}
            <div class="dialog-acts">
                <button type="button" class="btn" on:click=move |_| open.set(false)>{t(Key::Cancel)}</button>
                <button
                    type="button" class="btn btn-danger" aria-disabled=move || (!sure()).then_some("true")
                    on:click=move |_| {
                        if sure() {
                            open.set(false);
                            done.run(());
                        }
                    }
                >
                    {act}
                </button>
            </div>
        </Dialog>
    }
}
