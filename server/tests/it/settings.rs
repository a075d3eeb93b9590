//! Settings as the console saves them: requests through the real router, on both engines.

mod departments;
mod inboxes;
mod ranges;
mod removal;
mod users;

use std::{net::SocketAddr, sync::Arc};

use crate::common::{World, worlds};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use causerie_server::{
    demo::PASSWORD,
    http::router,
    realtime::{Mailbox, Outgoing},
};
use causerie_shared::{
    api::{
        Account, ErrorBody, SignIn,
        settings::{AuditEntry, InboxDetail, InboxKind, InboxSettings, NewInbox, SaveInbox, SaveUser},
    },
    frame::{ServerFrame, decode},
    ids::{DeviceId, SessionId, UserId},
    inbox::Rules,
    refusal::{Code, Refusal},
    row::{Gone, Row},
};
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt as _;

const ORIGIN: &str = "http://127.0.0.1:8080";

/// A world with its router.
struct Office {
    world: World,
    router: Router,
}

async fn offices() -> Vec<Office> {
    let worlds = worlds().await.into_iter();
    let office = |world: World| Office {
        router: router::build(world.app.clone()),
        world,
    };
    worlds.map(office).collect()
}

/// A response whose body was read completely.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    cookie: String,
    body: Bytes,
}

impl Reply {
    fn json<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    fn refusal(&self) -> Refusal {
        assert!(!self.status.is_success(), "{self:?}");
        serde_json::from_slice::<ErrorBody>(&self.body).expect("an error").error
    }

    fn code(&self) -> Code {
        self.refusal().code
    }
}

impl Office {
    async fn send(&self, method: Method, path: &str, cookie: &str, body: Body) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, ORIGIN)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))));
        let request = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let cookie = parts.headers.get(header::SET_COOKIE);
        let cookie = cookie.map(|value| value.to_str().expect("text")).unwrap_or_default();
        Reply {
            status: parts.status,
            cookie: cookie.split(';').next().unwrap_or_default().to_owned(),
            body: to_bytes(body, usize::MAX).await.expect("a body"),
        }
    }

    async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(Method::GET, path, cookie, Body::empty()).await
    }

    async fn call<T: Serialize>(&self, method: Method, path: &str, cookie: &str, body: &T) -> Reply {
        let body = serde_json::to_vec(body).expect("JSON");
        self.send(method, path, cookie, body.into()).await
    }

    async fn post<T: Serialize>(&self, path: &str, cookie: &str, body: &T) -> Reply {
        self.call(Method::POST, path, cookie, body).await
    }

    async fn put<T: Serialize>(&self, path: &str, cookie: &str, body: &T) -> Reply {
        self.call(Method::PUT, path, cookie, body).await
    }

    async fn delete<T: Serialize>(&self, path: &str, cookie: &str, body: &T) -> Reply {
        self.call(Method::DELETE, path, cookie, body).await
    }

    /// Signs one of the demo's users in, and returns the cookie.
    async fn sign_in(&self, name: &str) -> String {
        let body = SignIn {
            email: format!("{name}@demo.test"),
            password: PASSWORD.to_owned(),
            stay: false,
        };
        let reply = self.post("/api/session", "", &body).await;
        assert!(reply.status.is_success(), "{reply:?}");
        reply.cookie
    }

    async fn inbox(&self, cookie: &str, name: &str) -> InboxDetail {
        let all: Vec<InboxDetail> = self.get("/api/inboxes", cookie).await.json();
        let found = all.into_iter().find(|inbox| inbox.settings.name == name);
        found.expect("an inbox")
    }

    async fn create(&self, cookie: &str, kind: InboxKind, settings: InboxSettings) -> Reply {
        let body = NewInbox {
            kind,
            settings,
            origins: vec!["https://Shop.example.org/".into()],
        };
        self.post("/api/inboxes", cookie, &body).await
    }

    async fn save_inbox(&self, cookie: &str, inbox: &InboxDetail, edit: impl FnOnce(&mut InboxSettings)) -> Reply {
        let mut settings = inbox.settings.clone();
        edit(&mut settings);
        let body = SaveInbox {
            version: inbox.version,
            settings,
        };
        self.put(&format!("/api/inboxes/{}", inbox.id), cookie, &body).await
    }

    async fn account(&self, cookie: &str, name: &str) -> Account {
        let all: Vec<Account> = self.get("/api/users", cookie).await.json();
        let email = format!("{name}@demo.test");
        all.into_iter().find(|user| user.email == email).expect("a user")
    }

    async fn save_user(&self, cookie: &str, user: &Account, edit: impl FnOnce(&mut SaveUser)) -> Reply {
        let mut body = SaveUser {
            version: user.version,
            name: user.name.clone(),
            role: user.role,
            grants: user.grants.clone(),
            capacity: user.capacity,
            active: user.active,
        };
        edit(&mut body);
        self.put(&format!("/api/users/{}", user.id), cookie, &body).await
    }

    async fn audit(&self, cookie: &str) -> Vec<AuditEntry> {
        self.get("/api/audit", cookie).await.json()
    }

    /// Connects a console of the user.
    async fn console(&self, user: UserId) -> Console {
        let access = Arc::new(self.world.access(user).await);
        let device = DeviceId::from_u128(user.to_u128());
        let hub = &self.world.app.hub;
        let (socket, mailbox) = hub.open(SessionId::from_u128(user.to_u128()), device, access);
        hub.release(socket, vec![]);
        Console(mailbox)
    }
}

/// The frames of a connected console.
struct Console(Mailbox);

impl Console {
    fn frames(&mut self) -> Vec<ServerFrame> {
        let mut frames = vec![];
        while let Some(Outgoing::Frame(bytes)) = self.0.try_recv() {
            frames.push(decode(&bytes).expect("a frame"));
        }
        frames
    }

    /// The rows and removals that came since the last call.
    fn rows(&mut self) -> (Vec<Row>, Vec<Gone>) {
        let (mut rows, mut lost) = (vec![], vec![]);
        for frame in self.frames() {
            if let ServerFrame::Rows { upserts, gone, .. } = frame {
                rows.extend(upserts);
                lost.extend(gone);
            }
        }
        (rows, lost)
    }
}

/// The settings of an inbox without members.
fn plain(name: &str) -> InboxSettings {
    InboxSettings {
        name: name.to_owned(),
        rules: Rules::default(),
        members: vec![],
        inactivity: None,
        hours: None,
    }
}
