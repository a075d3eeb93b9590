//! Tests of the HTTP edge: requests through the real router to a real database.

mod assets;
mod crashes;
mod edges;
mod files;
mod links;
mod notify;
mod signins;
mod users;

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use causerie_shared::{
    api::{ErrorBody, SignIn},
    ids::UserId,
    refusal::Code,
    user::{Grants, Role},
};
use serde::{Serialize, de::DeserializeOwned};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crate::{
    Shared,
    clock::{Clock, ManualClock, random_u128},
    config::Config,
    http::router,
    passwords,
    store::users::{NewUser, insert_user},
};

const START: i64 = 1_760_000_000_000;
const PASSWORD: &str = "demo-causerie";
const ORIGIN: &str = "http://127.0.0.1:8080";

/// A server with its own folder and a manual clock.
struct Server {
    app: Shared,
    router: Router,
    clock: ManualClock,
    _folder: TempDir,
}

/// A response that was read completely.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Server {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(adapt: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::for_test(folder.path());
        adapt(&mut config);
        let (clock, time) = ManualClock::new(START);
        let app = crate::build(config, Clock::clone(&time)).await.unwrap();
        Self {
            router: router::build(app.clone()),
            app,
            clock,
            _folder: folder,
        }
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn add_user(&self, email: &str, role: Role) -> UserId {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = HASH
            .get_or_init(|| async { passwords::hash(PASSWORD.into()).await.unwrap() })
            .await;
        let user = NewUser {
            id: UserId::new(START, random_u128()),
            email: email.into(),
            name: email.split('@').next().unwrap().into(),
            role,
            grants: Grants::default(),
            password: Some(hash.clone()),
            capacity: 3,
            created_at: START,
        };
        let mut tx = self.app.store.begin_ordered().await.unwrap();
        insert_user(&mut tx, &user).await.unwrap();
        tx.commit().await.unwrap();
        user.id
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(request(Method::GET, path, cookie).body(Body::empty()).unwrap())
            .await
    }

    async fn delete(&self, path: &str, cookie: &str) -> Reply {
        self.send(request(Method::DELETE, path, cookie).body(Body::empty()).unwrap())
            .await
    }

    async fn post<T: Serialize>(&self, path: &str, cookie: &str, body: &T) -> Reply {
        let request = request(Method::POST, path, cookie).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(serde_json::to_vec(body).unwrap().into()).unwrap())
            .await
    }

    async fn try_sign_in(&self, email: &str, password: &str, stay: bool) -> Reply {
        let body = SignIn {
            email: email.into(),
            password: password.into(),
            stay,
        };
        self.post("/api/session", "", &body).await
    }

    /// Signs in and returns the cookie.
    async fn sign_in(&self, email: &str) -> String {
        self.try_sign_in(email, PASSWORD, false).await.cookie()
    }
}

/// Builds a request of the console's page from a client on another machine.
fn request(method: Method, path: &str, cookie: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, ORIGIN)
        .header(header::COOKIE, cookie)
        .extension(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))))
}

impl Reply {
    fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// Returns the code of a refusal.
    fn code(&self) -> Code {
        self.json::<ErrorBody>().error.code
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// Returns the new cookie as the browser sends it back.
    fn cookie(&self) -> String {
        assert!(self.status.is_success(), "{} {:?}", self.status, self.body);
        self.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
    }
}
