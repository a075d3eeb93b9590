//! Tests of a user's own notifications over HTTP.

use causerie_shared::api::notify::{NotifyPreferences, PushInfo, Quiet, Subscribe};

use super::*;

/// Returns a browser's subscription with the keys of RFC 8291.
fn browser(endpoint: &str) -> Subscribe {
    Subscribe {
        endpoint: endpoint.into(),
        p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4".into(),
        auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
    }
}

impl Server {
    async fn put<T: Serialize>(&self, path: &str, cookie: &str, body: &T) -> Reply {
        let request = request(Method::PUT, path, cookie).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(serde_json::to_vec(body).unwrap().into()).unwrap())
            .await
    }

    async fn devices(&self, cookie: &str) -> PushInfo {
        self.get("/api/me/push", cookie).await.json()
    }
}

#[tokio::test]
async fn preferences_are_the_users_own_and_checked() {
    let server = Server::start().await;
    server.add_user("ana@example.org", Role::Agent).await;
    server.add_user("ben@example.org", Role::Agent).await;
    let ana = server.sign_in("ana@example.org").await;
    let path = "/api/me/notifications";
    assert_eq!(
        server.get(path, &ana).await.json::<NotifyPreferences>(),
        NotifyPreferences::default()
    );
    let mut chosen = NotifyPreferences {
        offer: false,
        private: true,
        quiet: Some(Quiet {
            from: 1320,
            to: 420,
            zone: "America/Bogota".into(),
        }),
        ..NotifyPreferences::default()
    };
    assert_eq!(server.put(path, &ana, &chosen).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(path, &ana).await.json::<NotifyPreferences>(), chosen);
    let ben = server.sign_in("ben@example.org").await;
    assert_eq!(
        server.get(path, &ben).await.json::<NotifyPreferences>(),
        NotifyPreferences::default()
    );

    let quiet = chosen.quiet.as_mut().unwrap();
    quiet.zone = "Nowhere/Land".into();
    assert_eq!(server.put(path, &ana, &chosen).await.code(), Code::Invalid);
    let quiet = chosen.quiet.as_mut().unwrap();
    (quiet.zone, quiet.to) = ("UTC".into(), 1440);
    assert_eq!(server.put(path, &ana, &chosen).await.code(), Code::Invalid);
    assert_eq!(server.get(path, "").await.code(), Code::Unauthorized);
}

#[tokio::test]
async fn a_device_is_subscribed_for_its_sign_in_and_ends_with_it() {
    let server = Server::start().await;
    server.add_user("ana@example.org", Role::Agent).await;
    let (desk, phone) = (
        server.sign_in("ana@example.org").await,
        server.sign_in("ana@example.org").await,
    );
    let key = server.devices(&desk).await.key;
    assert_eq!(key.len(), 87, "an uncompressed point in base64url");
    let one = browser("https://push.example.org/1");
    for _ in 0..2 {
        assert_eq!(
            server.post("/api/me/push", &desk, &one).await.status,
            StatusCode::NO_CONTENT
        );
    }
    server
        .post("/api/me/push", &phone, &browser("https://push.example.org/2"))
        .await;
    let info = server.devices(&desk).await;
    assert_eq!(
        (info.devices.len(), info.key),
        (2, key),
        "the same endpoint again updates"
    );
    let current = info.devices.iter().filter(|device| device.current).count();
    assert_eq!(current, 1, "one of them is this one: {:?}", info.devices);

    assert_eq!(
        server.delete("/api/session", &phone).await.status,
        StatusCode::NO_CONTENT
    );
    let left = server.devices(&desk).await.devices;
    assert!(left.len() == 1 && left[0].current, "{left:?}");

    let path = format!("/api/me/push/{}", left[0].id);
    server.add_user("ben@example.org", Role::Agent).await;
    let ben = server.sign_in("ben@example.org").await;
    assert_eq!(server.delete(&path, &ben).await.code(), Code::NotFound, "Ana's");
    assert_eq!(server.delete(&path, &desk).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.delete(&path, &desk).await.code(), Code::NotFound);
    assert_eq!(server.devices(&desk).await.devices, []);
}

#[tokio::test]
async fn a_browser_belongs_to_whom_it_was_signed_in_last() {
    let server = Server::start().await;
    for email in ["ana@example.org", "ben@example.org"] {
        server.add_user(email, Role::Agent).await;
    }
    let (ana, ben) = (
        server.sign_in("ana@example.org").await,
        server.sign_in("ben@example.org").await,
    );
    let shared = browser("https://push.example.org/shared");
    server.post("/api/me/push", &ana, &shared).await;
    server.post("/api/me/push", &ben, &shared).await;
    assert_eq!(server.devices(&ana).await.devices, []);
    assert_eq!(server.devices(&ben).await.devices.len(), 1);
}

#[tokio::test]
async fn addresses_of_this_network_and_broken_keys_are_refused() {
    let server = Server::with(|config| config.allowed_hosts.clear()).await;
    server.add_user("ana@example.org", Role::Agent).await;
    let ana = server.sign_in("ana@example.org").await;
    for address in [
        "http://push.example.org/1",
        "https://127.0.0.1:5432/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "nothing",
    ] {
        let reply = server.post("/api/me/push", &ana, &browser(address)).await;
        assert_eq!(reply.code(), Code::Invalid, "{address}");
    }
    let good = browser("https://push.example.org/1");
    for (p256dh, auth) in [("AAAA", good.auth.as_str()), (good.p256dh.as_str(), "AAAA"), ("§", "§")] {
        let body = Subscribe {
            endpoint: good.endpoint.clone(),
            p256dh: p256dh.into(),
            auth: auth.into(),
        };
        assert_eq!(server.post("/api/me/push", &ana, &body).await.code(), Code::Invalid);
    }
}

#[tokio::test]
async fn a_test_that_cannot_be_sent_says_why_in_the_log() {
    let server = Server::start().await;
    server.add_user("ana@example.org", Role::Agent).await;
    let ana = server.sign_in("ana@example.org").await;
    // No server listens at this address.
    server
        .post("/api/me/push", &ana, &browser("http://127.0.0.1:1/push"))
        .await;
    let reply = server.post("/api/me/push/test", &ana, &()).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let log = server.devices(&ana).await.log;
    assert_eq!((log.len(), log[0].status, log[0].kind.as_str()), (1, 0, "test"));
    assert!(log[0].problem.contains("refused"), "{}", log[0].problem);
}
