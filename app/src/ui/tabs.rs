//! Tabs that are activated by the arrow keys (`docs/ux.md#reading`).

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// One tab of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab {
    /// Id of the tab. The id of its panel adds `-panel`.
    pub id: &'static str,
    pub label: &'static str,
}

/// A row of tabs.
#[component]
pub fn TabBar(
    /// The accessible name of the row.
    label: &'static str,
    tabs: Vec<Tab>,
    chosen: RwSignal<&'static str>,
    /// Returns the number in a tab's corner; 0 hides it.
    count: Callback<&'static str, u32>,
) -> impl IntoView {
    let ids: Vec<&'static str> = tabs.iter().map(|tab| tab.id).collect();
    let step = move |event: web_sys::KeyboardEvent| {
        let at = ids
            .iter()
            .position(|id| *id == chosen.get_untracked())
            .unwrap_or_default();
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % ids.len(),
            "ArrowLeft" => (at + ids.len() - 1) % ids.len(),
            "Home" => 0,
            "End" => ids.len() - 1,
            _ => return,
        };
        event.prevent_default();
        chosen.set(ids[next]);
        let tab = document()
            .get_element_by_id(ids[next])
            .and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(tab) = tab {
            crate::ui::focus(&tab);
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=step>
            {tabs
                .into_iter()
                .map(|Tab { id, label }| {
                    let selected = move || chosen.get() == id;
                    let number = move || count.run(id);
                    view! {
                        <button
                            type="button" class="tab" role="tab" id=id
                            aria-selected=move || selected().to_string()
                            aria-controls=format!("{id}-panel")
                            tabindex=move || if selected() { "0" } else { "-1" }
                            on:click=move |_| chosen.set(id)
                        >
                            {label}
                            {move || (number() > 0).then(|| view! {
                                <span class="count" aria-hidden="true">{crate::format::number(number())}</span>
                            })}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}
