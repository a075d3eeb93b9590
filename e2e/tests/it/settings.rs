//! An owner changes inboxes, users and departments, and the changes take effect at once.

use std::time::Duration;

use causerie_e2e::{
    browser::{Engine, Screen, Theme},
    pages::Console,
    story_in,
};
use causerie_shared::{
    conversation::{State, Status},
    inbox::{Mode, inactivity::TimeOut},
};

in_every_engine! {
    an_inbox_is_created_step_by_step => wizard,
    a_saved_change_holds_for_the_next_chat => change,
    of_two_people_who_save_the_same_inbox_the_later_sees_both_values => conflict,
    an_inbox_is_deleted_by_its_typed_name_once_no_chat_is_open_in_it => deletion,
    a_widget_is_switched_off_and_on_again => widget_switch,
    a_user_is_invited_set_up_and_deactivated => user,
    a_department_comes_with_an_inbox_of_its_own => department,
    who_may_not_change_settings_does_not_see_them => no_rights,
}

const OWNER: &str = "owner@demo.test";

async fn wizard(engine: Engine) {
    story_in(engine, "settings_wizard", async |stage| {
        let owner = stage.agent(OWNER).await;
        owner.settings("Inboxes").await;
        owner.click("button", "Create inbox").await;
        owner.find("main", "Create inbox").await;
        // The form requires a name.
        owner.click("button", "Next").await;
        owner.find("textbox", "Inbox name").await;
        owner.reads("A name is needed.").await;
        owner.fill("Inbox name", "Returns").await;
        owner.fill("Allowed origins", "https://lumbre.example").await;
        owner.click("button", "Next").await;

        owner.choose("Assignment mode", "Broadcast").await;
        owner.fill("Reassignment timing", "4").await;
        owner.click("button", "Next").await;
        owner
            .reads("Reassignment timing: a whole number from 5 to 86400.")
            .await;
        owner.fill("Reassignment timing", "45").await;
        owner.click_part("checkbox", "Ana Ruiz").await;
        owner.fill("Capacity of Ana Ruiz", "2").await;
        owner.click("button", "Next").await;

        owner.switch("Inactivity action", true).await;
        owner.fill("Inactivity duration", "432001").await;
        owner.choose("Time out action", "Send a message and close").await;
        owner.fill("Message", &"é".repeat(201)).await;
        owner.click("button", "Save").await;
        owner.reads("The duration is 1 to 432000 minutes.").await;
        owner.reads("The message has at most 200 characters.").await;
        owner.fill("Inactivity duration", "90").await;
        owner.fill("Message", "Are you still there?").await;
        owner.click("button", "Save").await;
        owner.reads("Returns was created").await;
        owner.find("textbox", "Embed snippet").await;

        let inbox = stage.inbox("Returns").await;
        let rules = inbox.settings.rules;
        assert_eq!((rules.mode, rules.accept_secs), (Mode::Broadcast, 45));
        let members: Vec<_> = inbox
            .settings
            .members
            .iter()
            .map(|one| (one.user, one.capacity))
            .collect();
        assert_eq!(members, [(stage.id("ana@demo.test").await, 2)]);
        let rule = inbox.settings.inactivity.expect("the rule is on");
        assert_eq!(
            (rule.minutes, rule.action, rule.message.as_str()),
            (90, TimeOut::SendAndClose, "Are you still there?")
        );
        owner.settings("Inboxes").await;
        owner.find("link", "Returns").await;
    })
    .await;
}

