use axum::http::{StatusCode, header};

use super::Server;

#[tokio::test]
async fn the_root_leads_to_the_console() {
    let server = Server::start().await;
    for (from, to) in [("/", "/app/"), ("/app", "/app/")] {
        let reply = server.get(from, "").await;
        assert!(reply.status.is_redirection(), "{from}");
        assert_eq!(reply.header(header::LOCATION), to);
    }
}

#[tokio::test]
async fn what_is_not_a_file_of_the_console_is_not_served() {
    let server = Server::start().await;
    for path in [
        "/app/build.json",
        "/app/nothing.js",
        "/app/demo/index.html",
        "/app/widget/panel.html",
        "/app/index.html.br",
        "/app/../Cargo.toml",
        "/app/%2e%2e/Cargo.toml",
        "/widget/panel.html",
        "/widget/../build.json",
    ] {
        assert_eq!(server.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn without_the_demo_there_is_no_demo_page_and_no_panel_for_an_unknown_key() {
    let server = Server::start().await;
    for path in ["/demo", "/demo/demo.css", "/widget/panel?key=nothing", "/widget/panel"] {
        assert_eq!(server.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
