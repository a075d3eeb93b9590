//! Tests of replies: none is lost, none is sent twice, and the order is kept.

use causerie_shared::{
    document::DocumentId,
    frame::Command,
    message::{Delivery, MAX_TEXT},
    refusal::{Code, Refusal},
};

use super::{CHAT, desk::Desk, server::Server};
use crate::store::{
    core::Act,
    view::{ReplyError, Stage},
};

const TIMELINE: DocumentId = DocumentId::Timeline(CHAT, 1);

#[test]
fn replies_written_offline_survive_a_reload_and_go_out_once_in_order() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    for frame in server.say(CHAT, 1, 900, "Where is my lamp?") {
        desk.hear(frame);
    }
    desk.cut();
    for text in ["one", "two", "three"] {
        desk.reply(CHAT, text);
    }
    desk.reload();
    desk.act(Act::Open(Some(CHAT)));
    assert_eq!(
        desk.texts(CHAT),
        ["Where is my lamp?", "one", "two", "three"],
        "readable without network"
    );
    assert_eq!(desk.messages(CHAT)[1].stage, Stage::Unsent);
    assert!(server.pushes.is_empty());

    desk.connect(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["Where is my lamp?", "one", "two", "three"]);
    assert_eq!(server.pushes.len(), 3);
    assert_eq!(desk.texts(CHAT), ["Where is my lamp?", "one", "two", "three"]);
    assert!(
        desk.messages(CHAT)[1..]
            .iter()
            .all(|message| message.stage == Stage::Sent(Delivery::Sent))
    );
    assert_eq!(desk.core.unsent(), 0);

    desk.cut();
    desk.reload();
    desk.connect(&mut server);
    assert_eq!(server.pushes.len(), 3, "nothing is sent again");
}

#[test]
fn a_lost_acknowledgement_does_not_double_the_message() {
    for reload in [false, true] {
        let (mut desk, mut server) = (Desk::new(), Server::new());
        desk.connect(&mut server);
        desk.reply(CHAT, "only once");
        desk.reply(CHAT, "and then");
        // The server stores the replies; its answers are lost with the connection.
        let frames = std::mem::take(&mut desk.out);
        frames.into_iter().for_each(|frame| drop(server.answer(frame)));
        desk.cut();
        if reload {
            desk.reload();
        }
        desk.connect(&mut server);
        desk.act(Act::Open(Some(CHAT)));
        desk.pump(&mut server);
        assert_eq!(server.texts(CHAT, 1), ["only once", "and then"], "reload: {reload}");
        assert_eq!(desk.texts(CHAT), ["only once", "and then"]);
        assert_eq!((desk.core.unsent(), desk.core.undelivered().len()), (0, 0));
    }
}

#[test]
fn a_refused_reply_is_kept_with_its_text_and_the_next_one_goes_out() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    server.refuse = Some(Refusal::new(Code::BadContent, "no"));
    desk.reply(CHAT, "refused");
    let next = desk.reply(CHAT, "accepted");
    desk.pump(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["accepted"]);
    assert_eq!(server.pushes.last(), Some(&(TIMELINE, next.into())));
    let undelivered = desk.core.undelivered();
    assert_eq!(undelivered.len(), 1);
    assert_eq!(undelivered[0].text.as_deref(), Some("refused"));
    assert_eq!(
        (undelivered[0].conversation, undelivered[0].refusal.code),
        (Some(CHAT), Code::BadContent)
    );

    desk.cut();
    desk.reload();
    assert_eq!(desk.core.undelivered().len(), 1, "still there after a reload");
    desk.connect(&mut server);
    desk.act(Act::Retry(undelivered[0].intent));
    desk.pump(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["accepted", "refused"]);
    assert!(desk.core.undelivered().is_empty());
}

