//! Where else the same person writes (`docs/domain.md#merged-contacts`). Merging, separating and blocking are a page of
//! the settings' program.

use causerie_shared::{ids::ContactId, window::Folder};
use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    inbox::Desk,
    pages::Place,
    ui::{ChannelIcon, Icon},
};

/// The section of the profile. Who is whom is the server's to say: without network only the way to the page is there.
#[component]
pub fn OnePerson(contact: ContactId) -> impl IntoView {
    let desk: Desk = expect_context();
    let manage = Place::Settings(format!("contacts/{contact}"));
    let block = Place::Settings(format!("contacts/{contact}/block"));
    let others = move || {
        let others = desk.person_of(contact).into_iter().flat_map(|person| person.others);
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
