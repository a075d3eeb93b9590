//! Changes that no honest client makes.

use automerge::{ObjType, ROOT, ReadDoc, transaction::Transactable};
use causerie_e2e::{client::random, story};
use causerie_shared::{
    document::{self, DocumentId, begin, notes, timeline},
    frame::ServerFrame,
    ids::{IntentId, MessageId, NoteId},
    refusal::Code,
};

use super::bench::{after, bent, desk, goes_on, message, moved, open, pen, push, refused};

const SAID: &[&str] = &["My lamp hums"];

#[tokio::test(flavor = "multi_thread")]
async fn failure_01_an_actor_id_of_another_user_is_refused() {
    story("failure-01", async |stage| {
        let mut desk = desk(stage).await;
        let mine = pen(desk.ana.me.id);
        let mut first = desk.replica.doc.clone();
        let said = message(desk.ana.me.id, "Hello");
        let change = timeline::append(&mut first, &mine, &said).unwrap();
        push(&mut desk.ana, desk.replica.id, 1, said.id.into(), vec![change])
            .await
            .unwrap();
        // Her supervisor uses Ana's actor of the notes, which both may write, for this timeline.
        let mut sup = stage.client("sup@demo.test").await;
        let mut stolen = mine.clone();
        stolen.user = Some(sup.me.id);
        let forged = timeline::append(&mut first, &stolen, &message(sup.me.id, "I am Ana")).unwrap();
        let answer = push(&mut sup, desk.replica.id, 1, IntentId::from_u128(1), vec![forged]).await;
        assert_eq!(answer.unwrap_err().code, Code::BadHeader);
        // The supervisor also claims to be Ana. The mark of Ana in the change does not help.
        let forged = timeline::append(&mut first.clone(), &pen(desk.ana.me.id), &message(desk.ana.me.id, "x")).unwrap();
        let answer = push(&mut sup, desk.replica.id, 1, IntentId::from_u128(2), vec![forged]).await;
        assert_eq!(answer.unwrap_err().code, Code::BadHeader);
        desk.replica = open(&mut desk.ana, desk.replica.id).await;
        goes_on(stage, &mut desk, &["My lamp hums", "Hello"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_02_a_start_op_near_the_maximum_is_refused() {
    story("failure-02", async |stage| {
        let mut desk = desk(stage).await;
        let (_, honest) = desk.replica.message(&pen(desk.ana.me.id), "for ever");
        let near = bent(&honest, |change| moved(change, u64::from(u32::MAX) - 8));
        refused(&mut desk, near, Code::BadHeader).await;
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_03_an_inflated_start_op_is_refused() {
    story("failure-03", async |stage| {
        let mut desk = desk(stage).await;
        let (_, honest) = desk.replica.message(&pen(desk.ana.me.id), "first for ever");
        let start = document::parse(&honest).unwrap().start_op().get();
        for by in [1, 1000] {
            let inflated = bent(&honest, |change| moved(change, start + by));
            refused(&mut desk, inflated, Code::BadHeader).await;
        }
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_04_a_change_whose_dependency_comes_later_is_refused_and_taken_after_it() {
    story("failure-04", async |stage| {
        let mut desk = desk(stage).await;
        let mine = pen(desk.ana.me.id);
        let mut local = desk.replica.doc.clone();
        let (a, b) = (message(desk.ana.me.id, "one"), message(desk.ana.me.id, "two"));
        let one = timeline::append(&mut local, &mine, &a).unwrap();
        let two = timeline::append(&mut local, &mine, &b).unwrap();
        let id = desk.replica.id;
        refused(&mut desk, two.clone(), Code::BadHeader).await;
        push(&mut desk.ana, id, 1, a.id.into(), vec![one]).await.unwrap();
        push(&mut desk.ana, id, 1, b.id.into(), vec![two]).await.unwrap();
        desk.replica = open(&mut desk.ana, id).await;
        goes_on(stage, &mut desk, &["My lamp hums", "one", "two"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_05_a_payload_created_and_deleted_in_one_change_is_refused() {
    story("failure-05", async |stage| {
        let mut desk = desk(stage).await;
        let mine = pen(desk.ana.me.id);
        let smuggled = document::write(&mut desk.replica.doc.clone(), &mine, |tx| {
            let (_, messages) = tx.get(ROOT, "messages")?.unwrap();
            let id = MessageId::from_u128(10).to_string();
            let entry = tx.put_object(&messages, id.as_str(), ObjType::Map)?;
            tx.put(&entry, "body", "x".repeat(30_000))?;
            Ok(tx.delete(&messages, id.as_str())?)
        });
        refused(&mut desk, smuggled.unwrap().unwrap(), Code::BadOperation).await;
        // The same attack on a text that may be edited.
        let contact = stage.server.head(desk.chat).await.contact;
        let mut noted = open(&mut desk.ana, DocumentId::Notes(contact)).await;
        let note = NoteId::from_u128(5);
        let begun = notes::add(&mut noted.doc, &mine, note, 0, "Nice").unwrap();
        push(&mut desk.ana, noted.id, 1, IntentId::from_u128(3), vec![begun])
            .await
            .unwrap();
        let hidden = document::write(&mut noted.doc, &mine, |tx| {
            let (_, all) = tx.get(ROOT, "notes")?.unwrap();
            let (_, entry) = tx.get(&all, note.to_string())?.unwrap();
            let (_, text) = tx.get(&entry, "text")?.unwrap();
            tx.splice_text(&text, 4, 0, "hidden")?;
            Ok(tx.splice_text(&text, 4, 6, "")?)
        });
        let answer = push(
            &mut desk.ana,
            noted.id,
            1,
            IntentId::from_u128(4),
            vec![hidden.unwrap().unwrap()],
        )
        .await;
        assert_eq!(answer.unwrap_err().code, Code::BadOperation);
        let fresh = open(&mut desk.ana, noted.id).await;
        assert_eq!(notes::read(&fresh.doc).unwrap()[0].text, "Nice");
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_06_a_compressed_bomb_is_never_inflated() {
    story("failure-06", async |stage| {
        let mut desk = desk(stage).await;
        // 60 MB of the same letter compress to some tens of kilobytes.
        let (_, large) = desk.replica.message(&pen(desk.ana.me.id), &"z".repeat(60 << 20));
        let bomb = document::parse(&large).unwrap().bytes().into_owned();
        assert_eq!(bomb[8], 2, "a compressed change");
        let code = if bomb.len() > causerie_shared::gate::MAX_CHANGE_BYTES {
            Code::TooLarge
        } else {
            Code::Malformed
        };
        refused(&mut desk, bomb, code).await;
        let (_, small) = desk.replica.message(&pen(desk.ana.me.id), &"z".repeat(1 << 20));
        let bomb = document::parse(&small).unwrap().bytes().into_owned();
        refused(&mut desk, bomb, Code::Malformed).await;
        // A whole document is not a change.
        let saved = desk.replica.doc.save();
        refused(&mut desk, saved, Code::Malformed).await;
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_07_truncated_and_garbage_bytes_are_refused() {
    story("failure-07", async |stage| {
        let mut desk = desk(stage).await;
        let (_, honest) = desk.replica.message(&pen(desk.ana.me.id), "whole");
        for cut in [0, 4, 8, 9, 20, honest.len() / 2, honest.len() - 1] {
            refused(&mut desk, honest[..cut].to_vec(), Code::Malformed).await;
        }
        for position in [0, 5, 8, 12, honest.len() / 2, honest.len() - 1] {
            let mut flipped = honest.clone();
            flipped[position] ^= 0x55;
            refused(&mut desk, flipped, Code::Malformed).await;
        }
        let trailing = [honest.as_slice(), &[0; 16]].concat();
        refused(&mut desk, trailing, Code::Malformed).await;
        // Bytes that are not a frame cause an error, and the connection stays open.
        let known = desk.ana.frames().len();
        desk.ana.send_bytes(vec![0xff; 64]).await;
        after(&mut desk.ana, known, "a complaint", |frame| {
            matches!(frame, ServerFrame::Error(_)).then_some(())
        })
        .await;
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_09_a_genesis_with_other_bytes_is_refused() {
    story("failure-09", async |stage| {
        let mut desk = desk(stage).await;
        let mine = pen(desk.ana.me.id);
        let mut other = automerge::Automerge::new_with_encoding(document::ENCODING);
        let own = document::write(&mut other, &mine, |tx| {
            tx.put_object(ROOT, "messages", ObjType::Map)?;
            Ok(())
        });
        refused(&mut desk, own.unwrap().unwrap(), Code::BadHeader).await;
        let on_top = timeline::append(&mut other, &mine, &message(desk.ana.me.id, "elsewhere")).unwrap();
        refused(&mut desk, on_top, Code::BadHeader).await;
        // The genesis itself changes nothing.
        let genesis = document::genesis(desk.replica.id.kind());
        let (id, epoch) = (desk.replica.id, desk.replica.epoch);
        let known = push(&mut desk.ana, id, epoch, IntentId::from_u128(random()), vec![genesis]).await;
        assert_eq!(known, Ok((1, vec![])), "everybody has it already");
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_17_a_refused_change_does_not_stop_the_allowed_ones_after_it() {
    story("failure-17", async |stage| {
        let mut desk = desk(stage).await;
        let mine = pen(desk.ana.me.id);
        // The first change is refused, so the change that builds on it is refused too, and neither is stored.
        let mut local = desk.replica.doc.clone();
        let mut forged = message(desk.ana.me.id, "as the customer");
        forged.author = causerie_shared::message::Author::Contact;
        let bad = timeline::append(&mut local, &mine, &forged).unwrap();
        let next = message(desk.ana.me.id, "and then");
        let on_top = timeline::append(&mut local, &mine, &next).unwrap();
        refused(&mut desk, bad, Code::BadContent).await;
        refused(&mut desk, on_top, Code::BadHeader).await;
        // Built again on the confirmed document, as a new actor, the message is accepted.
        let id = desk.replica.id;
        let rebuilt = timeline::append(&mut desk.replica.doc.clone(), &pen(desk.ana.me.id), &next).unwrap();
        push(&mut desk.ana, id, 1, next.id.into(), vec![rebuilt]).await.unwrap();
        desk.replica = open(&mut desk.ana, id).await;
        goes_on(stage, &mut desk, &["My lamp hums", "and then"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_23_emoji_are_cut_nowhere_and_offsets_are_utf_16() {
    story("failure-23", async |stage| {
        let mut desk = desk(stage).await;
        let contact = stage.server.head(desk.chat).await.contact;
        let mut sup = stage.client("sup@demo.test").await;
        let document = DocumentId::Notes(contact);
        let mut anas = open(&mut desk.ana, document).await;
        let note = NoteId::from_u128(6);
        let text = "👩‍👩‍👧 likes 🙂 mail";
        let begun = notes::add(&mut anas.doc, &pen(desk.ana.me.id), note, 0, text).unwrap();
        push(&mut desk.ana, document, 1, IntentId::from_u128(5), vec![begun])
            .await
            .unwrap();
        let mut sups = open(&mut sup, document).await;
        let edit = |from: &str, to: &str| notes::difference(from, to).unwrap();
        let front = edit(text, "👩‍👩‍👧‍👦 likes 🙂 mail");
        let back = edit(text, "👩‍👩‍👧 likes 🙃 mail");
        let one = notes::edit(&mut anas.doc, &pen(desk.ana.me.id), note, &front)
            .unwrap()
            .unwrap();
        let two = notes::edit(&mut sups.doc, &pen(sup.me.id), note, &back)
            .unwrap()
            .unwrap();
        push(&mut desk.ana, document, 1, IntentId::from_u128(6), vec![one])
            .await
            .unwrap();
        push(&mut sup, document, 1, IntentId::from_u128(7), vec![two])
            .await
            .unwrap();
        let fresh = open(&mut desk.ana, document).await;
        assert_eq!(notes::read(&fresh.doc).unwrap()[0].text, "👩‍👩‍👧‍👦 likes 🙃 mail");
        assert_eq!(begin(document.kind()).get_heads().len(), 1);
        goes_on(stage, &mut desk, SAID).await;
    })
    .await;
}
