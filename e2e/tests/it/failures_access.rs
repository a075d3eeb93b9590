//! Failure 24 (`docs/sync.md#failures`): a revoked session with an open socket, and lost access, online and offline.

use causerie_e2e::{
    api,
    client::{Client, heads},
    story,
};
use causerie_server::{demo::PASSWORD, settings::members, store::conversations};
use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, DocumentCursor, ServerFrame, encode},
    ids::InboxId,
    inbox::Member,
    refusal::Code,
    row::{ConversationRow, Row},
    window::Folder,
};
use reqwest::{StatusCode, header};

const SECRET: &str = "my card ends in 4417";

async fn follow(client: &mut Client, document: DocumentId) {
    let open = ClientFrame::Open {
        document,
        have: None,
        rows_after: 0,
    };
    client.send(&open).await;
    let part =
        |frame: &ServerFrame| matches!(frame, ServerFrame::Part(part) if part.document == document).then_some(());
    client.until("the document", part).await;
}

fn revoked(frame: &ServerFrame, document: DocumentId) -> Option<()> {
    matches!(frame, ServerFrame::Revoked { documents, .. } if documents.contains(&document)).then_some(())
}

fn knows_the_secret(client: &Client) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    client.frames().iter().any(|frame| holds(&encode(frame)))
}

