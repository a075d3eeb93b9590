//! Where else the same person writes (`domain.md` §1). Merging, separating and blocking are a page of the settings'
//! program.

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
    let link = |path: String, icon: AnyView, text: String| {
        view! { <a class="facts-link" href=path>{icon}<bdi>{text}</bdi><Icon name="chevron-right" /></a> }.into_any()
    };
    let page = move |rest: &str, icon: &'static str, text: Key| {
        let place = Place::Settings(format!("contacts/{contact}{rest}"));
        let icon = view! { <Icon name=icon /> }.into_any();
        link(place.path(), icon, t(text).to_owned())
    };
    let links = move || {
        let others = desk.person_of(contact).into_iter().flat_map(|person| person.others);
        let others = others.filter_map(|other| {
            let place = Place::Folder {
                folder: if other.ended { Folder::History } else { Folder::Mine },
                conversation: Some(other.chat?),
            };
            let channel = other.places.first()?.0;
            let icon = view! { <ChannelIcon channel /> }.into_any();
            Some(link(place.path(), icon, other.name))
        });
        let mut all: Vec<AnyView> = others.collect();
        all.push(page("", "person", Key::SamePerson));
        let block = if desk.is_blocked(contact) {
            Key::Blocking
        } else {
            Key::BlockContact
        };
        all.push(page("/block", "ban", block));
        all
    };
    view! { <section class="facts">{links}</section> }
}
