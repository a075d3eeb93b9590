//! The chats of the demo workspace. They are created through the same functions as real ones.

use std::time::Duration;

use causerie_shared::{
    access::Access,
    contact::Field,
    conversation::transition::Event,
    document::{DocumentId, contact as profile, notes, timeline},
    ids::{ContactId, ConversationId, IntentId, MessageId, NoteId, UserId},
    message::{Author, Kind, Message},
    row::Origin,
};

use super::Demo;
use crate::{
    access,
    clock::random_u128,
    contacts::{
        messages::{self, NewMessage},
        profile::profile_changed,
    },
    conversations::{
        claim,
        reply::{self, Target},
    },
    error::ServiceError,
    state::Shared,
    store::{places::AccountRecord, users},
    unit_of_work::UnitOfWork,
};

/// One message of a story, and who writes it.
enum Line {
    Visitor(&'static str),
    Agent(&'static str),
}

struct Story {
    name: &'static str,
    email: Option<&'static str>,
    city: Option<&'static str>,
    page: &'static str,
    country: &'static str,
    lines: &'static [Line],
    note: Option<&'static str>,
    ended: bool,
}

use Line::{Agent, Visitor};

const STORIES: [Story; 5] = [
    Story {
        name: "Lucía Fernández",
        email: Some("lucia.fdez@correo.example"),
        city: Some("Valencia"),
        page: "https://lumbre.example/pedido/88213",
        country: "ES",
        lines: &[
            Visitor("Hola, el pedido 88213 llegó ayer y el globo de la lámpara viene roto 😕 ¿Me podéis enviar otro?"),
            Agent(
                "Hola, Lucía. Siento mucho el golpe. Te envío hoy mismo un globo nuevo, sin coste. No hace falta que devuelvas el roto.",
            ),
            Visitor("¡Perfecto! ¿Llegaría antes del viernes? Es un regalo."),
        ],
        note: Some("Prefers WhatsApp, never calls before 10. Gift orders: no invoice in the box."),
        ended: false,
    },
    Story {
        name: "James Whitfield",
        email: Some("james@whitfield.example"),
        city: Some("Bristol"),
        page: "https://lumbre.example/returns",
        country: "GB",
        lines: &[
            Visitor("Hello, I would like to return the Dune floor lamp. Where do I get a label?"),
            Agent("Hi James, no problem. The return label is in your inbox."),
        ],
        note: None,
        ended: false,
    },
    Story {
        name: "Chloé Martin",
        email: Some("chloe.martin@poste.example"),
        city: Some("Lyon"),
        page: "https://lumbre.example/lamps/globo",
        country: "FR",
        lines: &[
            Visitor("Does the Globo lamp come with a bulb?"),
            Agent("It does: a warm 6 W LED. Any E27 up to 60 W fits as well."),
            Visitor("That worked, thank you so much!"),
        ],
        note: Some("Buys for a small hotel. Offer the wholesale list if she orders four or more of one lamp."),
        ended: true,
    },
    Story {
        name: "Diego Paredes",
        email: None,
        city: Some("Sevilla"),
        page: "https://lumbre.example/pedido/88107",
        country: "ES",
        lines: &[
            Visitor("¿Cuándo sale mi pedido?"),
            Agent("Su pedido sale mañana temprano."),
        ],
        note: None,
        ended: true,
    },
    Story {
        name: "Grace Okafor",
        email: Some("grace@okafor.example"),
        city: None,
        page: "https://lumbre.example/lamps/dune",
        country: "NG",
        lines: &[
            Visitor("Is the Dune floor lamp dimmable if I use a smart bulb? The page only says E27 😊"),
            Agent("Yes. Any dimmable E27 bulb up to 60 W works, smart ones included."),
        ],
        note: None,
        ended: true,
    },
];

/// Creates the chats of all stories: ended ones belong to History, the others are assigned to Ana.
pub async fn tell(app: &Shared, demo: &Demo) -> Result<(), ServiceError> {
    // The last chat created is the newest, and the list shows it first.
    for (number, story) in STORIES.iter().enumerate().rev() {
        let agent = if story.ended && number % 2 == 0 {
            demo.ben
        } else {
            demo.ana
        };
        one(app, &demo.orders, agent, number, story).await?;
    }
    Ok(())
}

async fn one(
    app: &Shared,
    account: &AccountRecord,
    agent: UserId,
    number: usize,
    story: &Story,
) -> Result<(), ServiceError> {
    let access = access_of(app, agent).await?;
    let mut chat: Option<(ConversationId, ContactId)> = None;
    for (index, line) in story.lines.iter().enumerate() {
        match line {
            Line::Visitor(text) => {
                let accepted = messages::receive(app, incoming(account, number, index, story, text)).await?;
                if chat.is_none() {
                    claim::act(app, &access, accepted.conversation, Event::Start, None).await?;
                    chat = Some((accepted.conversation, accepted.contact));
                }
            }
            Line::Agent(text) => {
                if let Some((conversation, _)) = chat {
                    say(app, &access, conversation, text).await?;
                }
            }
        }
        // Two messages must not have the same time.
        crate::clock::pause(Duration::from_millis(2)).await;
    }
    let Some((conversation, contact)) = chat else {
        return Ok(());
    };
    describe(app, contact, agent, story).await?;
    if story.ended {
        claim::act(app, &access, conversation, Event::End, None).await?;
    } else {
        crate::presence::visitors::left(app, contact).await?;
    }
    Ok(())
}

async fn access_of(app: &Shared, user: UserId) -> Result<Access, ServiceError> {
    let mut db = app.store.read().await?;
    let record = users::user(&mut db, user)
        .await?
        .ok_or(crate::store::StoreError::Damaged("demo user"))?;
    Ok(access::of(&mut db, &record).await?)
}

fn incoming(account: &AccountRecord, number: usize, index: usize, story: &Story, text: &str) -> NewMessage {
    NewMessage {
        account: account.clone(),
        external: format!("demo-{number}"),
        cid: format!("demo-{number}-{index}"),
        text: text.to_owned(),
        files: vec![],
        name: Some(story.name.to_owned()),
        email: story.email.map(str::to_owned),
        said: None,
        origin: Origin {
            ip: Some(format!("203.0.113.{}", 10 + number)),
            started_on: Some(story.page.to_owned()),
            page: Some(story.page.to_owned()),
            country: Some(story.country.to_owned()),
        },
    }
}

/// Writes a reply in the agent's name.
async fn say(app: &Shared, access: &Access, conversation: ConversationId, text: &str) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let message = Message {
        id: MessageId::new(now, random_u128()),
        author: Author::Agent(access.user),
        kind: Kind::Text,
        body: text.to_owned(),
        at: now,
        reply_to: None,
        private: false,
        template: None,
        attachments: vec![],
    };
    let mut document = app
        .documents
        .lock(&app.store, DocumentId::Timeline(conversation, 1))
        .await?;
    let Some(prepared) = document.prepare_own(|doc, pen| timeline::append(doc, pen, &message).map(Some))? else {
        return Ok(());
    };
    let mut unit = UnitOfWork::begin(app).await?;
    let target = Target {
        conversation,
        segment: 1,
    };
    reply::accept(
        &mut unit.tx,
        access,
        target,
        std::slice::from_ref(&message),
        0,
        now,
        &mut unit.events,
    )
    .await?;
    document
        .write(&mut unit.tx, IntentId::from(message.id), &prepared)
        .await?;
    let committed = unit.commit_held().await?;
    document.committed(prepared);
    committed.publish(app);
    Ok(())
}

/// Writes the contact's city and note.
async fn describe(app: &Shared, contact: ContactId, agent: UserId, story: &Story) -> Result<(), ServiceError> {
    let now = app.clock.now();
    if let Some(city) = story.city {
        let mut document = app.documents.lock(&app.store, DocumentId::Contact(contact)).await?;
        if let Some(prepared) = document.prepare_own(|doc, pen| profile::set(doc, pen, Field::City, Some(city)))? {
            let mut unit = UnitOfWork::begin(app).await?;
            profile_changed(&mut unit.tx, contact, document.doc(), &mut unit.events).await?;
            document
                .write(&mut unit.tx, IntentId::new(now, random_u128()), &prepared)
                .await?;
            let committed = unit.commit_held().await?;
            document.committed(prepared);
            committed.publish(app);
        }
    }
    if let Some(text) = story.note {
        let id = NoteId::new(now, random_u128());
        let mut document = app.documents.lock(&app.store, DocumentId::Notes(contact)).await?;
        for highlight in [false, true] {
            let prepared = document.prepare_own(|doc, pen| match highlight {
                false => {
                    let pen = causerie_shared::document::Pen {
                        actor: pen.actor,
                        user: Some(agent),
                    };
                    notes::add(doc, &pen, id, now, text).map(Some)
                }
                true => notes::highlight(doc, pen, id, true),
            })?;
            let Some(prepared) = prepared else { continue };
            let mut tx = app.store.begin_ordered().await?;
            document
                .write(&mut tx, IntentId::new(now, random_u128()), &prepared)
                .await?;
            tx.commit().await?;
            document.committed(prepared);
        }
    }
    Ok(())
}
