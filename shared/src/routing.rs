//! Routing (`docs/domain.md#routing-modes`): which agent gets the next chat, as pure decisions over plain values.

pub mod capacity;
pub mod pick;
