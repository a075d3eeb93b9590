//! Invalid or excessive input is refused with a reason, changes nothing, and leaves the connection open.

use causerie_e2e::story;
use causerie_shared::{
    SCHEMA,
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame, encode},
    ids::{ConversationId, IntentId},
    message::MAX_TEXT,
    refusal::Code,
    window::Folder,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_sends_nonsense_is_told_and_goes_on() {
    story("bad_input_agent", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Hello").await;
        ana.accept(chat).await;

        for garbage in [vec![], vec![SCHEMA as u8], vec![9, 9, 9], vec![SCHEMA as u8; 5_000]] {
            ana.send_bytes(garbage).await;
        }
        let mut truncated = encode(&ana.reply_to(chat, "never whole"));
        truncated.truncate(60);
        ana.send_bytes(truncated).await;

        let document = DocumentId::Timeline(chat, 1);
        let crafted = [
            ("a change that is none", document, 1, vec![vec![0; 40]]),
            ("another epoch", document, 7, vec![vec![0; 40]]),
            (
                "a segment that is not there",
                DocumentId::Timeline(chat, 9),
                1,
                vec![vec![0; 40]],
            ),
            ("too many changes", document, 1, vec![vec![1]; 17]),
        ];
        for (number, (what, document, epoch, changes)) in (1..).zip(crafted) {
            let intent = IntentId::from_u128(number);
            ana.send(&ClientFrame::Push {
                document,
                epoch,
                intent,
                changes,
            })
            .await;
            let refused = |frame: &ServerFrame| match frame {
                ServerFrame::Refused { intent: its, .. } => (*its == intent).then_some(()),
                _ => None,
            };
            ana.until(what, refused).await;
        }
        let too_long = ana.reply_to(chat, &"x".repeat(MAX_TEXT + 1));
        ana.send(&too_long).await;
        let code = ana
            .until("a refusal of the long reply", |frame| match (frame, &too_long) {
                (
                    ServerFrame::Refused {
                        intent: its, refusal, ..
                    },
                    ClientFrame::Push { intent, .. },
                ) => (its == intent).then_some(refusal.code),
                _ => None,
            })
            .await;
        assert!(matches!(code, Code::TooLarge | Code::BadContent), "refused as {code:?}");
        let nowhere = ana.command(Command::End(ConversationId::from_u128(1))).await;
        assert_eq!(nowhere.map_err(|refusal| refusal.code), Err(Code::NotFound));

        let sound = ana.reply_to(chat, "Still here.");
        ana.send(&sound).await;
        visitor.hears("Still here.").await;
        assert_eq!(stage.server.texts(chat).await.len(), 2);
        assert_eq!(ana.folder(Folder::Mine).await, [chat]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_sends_nonsense_is_told_and_goes_on() {
    story("bad_input_visitor", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        for garbage in ["", "{}", "[1]", "{\"t\":\"launch\"}", "{\"t\":\"message\",\"cid\":7}"] {
            visitor.send_text(garbage.to_owned()).await;
        }
        visitor
            .until("a complaint", |frame| (frame["code"] == "malformed").then_some(()))
            .await;
        let chat = visitor.start("Vera Vidal", "Hello").await;
        ana.accept(chat).await;

        let cases = [
            ("long", "x".repeat(MAX_TEXT + 1), "too_long"),
            ("none", "  ".into(), "empty"),
        ];
        for (cid, text, code) in cases {
            visitor.send(&json!({ "t": "message", "cid": cid, "text": text })).await;
            let answer = visitor
                .until(cid, |frame| (frame["cid"] == cid).then(|| frame.clone()))
                .await;
            assert_eq!((&answer["t"], &answer["code"]), (&json!("refused"), &json!(code)));
        }
        // The same message sent twice is stored once.
        for _ in 0..2 {
            visitor
                .send(&json!({ "t": "message", "cid": "twice", "text": "Once only" }))
                .await;
        }
        visitor.say("The end").await;
        let texts: Vec<_> = stage
            .server
            .texts(chat)
            .await
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, ["Hello", "Once only", "The end"]);
    })
    .await;
}