#[test]
fn a_sealed_segment_moves_replies_on_under_the_same_ids() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.cut();
    let ids = [desk.reply(CHAT, "first"), desk.reply(CHAT, "second")];
    server.document(TIMELINE).sealed = true;
    desk.connect(&mut server);
    assert_eq!(server.texts(CHAT, 2), ["first", "second"]);
    let second = DocumentId::Timeline(CHAT, 2);
    assert_eq!(server.pushes[1..], [(second, ids[0].into()), (second, ids[1].into())]);
    assert!(desk.core.undelivered().is_empty());
}

#[test]
fn access_lost_while_offline_leaves_the_text_with_its_author() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.cut();
    desk.reply(CHAT, "too late");
    server.denied = vec![TIMELINE];
    desk.connect(&mut server);
    let undelivered = desk.core.undelivered();
    assert_eq!(undelivered[0].text.as_deref(), Some("too late"));
    assert!(
        desk.out.is_empty(),
        "a document that may not be read is not asked for again and again"
    );
    desk.act(Act::Discard(undelivered[0].intent));
    assert!(desk.core.undelivered().is_empty());
    desk.reload();
    assert_eq!(desk.core.unsent(), 0);
}

#[test]
fn access_lost_with_the_acknowledgement_does_not_make_a_stored_reply_undelivered() {
    for reload in [false, true] {
        let (mut desk, mut server) = (Desk::new(), Server::new());
        desk.connect(&mut server);
        desk.reply(CHAT, "stored");
        for frame in std::mem::take(&mut desk.out) {
            drop(server.answer(frame));
        }
        desk.cut();
        if reload {
            desk.reload();
        }
        assert_eq!(server.texts(CHAT, 1).last().map(String::as_str), Some("stored"));
        server.denied = vec![TIMELINE];
        desk.connect(&mut server);
        assert!(desk.core.undelivered().is_empty());
        assert_eq!(desk.core.unsent(), 0);
    }
}

#[test]
fn an_end_waits_behind_the_replies_before_it() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.cut();
    desk.reply(CHAT, "Goodbye");
    desk.act(Act::Command(Command::End(CHAT)));
    desk.reload();
    assert!(desk.core.busy(CHAT));
    desk.connected = true;
    desk.handle(crate::store::core::Event::Opened);
    // Only the hello and the frames that may be sent before the reply is acknowledged.
    let hello = std::mem::take(&mut desk.out);
    let answers: Vec<_> = hello.into_iter().flat_map(|frame| server.answer(frame)).collect();
    answers.into_iter().for_each(|frame| desk.hear(frame));
    assert!(
        !desk
            .out
            .iter()
            .any(|frame| matches!(frame, causerie_shared::frame::ClientFrame::Command { .. }))
    );
    desk.pump(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["Goodbye"]);
    assert_eq!(server.commands, [Command::End(CHAT)]);
    assert!(!desk.core.busy(CHAT));
}

#[test]
fn the_newest_unsent_reply_can_be_taken_back_into_the_draft() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.cut();
    desk.reply(CHAT, "keep");
    desk.reply(CHAT, "take back");
    let text = desk.run(|core, step| core.take_back_last(step, CHAT));
    assert_eq!(text.as_deref(), Some("take back"));
    desk.reload();
    assert_eq!(desk.core.drafts.get(&CHAT).map(String::as_str), Some("take back"));
    desk.connect(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["keep"]);
    assert_eq!(
        desk.run(|core, step| core.take_back_last(step, CHAT)),
        None,
        "what is sent is sent"
    );
}

#[test]
fn a_message_over_the_limit_is_refused_before_anything_is_queued() {
    let mut desk = Desk::new();
    let text = "é".repeat(MAX_TEXT / 2 + 1);
    let refused = desk.run(|core, step| core.reply(step, CHAT, text, vec![]));
    assert_eq!(
        refused,
        Err(ReplyError::TooLong {
            have: MAX_TEXT + 2,
            limit: MAX_TEXT
        })
    );
    let blank = desk.run(|core, step| core.reply(step, CHAT, " \n".into(), vec![]));
    assert_eq!(blank, Err(ReplyError::Empty));
    assert_eq!(desk.core.unsent(), 0);
}
