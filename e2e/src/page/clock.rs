//! The page's own clock, in the hand of a story: what a page shows for two seconds may be over before a busy machine
//! has looked at it once.

use std::time::Duration;

use serde_json::json;

use super::Page;

const CLOCK: &str = include_str!("clock.js");

impl Page {
    /// Stops the page's clock. What comes from now on and is shown for a time, such as a toast, something that can be
    /// undone or the mark of somebody who types, stays until [`Page::start_clock`] or the page is loaded again. Nor does
    /// a line that broke come back meanwhile.
    pub async fn stop_clock(&self) {
        self.clock("stop", 0).await;
    }

    /// Lets the clock go on from where it stood; what was to be shown until it would have gone on is over.
    pub async fn start_clock(&self) {
        self.clock("start", 0).await;
    }

    /// Turns the clock forward. The page notices where it looks at the clock; timers that run already run on.
    pub async fn turn_clock(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).expect("a time that a page can tell");
        self.clock("turn", by).await;
    }

    async fn clock(&self, act: &str, by: u64) {
        let _: Option<bool> = self.script(CLOCK, vec![json!(act), json!(by)]).await;
    }
}