/// The cursor and grants of a client's welcome.
async fn welcome(client: &mut Client) -> (i64, u64) {
    client
        .until("the welcome", |frame| match frame {
            ServerFrame::Welcome { cursor, grants, .. } => Some((*cursor, *grants)),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_24_a_revoked_session_with_an_open_socket_says_so_and_ends() {
    story("failure_24_session", async |stage| {
        let host = stage.server.host();
        let session = api::sign_in(&host, "ana@demo.test", PASSWORD).await.expect("a sign-in");
        let (cookie, id) = (session.cookie.clone(), session.info.session);
        let mut ana = Client::connect(&host, session).await;
        let other = api::sign_in(&host, "ana@demo.test", PASSWORD).await.expect("a sign-in");
        let end = reqwest::Client::new()
            .delete(stage.server.url(&format!("/api/sessions/{id}")))
            .header(header::ORIGIN, stage.server.url(""))
            .header(header::COOKIE, other.cookie.clone())
            .send();
        assert!(end.await.expect("an answer").status().is_success());
        let bye = |frame: &ServerFrame| match frame {
            ServerFrame::Bye(refusal) => Some(refusal.code),
            _ => None,
        };
        assert_eq!(ana.until("the goodbye", bye).await, Code::Unauthorized);
        ana.ends().await;
        let again = reqwest::Client::new()
            .get(stage.server.url("/api/session"))
            .header(header::COOKIE, cookie)
            .send();
        assert_eq!(again.await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
        // The user's other session is not affected.
        Client::connect(&host, other).await.folder(Folder::Queue).await;
    })
    .await;
}

/// Removes Ben from an inbox, as its settings do.
async fn dismiss(stage: &causerie_e2e::Stage, inbox: InboxId, keep: &Client) {
    let ana = Member {
        user: keep.me.id,
        capacity: 3,
    };
    members::set(&*stage.server.app().await, inbox, &[ana])
        .await
        .expect("stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_24_access_that_ends_online_takes_all_of_it_away_at_once() {
    story("failure_24_online", async |stage| {
        let mut ben = stage.client("ben@demo.test").await;
        let ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.orders_visitor().await;
        let chat = visitor.start("Vera Vidal", "Hello").await;
        let head = stage.server.head(chat).await;
        let documents = [
            DocumentId::Timeline(chat, 1),
            DocumentId::Contact(head.contact),
            DocumentId::Notes(head.contact),
        ];
        for document in documents {
            follow(&mut ben, document).await;
        }
        dismiss(stage, head.inbox, &ana).await;
        visitor.say(SECRET).await;
        ben.ends().await;
        for document in documents {
            let told = ben.frames().iter().find_map(|frame| revoked(frame, document));
            assert!(told.is_some(), "{document} was not revoked");
        }
        let inbox =
            |frame: &ServerFrame| matches!(frame, ServerFrame::Revoked { inboxes, .. } if inboxes == &[head.inbox]);
        assert!(ben.frames().iter().any(inbox), "{:?}", ben.frames());
        assert!(!knows_the_secret(&ben));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_24_access_lost_while_offline_begins_anew_without_it() {
    story("failure_24_offline", async |stage| {
        let host = stage.server.host();
        let session = api::sign_in(&host, "ben@demo.test", PASSWORD).await.expect("a sign-in");
        let cookie = session.cookie.clone();
        let info = session.info.clone();
        let mut ben = Client::connect(&host, session).await;
        let ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.orders_visitor().await;
        let chat = visitor.start("Vera Vidal", "Hello").await;
        let timeline = DocumentId::Timeline(chat, 1);
        follow(&mut ben, timeline).await;
        let (cursor, grants) = welcome(&mut ben).await;
        drop(ben);
        let inbox = stage.server.head(chat).await.inbox;
        dismiss(stage, inbox, &ana).await;
        visitor.say(SECRET).await;

        let have = DocumentCursor {
            document: timeline,
            epoch: 1,
            seq: 1,
        };
        let mut ben = Client::resume(&host, api::Session { cookie, info }, Some(cursor), grants, vec![have]).await;
        let reset = |frame: &ServerFrame| matches!(frame, ServerFrame::Reset).then_some(());
        ben.until("the reset", reset).await;
        ben.until("the document's end", |frame| revoked(frame, timeline)).await;
        assert!(ben.folder(Folder::Queue).await.is_empty());
        let push = ben.reply_to(chat, "I should not be here");
        ben.send(&push).await;
        let refused = |frame: &ServerFrame| matches!(frame, ServerFrame::Refused { .. }).then_some(());
        ben.until("a refusal", refused).await;
        assert!(ben.command(Command::Start(chat)).await.is_err());
        assert!(!knows_the_secret(&ben));
        let inboxes = ben.frames().iter().filter_map(|frame| match frame {
            ServerFrame::Rows { upserts, .. } => Some(upserts),
            _ => None,
        });
        let kept = inboxes
            .flatten()
            .any(|row| matches!(row, Row::Inbox(row) if row.id == inbox));
        assert!(!kept, "the inbox itself is not shown any more");
        assert!(!ben.frames().iter().flat_map(heads).any(|head| head.id == chat));
    })
    .await;
}

/// Creates the newer chat of a contact whose older one has ended. All members of the inbox may read it.
async fn second_chat(stage: &causerie_e2e::Stage, ana: &mut Client) -> ConversationRow {
    let mut visitor = stage.orders_visitor().await;
    let first = visitor.start("Vera Vidal", "Hello").await;
    ana.command(Command::Start(first)).await.expect("started");
    ana.command(Command::End(first)).await.expect("ended");
    visitor.start("Vera Vidal", "One more thing").await;
    let contact = stage.server.head(first).await.contact;
    let app = stage.server.app().await;
    let mut db = app.store.read().await.expect("a connection");
    let chats = conversations::of_contact(&mut db, contact, 2)
        .await
        .expect("the database");
    let second = chats.into_iter().find(|chat| chat.id != first);
    second.expect("a second chat")
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_and_notes_stay_while_another_chat_of_the_contact_may_be_seen() {
    story("contact_stays", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let mut ben = stage.client("ben@demo.test").await;
        let ConversationRow {
            id: second, contact, ..
        } = second_chat(stage, &mut ana).await;
        let (timeline, notes) = (DocumentId::Timeline(second, 1), DocumentId::Notes(contact));
        follow(&mut ben, timeline).await;
        follow(&mut ben, notes).await;
        let parts = |client: &Client| {
            let of_notes = |frame: &&ServerFrame| matches!(frame, ServerFrame::Part(part) if part.document == notes);
            client.frames().iter().filter(of_notes).count()
        };
        let before = parts(&ben);
        ana.command(Command::Start(second)).await.expect("started");
        ben.until("the timeline's end", |frame| revoked(frame, timeline)).await;
        while parts(&ben) == before {
            ben.next("the notes, opened anew").await;
        }
        assert!(
            ben.frames().iter().all(|frame| revoked(frame, notes).is_none()),
            "they stay"
        );
    })
    .await;
}
