//! Who gets the next chat (`domain.md` §2, Routing modes): pure decisions over plain values.

pub mod capacity;
pub mod pick;
