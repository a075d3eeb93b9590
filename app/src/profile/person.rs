//! Where else the same person writes (`domain.md` §1). Merging and separating is a page of the settings' program.

use causerie_shared::{api::persons::Person, ids::ContactId, window::Folder};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    i18n::{Key, t},
    net::http,
    pages::Place,
    ui::{ChannelIcon, Icon},
};

/// The section of the profile. Who is whom is the server's to say: without network only the way to the page is there.
#[component]
pub fn OnePerson(contact: ContactId) -> impl IntoView {
    let person = RwSignal::new(None::<Person>);
    spawn_local(async move {
        if let Ok(found) = http::get(&format!("/api/contacts/{contact}/same")).await {
            person.try_set(Some(found));
        }
    });
    let manage = Place::Settings(format!("contacts/{contact}"));
    let others = move || {
        let others = person.get().into_iter().flat_map(|person| person.others);
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
        </section>
    }
}
