//! Futures for the browser's callbacks.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbRequest, IdbTransaction};

/// Resolves to the request's result when it succeeds. The listeners are attached at once, so several requests of one
/// transaction can be awaited one after the other.
pub(super) fn request(request: &IdbRequest) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    let request = request.clone();
    async move {
        JsFuture::from(promise).await?;
        request.result()
    }
}

/// Resolves when the transaction is complete.
pub(super) async fn transaction(transaction: &IdbTransaction) -> Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(promise).await?;
    Ok(())
}

/// A text for an error of the browser.
pub(super) fn words(error: &JsValue) -> String {
    let event = error.dyn_ref::<web_sys::Event>().and_then(web_sys::Event::target);
    if let Some(target) = event {
        let failed = match (target.dyn_ref::<IdbTransaction>(), target.dyn_ref::<IdbRequest>()) {
            (Some(transaction), _) => transaction.error(),
            (None, Some(request)) => request.error().ok().flatten(),
            (None, None) => None,
        };
        if let Some(error) = failed {
            return format!("{}: {}", error.name(), error.message());
        }
    }
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| "an error without words".into()),
    }
}