async fn change(engine: Engine) {
    story_in(engine, "settings_edit", async |stage| {
        let owner = stage.agent(OWNER).await;
        owner.edit_inbox("Product advice").await;
        owner.fill("Inbox name", "Lamps").await;
        owner.click("tab", "Agent management").await;
        owner.fill("Reassignment timing", "60").await;
        owner.reads("2 changes not saved").await;
        owner.click("link", "Users").await;
        owner.find("dialog", "Leave without saving?").await;
        owner.click("button", "Keep editing").await;
        owner.save().await;
        owner.find("main", "Lamps").await;

        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.offered(chat).await;
        stage.server.advance(Duration::from_secs(31));
        ana.accept(chat).await;
        assert_eq!(stage.server.head(chat).await.state.status(), Status::Assigned);

        owner.settings("Audit log").await;
        let entry = owner.row("Product advice").await;
        let words = entry
            .prop("innerText")
            .await
            .expect("the entry can be read")
            .unwrap_or_default();
        for part in ["Olivia Owen", "inbox.save", "Lamps", "30", "60"] {
            assert!(words.contains(part), "“{part}” is not in the audit log: {words}");
        }
    })
    .await;
}

async fn conflict(engine: Engine) {
    story_in(engine, "settings_conflict", async |stage| {
        let owner = stage.agent(OWNER).await;
        owner.edit_inbox("Product advice").await;
        owner.fill("Inbox name", "Lamps").await;
        stage.set("Product advice", |inbox| inbox.name = "Lights".into()).await;
        owner.click("button", "Save").await;
        owner
            .reads("Someone else saved changes while you were editing. Which values do you want to keep?")
            .await;
        let row = owner.row("Inbox name").await;
        let words = row
            .prop("innerText")
            .await
            .expect("the row can be read")
            .unwrap_or_default();
        assert!(
            words.contains("Lamps") && words.contains("Lights"),
            "the values are: {words}"
        );
        owner.click("button", "Keep mine").await;
        owner.find("main", "Lamps").await;
        owner.reads("Saved").await;

        owner.fill("Inbox name", "Bulbs").await;
        stage.set("Lamps", |inbox| inbox.name = "Shades".into()).await;
        owner.click("button", "Save").await;
        owner.click("button", "Take theirs").await;
        owner.find("main", "Shades").await;
        stage.inbox("Shades").await;
    })
    .await;
}

async fn deletion(engine: Engine) {
    story_in(engine, "settings_delete", async |stage| {
        let owner = stage.agent(OWNER).await;
        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept(chat).await;
        owner.edit_inbox("Product advice").await;
        owner.reads("1 chat is open here.").await;
        let delete = async || {
            owner.click("button", "Delete inbox").await;
            owner.find("dialog", "Delete Product advice?").await;
            owner.fill("Type Product advice to confirm", "Product advice").await;
            owner.click("button", "Delete for good").await;
        };
        delete().await;
        owner.reads("1 open chat must be ended or moved first.").await;
        stage.inbox("Product advice").await;

        ana.command(causerie_shared::frame::Command::End(chat))
            .await
            .expect("her own chat");
        owner.click("button", "Delete inbox").await;
        owner.fill("Type Product advice to confirm", "Product").await;
        owner.click("button", "Delete for good").await;
        owner.find("dialog", "Delete Product advice?").await;
        owner.click("button", "Cancel").await;
        delete().await;
        owner.find("main", "Inboxes").await;
        owner.find("link", "Orders").await;
        owner.gone("link", "Product advice").await;
    })
    .await;
}

async fn widget_switch(engine: Engine) {
    story_in(engine, "settings_widget", async |stage| {
        let owner = stage.agent(OWNER).await;
        let shop = stage.page(Screen::Desktop, Theme::Light).await;
        owner.edit_inbox("Product advice").await;
        owner.switch("Widget enabled", false).await;
        owner.reads("Saved").await;
        shop.goto(&stage.server.shop("/demo")).await;
        shop.find("heading", "Globo table lamp").await;
        assert!(!stage.inbox("Product advice").await.accounts[0].row.enabled);
        assert!(!shop.has("button", "Open chat").await, "a disabled widget is drawn");
        owner.switch("Widget enabled", true).await;
        causerie_e2e::wait::until("the widget to be on", async || {
            stage.inbox("Product advice").await.accounts[0]
                .row
                .enabled
                .then_some(())
        })
        .await;
        shop.reload().await;
        shop.find("button", "Open chat").await;
    })
    .await;
}

