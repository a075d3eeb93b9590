//! Passing messages: three at most, 5 s each, held while someone reads them (`ux.md` §4.7).

use std::time::Duration;

use causerie_shared::{ids::ConversationId, refusal::Code, window::Folder};
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

use super::desk::Desk;
use crate::{
    i18n::{Key, explain, t, tf},
    store::{
        Store,
        view::{Notice, NoticeBody},
    },
    ui::{Icon, keyed},
};

const MOST: usize = 3;
const USUAL: Duration = Duration::from_secs(5);
/// Losing a chat to a colleague is no error.
const BRIEF: Duration = Duration::from_secs(2);

/// How a notice looks and how long it stays; `None` means until it is dismissed.
struct Looks {
    kind: Option<&'static str>,
    icon: &'static str,
    text: String,
    stays: Option<Duration>,
    /// The discussion that it leads to.
    leads_to: Option<ConversationId>,
}

fn looks(body: &NoticeBody) -> Looks {
    match body {
        NoticeBody::Taken { name, contact_name, .. } => Looks {
            kind: None,
            icon: "info",
            text: tf(Key::TookChat, &[("name", name), ("contact", contact_name)]),
            stays: Some(BRIEF),
            leads_to: None,
        },
        NoticeBody::Refused { refusal, .. } if refusal.code == Code::Taken => Looks {
            kind: None,
            icon: "info",
            text: explain(refusal),
            stays: Some(BRIEF),
            leads_to: None,
        },
        NoticeBody::Refused { refusal, .. } => Looks {
            kind: Some("error"),
            icon: "alert",
            text: explain(refusal),
            stays: None,
            leads_to: None,
        },
        NoticeBody::Invited {
            conversation,
            contact_name,
        } => Looks {
            kind: None,
            icon: "info",
            text: tf(Key::AskedIntoDiscussion, &[("name", contact_name)]),
            stays: None,
            leads_to: Some(*conversation),
        },
        NoticeBody::Interrupted { .. } => Looks {
            kind: Some("warn"),
            icon: "warning",
            text: t(Key::Interrupted).to_owned(),
            stays: Some(USUAL),
            leads_to: None,
        },
        NoticeBody::Storage { .. } => Looks {
            kind: Some("error"),
            icon: "alert",
            text: t(Key::StorageTrouble).to_owned(),
            stays: None,
            leads_to: None,
        },
    }
}

/// The stack of toasts.
#[component]
pub fn Toasts() -> impl IntoView {
    let store: Store = expect_context();
    let notices = store.notices();
    let newest = move || notices.with(|all| all[all.len().saturating_sub(MOST)..].to_vec());
    view! {
        <div class="toasts" role="status">
            {keyed(newest, |notice| notice.id.into(), |notice| view! { <Toast notice /> }.into_any())}
        </div>
    }
}

#[component]
fn Toast(notice: Notice) -> impl IntoView {
    let store: Store = expect_context();
    let desk: Desk = expect_context();
    let id = notice.id;
    let Looks {
        kind,
        icon,
        text,
        stays,
        leads_to,
    } = looks(&notice.body);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let pause = move || {
        if let Some(running) = timer.try_update_value(Option::take).flatten() {
            running.clear();
        }
    };
    let run = move || {
        pause();
        if let Some(stays) = stays {
            timer.set_value(set_timeout_with_handle(move || store.dismiss(id), stays).ok());
        }
    };
    run();
    on_cleanup(pause);
    view! {
        <div
            class="toast" data-kind=kind
            on:mouseenter=move |_| pause() on:mouseleave=move |_| run()
            on:focusin=move |_| pause() on:focusout=move |_| run()
        >
            <Icon name=icon />
            <p class="toast-text">{text}</p>
            {leads_to.map(|chat| view! {
                <button class="text-btn" type="button" on:click=move |_| {
                    desk.open_in(Folder::Mine, chat);
                    store.dismiss(id);
                }>{t(Key::OpenDiscussion)}</button>
            })}
            <button class="icon-btn" type="button" aria-label=t(Key::Dismiss) on:click=move |_| store.dismiss(id)>
                <Icon name="close" />
            </button>
        </div>
    }
}
