//! What users do with a chat from several views: assigning it, ending it.

pub mod assign;
pub mod ending;
