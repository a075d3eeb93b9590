//! The test environment: a server, a browser for each person, and screenshots when a test fails.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
    sync::Mutex,
};

use causerie_shared::{
    api::settings::{InboxDetail, InboxSettings, SaveInbox},
    ids::UserId,
    inbox::Member,
};
use futures_util::FutureExt;
use reqwest::Method;
use tokio::sync::OnceCell;

use crate::{
    Page, api,
    browser::{Driver, Engine, Screen, Theme},
    client::Client,
    pages::{Console, Widget},
    port::Port,
    proxy::Proxy,
    server::{Fronts, Server},
    visitor::Visitor,
};

/// The folder for screenshots of all windows of a failed test.
const SHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/e2e-shots");

/// Which connections go through a proxy that can break them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    Nothing,
    Console,
    Visitor,
}

/// The server and the browsers of one test.
pub struct Stage {
    pub server: Server,
    proxy: Option<Proxy>,
    engine: Engine,
    /// The browser driver, which starts with the first page: tests of sockets need none.
    driver: OnceCell<Driver>,
    pages: Mutex<Vec<Page>>,
}

/// Runs a test in Chromium and cleans up after it. If it fails, saves a screenshot of each window.
///
/// # Panics
/// Panics if the test does.
pub async fn story(name: &str, tell: impl AsyncFnOnce(&Stage)) {
    story_in(Engine::Chromium, name, tell).await;
}

/// Runs a test in browsers of an engine, as [`story`] does in Chromium.
///
/// # Panics
/// Panics if the test does.
pub async fn story_in(engine: Engine, name: &str, tell: impl AsyncFnOnce(&Stage)) {
    told(engine, Through::Nothing, name, tell).await;
}

/// Runs a test as [`story`] does, with a proxy for the connections that `through` names.
///
/// # Panics
/// Panics if the test does, or if the console was not built.
pub async fn story_through(through: Through, name: &str, tell: impl AsyncFnOnce(&Stage)) {
    told(Engine::Chromium, through, name, tell).await;
}

async fn told(engine: Engine, through: Through, name: &str, tell: impl AsyncFnOnce(&Stage)) {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/build.json");
    assert!(console.exists(), "the console is not built: run make console first");
    let port = Port::take();
    let proxy = match through {
        Through::Nothing => None,
        Through::Console | Through::Visitor => Some(Proxy::start(port.number()).await),
    };
    let front = |who| proxy.as_ref().filter(|_| who == through).map(Proxy::port);
    let fronts = Fronts {
        console: front(Through::Console),
        visitor: front(Through::Visitor),
    };
    let stage = Stage {
        server: Server::behind(port, fronts).await,
        proxy,
        engine,
        driver: OnceCell::new(),
        pages: Mutex::default(),
    };
    let told = AssertUnwindSafe(tell(&stage)).catch_unwind().await;
    let pages = std::mem::take(&mut *stage.pages.lock().expect("no page was being opened"));
    for (number, page) in pages.into_iter().enumerate() {
        if told.is_err() {
            keep(&page, &format!("{name}-{engine:?}"), number + 1).await;
        }
        if let Err(error) = page.quit().await {
            eprintln!("a browser did not close: {error}");
        }
    }
    stage.server.stop().await;
    if let Err(failure) = told {
        resume_unwind(failure);
    }
}

async fn keep(page: &Page, name: &str, number: usize) {
    let folder = Path::new(SHOTS);
    let path = folder.join(format!("{name}-{number}.png"));
    let kept = async {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        page.shot(&path).await.map_err(|error| error.to_string())
    };
    match kept.await {
        Ok(()) => eprintln!("see target/e2e-shots/{name}-{number}.png"),
        Err(error) => eprintln!("there is no picture of window {number}: {error}"),
    }
}

impl Stage {
    /// The proxy of the test.
    ///
    /// # Panics
    /// Panics if the test was started without one.
    pub fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().expect("the story asked for a proxy")
    }

    /// Opens a new browser.
    pub async fn page(&self, screen: Screen, theme: Theme) -> Page {
        let page = self
            .driver
            .get_or_init(|| Driver::start(self.engine))
            .await
            .open(screen, theme)
            .await;
        self.pages.lock().expect("no page was being opened").push(page.clone());
        page
    }

    /// Signs one of the demo's users in, on a desktop screen.
    pub async fn agent(&self, email: &str) -> Console {
        self.agent_at(email, Screen::Desktop).await
    }

    /// Signs one of the demo's users in, on a screen of this size.
    pub async fn agent_at(&self, email: &str, screen: Screen) -> Console {
        let page = self.page(screen, Theme::Light).await;
        let console = Console::new(page, self.server.url(""));
        console.sign_in(email).await;
        console
    }

    /// Opens the shop's page as a visitor, with the chat open.
    pub async fn shopper(&self) -> Widget {
        let page = self.page(Screen::Desktop, Theme::Light).await;
        let widget = Widget::new(page, self.server.shop("/demo"));
        widget.open().await;
        widget
    }

    /// Signs one of the demo's users in with a client of the socket.
    pub async fn client(&self, email: &str) -> Client {
        Client::sign_in(&self.server.host(), email, causerie_server::demo::PASSWORD).await
    }

    /// Connects a visitor's socket to the inbox that offers chats to one agent at a time.
    pub async fn visitor(&self) -> Visitor {
        Visitor::new(&self.server.host(), causerie_server::demo::KEY).await
    }

    /// Connects a visitor's socket to the inbox whose chats wait in everyone's queue.
    pub async fn orders_visitor(&self) -> Visitor {
        Visitor::new(&self.server.host(), causerie_server::demo::ORDERS_KEY).await
    }

    /// The settings of an inbox, as the owner sees them.
    ///
    /// # Panics
    /// Panics if there is no inbox of this name.
    pub async fn inbox(&self, name: &str) -> InboxDetail {
        let host = self.server.host();
        let owner = self.owner().await;
        let all: Vec<InboxDetail> = api::ask(&host, &owner, Method::GET, "/api/inboxes", &())
            .await
            .expect("the owner sees the inboxes");
        let found = all.into_iter().find(|inbox| inbox.settings.name == name);
        found.expect("an inbox of this name")
    }

    /// Changes an inbox's settings as the owner.
    ///
    /// # Panics
    /// Panics if the server refuses the change.
    pub async fn set(&self, name: &str, change: impl FnOnce(&mut InboxSettings)) {
        let InboxDetail {
            id,
            version,
            mut settings,
            ..
        } = self.inbox(name).await;
        change(&mut settings);
        let body = SaveInbox { version, settings };
        let path = format!("/api/inboxes/{id}");
        let saved: Result<InboxDetail, _> =
            api::ask(&self.server.host(), &self.owner().await, Method::PUT, &path, &body).await;
        saved.expect("the settings are right");
    }

    /// Makes Marta a member of an inbox, so that she supervises it. Her capacity there is 0.
    pub async fn supervise(&self, name: &str) {
        let user = self.id("sup@demo.test").await;
        self.set(name, |inbox| inbox.members.push(Member { user, capacity: 0 }))
            .await;
    }

    /// The id of one of the demo's users.
    ///
    /// # Panics
    /// Panics if the sign-in fails.
    pub async fn id(&self, email: &str) -> UserId {
        self.session(email).await.info.me.id
    }

    async fn owner(&self) -> api::Session {
        self.session("owner@demo.test").await
    }

    async fn session(&self, email: &str) -> api::Session {
        api::sign_in(&self.server.host(), email, causerie_server::demo::PASSWORD)
            .await
            .expect("the sign-in is right")
    }
}
