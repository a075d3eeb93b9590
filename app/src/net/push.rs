//! Web push on this browser. It uses `Reflect`, because `web-sys` would need a dozen types for these few calls.

use causerie_shared::{
    api::notify::{PushInfo, Subscribe},
    refusal::{Code, Refusal},
};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{http, worker};

const PATH: &str = "/api/me/push";
/// Window event: the user's preferences were stored ([`preferences_changed`]).
pub const CHANGED: &str = "causerie:notifications";

/// The state of web push on this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The browser has no web push. On iOS only a console on the home screen has it.
    Unsupported,
    /// The user denied notifications; only the browser's own settings can change that.
    Denied,
    Off,
    On,
}

fn get(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &name.into())
}

/// Calls a method with at most one argument and waits for its promise.
async fn call(object: &JsValue, name: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let method: Function = get(object, name)?.dyn_into()?;
    let promise: Promise = method.call1(object, argument)?.dyn_into()?;
    JsFuture::from(promise).await
}

/// The browser's push manager, or `None` if the browser has none.
async fn manager() -> Result<Option<JsValue>, JsValue> {
    let Some(registration) = worker::registration().await? else {
        return Ok(None);
    };
    let manager = get(&registration, "pushManager")?;
    Ok((!manager.is_undefined()).then_some(manager))
}

/// The state of web push on this browser now. The server may have dropped the device: see `current` in [`PushInfo`].
pub async fn state() -> State {
    let found = async {
        let Some(manager) = manager().await? else {
            return Ok(State::Unsupported);
        };
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        let permission = get(&get(&window, "Notification")?, "permission")?;
        if permission == "denied" {
            return Ok(State::Denied);
        }
        let subscription = call(&manager, "getSubscription", &JsValue::UNDEFINED).await?;
        Ok::<_, JsValue>(if subscription.is_null() { State::Off } else { State::On })
    };
    found.await.unwrap_or(State::Unsupported)
}

/// Subscribes this browser to web push. Call it in a user gesture, because the browser asks for permission.
///
/// # Errors `Forbidden` if the user or the browser refuses, and the server's refusals.
pub async fn subscribe() -> Result<(), Refusal> {
    let refused = |_| Refusal::new(Code::Forbidden, "the browser does not allow notifications");
    // Ask before any other await: a user gesture expires.
    ask().await.map_err(refused)?;
    let info: PushInfo = http::get(PATH).await?;
    let device = try_subscribe(&info.key).await.map_err(refused)?;
    http::send(PATH, &device).await
}

async fn ask() -> Result<(), JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let answer = call(&get(&window, "Notification")?, "requestPermission", &JsValue::UNDEFINED).await?;
    if answer == "granted" { Ok(()) } else { Err(answer) }
}

async fn try_subscribe(key: &str) -> Result<Subscribe, JsValue> {
    // A subscription with another server key would make the new one fail.
    try_end().await?;
    let manager = manager().await?.ok_or(JsValue::NULL)?;
    let options = Object::new();
    Reflect::set(&options, &"userVisibleOnly".into(), &true.into())?;
    Reflect::set(&options, &"applicationServerKey".into(), &key.into())?;
    let subscription = call(&manager, "subscribe", &options).await?;
    let to_json: Function = get(&subscription, "toJSON")?.dyn_into()?;
    let plain = to_json.call0(&subscription)?;
    let keys = get(&plain, "keys")?;
    let text = |object: &JsValue, name: &str| get(object, name)?.as_string().ok_or(JsValue::NULL);
    Ok(Subscribe {
        endpoint: text(&plain, "endpoint")?,
        p256dh: text(&keys, "p256dh")?,
        auth: text(&keys, "auth")?,
    })
}

/// Unsubscribes this browser from web push, here and on the server.
pub async fn unsubscribe() -> Result<(), Refusal> {
    end().await;
    let info: PushInfo = http::get(PATH).await?;
    for device in info.devices.iter().filter(|device| device.current) {
        http::delete(&format!("{PATH}/{}", device.id)).await?;
    }
    Ok(())
}

/// Ends this browser's push subscription, so that the next user does not get this user's notifications.
pub async fn end() {
    if let Err(error) = try_end().await {
        web_sys::console::warn_2(&"push messages could not be ended".into(), &error);
    }
}

async fn try_end() -> Result<(), JsValue> {
    let Some(manager) = manager().await? else { return Ok(()) };
    let subscription = call(&manager, "getSubscription", &JsValue::UNDEFINED).await?;
    if !subscription.is_null() {
        call(&subscription, "unsubscribe", &JsValue::UNDEFINED).await?;
    }
    Ok(())
}

/// Announces to the whole page that the user's preferences were stored, so that sounds and notifications follow them at
/// once.
pub fn preferences_changed() {
    let told = web_sys::window().zip(web_sys::Event::new(CHANGED).ok());
    if told.is_none_or(|(window, event)| window.dispatch_event(&event).is_err()) {
        web_sys::console::warn_1(&"the new preferences hold after the next start".into());
    }
}
