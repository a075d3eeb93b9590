//! The server never sends what a user may not see, asserted on the frames.

use causerie_e2e::{
    client::{Client, heads},
    story,
};
use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame, encode},
    ids::{ContactId, ConversationId},
    row::Row,
    window::{Counts, Folder},
};

const SECRET: &str = "my card ends in 4417";

/// Everything that a client received about a conversation, as sentences.
fn traces(client: &Client, chat: ConversationId, contact: ContactId) -> Vec<String> {
    let documents = [
        DocumentId::Timeline(chat, 1),
        DocumentId::Contact(contact),
        DocumentId::Notes(contact),
    ];
    let mut found = vec![];
    for frame in client.frames() {
        if contains(&encode(frame), SECRET.as_bytes()) {
            found.push("the message's text".to_owned());
        }
        if heads(frame).any(|head| head.id == chat) {
            found.push("the head".into());
        }
        match frame {
            ServerFrame::Rows { upserts, .. } => found.extend(upserts.iter().filter_map(|row| match row {
                Row::Message(message) if message.conversation == chat => Some("a message row".into()),
                Row::Journey(line) if line.conversation == chat => Some("a journey row".into()),
                _ => None,
            })),
            ServerFrame::Window { order, .. } if order.contains(&chat) => found.push("a place in a list".into()),
            ServerFrame::Counts(counts) if *counts != Counts::default() => found.push(format!("{counts:?}")),
            ServerFrame::Part(part) if documents.contains(&part.document) => found.push(format!("{}", part.document)),
            ServerFrame::Ephemeral { body, .. } => found.push(format!("{body:?}")),
            _ => {}
        }
    }
    found
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// Asserts that a client can neither open a document of a chat nor write to it.
async fn is_shut_out(client: &mut Client, chat: ConversationId, contact: ContactId) {
    for document in [
        DocumentId::Timeline(chat, 1),
        DocumentId::Contact(contact),
        DocumentId::Notes(contact),
    ] {
        client
            .send(&ClientFrame::Open {
                document,
                have: None,
                rows_after: 0,
            })
            .await;
        client
            .until("a revocation", |frame| match frame {
                ServerFrame::Revoked { documents, .. } => documents.contains(&document).then_some(()),
                _ => None,
            })
            .await;
    }
    let push = client.reply_to(chat, "I should not be here");
    let ClientFrame::Push { intent, .. } = &push else {
        unreachable!("a reply is pushed")
    };
    let intent = *intent;
    client.send(&push).await;
    client
        .until("a refusal", |frame| match frame {
            ServerFrame::Refused { intent: its, .. } => (*its == intent).then_some(()),
            ServerFrame::Applied { intent: its, .. } => {
                assert_ne!(*its, intent, "a stranger wrote into the chat");
                None
            }
            _ => None,
        })
        .await;
    for command in [
        Command::Start(chat),
        Command::Accept(chat),
        Command::Decline(chat),
        Command::End(chat),
    ] {
        assert!(client.command(command).await.is_err(), "a stranger could {command:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_chat_reaches_another_inbox_or_a_colleague() {
    story("privacy", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        // Marta is not a member of this inbox. Ben is, but never has the chat.
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", SECRET).await;
        ana.accept(chat).await;
        let mut marta = stage.client("sup@demo.test").await;
        let mut ben = stage.client("ben@demo.test").await;
        let contact = stage.server.head(chat).await.contact;

        visitor.say(&format!("again, {SECRET}")).await;
        visitor.send(&serde_json::json!({ "t": "typing", "on": true })).await;
        let reply = ana.reply_to(chat, &format!("I see, {SECRET}"));
        ana.send(&reply).await;
        visitor.hears(&format!("I see, {SECRET}")).await;
        for outsider in [&mut marta, &mut ben] {
            is_shut_out(outsider, chat, contact).await;
            for folder in Folder::ALL {
                assert!(
                    outsider.folder(folder).await.is_empty(),
                    "{folder:?} of {} is not empty",
                    outsider.me.name
                );
            }
            assert_eq!(
                traces(outsider, chat, contact),
                Vec::<String>::new(),
                "{} got something",
                outsider.me.name
            );
        }
        assert_eq!(stage.server.texts(chat).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_a_colleague_took_from_the_queue_is_gone_for_the_others() {
    story("privacy_taken", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut ben = stage.client("ben@demo.test").await;
        let mut visitor = stage.orders_visitor().await;
        let chat = visitor.start("Teal Otter", "My parcel is late").await;
        ben.head("the waiting chat", |head| head.id == chat).await;
        ana.command(Command::Start(chat)).await.expect("it is in her queue");
        let taken_by = ben
            .until("the end of it", |frame| match frame {
                ServerFrame::Rows { gone, .. } => gone.iter().find_map(|gone| match gone {
                    causerie_shared::row::Gone::Conversation { id, taken_by } if *id == chat => Some(*taken_by),
                    _ => None,
                }),
                _ => None,
            })
            .await;
        assert_eq!(taken_by, Some(ana.me.id));

        let before = ben.frames().len();
        visitor.say(SECRET).await;
        ana.head("the new message", |head| head.id == chat && head.position == 2)
            .await;
        let contact = stage.server.head(chat).await.contact;
        is_shut_out(&mut ben, chat, contact).await;
        assert!(ben.folder(Folder::Queue).await.is_empty());
        let after = &ben.frames()[before..];
        assert!(
            !after.iter().any(|frame| heads(frame).any(|head| head.id == chat)),
            "the head still comes"
        );
        assert!(
            !after.iter().any(|frame| contains(&encode(frame), SECRET.as_bytes())),
            "the text still comes"
        );
    })
    .await;
}
