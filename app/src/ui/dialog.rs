//! Modal dialogs: the browser keeps the focus inside and restores it afterwards.

use leptos::{html, prelude::*};

/// A dialog that is open as long as it is drawn. Escape closes it unless `closed` is missing.
#[component]
pub fn Dialog(
    /// Id of the element that names the dialog.
    labelled_by: &'static str,
    /// Called when Escape closes the dialog.
    #[prop(into, optional)]
    closed: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    dialog.on_load(|dialog| {
        // The call fails only if the dialog is already open, as wanted.
        if let Err(error) = dialog.show_modal() {
            crate::hooks::warn("the dialog did not open", &error);
        }
    });
    view! {
        <dialog
            class="dialog" node_ref=dialog aria-labelledby=labelled_by
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                if let Some(closed) = closed {
                    closed.run(());
                }
            }
        >
            {children()}
        </dialog>
    }
}
