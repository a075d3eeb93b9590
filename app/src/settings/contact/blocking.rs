//! Blocks a contact with a reason, and unblocks them (`docs/domain.md#blacklist`).

use std::time::Duration;

use causerie_shared::{
    api::{
        blocked::{Block, Blocking, MAX_REASON, UNDO_MS},
        persons::SamePerson,
    },
    ids::ConversationId,
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Known, chat_of};
use crate::{
    format,
    i18n::{Key, t, tf},
    net::http,
    settings::{Here, fetched::Fetched, here::why, route::Route},
    ui::{Dialog, Icon},
};

/// The section of the page.
#[component]
pub fn BlockingSection(person: SamePerson) -> impl IntoView {
    let known: Known = expect_context();
    let here: Here = expect_context();
    let chat = chat_of(&person).map(|place| place.path());
    let state = match (person.blocked, person.chat) {
        (true, _) => Fetched::<Option<Blocking>>::get(format!("/api/contacts/{}/blocked", known.contact))
            .view(|blocking| blocking.map(|blocking| view! { <IsBlocked blocking /> }).into_any()),
        (false, Some(chat)) => view! {
            <button
                class="btn btn-danger" type="button" prop:disabled=move || !here.online()
                on:click=move |_| known.blocking.asks.set(true)
            >
                <Icon name="ban" class="icon-16" />
                {t(Key::BlockContact)}
            </button>
            {move || known.blocking.asks.get().then(|| view! { <BlockDialog chat name=person.name.clone() /> })}
        }
        .into_any(),
        (false, None) => ().into_any(),
    };
    view! {
        <section class="settings-section" aria-live="polite">
            <h2 class="section-title">{t(Key::Blocking)}</h2>
            <p class="section-help">{t(Key::BlockingText)}</p>
            {state}
            {move || known.blocking.fresh.get().then(|| chat.clone().map(|path| view! {
                <p class="back-to-chat"><a class="link" href=path>{t(Key::BackToChat)}</a></p>
            }))}
        </section>
    }
}

/// State of blocking that outlives fetching the person again; `Copy`.
#[derive(Clone, Copy)]
pub struct Doing {
    /// Whether the dialog is open.
    pub asks: RwSignal<bool>,
    /// Whether the page was opened only for the dialog; cancelling then goes back to the previous page.
    pub led_here: bool,
    /// Whether the user blocked the contact here and the undo window is still open.
    fresh: RwSignal<bool>,
}

impl Doing {
    pub fn new(asks: bool) -> Self {
        Self {
            asks: RwSignal::new(asks),
            led_here: asks,
            fresh: RwSignal::new(false),
        }
    }

    fn give_up(self, known: Known, here: Here) {
        let back = || {
            let history = window().history()?;
            (history.length()? > 1).then(|| history.back()).transpose()
        };
        if !self.led_here {
            self.asks.set(false);
        } else if !matches!(back(), Ok(Some(()))) {
            here.go(&Route::Contact(known.contact));
        }
    }

    fn done(self) {
        self.asks.set(false);
        self.fresh.set(true);
        // The user may have left the page by then.
        let over = move || {
            self.fresh.try_set(false);
        };
        set_timeout(over, Duration::from_millis(UNDO_MS as u64));
    }
}

/// Who blocked the contact and why. Owners and admins can unblock; the user who blocked can for the undo window.
#[component]
fn IsBlocked(blocking: Blocking) -> impl IntoView {
    let known: Known = expect_context();
    let here: Here = expect_context();
    let unblock = move |_| {
        spawn_local(async move {
            let answer = http::delete(&format!("/api/blocked/{}", known.contact)).await;
            known.problem.try_set(answer.err());
            known.blocking.fresh.try_set(false);
            known.person.again();
        });
    };
    let words = move || {
        tf(
            Key::BlockedBy,
            &[
                ("name", &here.user_name(blocking.by)),
                ("time", &format::date_time(blocking.at)),
            ],
        )
    };
    let may = move || here.manages() || known.blocking.fresh.get();
    view! {
        <div class="card person-row">
            <Icon name="ban" />
            <span class="person-who">
                <b>{words}</b>
                {(!blocking.reason.is_empty()).then(|| view! { <span class="blocked-why" dir="auto">{blocking.reason.clone()}</span> })}
                {move || (!may()).then(|| view! { <span class="cell-sub">{t(Key::AskToUnblock)}</span> })}
            </span>
            {move || may().then(|| view! {
                <button class="btn" type="button" prop:disabled=move || !here.online() on:click=unblock>
                    {if here.manages() { t(Key::Unblock) } else { t(Key::Undo) }}
                </button>
            })}
        </div>
    }
}

/// The dialog that asks for a confirmation and an optional reason.
#[component]
fn BlockDialog(chat: ConversationId, name: String) -> impl IntoView {
    let known: Known = expect_context();
    let here: Here = expect_context();
    let reason = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<Refusal>);
    let busy = RwSignal::new(false);
    let have = Memo::new(move |_| reason.read().trim().chars().count());
    let over = move || have.get() > MAX_REASON;
    let block = move || {
        if busy.get_untracked() || untrack(over) {
            return;
        }
        busy.set(true);
        let body = Block {
            conversation: chat,
            reason: reason.get_untracked(),
        };
        spawn_local(async move {
            match http::send("/api/blocked", &body).await {
                Ok(()) => {
                    known.blocking.done();
                    known.person.again();
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                    busy.try_set(false);
                }
            }
        });
    };
    let give_up = move || known.blocking.give_up(known, here);
    view! {
        <Dialog labelled_by="block-title" closed=move |()| give_up()>
            <form class="form" on:submit=move |event| { event.prevent_default(); block(); }>
                <div>
                    <h2 class="dialog-title" id="block-title">{tf(Key::BlockTitle, &[("name", &name)])}</h2>
                    <p class="dialog-text">{t(Key::BlockingText)}</p>
                </div>
                <div class="field">
                    <div class="field-top">
                        <label class="field-label" for="block-reason">{t(Key::BlockReason)}</label>
                        <span class="field-count tnum" id="block-count" data-over=move || over().then_some("")>
                            {move || tf(Key::CountOf, &[("have", &have.get().to_string()), ("limit", &MAX_REASON.to_string())])}
                        </span>
                    </div>
                    <textarea
                        class="input" id="block-reason" rows="3" prop:value=move || reason.get() aria-describedby="block-count"
                        aria-invalid=move || over().then_some("true")
                        on:input=move |event| reason.set(event_target_value(&event))
                    ></textarea>
                </div>
                {move || problem.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
                <div class="dialog-acts">
                    <button type="button" class="btn" on:click=move |_| give_up()>{t(Key::Cancel)}</button>
                    <button
                        type="submit" class="btn btn-danger"
                        prop:disabled=move || busy.get() || over() || !here.online()
                    >
                        {t(Key::BlockContact)}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
