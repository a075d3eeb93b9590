//! Keyed lists of any rows over one instance of the framework's own list, so that each further list adds some hundred
//! bytes to the console instead of some kilobytes.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::Arc,
};

use leptos::prelude::*;

type Draw = Box<dyn FnOnce() -> AnyView + Send>;

/// Draws a list whose rows stay as they are while their key stays. `key` must change with everything that `draw` reads
/// from the row.
pub fn keyed<T: Send + 'static>(
    each: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> u128 + Send + 'static,
    draw: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let draw = Arc::new(draw);
    rows(Box::new(move || {
        let row = |item| {
            let draw = Arc::clone(&draw);
            (key(&item), Box::new(move || draw(item)) as Draw)
        };
        each().into_iter().map(row).collect()
    }))
}

fn rows(each: Box<dyn Fn() -> Vec<(u128, Draw)> + Send>) -> AnyView {
    view! { <For each=each key=|row| row.0 children=|(_, draw)| draw() /> }.into_any()
}

/// Returns a key for any hashable value. Equal values have equal keys within one run of the program.
pub fn key_of(value: &impl Hash) -> u128 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().into()
}
