//! Data that survives a reload outside the database (the signed-in user), and the wipe at sign-out.

use causerie_shared::{frame, ids::UserId, user::Me};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Storage, VisibilityState};

/// Key of the signed-in user in local storage.
const ME: &str = "causerie.me";
/// Keys of this device's choices, which are kept when a user signs out.
const KEPT: [&str; 2] = ["causerie.theme", "causerie.lang"];
/// Prefix of the caches of the console itself, which contain no user data.
const SHELL: &str = "shell-";

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Whether the page is hidden.
pub fn hidden() -> bool {
    web_sys::window()
        .and_then(|window| window.document())
        .is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}

/// Name of a user's database.
pub fn database(user: UserId) -> String {
    // FNV-1a is short and stable; the name only has to differ between the users of one device.
    let hash = user
        .to_u128()
        .to_be_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    format!("causerie-{hash:016x}")
}

/// The user who was last known to be signed in on this device.
pub fn me() -> Option<Me> {
    let text = storage()?.get_item(ME).ok()??;
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    frame::decode(&bytes?).ok()
}

/// Stores the signed-in user. Without storage the next start asks the server first.
pub fn set_me(me: &Me) {
    // Storage holds text only; the encoded schema version keeps a later console from misreading it.
    let text: String = frame::encode(me).iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(storage) = storage()
        && storage.set_item(ME, &text).is_err()
    {
        web_sys::console::warn_1(&"this browser does not keep who is signed in".into());
    }
}

/// Whether a storage change made by another tab is its sign-out.
pub fn is_sign_out(key: Option<&str>, value: Option<&str>) -> bool {
    key == Some(ME) && value.is_none()
}

/// Clears storage and caches, except the choices of this device.
pub async fn wipe() {
    if let Some(storage) = storage() {
        let length = storage.length().unwrap_or(0);
        let keys: Vec<String> = (0..length)
            .filter_map(|index| storage.key(index).ok().flatten())
            .collect();
        for key in keys.iter().filter(|key| !KEPT.contains(&key.as_str())) {
            if storage.remove_item(key).is_err() {
                web_sys::console::warn_1(&format!("{key} could not be removed").into());
            }
        }
    }
    if let Some(storage) = web_sys::window().and_then(|window| window.session_storage().ok().flatten())
        && storage.clear().is_err()
    {
        web_sys::console::warn_1(&"the session storage could not be cleared".into());
    }
    if let Err(error) = wipe_caches().await {
        web_sys::console::warn_2(&"caches could not be removed".into(), &error);
    }
}

async fn wipe_caches() -> Result<(), JsValue> {
    let Some(window) = web_sys::window() else { return Ok(()) };
    let caches = window.caches()?;
    // The API is absent on plain HTTP, where nothing was cached.
    if caches.is_undefined() {
        return Ok(());
    }
    let names: Array = JsFuture::from(caches.keys()).await?.dyn_into()?;
    for name in names
        .iter()
        .filter_map(|name| name.as_string())
        .filter(|name| !name.starts_with(SHELL))
    {
        JsFuture::from(caches.delete(&name)).await?;
    }
    Ok(())
}

/// Asks the browser not to evict the stored data.
pub async fn persist() {
    let Some(window) = web_sys::window() else { return };
    if let Ok(promise) = window.navigator().storage().persist() {
        // The browser may refuse; then it may evict the data under storage pressure.
        drop(JsFuture::from(promise).await);
    }
}
