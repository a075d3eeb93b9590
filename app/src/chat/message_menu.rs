//! Buttons on a message: remove it, hide a comment, delete a comment. Also the reactions to a message.

use causerie_shared::{
    ids::ConversationId,
    message::{Author, Side},
};
use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    store::{Store, view::MessageBubble},
    ui::{Confirm, Icon},
};

/// The buttons of a message. A message that the server does not have yet has none, because it can be taken back.
pub fn acts(chat: ConversationId, message: &MessageBubble) -> Option<AnyView> {
    let store: Store = expect_context();
    let extra = message.extra.as_deref();
    if message.redacted || message.position.is_none() || extra.is_some_and(|extra| extra.deleted) {
        return None;
    }
    let head = store.head(chat).get_untracked()?;
    let (supervises, mine, member) = store.me().with_untracked(|me| {
        me.as_ref().map(|me| {
            (
                me.role.supervises(),
                message.author == Author::Agent(me.id),
                me.memberships.contains(&head.inbox),
            )
        })
    })?;
    let id = message.id;
    let comment = head.channel.is_comments() && member && !message.private && message.author != Author::System;
    let hidden = extra.is_some_and(|extra| extra.hidden);
    let hide = (comment && message.author == Author::Contact).then(|| {
        let (label, icon) = if hidden {
            (t(Key::ShowComment), "eye")
        } else {
            (t(Key::HideComment), "eye-off")
        };
        button(
            label,
            icon,
            Callback::new(move |()| store.hide_comment(chat, id, !hidden)),
        )
    });
    let delete = comment.then(|| {
        asking(
            [Key::DeleteComment, Key::DeleteCommentTitle, Key::DeleteCommentText],
            Callback::new(move |()| store.delete_comment(chat, id)),
        )
    });
    let remove = (!comment && (supervises || mine)).then(|| {
        asking(
            [Key::RemoveMessage, Key::RemoveMessageTitle, Key::RemoveMessageText],
            Callback::new(move |()| store.redact(chat, id)),
        )
    });
    Some(view! { <span class="msg-acts">{hide}{delete}{remove}</span> }.into_any())
}

fn button(label: &'static str, icon: &'static str, done: Callback<()>) -> AnyView {
    view! {
        <button class="icon-btn msg-remove" type="button" aria-label=label title=label on:click=move |_| done.run(())>
            <Icon name=icon class="icon-16" />
        </button>
    }
    .into_any()
}

/// A button that asks for confirmation: its label, the dialog's title and its text.
fn asking([label, title, text]: [Key; 3], done: Callback<()>) -> AnyView {
    let open = RwSignal::new(false);
    view! {
        {button(t(label), "trash", Callback::new(move |()| open.set(true)))}
        {move || open.get().then(|| view! {
            <Confirm title=t(title).to_owned() text=t(text) act=t(Key::Remove) open done />
        })}
    }
    .into_any()
}

/// The emoji on a bubble, with the side that reacted.
pub fn reactions(message: &MessageBubble) -> Option<AnyView> {
    let all = &message.extra.as_ref()?.reactions;
    let each = all.iter().map(|reaction| {
        let who = match reaction.by {
            Side::Contact => t(Key::ReactionTheirs),
            Side::Us => t(Key::ReactionOurs),
        };
        view! { <span title=who>{reaction.emoji.clone()}<span class="sr-only">{who}</span></span> }.into_any()
    });
    let each: Vec<AnyView> = each.collect();
    (!each.is_empty()).then(|| view! { <p class="reactions">{each}</p> }.into_any())
}
