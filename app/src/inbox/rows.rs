//! The virtual list: rows of fixed height, only those in view are in the DOM (`docs/ux.md#long-lists`).

use std::{ops::Range, time::Duration};

use causerie_shared::{
    ids::ConversationId,
    window::{Filter, Folder, List},
};
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::row::Row;
use crate::{
    i18n::{Key, t},
    navigation::{Navigation, place::Place},
    store::{Store, view::Connection},
    ui::{Empty, Skeleton, focus, keyed},
};

/// Number of rows drawn above and below those in view.
const OVERSCAN: usize = 8;
/// Height of a row in px: `--h-row` of `tokens.css`.
const ROW: f64 = 72.0;
const ROW_PHONE: f64 = 76.0;
/// How long the list waits for rows before it shows a skeleton.
const PATIENCE: Duration = Duration::from_millis(150);

/// Returns the range of rows that are in the DOM.
fn in_view(top: f64, height: f64, row: f64, count: usize) -> Range<usize> {
    let first = (top / row).floor().max(0.0) as usize;
    let last = ((top + height) / row).ceil().max(0.0) as usize;
    first.saturating_sub(OVERSCAN).min(count)..(last + OVERSCAN).min(count)
}

/// The rows of a folder.
#[component]
pub fn Rows(folder: Folder) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let scroller = NodeRef::<html::Div>::new();
    let top = RwSignal::new(0.0);
    // Before the first measurement: large enough for any screen, small enough to be cheap.
    let height = RwSignal::new(900.0);
    let row_height = Memo::new(move |_| if nav.phone.get() { ROW_PHONE } else { ROW });
    let total = Memo::new(move |_| nav.rows.read().total as usize);
    let range = Memo::new(move |_| in_view(top.get(), height.get(), row_height.get(), total.get()));
    // Unknown rows are shown as skeletons at their positions.
    let shown = Memo::new(move |_| {
        let range = range.get();
        nav.rows.with(|rows| {
            let row = |at| (at, rows.at(at));
            (range.start as u32..range.end as u32).map(row).collect::<Vec<_>>()
        })
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

    Effect::new(move |_| {
        let range = range.get();
        store.look(nav.list.get(), range.start as u32, range.end as u32);
    });
    // A different list starts at its top.
    Effect::new(move |before: Option<List>| {
        let list = nav.list.get();
        if before.is_some_and(|before| before != list)
            && let Some(scroller) = scroller.get_untracked()
        {
            scroller.set_scroll_top(0);
        }
        list
    });
    // Keep the open chat in view while keys step through the list.
    Effect::new(move |before: Option<Option<ConversationId>>| {
        let open = nav.open.get();
        let at = open.and_then(|id| nav.rows.with_untracked(|rows| rows.index(id)));
        if let (Some(at), true) = (at, before.is_some_and(|before| before != open)) {
            show_row(
                scroller,
                f64::from(at) * row_height.get_untracked(),
                row_height.get_untracked(),
            );
        }
        open
    });
    let keys = move |event: KeyboardEvent| list_keys(&event, nav, scroller, row_height.get_untracked());
    // The one row that Tab reaches: the open chat, else the first.
    let tab_stop = Memo::new(move |_| {
        let open = nav.open.get();
        nav.rows.with(|rows| {
            open.filter(|id| rows.index(*id).is_some())
                .or_else(|| rows.rows.first().map(|(_, id)| *id))
        })
    });
    view! {
        <div class="scroll" node_ref=scroller on:scroll=move |_| measure()>
            <div
                class="rows" role="listbox" data-virtual="" aria-label=t(Key::Conversations)
                style:height=move || format!("{}px", total.get() as f64 * row_height.get())
                on:keydown=keys
            >
                {keyed(
                    move || shown.get(),
                    |(at, id)| id.map_or(u128::from(*at), ConversationId::to_u128),
                    move |(at, id)| match id {
                        Some(id) => view! { <Row id folder tab_stop row_height /> }.into_any(),
                        None => view! { <Unknown at row_height /> }.into_any(),
                    },
                )}
            </div>
            {move || (total.get() == 0).then(|| view! { <Nothing folder /> })}
        </div>
    }
}

/// The placeholder of a row that is being fetched.
#[component]
fn Unknown(at: u32, row_height: Memo<f64>) -> impl IntoView {
    view! {
        <div
            class="row row-unknown" aria-hidden="true"
            style:transform=move || format!("translateY({}px)", f64::from(at) * row_height.get())
        >
            <i class="skel"></i>
            <i class="skel"></i>
            <i class="skel"></i>
        </div>
    }
}

/// Handles the keys of the list: arrows, j and k step, Home and End jump, Enter moves the focus to the chat.
fn list_keys(event: &KeyboardEvent, nav: Navigation, scroller: NodeRef<html::Div>, row: f64) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let current = document()
        .active_element()
        .and_then(|row| row.id().strip_prefix("row-")?.parse().ok());
    let (target, total) = nav.rows.with_untracked(|rows| {
        let at = current.and_then(|id: ConversationId| rows.index(id));
        let next = match (event.key().as_str(), at) {
            ("ArrowDown" | "j", at) => at.map_or(0, |at| at + 1),
            ("ArrowUp" | "k", Some(at)) => at.saturating_sub(1),
            ("Home", _) => 0,
            ("End", _) => rows.total.saturating_sub(1),
            ("Enter" | "o" | " ", Some(at)) => at,
            _ => return (None, rows.total),
        };
        (Some((next, rows.at(next))), rows.total)
    });
    let Some((at, id)) = target else { return };
    event.prevent_default();
    event.stop_propagation();
    let Some(id) = id else {
        // Not known yet: scrolling it into view makes the list fetch it.
        if at < total {
            show_row(scroller, f64::from(at) * row, row);
        }
        return;
    };
    let enters = matches!(event.key().as_str(), "Enter" | "o" | " ");
    if enters || !nav.phone.get_untracked() {
        nav.open(id);
    }
    if enters {
        focus_thread();
    } else {
        show_row(scroller, f64::from(at) * row, row);
        focus_row(id);
    }
}

/// Scrolls as little as possible to bring a row into view.
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
    // The row may enter the DOM only in the next frame.
    request_animation_frame(move || {
        let row = document()
            .get_element_by_id(&format!("row-{id}"))
            .and_then(|row| row.dyn_into::<HtmlElement>().ok());
        if let Some(row) = row {
            focus(&row);
        }
    });
}

/// Moves the focus into the chat: the text box, else its main button, else its log.
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

/// Why the list is empty, and the next step (`docs/ux.md#empty-and-waiting-panes`).
#[component]
fn Nothing(folder: Folder) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let patient = RwSignal::new(false);
    if let Ok(timer) = set_timeout_with_handle(move || patient.set(true), PATIENCE) {
        on_cleanup(move || timer.clear());
    }
    let (me, online) = (store.me(), store.online());
    move || {
        let filtered = nav.list.get().filter != Filter::default();
        if store.total(folder).get() > 0 && !filtered {
            return patient.get().then(|| view! { <Skeleton rows=6 /> }).into_any();
        }
        if filtered {
            return view! {
                <Empty title=t(Key::NoMatch)>
                    <button type="button" class="btn" on:click=move |_| nav.filter.set(Filter::default())>
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
            Folder::All => view! { <Empty title=t(Key::EmptyAll) text=t(Key::EmptyAllText) /> }.into_any(),
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
