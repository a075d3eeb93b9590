//! Customers on messaging channels talk with an agent in the console. The providers are fakes on this machine.

mod blocking;
mod comments;
mod files;
mod marks;
mod round_trips;
mod sending;
mod settings;
mod windows;

use causerie_e2e::{
    Stage,
    pages::Console,
    providers::{Line, News, Person},
};
use causerie_shared::inbox::Channel;

/// A PNG image of 8 × 8 pixels.
pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x08\x00\x00\x00\x08\x08\x02\x00\x00\x00\x4b\x6d\x29\xdc\
    \x00\x00\x00\x11IDAT\x78\xda\x63\x38\x11\xa0\x81\x15\x31\x0c\x2d\x09\x00\x6a\x99\x50\x01\xb2\x21\xef\xbe\
    \x00\x00\x00\x00IEND\xae\x42\x60\x82";

/// A customer of a channel.
pub fn customer(channel: Channel) -> Person {
    match channel {
        Channel::Whatsapp => Person {
            id: "16505551234",
            name: "Ada Byron",
        },
        Channel::Messenger => Person {
            id: "5678901234",
            name: "Ada Byron",
        },
        Channel::Instagram => Person {
            id: "6789012345",
            name: "ada.byron",
        },
        Channel::FacebookComments => Person {
            id: "7890123456",
            name: "Ada Byron",
        },
        Channel::InstagramComments => Person {
            id: "8901234567",
            name: "ada.byron",
        },
        Channel::Telegram | Channel::Web => Person {
            id: "7001",
            name: "Ada Byron",
        },
    }
}

/// The provider's id of the customer's message with this number.
pub fn id(channel: Channel, number: u32) -> String {
    match channel {
        Channel::Whatsapp => format!("wamid.ada{number}"),
        Channel::Messenger | Channel::Instagram => format!("m_ada{number}"),
        Channel::FacebookComments => format!("200_{number}"),
        Channel::InstagramComments => format!("178000{number}"),
        Channel::Telegram | Channel::Web => (40 + number).to_string(),
    }
}

/// Lets the channel's customer write for the first time and Ana take the chat.
pub async fn begin(stage: &Stage, channel: Channel, text: &str) -> (Line, Console) {
    let line = Line::connect(&stage.server, channel).await;
    let ana = stage.agent("ana@demo.test").await;
    take(&line, &ana, text).await;
    (line, ana)
}

/// Lets the customer write and the agent take the chat from the queue.
pub async fn take(line: &Line, agent: &Console, text: &str) {
    let channel = line.channel;
    line.says(customer(channel), &id(channel, 1), text).await;
    agent.folder("Queue").await;
    agent.open(text).await;
    agent.click("button", "Start chat").await;
    agent.find("textbox", "Reply").await;
    agent.message(&[text]).await;
}

/// Delivers an event of the channel's customer.
pub async fn happens(line: &Line, events: News<'_>) {
    line.happens(customer(line.channel), events).await;
}
