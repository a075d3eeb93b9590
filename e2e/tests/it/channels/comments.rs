//! Comments below posts.

use causerie_e2e::{
    pages::Console,
    providers::{Line, News, PAGE, Person},
    story,
};
use causerie_shared::inbox::Channel;
use serde_json::json;

use super::{begin, customer, happens, id};

async fn answered(line: &Line, ana: &Console) {
    ana.reply("Yes, it does.").await;
    let sent = line.fake.took("Yes, it does.").await;
    assert_eq!(sent.to, id(line.channel, 1), "the answer stands under the comment");
    assert!(!sent.private);
    ana.message(&["You", "Yes, it does.", "Sent"]).await;
    // The webhook returns our own comment, which must not appear twice.
    let alike = ana.messages().await;
    assert_eq!(alike.iter().filter(|text| text.contains("Yes, it does.")).count(), 1);
}

/// Our answer, as the provider's webhook returns it.
fn our_answer(id: &str) -> News<'_> {
    News::Echo {
        id,
        text: "Yes, it does.",
        opaque: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_post_of_the_page() {
    story("comments_facebook", async |stage| {
        let channel = Channel::FacebookComments;
        let (line, ana) = begin(stage, channel, "Does it dim?").await;
        // Public actions need a chat that an agent has: the queue did not offer to hide the comment.
        let first = id(channel, 1);
        answered(&line, &ana).await;
        let echo = line.fake.sent()[0].id.clone();
        happens(&line, our_answer(&echo)).await;
        line.quiet().await;
        let alike = ana.messages().await;
        assert_eq!(alike.iter().filter(|text| text.contains("Yes, it does.")).count(), 1);

        let edited = News::Edit {
            target: &first,
            text: "Does it dim at all?",
        };
        happens(&line, edited).await;
        ana.message(&["Does it dim at all?", "Edited"]).await;
        ana.click("button", "Hide comment").await;
        ana.message(&["Does it dim at all?", "Hidden from the public"]).await;
        assert!(line.fake.done().contains(&("hide", first.clone())));
        ana.click("button", "Show comment again").await;
        ana.find("button", "Hide comment").await;
        assert!(line.fake.done().contains(&("show", first.clone())));

        // One private reply is allowed, which only the comment's author reads.
        ana.click("button", "Private reply").await;
        ana.reply("We sent you a voucher.").await;
        let private = line.fake.took("We sent you a voucher.").await;
        assert!(private.private);
        ana.message(&["We sent you a voucher.", "Private reply"]).await;

        // The customer deletes the comment.
        happens(&line, News::Delete { target: &first }).await;
        ana.message(&["Its author deleted this message"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_post_on_instagram() {
    story("comments_instagram", async |stage| {
        let channel = Channel::InstagramComments;
        let (line, ana) = begin(stage, channel, "Does it dim?").await;
        answered(&line, &ana).await;
        // Another person answers in the same thread, and is shown with their name.
        let other = Person {
            id: "8901299999",
            name: "carla",
        };
        let events = News::Text {
            id: &id(channel, 2),
            text: "Mine does not.",
            quoted: Some(&id(channel, 1)),
        };
        line.happens(other, events).await;
        ana.message(&["carla", "Mine does not."]).await;
        // The webhook returns our answer, and an earlier comment comes a second time.
        let echo = line.fake.sent()[0].id.clone();
        happens(&line, our_answer(&echo)).await;
        line.happens(other, events).await;
        line.quiet().await;
        assert_eq!(ana.messages().await.len(), 3, "{:?}", ana.messages().await);
        assert_ne!(customer(channel).name, "carla");
        // Deleting asks for confirmation.
        ana.click("button", "Delete comment").await;
        ana.find("dialog", "Delete this comment?").await;
        ana.click("button", "Remove").await;
        line.quiet().await;
        let done = line.fake.done();
        assert!(done.iter().any(|(what, _)| *what == "delete"), "{done:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comments_of_one_post_are_found_among_all() {
    story("comments_post", async |stage| {
        let channel = Channel::FacebookComments;
        let (line, ana) = begin(stage, channel, "Does it dim?").await;
        let says = async |number: u32, name, person, post: Option<&str>, text| {
            let events = News::Text {
                id: &format!("{}_{number}", post.unwrap_or("200")),
                text,
                quoted: None,
            };
            let mut body = line.body(Person { id: person, name }, events);
            if let Some(post) = post {
                let post = json!(format!("{PAGE}_{post}"));
                let value = &mut body["entry"][0]["changes"][0]["value"];
                value["post_id"] = post.clone();
                value["parent_id"] = post.clone();
                value["post"]["id"] = post;
            }
            line.deliver(&body).await;
        };
        says(5, "Carla Fox", "7890123457", None, "Which bulb is in it?").await;
        says(6, "Dora Hill", "7890123458", Some("300"), "Is the chair oak?").await;
        ana.folder("Queue").await;
        ana.find_part("option", "Is the chair oak?").await;
        ana.folder("Mine").await;
        ana.open("Does it dim?").await;
        ana.click("button", "Only this post").await;
        ana.folder("Queue").await;
        ana.find_part("option", "Which bulb is in it?").await;
        ana.gone_part("option", "Is the chair oak?").await;
        ana.click("button", "One post").await;
        ana.find_part("option", "Is the chair oak?").await;
        ana.find_part("option", "Which bulb is in it?").await;
    })
    .await;
}
