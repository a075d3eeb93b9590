//! The other contacts of the same person (`docs/domain.md#merged-contacts`). Merging, separating and blocking happen on
//! a page of the settings part.

use causerie_shared::{ids::ContactId, window::Folder};
use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    navigation::{Navigation, place::Place},
    ui::{ChannelIcon, Icon},
};

/// The section of the profile. Only the server knows which contacts are merged, so while offline it shows only the link
/// to the page.
#[component]
pub fn OnePerson(contact: ContactId) -> impl IntoView {
    let nav: Navigation = expect_context();
    let manage = Place::Settings(format!("contacts/{contact}"));
    let block = Place::Settings(format!("contacts/{contact}/block"));
    let others = move || {
        let others = nav.person_of(contact).into_iter().flat_map(|person| person.others);
        let row = others.filter_map(|other| {
            let place = Place::Folder {
                folder: if other.ended { Folder::History } else { Folder::Mine },
                conversation: Some(other.chat?),
            };
            let channel = other.places.first()?.0;
            Some(
                view! { <a class="facts-link" href=place.path()><ChannelIcon channel /><bdi>{other.name}</bdi></a> }
                    .into_any(),
            )
        });
        row.collect::<Vec<_>>()
    };
    view! {
        <section class="facts">
            {others}
            <a class="facts-link" href=manage.path()><Icon name="person" />{t(Key::SamePerson)}<Icon name="chevron-right" /></a>
            <a class="facts-link" href=block.path()><Icon name="ban" />{t(Key::BlockContact)}<Icon name="chevron-right" /></a>
        </section>
    }
}
