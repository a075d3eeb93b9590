//! Texts in the user's language. The keys come from `locales/` through `build.rs`. The texts are separate files, and
//! the file of the user's language is loaded before anything is rendered: the program's size does not depend on the
//! number of languages.
//!
//! The language is constant while a view exists: a change renders the whole app again, so views call [`t`] once instead
//! of tracking the language.

mod lang;
mod refusal;

use std::cell::Cell;

pub use lang::Lang;
pub use refusal::explain;

use crate::{format, net::http};

include!(concat!(env!("OUT_DIR"), "/keys.rs"));

thread_local! {
    static LANG: Cell<Lang> = const { Cell::new(Lang::En) };
    static LOADED: Cell<&'static [&'static str]> = const { Cell::new(&[]) };
}

/// The language of the texts now.
pub fn lang() -> Lang {
    LANG.get()
}

/// Loads the texts of a language and makes it the current language.
///
/// # Errors The file cannot be fetched or belongs to another build. The current texts remain in use.
pub async fn load(lang: Lang) -> Result<(), http::Failure> {
    let text = http::text(&address(lang).unwrap_or_default()).await?;
    let mut lines = text.lines();
    if lines.next() != Some(KEYS) {
        return Err(http::Failure::Unreachable);
    }
    // The leak is bounded: a page loads each language about once and uses its texts until it is closed.
    let texts: Vec<&'static str> = lines.map(|line| &*Box::leak(Box::<str>::from(line))).collect();
    LOADED.set(Vec::leak(texts));
    LANG.set(lang);
    Ok(())
}

/// The address of a language's text file, which the build wrote into the page.
fn address(lang: Lang) -> Option<String> {
    let page = web_sys::window()?.document()?;
    let names = page
        .query_selector("meta[name='texts']")
        .ok()??
        .get_attribute("content")?;
    names
        .split(' ')
        .filter_map(|entry| entry.split_once('='))
        .find(|(tag, _)| *tag == lang.tag())
        .map(|(_, address)| address.to_owned())
}

fn text(index: usize) -> &'static str {
    #[cfg(not(target_arch = "wasm32"))]
    if LOADED.get().is_empty() {
        return TEXTS[lang() as usize][index];
    }
    LOADED.get().get(index).copied().unwrap_or_default()
}

/// The text of a key without placeholders.
pub fn t(key: Key) -> &'static str {
    text(key as usize)
}

/// The text of a key with its `{name}` placeholders replaced by `values`.
pub fn tf(key: Key, values: &[(&str, &str)]) -> String {
    fill(t(key), values)
}

/// The plural form of a text for `n`, with `{n}` replaced by the number.
pub fn tn(key: Plural, n: u32) -> String {
    let other = usize::from(!format::is_one(n));
    let form = text(PLAIN + 2 * key as usize + other);
    fill(form, &[("n", &format::number(n))])
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) => {
                out.push_str(
                    values
                        .iter()
                        .find(|(key, _)| *key == name)
                        .map_or("", |(_, value)| value),
                );
                rest = tail;
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_by_name() {
        assert_eq!(
            fill(
                "{name} has {have} of {limit}",
                &[("limit", "3"), ("name", "Ana"), ("have", "3")]
            ),
            "Ana has 3 of 3"
        );
        assert_eq!(fill("nothing", &[]), "nothing");
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        LANG.set(Lang::En);
        assert_eq!(t(Key::SignIn), "Sign in");
        LANG.set(Lang::Es);
        assert_ne!(t(Key::SignIn), "Sign in");
        LANG.set(Lang::En);
    }
}
