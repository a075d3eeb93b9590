//! A message bubble (`docs/ux.md#bubbles`).

use causerie_shared::{
    ids::{ContactId, ConversationId},
    message::{Author, Kind},
};
use leptos::prelude::*;

use super::{
    files::{FileBubble, is_picture},
    group::Place,
    kind::{card_view, class_word, is_named, says_all},
    message_menu::{acts, reactions},
    state::{Meta, note},
};
use crate::{
    format::{self, kind::kind_word},
    i18n::{Key, t, tf},
    store::{
        Store,
        view::{MessageBubble, Stage},
    },
    ui::{Avatar, Icon},
};

/// One message with its state.
#[component]
pub fn MessageView(
    chat: ConversationId,
    message: MessageBubble,
    place: Place,
    contact: ContactId,
    name: Memo<String>,
) -> impl IntoView {
    if message.kind == Kind::Notice {
        let time = format::time(message.at);
        return view! { <p class="system"><Icon name="info" /><span dir="auto">{message.body}</span>" · "{time}</p> }
            .into_any();
    }
    let incoming = message.author == Author::Contact;
    let stranger = message.stranger().cloned();
    let first = matches!(place, Place::Single | Place::First);
    let with_avatar = incoming && stranger.is_none() && matches!(place, Place::Single | Place::Last);
    let said_by = match (&stranger, message.author) {
        (Some(name), _) => Some(name.clone()),
        (None, Author::Elsewhere) => Some(t(Key::Elsewhere).to_owned()),
        (None, Author::Contact | Author::Agent(_) | Author::System | Author::Bot) => None,
    };
    let state = match &message.stage {
        Stage::Failed(_) => Some("failed"),
        Stage::Unconfirmed(_) => Some("unconfirmed"),
        Stage::Incoming | Stage::Unsent | Stage::Held | Stage::Sent(_) => None,
    };
    let visible = said_by.filter(|_| first);
    let content = content(&message, name);
    view! {
        <article
            class="msg" role="article" tabindex="-1"
            data-side=if incoming { "in" } else { "out" }
            data-group=place.as_str()
            data-state=state
        >
            <AuthorName author=message.author stranger name />
            {with_avatar.then(|| view! { <Avatar name seed=contact.to_u128() size=28 /> })}
            {acts(chat, &message)}
            <div class="msg-col">
                {visible.map(|name| view! { <span class="msg-by" aria-hidden="true"><bdi>{name}</bdi></span> })}
                {content}
                {reactions(&message)}
                {note(chat, &message, name)}
            </div>
        </article>
    }
    .into_any()
}

