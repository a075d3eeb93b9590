//! The virtual list: rows of fixed height, of which only those in view stand in the document (`ux.md` §10).

use std::{ops::Range, time::Duration};

use causerie_shared::{ids::ConversationId, window::Folder};
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::{Desk, row::Row};
use crate::{
    i18n::{Key, t},
    pages::Place,
    store::{Store, view::Connection},
    ui::{Empty, Skeleton, focus, keyed},
};

/// Rows drawn above and below those in view.
const OVERSCAN: usize = 8;
/// Row heights, px: `--h-row` of `tokens.css`.
const ROW: f64 = 72.0;
const ROW_PHONE: f64 = 76.0;
/// A skeleton shows only if nothing came for this long.
const PATIENCE: Duration = Duration::from_millis(150);

/// Which rows stand in the document.
fn in_view(top: f64, height: f64, row: f64, count: usize) -> Range<usize> {
    let first = (top / row).floor().max(0.0) as usize;
    let last = ((top + height) / row).ceil().max(0.0) as usize;
    first.saturating_sub(OVERSCAN).min(count)..(last + OVERSCAN).min(count)
}

/// The rows of a folder.
#[component]
pub fn Rows(folder: Folder) -> impl IntoView {
    let store: Store = expect_context();
    let desk: Desk = expect_context();
    let scroller = NodeRef::<html::Div>::new();
    let top = RwSignal::new(0.0);
    // Before the first measure: enough for any screen, few enough to be cheap.
    let height = RwSignal::new(900.0);
    let row_height = Memo::new(move |_| if desk.phone.get() { ROW_PHONE } else { ROW });
    let range = Memo::new(move |_| in_view(top.get(), height.get(), row_height.get(), desk.order.read().len()));
    let shown = Memo::new(move |_| {
        let range = range.get();
        desk.order
            .with(|order| order.get(range).map(<[_]>::to_vec).unwrap_or_default())
    });
    let measure = move || {
        if let Some(scroller) = scroller.get_untracked() {
            top.set(f64::from(scroller.scroll_top()));
            height.set(f64::from(scroller.client_height()));
        }
    };
    scroller.on_load(move |_| measure());
    let resized = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());

    let (known, total) = (store.folder(folder), store.total(folder));
    Effect::new(move |_| {
        let have = known.read().len();
        if range.get().end + OVERSCAN >= have && have < total.get() as usize {
            store.more(folder);
        }
    });
    let keys = move |event: KeyboardEvent| list_keys(&event, desk, scroller, row_height.get_untracked());
    // The one row that Tab reaches: the open chat, else the first.
    let tab_stop = Memo::new(move |_| {
        let open = desk.open.get();
        desk.order
            .with(|order| open.filter(|id| order.contains(id)).or_else(|| order.first().copied()))
    });
    view! {
        <div class="scroll" node_ref=scroller on:scroll=move |_| measure()>
            <div
                class="rows" role="listbox" data-virtual="" aria-label=t(Key::Conversations)
                style:height=move || format!("{}px", desk.order.read().len() as f64 * row_height.get())
                on:keydown=keys
            >
                {keyed(
                    move || shown.get(),
                    |id| id.to_u128(),
                    move |id| view! { <Row id folder tab_stop row_height /> }.into_any(),
                )}
            </div>
            {move || desk.order.read().is_empty().then(|| view! { <Nothing folder /> })}
        </div>
    }
}

/// Arrows, j and k step through the list, Home and End jump; Enter goes to the chat.
fn list_keys(event: &KeyboardEvent, desk: Desk, scroller: NodeRef<html::Div>, row: f64) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let current = document()
        .active_element()
        .and_then(|row| row.id().strip_prefix("row-")?.parse().ok());
    let target = desk.order.with_untracked(|order| {
        let at = current.and_then(|id: ConversationId| order.iter().position(|other| *other == id));
        let next = match (event.key().as_str(), at) {
            ("ArrowDown" | "j", at) => at.map_or(0, |at| at + 1),
            ("ArrowUp" | "k", at) => at?.checked_sub(1)?,
            ("Home", _) => 0,
            ("End", _) => order.len().checked_sub(1)?,
            ("Enter" | "o" | " ", Some(at)) => at,
            _ => return None,
        };
        order.get(next).map(|id| (next, *id))
    });
    let Some((at, id)) = target else { return };
    event.prevent_default();
    event.stop_propagation();
    let enters = matches!(event.key().as_str(), "Enter" | "o" | " ");
    if enters || !desk.phone.get_untracked() {
        desk.open(id);
    }
    if enters {
        focus_thread();
    } else {
        show_row(scroller, at as f64 * row, row);
        focus_row(id);
    }
}

