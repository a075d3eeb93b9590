//! Time zones, as the browser knows them.

use js_sys::{Array, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Returns this device's time zone as an IANA name; `UTC` if the browser does not tell.
pub fn own() -> String {
    let options = Intl::DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into())
        .ok()
        .and_then(|zone| zone.as_string())
        .unwrap_or_else(|| "UTC".to_owned())
}

/// Returns all time zones of the browser. `js-sys` has no binding for `Intl.supportedValuesOf`.
pub fn all() -> Vec<String> {
    let known = || {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into())?;
        let list: Function = Reflect::get(&intl, &"supportedValuesOf".into())?.dyn_into()?;
        list.call1(&intl, &"timeZone".into())?.dyn_into::<Array>()
    };
    let names: Result<Array, JsValue> = known();
    names.map_or_else(
        |_| vec![],
        |names| names.iter().filter_map(|name| name.as_string()).collect(),
    )
}
