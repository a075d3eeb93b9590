//! Starts the server and stops it gracefully.

use std::{future::IntoFuture, net::SocketAddr, process::ExitCode, time::Duration};

use axum::serve::ListenerExt;
use causerie_server::{
    clock::Clock,
    config::Config,
    demo, files,
    http::{accounts, router},
    setup,
    state::Shared,
    telemetry,
};
use tokio::{
    net::TcpListener,
    signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    },
    time::timeout,
};

/// How long requests and sockets may take to end after the server is asked to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let config = match Config::load() {
        Ok(config) => config,
        Err(errors) => {
            for error in errors {
                eprintln!("causerie: {error}");
            }
            return ExitCode::from(2);
        }
    };
    crate::telemetry::init(&config);
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("causerie: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), String> {
    // Binding comes first: a server that is started twice must fail before it touches the database.
    let listen = config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}."))?;
    let app = causerie_server::build(config, Clock::System)
        .await
        .map_err(|error| format!("cannot start: {error}."))?;
    crate::files::erase(&app)
        .await
        .map_err(|error| format!("cannot remove deleted files: {error}."))?;
    greet(&app).await?;

    let service = router::build(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let mut stopping = app.shutdown.subscribe();
    let stop = {
        let app = app.clone();
        async move {
            stop_signal().await;
            tracing::info!("stopping");
            app.shutdown.send_replace(true);
        }
    };
    // Nagle's algorithm would hold back the second of two small frames until the peer acknowledges the first, which
    // takes up to 40 ms.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends small frames late");
        }
    });
    let serve = axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .into_future();
    let out_of_patience = async {
        // The sender lives in `app`, so only the signal ends this wait.
        if stopping.wait_for(|stop| *stop).await.is_ok() {
            causerie_server::clock::pause(SHUTDOWN_TIMEOUT).await;
        }
    };
    tokio::select! {
        done = serve => done.map_err(|error| format!("the server failed: {error}."))?,
        () = out_of_patience => tracing::warn!("some requests did not end in time"),
    }
    drop(stopping);
    if timeout(SHUTDOWN_TIMEOUT, app.shutdown.closed()).await.is_err() {
        tracing::warn!("some sockets did not end in time");
    }
    app.store.close().await;
    Ok(())
}

async fn greet(app: &Shared) -> Result<(), String> {
    let url = &app.config.public_url;
    let token = crate::accounts::setup_token(app)
        .await
        .map_err(|error| format!("cannot start: {error}."))?;
    println!("Console:   {url}/app/");
    if app.config.demo {
        println!("Web page:  {}/demo", app.config.demo_origin());
        println!("Sign-ins:  {}", crate::demo::emails().collect::<Vec<_>>().join(", "));
        println!("Password:  {}", crate::demo::PASSWORD);
    } else {
        for line in crate::setup::embed_lines(app)
            .await
            .map_err(|error| format!("cannot start: {error}."))?
        {
            println!("Widget:    {line}");
        }
    }
    if let Some(token) = token {
        println!("There is no owner yet. Create one at {url}/app/setup with the set-up token {token}");
    }
    Ok(())
}

/// Returns when the process gets SIGINT or SIGTERM.
async fn stop_signal() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "SIGTERM cannot be waited for");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        result = ctrl_c() => if let Err(error) = result {
            tracing::error!(%error, "SIGINT cannot be waited for");
        },
        () = terminate => {}
    }
}
