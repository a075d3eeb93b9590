//! One person on two channels: merged from the profile, found in either profile, and separated again.

use causerie_e2e::story;

#[tokio::test(flavor = "multi_thread")]
async fn two_contacts_become_one_person_and_two_again() {
    story("person", async |stage| {
        let ana = stage.agent("ana@demo.test").await;
        let mut advice = stage.visitor().await;
        advice.start("Vera Vidal", "Is there a floor lamp?").await;
        ana.accept("Vera Vidal").await;
        let mut orders = stage.orders_visitor().await;
        let other = orders.start("Vera at work", "Where is my order?").await;

        ana.click("link", "Same person").await;
        ana.find("main", "Vera Vidal").await;
        ana.reads("This contact is not merged with another one.").await;
        ana.write("Merge with another contact", "nobody by that name").await;
        ana.reads("Nobody found.").await;
        ana.fill("Merge with another contact", "at work").await;
        ana.click("button", "Merge with Vera at work").await;
        ana.find("button", "Separate Vera at work").await;

        // Either profile leads to the other's chat.
        ana.folder("Mine").await;
        ana.open("Vera Vidal").await;
        ana.click("link", "Vera at work").await;
        ana.message(&["Where is my order?"]).await;
        assert_eq!(ana.chat().await, other);
        ana.find("link", "Vera Vidal").await;

        ana.click("link", "Same person").await;
        ana.click("button", "Separate Vera Vidal").await;
        ana.reads("This contact is not merged with another one.").await;
        ana.gone("button", "Separate Vera Vidal").await;
    })
    .await;
}
