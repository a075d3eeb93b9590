//! Users, sessions, links, settings and files: one suite for both engines.

use crate::common::{self, START};
use causerie_server::{
    clock::random_u128,
    store::{
        Store, StoreError,
        files::{self, FileRecord},
        sessions::{self, LinkRecord, SessionRecord},
        settings,
        users::{self, NewUser},
    },
};
use causerie_shared::{
    api::LinkKind,
    ids::{ConversationId, FileId, SessionId, UserId},
    user::{Availability, Grants, Role},
};

const DAY: i64 = 24 * 3_600_000;

fn new_user(email: &str) -> NewUser {
    NewUser {
        id: UserId::new(START, random_u128()),
        email: email.into(),
        name: "Ana Ruiz".into(),
        role: Role::Agent,
        grants: Grants::default(),
        password: None,
        capacity: 3,
        created_at: START,
    }
}

async fn add(store: &Store, user: &NewUser) -> Result<(), StoreError> {
    let mut tx = store.begin_ordered().await?;
    users::insert_user(&mut tx, user).await?;
    Ok(tx.commit().await?)
}

async fn sign_in(store: &Store, user: UserId, token: &str) -> SessionId {
    let session = SessionRecord {
        id: SessionId::new(START, random_u128()),
        user,
        created_at: START,
        seen_at: START,
        expires_at: START + DAY,
        user_agent: "a browser".into(),
        ip: "203.0.113.9".into(),
    };
    let mut tx = store.begin_ordered().await.unwrap();
    sessions::insert_session(&mut tx, token, &session).await.unwrap();
    tx.commit().await.unwrap();
    session.id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_belongs_to_one_user() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let ana = new_user("ana@demo.test");
        add(&store, &ana).await.unwrap();
        assert!(
            add(&store, &new_user("ana@demo.test"))
                .await
                .unwrap_err()
                .is_duplicate()
        );

        let mut tx = store.begin_ordered().await.unwrap();
        users::set_password(&mut tx, ana.id, "a hash").await.unwrap();
        assert!(!users::has_owner(&mut tx).await.unwrap());
        tx.commit().await.unwrap();
        add(
            &store,
            &NewUser {
                role: Role::Owner,
                ..new_user("owner@demo.test")
            },
        )
        .await
        .unwrap();

        let mut db = store.read().await.unwrap();
        assert!(users::has_owner(&mut db).await.unwrap());
        let stored = users::user_by_email(&mut db, "ana@demo.test").await.unwrap().unwrap();
        assert_eq!((stored.id, stored.password.as_deref()), (ana.id, Some("a hash")));
        assert!(stored.active && !stored.connected);
        assert_eq!(
            (stored.availability, stored.capacity, stored.load),
            (Availability::Available, 3, 0)
        );
        assert_eq!(users::users(&mut db).await.unwrap().len(), 2);
        assert!(users::user(&mut db, UserId::from_u128(1)).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_moves_its_end_with_its_use_and_ends_alone() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let (ana, ben) = (new_user("ana@demo.test"), new_user("ben@demo.test"));
        add(&store, &ana).await.unwrap();
        add(&store, &ben).await.unwrap();
        let first = sign_in(&store, ana.id, "one").await;
        let second = sign_in(&store, ana.id, "two").await;

        let mut tx = store.begin_ordered().await.unwrap();
        sessions::touch(&mut tx, first, START + DAY / 2).await.unwrap();
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let touched = sessions::session_by_token_hash(&mut db, "one", START + DAY)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (touched.seen_at, touched.expires_at),
            (START + DAY / 2, START + DAY + DAY / 2)
        );
        assert!(
            sessions::session_by_token_hash(&mut db, "two", START + DAY)
                .await
                .unwrap()
                .is_none(),
            "expired"
        );
        assert_eq!(sessions::sessions_of(&mut db, ana.id, START).await.unwrap().len(), 2);
        drop(db);

        let mut tx = store.begin_ordered().await.unwrap();
        assert!(
            !sessions::end_session(&mut tx, ben.id, first).await.unwrap(),
            "somebody else's"
        );
        assert_eq!(
            sessions::end_other_sessions(&mut tx, ana.id, Some(first))
                .await
                .unwrap(),
            [second]
        );
        assert!(sessions::end_session(&mut tx, ana.id, first).await.unwrap());
        assert!(sessions::sessions_of(&mut tx, ana.id, START).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_link_at_once_one_succeeds() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let ana = new_user("ana@demo.test");
        add(&store, &ana).await.unwrap();
        let link = LinkRecord {
            user: ana.id,
            kind: LinkKind::Reset,
            expires_at: START + DAY,
            used_at: None,
        };
        let mut tx = store.begin_ordered().await.unwrap();
        sessions::insert_link(&mut tx, "old", &link, START).await.unwrap();
        sessions::insert_link(&mut tx, "new", &link, START).await.unwrap();
        tx.commit().await.unwrap();

        let mut tasks = tokio::task::JoinSet::new();
        for token in ["new", "new", "new", "new", "old"] {
            let store = store.clone();
            tasks.spawn(async move {
                let mut tx = store.begin_ordered().await.unwrap();
                let used = sessions::use_link(&mut tx, token, START + 1).await.unwrap();
                tx.commit().await.unwrap();
                used
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|used| *used).count(), 1);
        let stored = sessions::link_by_hash(&mut store.read().await.unwrap(), "new")
            .await
            .unwrap()
            .unwrap();
        assert_eq!((stored.kind, stored.used_at), (LinkKind::Reset, Some(START + 1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_is_replaced_and_taken_by_one() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let mut tx = store.begin_ordered().await.unwrap();
        settings::set(&mut tx, "colour", "red").await.unwrap();
        settings::set(&mut tx, "colour", "green").await.unwrap();
        assert_eq!(
            settings::get(&mut tx, "colour").await.unwrap().as_deref(),
            Some("green")
        );
        assert!(!settings::take(&mut tx, "colour", "red").await.unwrap());
        assert!(settings::take(&mut tx, "colour", "green").await.unwrap());
        assert_eq!(settings::get(&mut tx, "colour").await.unwrap(), None);
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_tied_to_one_conversation() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let record = FileRecord {
            id: FileId::new(START, random_u128()),
            name: "Año.pdf".into(),
            mime: "application/pdf".into(),
            size: 25 * 1024 * 1024,
            user: Some(UserId::from_u128(1)),
            contact: None,
            conversation: None,
            internal: false,
            created_at: START,
        };
        let (here, there) = (ConversationId::from_u128(1), ConversationId::from_u128(2));
        let mut tx = store.begin_ordered().await.unwrap();
        files::insert_file(&mut tx, &record).await.unwrap();
        assert!(files::attach(&mut tx, record.id, here, false).await.unwrap());
        assert!(
            files::attach(&mut tx, record.id, here, false).await.unwrap(),
            "again is fine"
        );
        assert!(!files::attach(&mut tx, record.id, there, false).await.unwrap());
        tx.commit().await.unwrap();
        let stored = files::file(&mut store.read().await.unwrap(), record.id).await.unwrap();
        assert_eq!(
            stored,
            Some(FileRecord {
                conversation: Some(here),
                ..record
            })
        );
    }
}
