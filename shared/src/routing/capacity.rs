//! Capacity: a user's limit and a membership's limit. Both must hold (`docs/domain.md#capacity`).

/// Active chats and limits of one agent, in all inboxes and in one inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub active: u32,
    pub limit: u32,
    pub active_here: u32,
    pub limit_here: u32,
}

impl Load {
    /// The number of chats that still fit under both limits.
    pub fn room(&self) -> u32 {
        let here = self.limit_here.saturating_sub(self.active_here);
        here.min(self.limit.saturating_sub(self.active))
    }

    /// Whether one more chat fits under both limits.
    pub fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// The chats and limit to name in a refusal. The user's own limit takes precedence if it is reached.
    pub fn reached(&self) -> (u32, u32) {
        if self.active >= self.limit {
            (self.active, self.limit)
        } else {
            (self.active_here, self.limit_here)
        }
    }
}
