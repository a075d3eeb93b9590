//! Passwords, sessions, invitations, and what is left on the device after a sign-out.

use causerie_e2e::{
    api,
    browser::{Screen, Theme},
    pages::Console,
    story,
};
use causerie_server::demo::PASSWORD;
use causerie_shared::frame::ServerFrame;
use serde_json::Value;

const NEW: &str = "a-much-longer-secret";

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_the_other_sign_ins() {
    story("account_password", async |stage| {
        let host = stage.server.host();
        let mut elsewhere = stage.client("ana@demo.test").await;
        let ana = stage.agent("ana@demo.test").await;
        ana.visit("/account").await;
        ana.fill("Current password", "not-the-password").await;
        ana.fill("New password", NEW).await;
        ana.click("button", "Change password").await;
        ana.reads("E-mail or password is wrong.").await;

        ana.fill("Current password", PASSWORD).await;
        ana.fill("New password", NEW).await;
        ana.click("button", "Change password").await;
        ana.reads("Saved").await;
        let bye = |frame: &ServerFrame| matches!(frame, ServerFrame::Bye(_)).then_some(());
        elsewhere.until("the end of the other sign-in", bye).await;
        assert!(
            api::sign_in(&host, "ana@demo.test", PASSWORD).await.is_err(),
            "the old password still works"
        );
        assert!(
            api::sign_in(&host, "ana@demo.test", NEW).await.is_ok(),
            "the new password does not work"
        );
        ana.folder("Queue").await;
        ana.reads("No one is waiting").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sign_in_can_be_ended_from_the_list() {
    story("account_sign_ins", async |stage| {
        let mut elsewhere = stage.client("ana@demo.test").await;
        let ana = stage.agent("ana@demo.test").await;
        ana.visit("/account").await;
        ana.reads("This one").await;
        assert_eq!(rows(&ana).await, 2);
        ana.click_part("button", "End the sign-in on").await;
        let bye = |frame: &ServerFrame| matches!(frame, ServerFrame::Bye(_)).then_some(());
        elsewhere.until("the end of the other sign-in", bye).await;
        ana.gone_part("button", "End the sign-in on").await;
        assert_eq!(rows(&ana).await, 1);
    })
    .await;
}

async fn rows(page: &Console) -> usize {
    page.script("return document.querySelectorAll('tbody tr').length", vec![])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_works_once() {
    story("account_invitation", async |stage| {
        let owner = stage.agent("owner@demo.test").await;
        owner.visit("/users").await;
        owner.click("button", "Invite").await;
        owner.fill("Name", "Noor Haddad").await;
        owner.fill("E-mail", "noor@demo.test").await;
        owner.click("checkbox", "Orders").await;
        owner.click("button", "Create link").await;
        let link = owner
            .find("textbox", "One-time link")
            .await
            .prop("value")
            .await
            .unwrap()
            .unwrap();
        assert!(link.starts_with(&stage.server.url("/app/link/")), "the link is {link}");
        owner.reads("noor@demo.test").await;

        let noor = Console::new(stage.page(Screen::Desktop, Theme::Light).await, stage.server.url(""));
        noor.goto(&link).await;
        noor.reads("Noor Haddad, choose a password for Lumbre Lighting.").await;
        noor.fill("Password", "short").await;
        noor.click("button", "Set password").await;
        noor.reads("At least 10 characters.").await;
        noor.fill("Password", NEW).await;
        noor.click("button", "Set password").await;
        noor.find("link", "Queue").await;

        let stranger = stage.page(Screen::Desktop, Theme::Light).await;
        stranger.goto(&link).await;
        stranger.reads("This link does not work").await;
        assert!(api::sign_in(&stage.server.host(), "noor@demo.test", NEW).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_leaves_nothing_but_the_shell() {
    story("account_sign_out", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        visitor.start("Vera Vidal", "My card ends in 4417").await;
        ana.accept("Vera Vidal").await;
        ana.write("Reply", "A draft that nobody may find").await;
        let before: Vec<String> = ana.promise(DATABASES, vec![]).await;
        assert!(!before.is_empty(), "nothing was kept for working offline");

        ana.click("button", "Profile menu").await;
        ana.click_part("menuitem", "Sign out").await;
        ana.find("button", "Sign in").await;
        let databases: Vec<String> = ana.promise(DATABASES, vec![]).await;
        assert_eq!(databases, Vec::<String>::new());
        let caches: Vec<String> = ana
            .promise("const done = arguments[0]; caches.keys().then(done)", vec![])
            .await;
        assert!(
            caches.iter().all(|name| name.starts_with("shell-")),
            "caches: {caches:?}"
        );
        let kept: Value = ana
            .script("return { ...localStorage, ...sessionStorage }", vec![])
            .await;
        let kept = kept.to_string();
        for secret in ["Vera", "4417", "draft", "ana@demo.test"] {
            assert!(!kept.contains(secret), "the browser still keeps {kept}");
        }
        let cookies: String = ana.script("return document.cookie", vec![]).await;
        assert_eq!(cookies, "");
        ana.visit("/mine").await;
        ana.find("button", "Sign in").await;
    })
    .await;
}

const DATABASES: &str =
    "const done = arguments[0]; indexedDB.databases().then((all) => done(all.map((one) => one.name)))";
