//! Colleagues discuss a chat without the customer's knowledge, and see who else has it open.

use causerie_e2e::{story, wait::until};

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_asked_by_name_and_answers_and_the_customer_sees_none_of_it() {
    story("discussion", async |stage| {
        let mut visitor = stage.visitor().await;
        let ana = stage.agent("ana@demo.test").await;
        visitor.start("Vera Vidal", "My lamp arrived broken").await;
        ana.accept("Vera Vidal").await;
        let ben = stage.agent("ben@demo.test").await;

        ana.click_part("tab", "Internal discussion").await;
        ana.write("Internal message", "Is there another one, @Ben").await;
        ana.click("option", "Ben Castro").await;
        ana.click("button", "Post").await;
        ana.find_part("article", "Is there another one, @Ben Castro").await;

        // The mention allows Ben to read the chat.
        ben.click("button", "Open the discussion").await;
        ben.click_part("tab", "Internal discussion").await;
        ben.find_part("article", "Is there another one").await;
        ben.write("Internal message", "Two, in Valencia").await;
        ben.click("button", "Post").await;
        ana.find_part("article", "Two, in Valencia").await;

        // The customer gets the reply, and nothing of the internal discussion.
        ana.click_part("tab", "Chat").await;
        ana.reply("We send you another one today").await;
        visitor.hears("We send you another one today").await;
        let heard = format!("{:?}", visitor.frames());
        for secret in ["Is there another one", "Two, in Valencia"] {
            assert!(!heard.contains(secret), "the customer was told: {secret}");
        }
        // An ended chat's discussion is closed.
        ana.click("button", "End chat").await;
        until("the closed discussion", async || {
            (!ben.has("button", "Post").await).then_some(())
        })
        .await;
    })
    .await;
}
