//! What channels add to messages, and later changes of messages.

use causerie_shared::{
    frame::{Command, ServerFrame},
    ids::MessageId,
    message::{Author, Delivery, Extra, Kind, Reaction, Side, TemplateUse},
    row::Row,
};

use super::{ANA, CHAT, desk::Desk, server::Server};
use crate::store::{
    core::Act,
    view::{MessageBubble, Stage, Way},
};

/// The bubble of a contact's message after the server changed its row.
fn told(change: impl FnOnce(&mut Server)) -> MessageBubble {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    for frame in server.say(CHAT, 1, 900, "Helo") {
        desk.hear(frame);
    }
    change(&mut server);
    let row = server.changed(MessageId::from_u128(900));
    desk.hear(ServerFrame::Rows {
        to: row.seq,
        upserts: vec![Row::Message(row)],
        gone: vec![],
    });
    desk.messages(CHAT).remove(0)
}

fn extra(server: &mut Server, extra: Extra) {
    server.row_of(MessageId::from_u128(900)).extra = Some(Box::new(extra));
}

#[test]
fn an_edited_message_reads_as_it_was_edited_and_a_deleted_one_says_nothing() {
    let edited = || Some(("Hello".to_owned(), 2));
    let bubble = told(|server| {
        extra(
            server,
            Extra {
                edited: edited(),
                reactions: vec![Reaction {
                    emoji: "👍".into(),
                    by: Side::Contact,
                }],
                ..Extra::default()
            },
        );
    });
    assert_eq!(bubble.body, "Hello");
    assert_eq!(bubble.extra.unwrap().reactions.len(), 1);
    assert!(bubble.version > 0, "the bubble is drawn anew");

    let bubble = told(|server| {
        extra(
            server,
            Extra {
                edited: edited(),
                deleted: true,
                ..Extra::default()
            },
        );
    });
    assert_eq!((bubble.body.as_str(), bubble.files.len()), ("", 0));
}

#[test]
fn an_answer_shows_what_it_answers_as_that_reads_now() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    for frame in server.say(CHAT, 1, 900, "Helo") {
        desk.hear(frame);
    }
    extra(
        &mut server,
        Extra {
            edited: Some(("Hello".into(), 2)),
            author_name: Some("Eva".into()),
            ..Extra::default()
        },
    );
    let row = server.changed(MessageId::from_u128(900));
    let answer = server.answer_to(CHAT, 901, Author::Agent(ANA), "Hi Eva", MessageId::from_u128(900));
    let row = ServerFrame::Rows {
        to: row.seq,
        upserts: vec![Row::Message(row)],
        gone: vec![],
    };
    for frame in answer.into_iter().chain([row]) {
        desk.hear(frame);
    }
    let messages = desk.messages(CHAT);
    assert_eq!(messages[0].stranger().map(String::as_str), Some("Eva"));
    let quote = messages[1].quote.as_ref().expect("a quote");
    assert_eq!(
        (quote.author, quote.text.as_str(), quote.author_name.as_deref()),
        (Author::Contact, "Hello", Some("Eva"))
    );
}

#[test]
fn an_unconfirmed_reply_says_what_is_known_and_is_sent_again_by_a_command() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let id = desk.reply(CHAT, "Hi");
    desk.pump(&mut server);
    let row = server.row_of(id);
    row.delivery = Delivery::Unconfirmed;
    row.reason = Some("No answer".into());
    let row = server.changed(id);
    desk.hear(ServerFrame::Rows {
        to: row.seq,
        upserts: vec![Row::Message(row)],
        gone: vec![],
    });
    assert_eq!(
        desk.messages(CHAT)[0].stage,
        Stage::Unconfirmed(Some("No answer".into()))
    );
    desk.act(Act::Command(Command::Resend(CHAT, id)));
    desk.pump(&mut server);
    assert_eq!(server.commands, [Command::Resend(CHAT, id)]);
}

#[test]
fn a_private_reply_and_a_template_are_written_as_such_and_shown_at_once() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let template = TemplateUse {
        name: "order_ready".into(),
        language: "en_US".into(),
        parameters: vec!["Ana".into()],
    };
    desk.cut();
    for way in [Way::Private, Way::Template(template.clone())] {
        desk.run(|core, step| core.reply_as(step, CHAT, "Hi".into(), vec![], way))
            .expect("a reply");
    }
    let shown = desk.messages(CHAT);
    assert!(shown[0].private && shown[0].kind == Kind::Text);
    assert!(!shown[1].private && shown[1].kind == Kind::Template);
    // The server's gate accepts both.
    desk.connect(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["Hi", "Hi"]);
    assert_eq!(desk.core.unsent(), 0);
}
