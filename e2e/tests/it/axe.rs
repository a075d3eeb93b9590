//! No screen has a violation of WCAG 2.2 A or AA that axe-core can find, in both themes, on a desktop and on a phone.

use std::time::Duration;

use causerie_e2e::{
    Page, Stage,
    axe::violations,
    browser::{Screen, Theme},
    pages::{Console, Widget},
    story,
};
use causerie_shared::{conversation::UNDO_MS, frame::Command};

/// The violations, each with its screen.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    async fn look(&mut self, screen: &str, page: &Page) {
        self.0.extend(
            violations(page)
                .await
                .into_iter()
                .map(|found| format!("{screen}: {found}")),
        );
    }
}

async fn tour(stage: &Stage, screen: Screen, theme: Theme) {
    let mut findings = Findings::default();
    console(stage, screen, theme, &mut findings).await;
    settings(stage, screen, theme, &mut findings).await;
    widget(stage, screen, theme, &mut findings).await;
    assert!(
        findings.0.is_empty(),
        "{} violations:\n{}",
        findings.0.len(),
        findings.0.join("\n")
    );
}

async fn console(stage: &Stage, screen: Screen, theme: Theme, findings: &mut Findings) {
    let page = stage.page(screen, theme).await;
    let ana = Console::new(page, stage.server.url(""));
    ana.visit("/login").await;
    ana.find("button", "Sign in").await;
    findings.look("sign-in", &ana).await;
    ana.sign_in("ana@demo.test").await;

    let mut marta = stage.client("sup@demo.test").await;
    let mut past = stage.orders_visitor().await;
    let ended = past.start("Amber Fox", "Where is my order?").await;
    marta
        .command(Command::Start(ended))
        .await
        .expect("the chat is in the queue");
    marta.command(Command::End(ended)).await.expect("her own chat");
    let mut queued = stage.orders_visitor().await;
    queued.start("Teal Otter", "My parcel is late").await;

    for (folder, row) in [("queue", "Teal Otter"), ("history", "Amber Fox")] {
        ana.visit(&format!("/{folder}")).await;
        ana.find_part("option", row).await;
        findings.look(folder, &ana).await;
    }
    ana.open("Amber Fox").await;
    ana.message(&["Where is my order?"]).await;
    findings.look("ended chat", &ana).await;

    ana.visit("/engaged").await;
    let mut visitor = stage.visitor().await;
    visitor.start("Vera Vidal", "Which bulb fits?").await;
    ana.offer("Vera Vidal").await;
    findings.look("engaged with an offer", &ana).await;
    ana.accept("Vera Vidal").await;
    ana.reply("E27, up to 60 W.").await;
    visitor.hears("E27, up to 60 W.").await;
    findings.look("open chat", &ana).await;
    if screen == Screen::Phone {
        ana.click("button", "Contact").await;
    }
    ana.find("tab", "Info").await;
    findings.look("profile, Info", &ana).await;
    ana.notes().await;
    ana.click("button", "Add note").await;
    ana.write("Note", "Has a Globo.").await;
    findings.look("profile, Notes", &ana).await;
    ana.visit("/mine").await;
    ana.find_part("option", "Vera Vidal").await;
    findings.look("mine", &ana).await;
    ana.click("button", "Profile menu").await;
    ana.find_part("menuitem", "Sign out").await;
    findings.look("profile menu", &ana).await;
}

async fn settings(stage: &Stage, screen: Screen, theme: Theme, findings: &mut Findings) {
    let page = stage.page(screen, theme).await;
    let owner = Console::new(page, stage.server.url(""));
    owner.sign_in("owner@demo.test").await;
    owner.visit("/account").await;
    owner.reads("This one").await;
    findings.look("account", &owner).await;
    owner.visit("/users").await;
    owner.reads("ana@demo.test").await;
    findings.look("users", &owner).await;
    owner.click("button", "Invite").await;
    owner.find("button", "Create link").await;
    findings.look("invitation", &owner).await;
}

async fn widget(stage: &Stage, screen: Screen, theme: Theme, findings: &mut Findings) {
    let page = stage.page(screen, theme).await;
    page.goto(&stage.server.shop("/demo")).await;
    page.find("button", "Open chat").await;
    findings.look("shop with the launcher", &page).await;
    let vera = Widget::new(page, stage.server.shop("/demo"));
    vera.open().await;
    vera.find("button", "Start chat").await;
    findings.look("widget, form", &vera).await;
    // No agent has a chat yet, so the server asks Ben before Ana.
    let mut ben = stage.client("ben@demo.test").await;
    vera.begin("Iris Imago", "Do you repair lamps?").await;
    findings.look("widget, waiting", &vera).await;
    let chat = ben.head("the chat", |head| head.contact_name == "Iris Imago").await.id;
    ben.accept(chat).await;
    let reply = ben.reply_to(chat, "We do.");
    ben.send(&reply).await;
    vera.message(&["We do."]).await;
    findings.look("widget, chat", &vera).await;
    ben.command(Command::End(chat)).await.expect("his own chat");
    // The end is final after the undo window.
    stage.server.advance(Duration::from_millis(UNDO_MS as u64));
    vera.find("button", "Start a new chat").await;
    findings.look("widget, ended", &vera).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_light_desk() {
    story("axe_desktop_light", async |stage| {
        tour(stage, Screen::Desktop, Theme::Light).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_dark_desk() {
    story("axe_desktop_dark", async |stage| {
        tour(stage, Screen::Desktop, Theme::Dark).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_light_phone() {
    story("axe_phone_light", async |stage| {
        tour(stage, Screen::Phone, Theme::Light).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_dark_phone() {
    story("axe_phone_dark", async |stage| {
        tour(stage, Screen::Phone, Theme::Dark).await
    })
    .await;
}
