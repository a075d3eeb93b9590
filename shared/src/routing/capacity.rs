//! Capacity: a user's limit and a membership's limit, both must hold (`docs/domain.md#capacity`).

/// Active chats and limits of one agent, in all inboxes and in the inbox at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub active: u32,
    pub limit: u32,
    pub active_here: u32,
    pub limit_here: u32,
}

impl Load {
    /// Chats that still fit under both limits.
    pub fn room(&self) -> u32 {
        let here = self.limit_here.saturating_sub(self.active_here);
        here.min(self.limit.saturating_sub(self.active))
    }

    /// One more chat fits under both limits.
    pub fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// The numbers to name in a refusal: the limit that is reached, the user's own first.
    pub fn reached(&self) -> (u32, u32) {
        if self.active >= self.limit {
            (self.active, self.limit)
        } else {
            (self.active_here, self.limit_here)
        }
    }
}
