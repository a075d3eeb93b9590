//! Tests of stale replies, the internal discussion, and colleagues in the same chat.

use causerie_shared::{
    conversation::{EndReason, State},
    document::{DocumentId, Pen, timeline},
    frame::{ClientFrame, Command, Ephemeral, ServerFrame},
    ids::MessageId,
    message::{Author, Kind, Message},
    refusal::Code,
};

use super::{BEN, CHAT, desk::Desk, server::Server};
use crate::store::{
    core::{Act, Event},
    view::{Bubble, Stage},
};

const MINUTE: i64 = 60_000;

/// Ana is away for `minutes` after she wrote "offline"; meanwhile `author` writes, if there is one.
fn back_after(minutes: i64, author: Option<Author>) -> (Desk, Server) {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    for frame in server.say(CHAT, 1, 900, "Where is my lamp?") {
        desk.hear(frame);
    }
    desk.cut();
    desk.reply(CHAT, "offline");
    desk.reply(CHAT, "and a second one");
    if let Some(author) = author {
        server.write(CHAT, 1, 901, author, "meanwhile");
    }
    desk.now += minutes * MINUTE;
    server.now += minutes * MINUTE;
    desk.connect(&mut server);
    (desk, server)
}

fn stages(desk: &Desk) -> Vec<Stage> {
    let own = desk.messages(CHAT).into_iter();
    own.filter(|message| message.author == Author::Agent(super::ANA))
        .map(|message| message.stage)
        .collect()
}

#[test]
fn a_reply_that_nothing_overtook_goes_out_however_old_it_is() {
    let (desk, mut server) = back_after(600, None);
    assert_eq!(server.texts(CHAT, 1).len(), 3);
    assert_eq!(desk.core.unsent(), 0);
}

#[test]
fn a_young_reply_goes_out_although_the_customer_wrote_again() {
    let (_, mut server) = back_after(14, Some(Author::Contact));
    assert_eq!(server.texts(CHAT, 1)[1..], ["meanwhile", "offline", "and a second one"]);
}

#[test]
fn what_a_colleague_or_time_overtook_is_held_until_one_says_send_anyway() {
    for (minutes, author) in [(1, Author::Agent(BEN)), (16, Author::Contact)] {
        let (mut desk, mut server) = back_after(minutes, Some(author));
        assert_eq!(server.texts(CHAT, 1)[1..], ["meanwhile"]);
        assert_eq!(stages(&desk), [Stage::Held, Stage::Held]);
        // A newer reply waits behind the held ones.
        desk.reply(CHAT, "new");
        desk.pump(&mut server);
        assert_eq!(stages(&desk)[2], Stage::Unsent);
        let held = desk.core.held(CHAT);
        assert!(desk.core.undelivered().is_empty());

        desk.cut();
        desk.reload();
        desk.connect(&mut server);
        assert_eq!(desk.core.held(CHAT), held, "also after a reload");
        desk.act(Act::SendAnyway(held[0]));
        desk.pump(&mut server);
        assert_eq!(server.texts(CHAT, 1)[1..], ["meanwhile", "offline"]);
        desk.act(Act::Discard(held[1]));
        desk.pump(&mut server);
        assert_eq!(server.texts(CHAT, 1)[1..], ["meanwhile", "offline", "new"]);
        assert_eq!(desk.core.unsent(), 0);
    }
}

#[test]
fn a_chat_that_ended_or_went_away_meanwhile_says_not_delivered_once() {
    let ended = State::Ended {
        reason: EndReason::Visitor,
        by: None,
        at: 0,
        last_agent: None,
    };
    let others = State::Assigned { agent: BEN, since: 0 };
    for (state, code) in [(ended, Code::Closed), (others, Code::Forbidden)] {
        let (mut desk, mut server) = (Desk::new(), Server::new());
        desk.connect(&mut server);
        desk.cut();
        desk.reply(CHAT, "too late");
        let head = server.heads.get_mut(&CHAT).expect("the chat");
        (head.state, head.seq) = (state, 40);
        desk.connect(&mut server);
        assert!(server.pushes.is_empty(), "it is not even sent");
        let undelivered = desk.core.undelivered();
        assert_eq!(undelivered.len(), 1);
        assert_eq!(undelivered[0].text.as_deref(), Some("too late"));
        assert_eq!(undelivered[0].refusal.code, code);
        desk.cut();
        desk.connect(&mut server);
        assert_eq!(desk.core.undelivered().len(), 1);
    }
}

