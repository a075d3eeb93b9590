//! Time zones, as the browser knows them.

use js_sys::{Array, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The zone of this device, an IANA name; `UTC` where the browser does not say.
pub fn own() -> String {
    let options = Intl::DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into())
        .ok()
        .and_then(|zone| zone.as_string())
        .unwrap_or_else(|| "UTC".to_owned())
}

/// All zones that the browser names; `js-sys` does not bind `Intl.supportedValuesOf`.
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
