//! Every fault of the proxy does what its name says, tested with plain clients and a plain server.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
    time::Duration,
};

use causerie_e2e::{
    proxy::{Proxy, Way},
    wait::until,
};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_tungstenite::{accept_async, client_async, tungstenite::Message};

/// A server that echoes everything. Keeps the received bytes by connection, in the order of acceptance.
struct Echo {
    port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let log = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(vec![]);
                    log.len() - 1
                };
                let log = log.clone();
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = peer.read(&mut bytes).await {
                        log.lock().unwrap()[number].extend(&bytes[..read]);
                        if peer.write_all(&bytes[..read]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }

    async fn hears(&self, wanted: &[&[u8]]) {
        until("what the server hears", async || (self.heard() == wanted).then_some(())).await;
    }
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap()
}

async fn says(client: &mut TcpStream, text: &str) {
    client.write_all(text.as_bytes()).await.unwrap();
}

async fn hears(client: &mut TcpStream, text: &str) {
    let mut bytes = vec![0; text.len()];
    client.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, text.as_bytes());
}

async fn is_reset(client: &mut TcpStream) {
    let mut rest = vec![];
    let error = client
        .read_to_end(&mut rest)
        .await
        .expect_err("the connection is reset");
    assert_eq!((error.kind(), rest.as_slice()), (ErrorKind::ConnectionReset, &[][..]));
}

#[tokio::test]
async fn bytes_and_the_ends_of_both_streams_pass() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    let mut client = connect(&proxy).await;
    says(&mut client, "hello").await;
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "hello");
    until("the end of the connection", async || {
        (proxy.running() == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn refusing_resets_those_who_come_and_not_those_who_are_there() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    let mut first = connect(&proxy).await;
    says(&mut first, "one").await;
    hears(&mut first, "one").await;
    proxy.refuse();
    is_reset(&mut connect(&proxy).await).await;
    says(&mut first, "two").await;
    hears(&mut first, "two").await;
    proxy.pass();
    let mut third = connect(&proxy).await;
    says(&mut third, "three").await;
    hears(&mut third, "three").await;
    echo.hears(&[b"onetwo", b"three"]).await;
}

#[tokio::test]
async fn a_black_hole_swallows_old_and_new_connections_without_a_word() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    let mut old = connect(&proxy).await;
    says(&mut old, "before").await;
    hears(&mut old, "before").await;
    proxy.black_hole();
    let mut new = connect(&proxy).await;
    says(&mut old, "lost").await;
    says(&mut new, "gone").await;
    until("the loss", async || (proxy.swallowed(Way::Up) == 8).then_some(())).await;
    assert_eq!(echo.heard(), [b"before"]);
    for client in [&old, &new] {
        let nothing = client.try_read(&mut [0; 16]).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    }
    proxy.pass();
    is_reset(&mut old).await;
    is_reset(&mut new).await;
    let mut later = connect(&proxy).await;
    says(&mut later, "after").await;
    hears(&mut later, "after").await;
}

#[tokio::test]
async fn a_reset_reaches_both_sides_at_once() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap().port()).await;
    let mut client = connect(&proxy).await;
    says(&mut client, "hi").await;
    let (mut server, _) = listener.accept().await.unwrap();
    hears(&mut server, "hi").await;
    proxy.reset();
    is_reset(&mut client).await;
    is_reset(&mut server).await;
    let mut again = connect(&proxy).await;
    says(&mut again, "back").await;
    hears(&mut listener.accept().await.unwrap().0, "back").await;
}

#[tokio::test]
async fn what_is_late_comes_late_whole_and_in_order() {
    const LATE: Duration = Duration::from_millis(60);
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    proxy.delay(Way::Up, LATE);
    let mut client = connect(&proxy).await;
    proxy.delay(Way::Down, LATE * 2);
    let sent = Instant::now();
    for part in ["a", "b", "c"] {
        says(&mut client, part).await;
    }
    hears(&mut client, "abc").await;
    // No machine can be fast enough to break this bound.
    assert!(sent.elapsed() >= LATE * 3, "it took {:?}", sent.elapsed());
}