async fn user(engine: Engine) {
    story_in(engine, "settings_user", async |stage| {
        let owner = stage.agent(OWNER).await;
        owner.settings("Users").await;
        owner.click("button", "Invite").await;
        owner.fill("Name", "Noor Haddad").await;
        owner.fill("E-mail", "noor@demo.test").await;
        owner.choose("Role", "Supervisor").await;
        owner.click("checkbox", "Product advice").await;
        owner.click("button", "Create link").await;
        owner.find("textbox", "One-time link").await;
        owner.find("link", "Noor Haddad").await;

        let mut ana = stage.client("ana@demo.test").await;
        let mut visitor = stage.visitor().await;
        let chat = visitor.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept(chat).await;
        owner.click("link", "Ana Ruiz").await;
        owner.fill("Capacity", "101").await;
        owner.click("button", "Save").await;
        owner.reads("Capacity is a whole number from 0 to 100.").await;
        owner.fill("Capacity", "5").await;
        owner.click_part("checkbox", "Reports").await;
        owner.save().await;
        let five = |frame: &causerie_shared::frame::ServerFrame| match frame {
            causerie_shared::frame::ServerFrame::Rows { upserts, .. } => upserts
                .iter()
                .any(|row| matches!(row, causerie_shared::row::Row::User(user) if user.capacity == 5))
                .then_some(()),
            _ => None,
        };
        ana.until("her new capacity", five).await;

        owner.click("button", "Deactivate").await;
        let dialog = owner.find("dialog", "Deactivate Ana Ruiz?").await;
        let sure = owner.find_in(&dialog, "button", "Deactivate").await;
        sure.click().await.expect("the button can be pressed");
        ana.ends().await;
        assert!(
            matches!(stage.server.head(chat).await.state, State::Waiting { .. }),
            "her chat does not wait"
        );
        owner.find("button", "Activate").await;
        assert!(
            causerie_e2e::api::sign_in(&stage.server.host(), "ana@demo.test", causerie_server::demo::PASSWORD)
                .await
                .is_err(),
            "she can still sign in"
        );
    })
    .await;
}

async fn department(engine: Engine) {
    story_in(engine, "settings_department", async |stage| {
        let owner = stage.agent(OWNER).await;
        owner.settings("Departments").await;
        owner.click("button", "Create department").await;
        owner.fill("Name", "Workshop").await;
        owner.click("checkbox", "Ben Castro").await;
        owner.click("button", "Save").await;
        owner.find("main", "Workshop").await;
        let inbox = stage.inbox("Workshop").await;
        let members: Vec<_> = inbox.settings.members.iter().map(|member| member.user).collect();
        assert_eq!(members, [stage.id("ben@demo.test").await]);
        owner.settings("Departments").await;
        owner.click("link", "Workshop").await;
        owner.click("button", "Delete department").await;
        owner.fill("Type Workshop to confirm", "Workshop").await;
        let dialog = owner.find("dialog", "Delete Workshop?").await;
        let sure = owner.find_in(&dialog, "button", "Delete department").await;
        sure.click().await.expect("the button can be pressed");
        owner.reads("No departments yet").await;
        assert_eq!(stage.inbox("Workshop").await.department, None, "its inbox is gone too");
    })
    .await;
}

async fn no_rights(engine: Engine) {
    story_in(engine, "settings_agent", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        ana.click("link", "Settings").await;
        ana.find("link", "Account").await;
        for page in ["Inboxes", "Users", "Departments", "Audit log"] {
            assert!(!ana.has("link", page).await, "an agent sees {page}");
        }
        no_access(&ana, "/settings/inboxes").await;
        no_access(&ana, "/settings/users").await;
    })
    .await;
}

async fn no_access(console: &Console, path: &str) {
    console.visit(path).await;
    console.reads("You may not change this").await;
    console.reads("Olivia Owen").await;
}
