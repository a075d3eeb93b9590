//! The console without a server.

use causerie_e2e::{browser::Engine, pages::Console, story_in};
use causerie_shared::message::Author;

in_every_engine! {
    replies_written_offline_survive_a_reload_and_go_out_once_and_in_order => agent_offline,
    what_a_visitor_writes_without_a_server_goes_out_once_and_in_order => visitor_offline,
}

const REPLIES: [&str; 3] = ["First, the shade.", "Second, the cable.", "Third, the bulb."];

/// Waits until the console can start without the server.
async fn installed(console: &Console) {
    let ready = "const done = arguments[0]; navigator.serviceWorker.ready.then(() => done(true))";
    let ready: bool = console.promise(ready, vec![]).await;
    assert!(ready);
}

async fn agent_offline(engine: Engine) {
    story_in(engine, "offline", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "What is in the box?").await;
        ana.accept("Vera Vidal").await;
        ana.reply("One moment, I look.").await;
        vera.message(&["One moment, I look."]).await;
        ana.message(&["One moment, I look.", "Read"]).await;
        installed(&ana).await;

        stage.server.stop().await;
        ana.find_part("status", "Offline").await;
        ana.reload().await;
        ana.find_part("option", "Vera Vidal").await;
        ana.message(&["What is in the box?"]).await;
        ana.message(&["One moment, I look."]).await;
        ana.find_part("status", "Offline").await;
        for reply in REPLIES {
            ana.reply(reply).await;
            ana.message(&[reply, "Queued"]).await;
        }
        ana.reload().await;
        for reply in REPLIES {
            ana.message(&[reply, "Queued"]).await;
        }

        stage.server.restart().await;
        for reply in REPLIES {
            vera.message(&[reply]).await;
        }
        let heard = vera.messages().await;
        let places: Vec<Vec<usize>> = REPLIES.iter().map(|reply| places(&heard, reply)).collect();
        assert!(places.iter().all(|at| at.len() == 1), "not once each: {heard:?}");
        assert!(places.is_sorted(), "not in order: {heard:?}");
        for reply in REPLIES {
            ana.message(&[reply, "Read"]).await;
        }
        ana.gone_part("status", "Offline").await;

        let stored = stage.server.texts(ana.chat().await).await;
        let from_ana: Vec<_> = stored
            .iter()
            .filter(|(author, _)| matches!(author, Author::Agent(_)))
            .map(|(_, text)| text.as_str())
            .collect();
        assert_eq!(from_ana, ["One moment, I look.", REPLIES[0], REPLIES[1], REPLIES[2]]);
    })
    .await;
}

async fn visitor_offline(engine: Engine) {
    story_in(engine, "offline_visitor", async |stage| {
        let mut ana = stage.client("ana@demo.test").await;
        let vera = stage.shopper().await;
        vera.begin("Vera Vidal", "Hello").await;
        let chat = ana.head("the chat", |head| head.contact_name == "Vera Vidal").await.id;
        ana.accept(chat).await;
        vera.reads("Ana joined the chat").await;

        stage.server.stop().await;
        vera.reads("Reconnecting").await;
        for text in REPLIES {
            vera.say(text).await;
            vera.message(&[text]).await;
        }
        vera.message(&[REPLIES[2], "Sending"]).await;
        stage.server.restart().await;
        vera.message(&[REPLIES[2], "Sent"]).await;
        let texts: Vec<_> = stage
            .server
            .texts(chat)
            .await
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, ["Hello", REPLIES[0], REPLIES[1], REPLIES[2]]);
        let heard = vera.messages().await;
        assert!(
            REPLIES.iter().all(|reply| places(&heard, reply).len() == 1),
            "not once each: {heard:?}"
        );
    })
    .await;
}

/// The positions in the log of messages that contain a text.
fn places(log: &[String], text: &str) -> Vec<usize> {
    log.iter()
        .enumerate()
        .filter(|(_, message)| message.contains(text))
        .map(|(at, _)| at)
        .collect()
}
