//! Toasts: at most three, 5 s each, longer while the pointer or focus is on them (`docs/ux.md#toasts`).

use std::time::Duration;

use causerie_shared::{Millis, frame::Command, ids::ConversationId, refusal::Code, window::Folder};
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

use crate::{
    i18n::{Key, explain, t, tf},
    navigation::Navigation,
    store::{
        Store,
        view::{Answer, Notice, NoticeBody},
    },
    ui::{Icon, keyed},
};

const MOST: usize = 3;
const USUAL: Duration = Duration::from_secs(5);
/// Losing a chat to a colleague is not an error, so the toast is short.
const BRIEF: Duration = Duration::from_secs(2);

/// How a notice looks and how long it stays; without `stays` it stays until it is dismissed.
struct Looks {
    kind: Option<&'static str>,
    icon: &'static str,
    text: String,
    stays: Option<Duration>,
    /// The action of the notice's button.
    act: Option<Act>,
}

/// An action that a notice offers.
#[derive(Clone, Copy)]
enum Act {
    OpenDiscussion(ConversationId),
    /// Opens a chat in the supervisors' folder.
    OpenChat(ConversationId),
    Undo(ConversationId),
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::OpenDiscussion(_) => t(Key::OpenDiscussion),
            Self::OpenChat(_) => t(Key::OpenChat),
            Self::Undo(_) => t(Key::Undo),
        }
    }

    fn run(self, store: Store, nav: Navigation) {
        match self {
            Self::OpenDiscussion(id) => nav.open_in(Folder::Mine, id),
            Self::OpenChat(id) => nav.open_in(Folder::All, id),
            Self::Undo(id) => {
                store.undo(id);
                nav.open_in(Folder::Mine, id);
            }
        }
    }
}

fn looks(body: &NoticeBody, now: Millis) -> Looks {
    let said = |text: String| Looks {
        kind: None,
        icon: "info",
        text,
        stays: None,
        act: None,
    };
    match body {
        NoticeBody::Taken { name, contact_name, .. } => Looks {
            stays: Some(BRIEF),
            ..said(tf(Key::TookChat, &[("name", name), ("contact", contact_name)]))
        },
        NoticeBody::Refused { refusal, .. } if refusal.code == Code::Taken => Looks {
            stays: Some(BRIEF),
            ..said(explain(refusal))
        },
        // A late click: the chat has changed, and the screen already shows its new state.
        NoticeBody::Refused { command, refusal } if is_late(*command, refusal.code) => Looks {
            stays: Some(BRIEF),
            ..said(
                if refusal.code == Code::Conflict && matches!(command, Command::Accept(_) | Command::Decline(_)) {
                    t(Key::OfferOver).to_owned()
                } else {
                    explain(refusal)
                },
            )
        },
        NoticeBody::Refused { refusal, .. } => Looks {
            kind: Some("error"),
            icon: "alert",
            ..said(explain(refusal))
        },
        NoticeBody::Transfer {
            contact_name,
            name,
            keeper,
            answer,
            ..
        } => Looks {
            icon: "transfer",
            ..said(answered(contact_name, name, keeper.as_deref(), *answer))
        },
        NoticeBody::Ended {
            conversation,
            contact_name,
            until,
        } => Looks {
            icon: "done",
            stays: Some(Duration::from_millis((until - now).max(0) as u64)),
            act: Some(Act::Undo(*conversation)),
            ..said(tf(Key::ChatEnded, &[("name", contact_name)]))
        },
        NoticeBody::CameBack {
            conversation,
            contact_name,
            name,
        } => Looks {
            kind: Some("warn"),
            icon: "warning",
            act: Some(Act::OpenChat(*conversation)),
            ..said(tf(Key::CameBack, &[("name", name), ("contact", contact_name)]))
        },
        NoticeBody::Invited {
            conversation,
            contact_name,
        } => Looks {
            act: Some(Act::OpenDiscussion(*conversation)),
            ..said(tf(Key::AskedIntoDiscussion, &[("name", contact_name)]))
        },
        NoticeBody::Interrupted { .. } => Looks {
            kind: Some("warn"),
            icon: "warning",
            stays: Some(USUAL),
            ..said(t(Key::Interrupted).to_owned())
        },
        NoticeBody::Storage { .. } => Looks {
            kind: Some("error"),
            icon: "alert",
            ..said(t(Key::StorageTrouble).to_owned())
        },
    }
}

/// Whether a refusal means that the command came too late, because the offer, request or undo window is over.
fn is_late(command: Command, code: Code) -> bool {
    let answers = matches!(
        command,
        Command::Accept(_) | Command::Decline(_) | Command::CancelTransfer(_) | Command::Withdraw(_) | Command::Undo(_)
    );
    answers && matches!(code, Code::Conflict | Code::Closed | Code::NotFound | Code::Forbidden)
}

/// Returns a text such as "Teal Otter: Bruno did not answer. The chat stays with you."
fn answered(contact: &str, name: &str, keeper: Option<&str>, answer: Answer) -> String {
    let what = match answer {
        Answer::Accepted => return tf(Key::TransferAccepted, &[("name", name), ("contact", contact)]),
        Answer::Rejected => Key::TransferRejected,
        Answer::Expired => Key::TransferExpired,
        Answer::Cancelled => Key::TransferCancelled,
        Answer::NotTaken => Key::TransferNotTaken,
    };
    let stays = match keeper {
        Some(keeper) => tf(Key::StaysWith, &[("name", keeper)]),
        None => t(Key::StaysWithYou).to_owned(),
    };
    format!("{contact}: {} {stays}", tf(what, &[("name", name)]))
}

/// Shows the newest notices as toasts.
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
    let nav: Navigation = expect_context();
    let id = notice.id;
    let Looks {
        kind,
        icon,
        text,
        stays,
        act,
    } = looks(&notice.body, store.now().get_untracked());
    // An undo window is not extended by a pointer over the toast.
    let fixed = matches!(act, Some(Act::Undo(_)));
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
    let hold = move || {
        if !fixed {
            pause();
        }
    };
    let go_on = move || {
        if !fixed {
            run();
        }
    };
    view! {
        <div
            class="toast" data-kind=kind
            on:mouseenter=move |_| hold() on:mouseleave=move |_| go_on()
            on:focusin=move |_| hold() on:focusout=move |_| go_on()
        >
            <Icon name=icon />
            <p class="toast-text">{text}</p>
            {act.map(|act| view! {
                <button class="text-btn" type="button" on:click=move |_| {
                    act.run(store, nav);
                    store.dismiss(id);
                }>{act.name()}</button>
            })}
            <button class="icon-btn" type="button" aria-label=t(Key::Dismiss) on:click=move |_| store.dismiss(id)>
                <Icon name="close" />
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unanswered_transfer_says_with_whom_the_chat_stays() {
        assert_eq!(
            answered("Teal Otter", "Bruno", None, Answer::Expired),
            "Teal Otter: Bruno did not answer. The chat stays with you."
        );
        assert_eq!(
            answered("Teal Otter", "Bruno", Some("Ana"), Answer::Rejected),
            "Teal Otter: Bruno rejected the transfer. The chat stays with Ana."
        );
        assert_eq!(
            answered("Teal Otter", "Bruno", None, Answer::Accepted),
            "Bruno accepted Teal Otter."
        );
    }
}
