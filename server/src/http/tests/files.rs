use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use causerie_shared::{api::MAX_UPLOAD, message::FileBrief, refusal::Code, user::Role};

use super::{Reply, Server, request};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

async fn upload(server: &Server, cookie: &str, name: &str, body: impl Into<Body>) -> Reply {
    let request = request(Method::POST, "/api/files", cookie).header("x-file-name", name);
    server.send(request.body(body.into()).unwrap()).await
}

fn stored(server: &Server) -> usize {
    std::fs::read_dir(server.app.config.data.join("files")).map_or(0, |entries| entries.count())
}

#[tokio::test]
async fn a_file_comes_back_to_whoever_uploaded_it_and_to_nobody_else() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    server.add_user("owner@demo.test", Role::Owner).await;
    let ana = server.sign_in("ana@demo.test").await;
    let reply = upload(&server, &ana, "Captura%20a%C3%B1o.png", PNG).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let brief: FileBrief = reply.json();
    assert_eq!(
        (brief.name.as_str(), brief.mime.as_str(), brief.size),
        ("Captura año.png", "image/png", PNG.len() as i64)
    );

    let path = format!("/api/files/{}", brief.id);
    let file = server.get(&path, &ana).await;
    assert_eq!((file.status, &file.body[..]), (StatusCode::OK, PNG));
    assert_eq!(file.header(header::CONTENT_TYPE), "image/png");
    assert!(
        file.header(header::CONTENT_DISPOSITION)
            .starts_with("inline; filename=\"Captura_a_o.png\"")
    );
    assert_eq!(
        file.header(header::CONTENT_SECURITY_POLICY),
        "sandbox; default-src 'none'"
    );
    assert_eq!(file.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(file.header(header::CACHE_CONTROL).starts_with("private"));

    let owner = server.sign_in("owner@demo.test").await;
    let other = server.get(&path, &owner).await;
    assert_eq!((other.status, other.code()), (StatusCode::NOT_FOUND, Code::NotFound));
}

#[tokio::test]
async fn a_drawing_with_scripts_is_a_download() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let ana = server.sign_in("ana@demo.test").await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let brief: FileBrief = upload(&server, &ana, "a.svg", svg).await.json();
    let file = server.get(&format!("/api/files/{}", brief.id), &ana).await;
    assert!(file.header(header::CONTENT_DISPOSITION).starts_with("attachment;"));
    assert_eq!(
        file.header(header::CONTENT_SECURITY_POLICY),
        "sandbox; default-src 'none'"
    );
}

#[tokio::test]
async fn wrong_files_are_refused_and_nothing_of_them_stays() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let ana = server.sign_in("ana@demo.test").await;
    for (name, body) in [
        ("a.exe", &b"MZ"[..]),
        ("a.html", b"<p>"),
        ("a.png", b"<script>"),
        ("a.pdf", PNG),
        ("noextension", PNG),
    ] {
        let reply = upload(&server, &ana, name, body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadFile),
            "{name}"
        );
    }
    let large = [PNG, &vec![0; MAX_UPLOAD]].concat();
    let reply = upload(&server, &ana, "large.png", large).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge)
    );
    assert_eq!(upload(&server, &ana, "%FF", PNG).await.code(), Code::Malformed);
    assert_eq!(upload(&server, "", "a.png", PNG).await.code(), Code::Unauthorized);
    assert_eq!(stored(&server), 0);
    let exact = [PNG, &vec![0; MAX_UPLOAD - PNG.len()]].concat();
    assert_eq!(
        upload(&server, &ana, "exact.png", exact).await.status,
        StatusCode::CREATED
    );
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let ana = server.sign_in("ana@demo.test").await;
    let pieces = [Ok(PNG), Err(std::io::Error::other("the network is gone"))];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(upload(&server, &ana, "a.png", body).await.code(), Code::Malformed);
    assert_eq!(stored(&server), 0);
}