/// Scrolls only as far as needed to have a row in view.
fn show_row(scroller: NodeRef<html::Div>, offset: f64, row: f64) {
    let Some(scroller) = scroller.get_untracked() else {
        return;
    };
    let (top, height) = (f64::from(scroller.scroll_top()), f64::from(scroller.client_height()));
    if offset < top {
        scroller.set_scroll_top(offset as i32);
    } else if offset + row > top + height {
        scroller.set_scroll_top((offset + row - height) as i32);
    }
}

fn focus_row(id: ConversationId) {
    // The row may come into the document only with the next frame.
    request_animation_frame(move || {
        let row = document()
            .get_element_by_id(&format!("row-{id}"))
            .and_then(|row| row.dyn_into::<HtmlElement>().ok());
        if let Some(row) = row {
            focus(&row);
        }
    });
}

/// Moves the focus into the chat: the text box, else its log.
pub fn focus_thread() {
    request_animation_frame(|| {
        let find = |selector: &str| {
            document()
                .query_selector(selector)
                .ok()
                .flatten()?
                .dyn_into::<HtmlElement>()
                .ok()
        };
        let targets = ["#main .composer-input", "#main .bar .btn-primary", "#main .log"];
        if let Some(target) = targets.into_iter().find_map(find) {
            focus(&target);
        }
    });
}

/// Why the list is empty, and the next step (`ux.md` §5).
#[component]
fn Nothing(folder: Folder) -> impl IntoView {
    let store: Store = expect_context();
    let desk: Desk = expect_context();
    let patient = RwSignal::new(false);
    if let Ok(timer) = set_timeout_with_handle(move || patient.set(true), PATIENCE) {
        on_cleanup(move || timer.clear());
    }
    let (me, online) = (store.me(), store.online());
    move || {
        if store.total(folder).get() > 0 && !desk.filters.get().any() {
            return patient.get().then(|| view! { <Skeleton rows=6 /> }).into_any();
        }
        if desk.filters.get().any() {
            return view! {
                <Empty title=t(Key::NoMatch)>
                    <button type="button" class="btn" on:click=move |_| desk.filters.set(Default::default())>
                        {t(Key::ClearFilters)}
                    </button>
                </Empty>
            }
            .into_any();
        }
        let no_inbox = me
            .read()
            .as_ref()
            .is_some_and(|me| me.memberships.is_empty() && !me.role.supervises());
        match folder {
            Folder::Queue | Folder::Engaged if no_inbox => {
                view! { <Empty title=t(Key::NoInbox) text=t(Key::NoInboxText) /> }.into_any()
            }
            Folder::Queue => view! { <Empty title=t(Key::EmptyQueue) text=t(Key::EmptyQueueText) /> }.into_any(),
            Folder::Engaged => view! { <Empty title=t(Key::EmptyEngaged) text=t(Key::EmptyEngagedText) /> }.into_any(),
            Folder::Mine => view! {
                <Empty title=t(Key::EmptyMine)>
                    <a class="btn" href=Place::Folder { folder: Folder::Queue, conversation: None }.path()>{t(Key::GoToQueue)}</a>
                </Empty>
            }
            .into_any(),
            Folder::History => {
                let text = if online.get() == Connection::Online { t(Key::EmptyHistoryText) } else { t(Key::OlderNeedLine) };
                view! { <Empty title=t(Key::EmptyHistory) text /> }.into_any()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_in_view_and_a_few_around_them_are_drawn() {
        assert_eq!(in_view(0.0, 720.0, 72.0, 100_000), 0..18);
        assert_eq!(in_view(72_000.0, 720.0, 72.0, 100_000), 992..1018);
        assert_eq!(in_view(0.0, 720.0, 72.0, 3), 0..3);
        assert_eq!(in_view(9_999.0, 720.0, 72.0, 0), 0..0);
        assert!(in_view(36_000.0, 1_400.0, 72.0, 100_000).len() <= 60);
    }
}
