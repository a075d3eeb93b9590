//! Client libraries and an emulator from npm.

use std::process::Stdio;

use causerie_e2e::{
    api,
    port::Port,
    providers::{BOT, BUSINESS, Fake, Fault, Kind, News, PHONE, Person, TOKEN, webhook},
    story,
};
use causerie_server::{demo::PASSWORD, secrets::signature};
use causerie_shared::{
    api::channels::{ChannelRow, NewChannel},
    frame::Command as Order,
    inbox::Channel,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/clients/node_modules");
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign");

fn node(script: &str, arguments: &[&str]) -> Command {
    assert!(
        std::path::Path::new(PACKAGES).exists(),
        "the clients are not there: run scripts/packages.sh first"
    );
    let mut command = Command::new("node");
    command
        .arg(format!("{SCRIPTS}/{script}"))
        .args(arguments)
        .env("NODE_PATH", PACKAGES)
        .kill_on_drop(true);
    command
}

async fn run(script: &str, arguments: &[&str]) -> Value {
    let done = node(script, arguments).output().await.expect("node is installed");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{script}: {errors}");
    serde_json::from_slice(&done.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_whatsapp_sends_and_understands_the_webhooks() {
    let fake = Fake::start(Kind::Graph).await;
    let ada = Person {
        id: "16505551234",
        name: "Ada",
    };
    let events = News::Text {
        id: "wamid.ada1",
        text: "Hello",
        quoted: None,
    };
    let body = webhook(Channel::Whatsapp, "", ada, 1, &events)
        .expect("a webhook")
        .to_string();
    let mac = signature::hmac_sha256(b"secret", body.as_bytes());
    let signed = format!("sha256={}", signature::hex(&mac));
    // The fault affects the third message, after two without a fault.
    fake.fault_after(2, Fault::Refused(400, 131_026, 0, "(#131026) Message undeliverable"));
    let arguments = [&fake.url(), TOKEN, PHONE, BUSINESS, &body, &signed, "secret"];
    let found = run("whatsapp.cjs", &arguments).await;
    let sent = fake.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        (&found["text"], &found["image"]),
        (&json!(sent[0].id), &json!(sent[1].id))
    );
    assert_eq!(sent[0].text, "Good morning.");
    assert_eq!(
        (sent[1].text.as_str(), sent[1].file.as_deref()),
        ("The lamp", Some("image/png"))
    );
    assert_eq!(found["read"], true);
    assert!(fake.done().contains(&("read", "wamid.ada1".to_owned())));
    assert_eq!(found["templates"], json!(["parcel_news"]));
    assert_eq!(found["refused"], json!({ "status": 400, "code": 131_026 }));
    assert_eq!(found["verified"], true);
    assert_eq!(
        found["heard"],
        json!([{ "id": "wamid.ada1", "type": "text", "text": "Hello" }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_messenger_sends_and_understands_the_answers() {
    let fake = Fake::start(Kind::Graph).await;
    fake.fault_after(
        2,
        Fault::Refused(
            400,
            10,
            2_018_278,
            "(#10) This message is sent outside of allowed window.",
        ),
    );
    let found = run("messenger.cjs", &[&fake.url(), TOKEN]).await;
    let sent = fake.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        found["text"],
        json!({ "recipientId": "5678901234", "messageId": sent[0].id })
    );
    assert_eq!(sent[1].file.as_deref(), Some("image"));
    assert_eq!(found["typing"]["recipientId"], "5678901234");
    assert_eq!(found["page"]["name"], "Lamp Shop");
    assert_eq!(found["profile"]["firstName"], "Mia");
    let refused = found["refused"].as_str().unwrap_or_default();
    assert!(refused.contains("outside of allowed window"), "{found}");
}

/// The emulator with its input and output.
struct Emulator {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Emulator {
    async fn start(port: u16, token: &str) -> Self {
        let mut process = node("telegram.cjs", &[&port.to_string(), token])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut emulator = Self {
            _process: process,
            input,
            output,
        };
        assert_eq!(emulator.next().await, "ready");
        emulator
    }

    async fn say(&mut self, text: &str) {
        let line = format!("{text}\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .expect("the emulator listens");
    }

    async fn next(&mut self) -> String {
        let line = self.output.next_line().await.expect("the emulator's output");
        serde_json::from_str(&line.expect("the emulator says more")).expect("a text")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_at_somebody_elses_emulator_asks_for_updates_and_answers() {
    story("foreign_emulator", async |stage| {
        let port = Port::take();
        let token = format!("{BOT}:emulated");
        let mut emulator = Emulator::start(port.number(), &token).await;
        let _flow = stage.server.flow();
        let host = stage.server.host();
        let owner = api::sign_in(&host, "owner@demo.test", PASSWORD)
            .await
            .expect("a sign-in");
        let new = NewChannel {
            channel: Channel::Telegram,
            inbox: stage.inbox("Orders").await.id,
            name: "Bot".to_owned(),
            fields: vec![
                ("token".to_owned(), token),
                ("base_url".to_owned(), format!("http://127.0.0.1:{}", port.number())),
            ],
        };
        let connected = api::ask(&host, &owner, Method::POST, "/api/channels", &new).await;
        let _row: ChannelRow = connected.expect("the account is connected");

        let mut ana = stage.client("ana@demo.test").await;
        emulator.say("Is anybody there?").await;
        let head = ana.head("the chat", |head| head.contact_name == "Ada").await;
        ana.command(Order::Start(head.id)).await.expect("nobody has it");
        let reply = ana.reply_to(head.id, "Always.");
        ana.send(&reply).await;
        assert_eq!(emulator.next().await, "Always.");
        emulator.say("Good").await;
        let texts = causerie_e2e::wait::until("the second message", async || {
            let texts = stage.server.texts(head.id).await;
            (texts.len() == 3).then_some(texts)
        });
        assert_eq!(texts.await[2].1, "Good");
    })
    .await;
}
