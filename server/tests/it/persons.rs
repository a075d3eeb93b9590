//! Contacts, on both engines: merging, finding and separating them, with the required rights, and deleting them.

use crate::common::{
    World,
    line::Line,
    signed::{ask, sign_in},
    worlds,
};
use axum::http::{Method, StatusCode};
use causerie_server::{
    contacts::{forget, merge},
    error::ServiceError,
    store::{contacts, conversations},
};
use causerie_shared::{access::Access, ids::ContactId, refusal::Code};
use serde_json::{Value, json};

/// Creates a visitor of the orders widget with a name.
async fn named(world: &World, name: &str) -> ContactId {
    let chat = world.order(&format!("visitor-{name}"), "Hello").await;
    let contact = world.head(chat).await.contact;
    let mut tx = world.app.store.begin_ordered().await.expect("a transaction");
    let mut record = contacts::get(&mut tx, contact)
        .await
        .expect("a contact")
        .expect("a contact");
    record.name = name.to_owned();
    contacts::save(&mut tx, &record).await.expect("saved");
    tx.commit().await.expect("stored");
    contact
}

async fn names(world: &World, access: &Access, contact: ContactId) -> Vec<String> {
    let same = merge::same(&world.app, access, contact).await.expect("the others");
    let mut names: Vec<String> = same.others.into_iter().map(|person| person.name).collect();
    names.sort();
    names
}

