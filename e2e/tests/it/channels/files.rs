//! The customer gets an agent's files through the channel.

use causerie_e2e::{providers::Line, story};
use causerie_shared::inbox::Channel;

use super::{PNG, customer, take};

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_the_agents_is_taken_by_the_provider_byte_for_byte() {
    story("files_sent", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        for channel in [Channel::Whatsapp, Channel::Telegram] {
            let line = Line::connect(&stage.server, channel).await;
            let (asks, words) = (format!("A picture by {}?", channel.as_str()), "This is the lamp.");
            take(&line, &ana, &asks).await;
            ana.attach("lamp.png", "image/png", PNG).await;
            ana.reply(words).await;
            let sent = line.fake.took(words).await;
            assert_eq!((sent.channel, sent.to.as_str()), (channel, customer(channel).id));
            assert_eq!(sent.file.as_deref(), Some("image/png"));
            let files = line.fake.requests().into_iter().filter_map(|request| request.file);
            let files: Vec<_> = files.map(|(_, _, bytes)| bytes).collect();
            assert_eq!(files, [PNG], "it is uploaded once, as it was");
            ana.message(&["You", words, "Sent"]).await;
            ana.find_part("link", "lamp.png").await;
        }
    })
    .await;
}
