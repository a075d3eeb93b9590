use axum::http::StatusCode;
use causerie_shared::{
    api::settings::{DeleteInbox, Department, SaveDepartment},
    inbox::{Member, Mode},
    refusal::Code,
    user::DEFAULT_CAPACITY,
};

use super::offices;

#[tokio::test(flavor = "multi_thread")]
async fn a_department_has_an_inbox_and_shares_its_members() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let (ana, ben) = (office.world.demo.ana, office.world.demo.ben);
        let mut body = SaveDepartment {
            version: None,
            name: "Billing".into(),
            members: vec![ana],
        };
        let reply = office.post("/api/departments", &owner, &body).await;
        assert_eq!(reply.status, StatusCode::CREATED);
        let made: Department = reply.json();
        assert_eq!(made.members, [ana]);
        let inbox = office.inbox(&owner, "Billing").await;
        assert_eq!((inbox.id, inbox.department), (made.inbox, Some(made.id)));
        assert_eq!(inbox.settings.rules.mode, Mode::Auto);
        assert_eq!(
            office.post("/api/departments", &owner, &body).await.code(),
            Code::Invalid
        );

        // The inbox's page changes members too, which outdates the department's version.
        let narrow = Member { user: ana, capacity: 1 };
        let saved = office.save_inbox(&owner, &inbox, |s| s.members = vec![narrow]).await;
        assert!(saved.status.is_success());
        let path = format!("/api/departments/{}", made.id);
        body.version = Some(made.version);
        assert_eq!(office.put(&path, &owner, &body).await.code(), Code::Conflict);

        let all: Vec<Department> = office.get("/api/departments", &owner).await.json();
        body.version = Some(all[0].version);
        body.name = "Invoices".into();
        body.members = vec![ben, ana];
        let saved: Department = office.put(&path, &owner, &body).await.json();
        assert_eq!((saved.name.as_str(), saved.members.len()), ("Invoices", 2));
        assert!(saved.version > all[0].version);
        let inbox = office.inbox(&owner, "Billing").await;
        let wide = Member {
            user: ben,
            capacity: DEFAULT_CAPACITY,
        };
        let mut expected = vec![narrow, wide];
        expected.sort_unstable_by_key(|member| member.user);
        assert_eq!(inbox.settings.members, expected);

        body.version = Some(saved.version);
        body.members = vec![causerie_shared::ids::UserId::from_u128(1)];
        body.name = "Other".into();
        assert_eq!(office.put(&path, &owner, &body).await.code(), Code::Invalid);
        let all: Vec<Department> = office.get("/api/departments", &owner).await.json();
        assert_eq!(all, [saved], "nothing half-done");

        assert_eq!(office.delete(&path, &owner, &()).await.status, StatusCode::NO_CONTENT);
        assert_eq!(office.delete(&path, &owner, &()).await.code(), Code::NotFound);
        assert_eq!(
            office.inbox(&owner, "Billing").await.department,
            None,
            "the inbox stays"
        );
        let actions: Vec<_> = office
            .audit(&owner)
            .await
            .into_iter()
            .map(|entry| entry.action)
            .collect();
        for action in [
            "department.create",
            "department.save",
            "department.delete",
            "inbox.create",
            "inbox.save",
        ] {
            assert!(actions.iter().any(|known| known == action), "{action} in {actions:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_ends_with_its_inbox() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let body = SaveDepartment {
            version: None,
            name: "Billing".into(),
            members: vec![],
        };
        let made: Department = office.post("/api/departments", &owner, &body).await.json();
        let named = DeleteInbox { name: "Billing".into() };
        let path = format!("/api/inboxes/{}", made.inbox);
        assert_eq!(
            office.delete(&path, &owner, &named).await.status,
            StatusCode::NO_CONTENT
        );
        let all: Vec<Department> = office.get("/api/departments", &owner).await.json();
        assert!(all.is_empty());
    }
}