/// The bubbles of a message: pictures and players come above their caption, other files below the text.
fn content(message: &MessageBubble, name: Memo<String>) -> AnyView {
    let extra = message.extra.as_deref();
    // `deleted` comes first: a message that the contact deletes is redacted, too, and the text says who removed it.
    let gone = if extra.is_some_and(|extra| extra.deleted) {
        Some(t(Key::MessageDeleted))
    } else if message.redacted {
        Some(t(Key::MessageRemoved))
    } else {
        None
    };
    let marks = marks(message);
    let card = extra.and_then(|extra| extra.card.as_ref()).filter(|_| gone.is_none());
    let words = match (gone, message.kind) {
        (Some(gone), _) => Some((gone.to_owned(), "bubble-gone")),
        // The channel's text for an unsupported message must not look as if the contact had written it.
        (None, Kind::Unsupported) => {
            let placeholder = t(Key::KindUnsupported);
            let words = match message.body.as_str() {
                "" => placeholder.to_owned(),
                body => format!("{body} – {placeholder}"),
            };
            Some((words, "bubble-gone"))
        }
        (None, _) if !message.body.is_empty() && !card.is_some_and(says_all) => {
            Some((message.body.clone(), "bubble-text"))
        }
        (None, _) => None,
    };
    let has_body = words.is_some() || card.is_some() || !marks.is_empty() || message.files.is_empty();
    let edited = extra.is_some_and(|extra| extra.edited.is_some()) && gone.is_none();
    // The state is shown once: with the text, otherwise with the last file.
    let meta = |shown: bool| shown.then(|| view! { <Meta at=message.at stage=message.stage.clone() edited /> });
    let last = message.files.len().saturating_sub(1);
    let files: Vec<AnyView> = message
        .files
        .iter()
        .enumerate()
        .map(|(index, file)| {
            let state = meta(!has_body && index == last);
            let sticker = message.kind == Kind::Sticker;
            view! { <FileBubble file=file.clone() sticker>{state}</FileBubble> }.into_any()
        })
        .collect();
    let body = has_body.then(|| {
        view! {
            <div class="bubble">
                {quote(message, name)}
                {marks.into_iter().map(|mark| view! { <p class="bubble-mark">{mark}</p> }.into_any()).collect::<Vec<_>>()}
                {card.map(card_view)}
                <div class="bubble-body" dir="auto">
                    {words.map(|(words, class)| view! { <span class=class>{words}</span> })}
                    {meta(true)}
                </div>
            </div>
        }
        .into_any()
    });
    if message.files.iter().all(is_picture) {
        view! { {files}{body} }.into_any()
    } else {
        view! { {body}{files} }.into_any()
    }
}

/// Labels above a message's text, such as "private reply" or "forwarded".
fn marks(message: &MessageBubble) -> Vec<String> {
    let mut marks = vec![];
    if is_named(message.kind) {
        marks.push(kind_word(message.kind).to_owned());
    }
    let extra = message.extra.as_deref();
    for (on, key) in [
        (message.private, Key::PrivateReply),
        (extra.is_some_and(|extra| extra.forwarded), Key::Forwarded),
        (extra.is_some_and(|extra| extra.hidden), Key::HiddenComment),
    ] {
        if on {
            marks.push(t(key).to_owned());
        }
    }
    let Some(extra) = extra else {
        return marks;
    };
    if let Some(referral) = &extra.referral {
        marks.push(tf(Key::CameFrom, &[("what", referral)]));
    }
    for (class, fetched) in &extra.media {
        if !fetched && !message.redacted && !extra.deleted {
            marks.push(tf(Key::NotFetched, &[("what", class_word(class))]));
        }
    }
    marks
}

fn quote(message: &MessageBubble, name: Memo<String>) -> Option<AnyView> {
    let quote = message.quote.clone()?;
    let text = if quote.text.is_empty() {
        kind_word(quote.kind).to_owned()
    } else {
        quote.text
    };
    let by = who(quote.author, quote.author_name, name);
    Some(
        view! { <blockquote class="quote"><span class="quote-by"><bdi>{by}</bdi></span><span class="quote-text" dir="auto">{text}</span></blockquote> }
            .into_any(),
    )
}

/// The display name of a message's author.
fn who(author: Author, stranger: Option<String>, name: Memo<String>) -> impl Fn() -> String + Send + Sync + 'static {
    let store: Store = expect_context();
    let user = author.user().map(|id| store.user(id));
    let me = store.me();
    move || match author {
        Author::Contact => stranger.clone().unwrap_or_else(|| name.get()),
        Author::Bot => t(Key::StatusBot).to_owned(),
        Author::Elsewhere => t(Key::Elsewhere).to_owned(),
        Author::System => t(Key::System).to_owned(),
        Author::Agent(id) if me.read().as_ref().is_some_and(|me| me.id == id) => t(Key::You).to_owned(),
        Author::Agent(_) => user
            .and_then(|user| user.get())
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name),
    }
}

/// The author's name for screen readers; visually, side and colour show the author.
#[component]
fn AuthorName(author: Author, stranger: Option<String>, name: Memo<String>) -> impl IntoView {
    view! { <span class="sr-only">{who(author, stranger, name)}</span> }
}
