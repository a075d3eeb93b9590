//! Time and randomness of the browser; everything else gets them as parameters.

use causerie_shared::Millis;

/// This device's clock.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// 128 bits from the browser's crypto.
pub fn random() -> u128 {
    let mut bytes = [0; 16];
    // Without randomness ids would collide and overwrite each other: nothing can go on then.
    getrandom::fill(&mut bytes).expect("the browser's crypto");
    u128::from_le_bytes(bytes)
}
