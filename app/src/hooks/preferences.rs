//! Theme and language of this device. They are kept when a user signs out.

use leptos::{prelude::*, task::spawn_local};

use crate::i18n::{self, Lang};

const THEME: &str = "causerie.theme";
const LANG: &str = "causerie.lang";
/// Colours of the browser's own bars, equal to `--surface` of `tokens.css`.
const SURFACE: [(&str, &str); 2] = [("light", "#FFFFFF"), ("dark", "#151920")];

/// The colour theme of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The theme of the device.
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn as_str(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// The preferences of this device, in context.
#[derive(Clone, Copy)]
pub struct Preferences {
    pub theme: RwSignal<Theme>,
    pub lang: RwSignal<Lang>,
}

fn storage() -> Option<web_sys::Storage> {
    // The browser may block storage; then the choice lasts as long as the page.
    window().local_storage().ok().flatten()
}

fn remembered(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn remember(key: &str, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let done = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
    if let Err(error) = done {
        crate::hooks::warn("the choice is not remembered", &error);
    }
}

impl Preferences {
    /// Returns the theme stored on this device and the loaded language.
    pub fn load() -> Self {
        let theme = match remembered(THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            Some(_) | None => Theme::System,
        };
        let preferences = Self {
            theme: RwSignal::new(theme),
            lang: RwSignal::new(i18n::lang()),
        };
        show_lang(i18n::lang());
        preferences
    }

    /// The language stored on this device, otherwise the browser's language.
    pub fn chosen_lang() -> Lang {
        let tag = remembered(LANG).or_else(|| window().navigator().language());
        Lang::from_tag(&tag.unwrap_or_default())
    }

    /// Sets the theme and stores it.
    pub fn set_theme(self, theme: Theme) {
        remember(THEME, theme.as_str());
        let Some(root) = document().document_element() else {
            return;
        };
        let done = match theme.as_str() {
            Some(name) => root.set_attribute("data-theme", name),
            None => root.remove_attribute("data-theme"),
        };
        if let Err(error) = done {
            crate::hooks::warn("the theme was not set", &error);
        }
        colour_bars(theme);
        self.theme.set(theme);
    }

    /// Sets the language and stores it once its texts are loaded; the app is then rendered again.
    pub fn set_lang(self, lang: Lang) {
        spawn_local(async move {
            // If the file cannot be loaded, nothing changes: the menu still shows the old choice.
            if i18n::load(lang).await.is_ok() {
                remember(LANG, Some(lang.tag()));
                show_lang(lang);
                self.lang.set(lang);
            }
        });
    }
}

/// Sets the page's `lang` attribute for screen readers and spell checkers.
fn show_lang(lang: Lang) {
    if let Some(root) = document().document_element()
        && let Err(error) = root.set_attribute("lang", lang.tag())
    {
        crate::hooks::warn("the language was not set", &error);
    }
}

fn colour_bars(theme: Theme) {
    let Ok(metas) = document().query_selector_all("meta[name='theme-color']") else {
        return;
    };
    for index in 0..metas.length() {
        let Some(meta) = metas
            .get(index)
            .and_then(|meta| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(meta).ok())
        else {
            continue;
        };
        let media = meta.get_attribute("media").unwrap_or_default();
        let colour = SURFACE.iter().find(|(name, _)| match theme.as_str() {
            Some(chosen) => *name == chosen,
            None => media.contains(name),
        });
        if let Some((_, colour)) = colour
            && let Err(error) = meta.set_attribute("content", colour)
        {
            crate::hooks::warn("the bar's colour was not set", &error);
        }
    }
}
