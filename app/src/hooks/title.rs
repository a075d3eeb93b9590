//! The page's title and the app's badge, which show how many items wait for the user (`docs/ux.md#sound-title-badge`).

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// Keeps the title ("(3) Ana Ruiz · Mine"), the badge and the tab's icon up to date.
pub fn use_title(count: Signal<u32>, name: Signal<String>) {
    Effect::new(move |_| {
        let count = count.get();
        let name = name.get();
        document().set_title(&if count > 0 { format!("({count}) {name}") } else { name });
    });
    Effect::new(move |before: Option<u32>| {
        let count = count.get();
        if before != Some(count) {
            badge(count);
            icon(count);
        }
        count
    });
}

/// Sets the tab's icon, which shows `count` unless it is 0.
fn icon(count: u32) {
    let Ok(Some(link)) = document().query_selector("link[rel=icon]") else {
        return;
    };
    let address = match count {
        0 => "/app/icons/favicon.svg".to_owned(),
        // Only two digits are legible at that size.
        count => format!(
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E\
             %3Crect width='32' height='32' rx='8' fill='%230B6E5F'/%3E\
             %3Ctext x='16' y='24' font-family='sans-serif' font-size='22' font-weight='700' \
             text-anchor='middle' fill='%23fff'%3E{}%3C/text%3E%3C/svg%3E",
            count.min(99)
        ),
    };
    if let Err(error) = link.set_attribute("href", &address) {
        super::warn("the icon stays as it is", &error);
    }
}

/// Sets the app's badge. Only some browsers have it, and `web-sys` does not bind it.
fn badge(count: u32) {
    let navigator = window().navigator();
    let Some(set) = js_sys::Reflect::get(&navigator, &"setAppBadge".into())
        .ok()
        .and_then(|set| set.dyn_into::<js_sys::Function>().ok())
    else {
        return;
    };
    let answer = set
        .call1(&navigator, &JsValue::from_f64(count.into()))
        .map(JsCast::dyn_into::<js_sys::Promise>);
    if let Ok(Ok(promise)) = answer {
        // The promise is rejected where no app is installed; the title shows the number anyway.
        wasm_bindgen_futures::spawn_local(async move {
            drop(wasm_bindgen_futures::JsFuture::from(promise).await);
        });
    }
}
