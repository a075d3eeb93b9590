//! The colleagues who have the chat open, so that two do not do the same work.

use causerie_shared::ids::ConversationId;
use leptos::prelude::*;

use crate::{
    i18n::{Key, Plural, tf, tn},
    store::{Store, view::Colleague},
    ui::Avatar,
};

/// The colleagues who view the chat, in its header.
#[component]
pub fn Colleagues(id: ConversationId) -> impl IntoView {
    let store: Store = expect_context();
    let viewers = store.viewers(id);
    move || {
        let viewers = viewers.get();
        let words = words(&viewers)?;
        // The tooltip shows the text where a narrow header hides it.
        let title = words.clone();
        let avatars = viewers.into_iter().take(3).map(|colleague| {
            view! { <Avatar name=Signal::stored(colleague.name) seed=colleague.user.to_u128() size=20 /> }
        });
        Some(view! {
            <span class="colleagues" role="status" title=title>
                {avatars.collect_view()}
                <span class="colleagues-words truncate">{words}</span>
            </span>
        })
    }
}

fn words(viewers: &[Colleague]) -> Option<String> {
    let typing = viewers.iter().find(|colleague| colleague.typing);
    match (typing, viewers) {
        (_, []) => None,
        (Some(colleague), _) => Some(tf(Key::ColleagueTypes, &[("name", &colleague.name)])),
        (None, [one]) => Some(tf(Key::ColleagueHere, &[("name", &one.name)])),
        (None, more) => Some(tn(
            Plural::ColleaguesHere,
            u32::try_from(more.len()).unwrap_or(u32::MAX),
        )),
    }
}
