//! Bad luck: races, a crash, wrong clocks, and a new epoch while a user is typing.

use std::time::Duration;

use causerie_e2e::{client::random, story};
use causerie_shared::{
    document::{DocumentId, notes, timeline},
    frame::{ClientFrame, Command, ServerFrame},
    ids::{IntentId, NoteId},
    refusal::Code,
};

use super::bench::{desk, goes_on, message, open, pen, push};

#[tokio::test(flavor = "multi_thread")]
async fn failure_10_a_push_that_races_the_seal_goes_into_the_next_segment_once() {
    story("failure-10", async |stage| {
        let mut desk = desk(stage).await;
        let id = desk.replica.id;
        let large = "x".repeat(16_000);
        let mut said = 0;
        while stage.server.head(desk.chat).await.segment == 1 {
            let (intent, change) = desk.replica.message(&pen(desk.ana.me.id), &large);
            push(&mut desk.ana, id, 1, intent.into(), vec![change])
                .await
                .expect("room");
            said += 1;
        }
        // A reply that was written before the client learned of the sealed segment.
        let late = message(desk.ana.me.id, "on the edge");
        let change = timeline::append(&mut desk.replica.doc.clone(), &pen(desk.ana.me.id), &late).unwrap();
        let answer = push(&mut desk.ana, id, 1, late.id.into(), vec![change]).await;
        assert_eq!(answer.unwrap_err().code, Code::Sealed);
        let next = open(&mut desk.ana, DocumentId::Timeline(desk.chat, 2)).await;
        let rebuilt = timeline::append(&mut next.doc.clone(), &pen(desk.ana.me.id), &late).unwrap();
        push(&mut desk.ana, next.id, 1, late.id.into(), vec![rebuilt])
            .await
            .expect("the next segment");
        desk.visitor.hears("on the edge").await;
        let texts = stage.server.texts(desk.chat).await;
        assert_eq!(texts.len(), said + 2);
        assert_eq!(texts.iter().filter(|(_, text)| text == "on the edge").count(), 1);
        let sealed = open(&mut desk.ana, id).await;
        assert_eq!(sealed.texts().len(), said + 1, "the sealed segment is as it was");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_11_a_push_that_comes_after_the_chat_was_taken_away_is_refused() {
    story("failure-11", async |stage| {
        let mut desk = desk(stage).await;
        let (intent, change) = desk.replica.message(&pen(desk.ana.me.id), "still mine?");
        let mut sup = stage.client("sup@demo.test").await;
        sup.command(Command::End(desk.chat)).await.expect("a supervisor may");
        let answer = push(&mut desk.ana, desk.replica.id, 1, intent.into(), vec![change]).await;
        assert_eq!(answer.unwrap_err().code, Code::Closed);
        let texts = stage.server.texts(desk.chat).await;
        assert_eq!(texts.len(), 1, "nothing of it is stored: {texts:?}");
        assert!(
            open(&mut sup, desk.replica.id)
                .await
                .texts()
                .iter()
                .all(|text| text != "still mine?")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_12_a_crash_between_commit_and_acknowledgement_stores_a_reply_once() {
    story("failure-12", async |stage| {
        let mut desk = desk(stage).await;
        let said = message(desk.ana.me.id, "Did you get this?");
        let change = timeline::append(&mut desk.replica.doc.clone(), &pen(desk.ana.me.id), &said).unwrap();
        let frame = ClientFrame::Push {
            document: desk.replica.id,
            epoch: 1,
            intent: said.id.into(),
            changes: vec![change.clone()],
        };
        // The client never reads the acknowledgement: the server stops once the reply is in its database.
        desk.ana.send(&frame).await;
        causerie_e2e::wait::until("the commit", async || {
            (stage.server.texts(desk.chat).await.len() == 2).then_some(())
        })
        .await;
        stage.server.restart().await;
        let mut ana = stage.client("ana@demo.test").await;
        // Build the reply again from the client's disk, as a new actor.
        let rebuilt = timeline::append(&mut desk.replica.doc.clone(), &pen(ana.me.id), &said).unwrap();
        let answer = push(&mut ana, desk.replica.id, 1, said.id.into(), vec![rebuilt]).await;
        assert_eq!(answer, Ok((2, vec![change])), "what was stored is answered");
        assert_eq!(stage.server.texts(desk.chat).await.len(), 2);
        assert_eq!(open(&mut ana, desk.replica.id).await.texts().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_20_clocks_a_day_apart_do_not_change_the_order() {
    story("failure-20", async |stage| {
        let mut desk = desk(stage).await;
        let now = stage.server.app().await.clock.now();
        let day = i64::try_from(Duration::from_secs(86_400).as_millis()).unwrap();
        let mut expected = vec!["My lamp hums".to_owned()];
        for (text, at) in [("tomorrow", now + day), ("yesterday", now - day), ("now", now)] {
            let mut said = message(desk.ana.me.id, text);
            said.id = causerie_shared::ids::MessageId::new(at, random());
            said.at = at;
            let replica = open(&mut desk.ana, desk.replica.id).await;
            let change = timeline::append(&mut replica.doc.clone(), &pen(desk.ana.me.id), &said).unwrap();
            push(&mut desk.ana, replica.id, 1, said.id.into(), vec![change])
                .await
                .unwrap();
            expected.push(text.to_owned());
        }
        let texts: Vec<_> = stage
            .server
            .texts(desk.chat)
            .await
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, expected);
        let app = stage.server.app().await;
        let rows = causerie_server::store::messages::newest(&mut app.store.read().await.unwrap(), desk.chat, 10)
            .await
            .unwrap();
        assert!(
            rows.iter().all(|row| row.row.accepted_at == now),
            "the server's clock counts"
        );
        desk.replica = open(&mut desk.ana, desk.replica.id).await;
        goes_on(
            stage,
            &mut desk,
            &expected.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_21_an_epoch_that_changes_while_a_note_is_edited_loses_no_text() {
    story("failure-21", async |stage| {
        let mut desk = desk(stage).await;
        let contact = stage.server.head(desk.chat).await.contact;
        let document = DocumentId::Notes(contact);
        let mine = pen(desk.ana.me.id);
        let note = NoteId::from_u128(8);
        let mut noted = open(&mut desk.ana, document).await;
        let begun = notes::add(&mut noted.doc, &mine, note, 0, "begun").unwrap();
        push(&mut desk.ana, document, 1, IntentId::from_u128(9), vec![begun])
            .await
            .unwrap();
        // Writing the same note over and over makes a history of a quarter of a megabyte.
        let mut text = "begun".to_owned();
        let mut round = 0u64;
        while desk.ana.frames().iter().all(|frame| !anew(frame, document)) {
            round += 1;
            assert!(round < 200, "the notes are never begun anew");
            let next = format!("{round} {}", "long ".repeat(900));
            for part in [String::new(), next] {
                let splice = notes::difference(&text, &part).unwrap();
                let pen = pen(desk.ana.me.id);
                let change = notes::edit(&mut noted.doc, &pen, note, &splice).unwrap().unwrap();
                let intent = IntentId::from_u128(random());
                match push(&mut desk.ana, document, 1, intent, vec![change]).await {
                    Ok(_) => text = part,
                    Err(refusal) => {
                        assert_eq!(refusal.code, Code::StaleEpoch);
                        break;
                    }
                }
            }
        }
        // Text that was typed on the old epoch is refused with this code, and is built again on the new epoch.
        let old = noted.doc.clone();
        let splice = notes::difference(&text, &format!("{text}!")).unwrap();
        let typed = notes::edit(&mut old.clone(), &pen(desk.ana.me.id), note, &splice)
            .unwrap()
            .unwrap();
        let intent = IntentId::from_u128(random());
        let answer = push(&mut desk.ana, document, 1, intent, vec![typed]).await;
        assert_eq!(answer.unwrap_err().code, Code::StaleEpoch);
        let fresh = open(&mut desk.ana, document).await;
        assert_eq!(
            (fresh.epoch, notes::read(&fresh.doc).unwrap()[0].text.as_str()),
            (2, text.as_str())
        );
        let rebuilt = notes::edit(&mut fresh.doc.clone(), &pen(desk.ana.me.id), note, &splice)
            .unwrap()
            .unwrap();
        push(&mut desk.ana, document, 2, intent, vec![rebuilt]).await.unwrap();
        let after = open(&mut desk.ana, document).await;
        assert_eq!(notes::read(&after.doc).unwrap()[0].text, format!("{text}!"));
        assert!(after.doc.get_changes(&[]).len() <= 4, "the history is short again");
        goes_on(stage, &mut desk, &["My lamp hums"]).await;
    })
    .await;
}

fn anew(frame: &ServerFrame, document: DocumentId) -> bool {
    matches!(frame, ServerFrame::Part(part) if part.document == document && part.epoch == 2)
}
