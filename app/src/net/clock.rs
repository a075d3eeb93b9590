//! The browser's clock and randomness; all other modules get them as parameters.

use causerie_shared::Millis;

/// The time of this device's clock.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// Returns 128 random bits from the browser's crypto API.
#[expect(
    clippy::expect_used,
    reason = "without randomness ids would collide and overwrite each other, so the console cannot continue"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "without randomness ids would collide and overwrite each other, so the console cannot continue"
)]
pub fn random() -> u128 {
    let mut bytes = [0; 16];
    // Without randomness ids would collide and overwrite each other, so the console cannot continue.
    getrandom::fill(&mut bytes).expect("the browser's crypto");
    u128::from_le_bytes(bytes)
}
