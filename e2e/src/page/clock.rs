//! The page's own clock, under the control of a test. What a page shows for two seconds may be over before a busy
//! machine has looked at the page once.

use std::time::Duration;

use serde_json::json;

use super::Page;

const CLOCK: &str = include_str!("clock.js");

impl Page {
    /// Stops the page's clock. Whatever appears from now on for a limited time, such as a toast, an undo bar or a
    /// typing mark, stays until [`Page::start_clock`] or a reload. A broken connection is not restored meanwhile
    /// either.
    pub async fn stop_clock(&self) {
        self.clock("stop", 0).await;
    }

    /// Lets the clock continue from where it stood. Timers that were set while it stood fire at once.
    pub async fn start_clock(&self) {
        self.clock("start", 0).await;
    }

    /// Advances the clock. The page notices where it reads the clock; timers that run already are not affected.
    pub async fn turn_clock(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).expect("a time that a page can tell");
        self.clock("turn", by).await;
    }

    async fn clock(&self, act: &str, by: u64) {
        let _: Option<bool> = self.script(CLOCK, vec![json!(act), json!(by)]).await;
    }
}