#[tokio::test]
async fn what_is_held_comes_whole_and_in_order_once_it_is_let_go() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    let mut client = connect(&proxy).await;
    says(&mut client, "one").await;
    hears(&mut client, "one").await;
    proxy.hold(Way::Down);
    for part in ["a", "b", "c"] {
        says(&mut client, part).await;
    }
    echo.hears(&[b"oneabc"]).await;
    let mut later = connect(&proxy).await;
    says(&mut later, "d").await;
    echo.hears(&[b"oneabc", b"d"]).await;
    for held in [&client, &later] {
        let nothing = held.try_read(&mut [0; 16]).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    }
    proxy.pass();
    hears(&mut client, "abc").await;
    hears(&mut later, "d").await;
}

#[tokio::test]
async fn of_a_half_open_connection_one_way_is_dead_and_nobody_is_told() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    let mut client = connect(&proxy).await;
    says(&mut client, "one").await;
    hears(&mut client, "one").await;
    proxy.half_open(Way::Down);
    says(&mut client, "two").await;
    echo.hears(&[b"onetwo"]).await;
    until("the loss", async || (proxy.swallowed(Way::Down) == 3).then_some(())).await;
    let nothing = client.try_read(&mut [0; 16]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    // The replacement works while the first connection still exists.
    let mut other = connect(&proxy).await;
    says(&mut other, "three").await;
    hears(&mut other, "three").await;
    assert_eq!(proxy.running(), 2);
}

#[tokio::test]
async fn connections_can_be_served_in_another_order_than_they_came() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    proxy.queue();
    let mut first = connect(&proxy).await;
    says(&mut first, "first").await;
    until("the first", async || (proxy.waiting() == 1).then_some(())).await;
    let mut second = connect(&proxy).await;
    says(&mut second, "second").await;
    until("the second", async || (proxy.waiting() == 2).then_some(())).await;
    assert_eq!(echo.heard(), [] as [Vec<u8>; 0]);
    assert!(proxy.serve_newest());
    hears(&mut second, "second").await;
    assert!(proxy.serve_newest());
    hears(&mut first, "first").await;
    assert!(!proxy.serve_newest());
    assert_eq!(echo.heard(), [b"second".to_vec(), b"first".to_vec()]);
}

#[tokio::test]
async fn a_cut_ends_a_connection_in_the_middle_of_a_frame() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap().port()).await;
    let serve = async || accept_async(listener.accept().await.unwrap().0).await.unwrap();
    let call = async || {
        let socket = connect(&proxy).await;
        client_async("ws://127.0.0.1/", socket).await.unwrap().0
    };
    let (mut server, mut client) = tokio::join!(serve(), call());
    client.send(Message::text("whole")).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Message::text("whole"));

    proxy.cut(Way::Up, 100);
    client.send(Message::text("x".repeat(1_000))).await.unwrap();
    let cut = server.next().await;
    assert!(!matches!(cut, Some(Ok(_))), "the server took half a frame: {cut:?}");
    let heard = client.next().await;
    assert!(!matches!(heard, Some(Ok(_))), "the client heard {heard:?}");

    let (mut server, mut client) = tokio::join!(serve(), call());
    proxy.cut(Way::Down, 3);
    server.send(Message::text("y".repeat(1_000))).await.unwrap();
    let cut = client.next().await;
    assert!(!matches!(cut, Some(Ok(_))), "the client took half a frame: {cut:?}");
}

#[tokio::test]
async fn exactly_what_the_cut_lets_through_arrives() {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await;
    let mut client = connect(&proxy).await;
    says(&mut client, "0").await;
    hears(&mut client, "0").await;
    proxy.cut(Way::Up, 5);
    says(&mut client, "123456789").await;
    until("the end of the connection", async || {
        (proxy.running() == 0).then_some(())
    })
    .await;
    echo.hears(&[b"012345"]).await;
}