fn refused<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Code {
    match result {
        Err(ServiceError::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn merged_contacts_are_shown_with_each_other_and_separated_again() {
    for world in worlds().await {
        let ana = world.access(world.demo.ana).await;
        let app = &world.app;
        let (web, phone, page) = (
            named(&world, "Lucia").await,
            named(&world, "Lucia Gomez").await,
            named(&world, "lucia.g").await,
        );
        merge::merge(app, &ana, web, phone).await.expect("merged");
        merge::merge(app, &ana, page, phone).await.expect("merged");
        merge::merge(app, &ana, web, page).await.expect("they are already");
        assert_eq!(names(&world, &ana, web).await, ["Lucia Gomez", "lucia.g"]);
        assert_eq!(names(&world, &ana, phone).await, ["Lucia", "lucia.g"]);
        assert_eq!(names(&world, &ana, page).await, ["Lucia", "Lucia Gomez"]);

        // Whichever contact is separated, the other two stay merged.
        for (leaves, stay) in [(page, [web, phone]), (web, [page, phone]), (phone, [web, page])] {
            merge::separate(app, &ana, leaves).await.expect("separated");
            assert!(names(&world, &ana, leaves).await.is_empty());
            assert_eq!(names(&world, &ana, stay[0]).await.len(), 1);
            assert_eq!(names(&world, &ana, stay[1]).await.len(), 1);
            merge::merge(app, &ana, leaves, stay[1]).await.expect("merged again");
            assert_eq!(names(&world, &ana, stay[0]).await.len(), 2);
        }

        // Merging two pairs of contacts makes one person of four contacts.
        let (first, second) = (named(&world, "Marc").await, named(&world, "Marc Prat").await);
        merge::merge(app, &ana, first, second).await.expect("merged");
        merge::merge(app, &ana, second, page).await.expect("merged");
        assert_eq!(
            names(&world, &ana, first).await,
            ["Lucia", "Lucia Gomez", "Marc Prat", "lucia.g"]
        );
    }
}

#[tokio::test]
async fn candidates_are_found_by_name_and_are_not_the_person_already() {
    for world in worlds().await {
        let ana = world.access(world.demo.ana).await;
        let (one, two) = (named(&world, "Lucia").await, named(&world, "LUCIA 100%").await);
        named(&world, "Someone else").await;
        let found = |text: &'static str| {
            let (app, ana) = (world.app.clone(), ana.clone());
            async move { merge::candidates(&app, &ana, one, text).await }
        };
        let lucia = found("lucia").await.expect("candidates");
        assert_eq!(lucia.len(), 1, "{lucia:?}");
        assert_eq!((lucia[0].contact, lucia[0].places.len()), (two, 1));
        assert!(lucia[0].chat.is_some());
        assert!(
            found("visitor-LUCIA")
                .await
                .expect("by what they are on the account")
                .len()
                == 1
        );
        // A database's wildcards are plain text, and a text of one letter is refused.
        assert!(found("%%").await.expect("an answer").is_empty());
        assert_eq!(refused(found(" l ").await), Code::Invalid);
        merge::merge(&world.app, &ana, two, one).await.expect("merged");
        assert!(found("lucia").await.expect("candidates").is_empty());
    }
}

#[tokio::test]
async fn only_those_who_see_both_may_merge_and_the_forgotten_are_alone() {
    for world in worlds().await {
        let (ana, ben) = (world.access(world.demo.ana).await, world.access(world.demo.ben).await);
        let app = &world.app;
        let shared = named(&world, "Shared").await;
        let chat = world.start(world.demo.ana, "visitor-only-anas").await;
        let private = world.head(chat).await.contact;
        assert_eq!(refused(merge::merge(app, &ben, shared, private).await), Code::NotFound);
        assert_eq!(refused(merge::merge(app, &ben, private, shared).await), Code::NotFound);
        assert_eq!(refused(merge::same(app, &ben, private).await), Code::NotFound);
        assert_eq!(refused(merge::merge(app, &ana, shared, shared).await), Code::Invalid);
        let nobody = ContactId::from_u128(7);
        assert_eq!(refused(merge::merge(app, &ana, shared, nobody).await), Code::NotFound);
        assert!(names(&world, &ana, shared).await.is_empty(), "nothing half-done");

        merge::merge(app, &ana, shared, private).await.expect("Ana sees both");
        // Ben learns that the two contacts are merged and where the other one writes, but their chat stays Ana's.
        let same = merge::same(app, &ben, shared).await.expect("the other");
        assert_eq!((same.others.len(), same.others[0].chat), (1, None));
        assert_eq!(refused(merge::separate(app, &ben, private).await), Code::NotFound);

        let owner = world.access(world.who("owner").await).await;
        forget::contact(app, &owner, shared).await.expect("forgotten");
        assert!(names(&world, &ana, private).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_manages_makes_everybody_forget_a_contact() {
    const PHONE: &str = "106540352242922";
    for line in Line::each("whatsapp", PHONE, "http://127.0.0.1:1").await {
        let value = json!({
            "metadata": { "phone_number_id": PHONE },
            "contacts": [{ "profile": { "name": "Sheena" }, "wa_id": "16505551234" }],
            "messages": [{ "from": "16505551234", "id": "wamid.1", "timestamp": "1759999990", "type": "text",
                           "text": { "body": "My card is 4111" } }],
        });
        let body = json!({ "object": "whatsapp_business_account",
                           "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] });
        line.receive(&body).await;
        let chat = line.conversations().await[0]["id"].as_str().unwrap().parse().unwrap();
        let head = conversations::get(&mut line.app.store.read().await.unwrap(), chat).await;
        let path = format!("/api/contacts/{}", head.unwrap().unwrap().contact);
        let (ana, owner) = (sign_in(&line, "ana").await, sign_in(&line, "owner").await);
        let forget = async |cookie: &str, path: &str| ask(&line, cookie, Method::DELETE, path, Value::Null).await.0;
        assert_eq!(forget(&ana, &path).await, StatusCode::FORBIDDEN);
        assert_eq!(line.conversations().await[0]["contact"]["name"], "Sheena");
        assert_eq!(forget(&owner, "/api/contacts/nobody").await, StatusCode::NOT_FOUND);
        assert_eq!(forget(&owner, &path).await, StatusCode::NO_CONTENT);
        let left = line.conversations().await.swap_remove(0);
        assert!(!left.to_string().contains("Sheena"), "{left}");
        assert_eq!(left["messages"][0]["text"], "");
    }
}
