//! The tabs of one user on this device: the choice of the leader (Web Locks) and their messages to each other.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use causerie_shared::{
    frame::{decode, encode},
    ids::IntentId,
};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

/// A message between tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TabMessage {
    /// A tab begins to follow: the leader stores its data and answers [`TabMessage::Ready`].
    Join(u64),
    /// All data of the leader is on the disk; what it receives from then on follows as [`TabMessage::Frame`]. `welcome`
    /// is the server's frame, if the connection is up.
    Ready { tab: u64, welcome: Option<Vec<u8>> },
    /// The leader received this frame from the server.
    Frame(Vec<u8>),
    /// The connection is gone.
    Closed,
    /// A follower asks the leader to send this frame.
    Ask(u64, Vec<u8>),
    /// A follower is closed.
    Leave(u64),
    /// Values of the outbox and drafts were written or deleted; each has its store and name.
    Changed(Vec<(String, String)>),
    /// An intent is sent for the first time, so it can no longer be taken back.
    Tried(IntentId),
    /// Asks the leader to check the connection's timing, because timers of a hidden page are throttled.
    Look,
    /// The user asks to connect now.
    Hurry,
}

/// This tab's membership among the user's tabs.
pub struct Tabs {
    name: String,
    channel: Option<BroadcastChannel>,
    _hear: Closure<dyn Fn(MessageEvent)>,
    held: Rc<Held>,
}

/// The leader's lock.
#[derive(Default)]
struct Held {
    release: RefCell<Option<Function>>,
    left: Cell<bool>,
}

impl Tabs {
    /// Joins the tabs that share `name`; `hear` receives their messages.
    pub fn join(name: String, hear: impl Fn(TabMessage) + 'static) -> Self {
        let hear = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            // A message that does not decode comes from a tab of another version.
            if let Ok(bytes) = event.data().dyn_into::<Uint8Array>()
                && let Ok(word) = decode(&bytes.to_vec())
            {
                hear(word);
            }
        });
        let channel = BroadcastChannel::new(&name).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        }
        Self {
            name,
            channel,
            _hear: hear,
            held: Rc::default(),
        }
    }

    /// Sends a message to all other tabs.
    pub fn say(&self, word: &TabMessage) {
        if let Some(channel) = &self.channel
            && channel
                .post_message(&Uint8Array::from(encode(word).as_slice()))
                .is_err()
        {
            web_sys::console::warn_1(&"could not send a message to the other tabs".into());
        }
    }

    /// Becomes the leader if no other tab leads, and returns whether this tab leads. Without the browser's locks or
    /// channels every tab leads; the server recognises every intent by its id.
    pub async fn lead(&self) -> bool {
        if self.channel.is_none() {
            return true;
        }
        let held = Rc::clone(&self.held);
        let mut failed = false;
        let granted = Promise::new(&mut |resolve, _| {
            let answer = move |granted: bool| drop(resolve.call1(&JsValue::NULL, &granted.into()));
            failed = request(&self.name, true, Rc::clone(&held), answer).is_err();
        });
        failed || JsFuture::from(granted).await.is_ok_and(|granted| granted.is_truthy())
    }

    /// Calls `granted` when the leading tab is gone and this tab holds the lock.
    pub fn succeed(&self, granted: impl FnOnce() + 'static) {
        if let Err(error) = request(&self.name, false, Rc::clone(&self.held), move |_| granted()) {
            web_sys::console::warn_2(&"this tab cannot take over".into(), &error);
        }
    }

    /// Leaves the group of tabs and releases the lock, so that another tab can lead.
    pub fn leave(&self) {
        self.held.left.set(true);
        if let Some(release) = self.held.release.borrow_mut().take() {
            drop(release.call0(&JsValue::NULL));
        }
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}

/// Requests the lock, which is held until [`Tabs::leave`] or the end of the page. `web-sys` does not bind the Web Locks
/// API.
fn request(name: &str, only_if_free: bool, held: Rc<Held>, answer: impl FnOnce(bool) + 'static) -> Result<(), JsValue> {
    let navigator = web_sys::window().ok_or(JsValue::NULL)?.navigator();
    let locks = Reflect::get(&navigator, &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &only_if_free.into())?;
    let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() || held.left.get() {
            answer(false);
            return JsValue::UNDEFINED;
        }
        let end = Promise::new(&mut |resolve, _| {
            held.release.borrow_mut().replace(resolve);
        });
        answer(true);
        end.into()
    });
    request.call3(&locks, &name.into(), &options, &callback)?;
    Ok(())
}
