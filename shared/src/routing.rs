//! Who gets the next chat (`docs/domain.md#routing-modes`): pure decisions over plain values.

pub mod capacity;
pub mod pick;