#[test]
fn a_colleague_who_answers_while_one_is_writing_is_named() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    for frame in server.write(CHAT, 1, 900, Author::Agent(BEN), "before") {
        desk.hear(frame);
    }
    desk.act(Act::SetDraft(CHAT, "Your la".into()));
    assert_eq!(desk.core.answered_meanwhile(CHAT), None, "that was before");
    for frame in server.write(CHAT, 1, 901, Author::Agent(BEN), "It is on its way") {
        desk.hear(frame);
    }
    assert_eq!(desk.core.answered_meanwhile(CHAT), Some(BEN));
    desk.reply(CHAT, "Your lamp is on its way");
    desk.pump(&mut server);
    assert_eq!(desk.core.answered_meanwhile(CHAT), None);
    assert_eq!(desk.core.held(CHAT), [], "one who read it decides alone");
}

#[test]
fn colleagues_in_a_chat_are_shown_while_they_say_so() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let say = |desk: &mut Desk, body| desk.hear(ServerFrame::Ephemeral { from: Some(BEN), body });
    let told = |desk: &mut Desk| -> Vec<bool> {
        let frames = std::mem::take(&mut desk.out);
        let viewing = frames.into_iter().filter_map(|frame| match frame {
            ClientFrame::Ephemeral(Ephemeral::Viewing { conversation: CHAT, on }) => Some(on),
            _ => None,
        });
        viewing.collect()
    };
    desk.act(Act::Open(Some(CHAT)));
    assert_eq!(told(&mut desk), [true]);
    let (viewing, typing) = (
        Ephemeral::Viewing {
            conversation: CHAT,
            on: true,
        },
        Ephemeral::Typing {
            conversation: CHAT,
            on: true,
        },
    );
    say(&mut desk, viewing);
    say(&mut desk, typing);
    let seen = |desk: &Desk| -> Vec<(String, bool)> {
        let viewers = desk.core.viewers(CHAT).into_iter();
        viewers.map(|colleague| (colleague.name, colleague.typing)).collect()
    };
    assert_eq!(seen(&desk), [("Ben".to_owned(), true)]);
    desk.now += 8_000;
    desk.handle(Event::Tick);
    assert_eq!(seen(&desk), [("Ben".to_owned(), false)]);
    desk.now += 12_000;
    desk.handle(Event::Tick);
    assert_eq!(told(&mut desk), [true], "every 20 s");
    desk.now += 25_000;
    desk.handle(Event::Tick);
    assert_eq!(seen(&desk), []);
    desk.out.clear();
    desk.act(Act::Open(None));
    assert_eq!(told(&mut desk), [false]);
}

#[test]
fn the_discussion_is_written_without_network_and_ordered_by_what_answers_what() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    desk.cut();
    desk.act(Act::SetDiscussionDraft(CHAT, "Ben, is it".into()));
    desk.reload();
    assert_eq!(
        desk.core.discussion_drafts.get(&CHAT).map(String::as_str),
        Some("Ben, is it")
    );
    desk.act(Act::Open(Some(CHAT)));
    desk.run(|core, step| core.discuss(step, CHAT, "Ben, is it in stock?".into(), vec![]))
        .expect("a message");
    assert!(desk.core.discussion_drafts.is_empty());
    desk.connect(&mut server);
    // Ben's clock is years behind.
    let discussion = DocumentId::Discussion(CHAT);
    let answer = Message {
        id: MessageId::from_u128(5),
        author: Author::Agent(BEN),
        kind: Kind::Text,
        body: "Yes".into(),
        at: 0,
        reply_to: None,
        private: false,
        template: None,
        attachments: vec![],
    };
    let pen = Pen {
        actor: [9; 16],
        user: Some(BEN),
    };
    let mut doc = server.document(discussion).doc.clone();
    let change = timeline::append(&mut doc, &pen, &answer).expect("a message");
    let part = server.outside(discussion, change);
    desk.hear(part);
    let shown: Vec<_> = desk
        .core
        .discussion(CHAT)
        .into_iter()
        .filter_map(|bubble| match bubble {
            Bubble::Message(message) => Some(message.body),
            Bubble::Line(_) => None,
        })
        .collect();
    assert_eq!(shown, ["Ben, is it in stock?", "Yes"]);
    desk.act(Act::Command(Command::Invite(CHAT, BEN)));
    desk.pump(&mut server);
    assert_eq!(server.commands, [Command::Invite(CHAT, BEN)]);
}
