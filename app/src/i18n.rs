//! Texts in the user's language. The keys come from `locales/` through `build.rs`.
//!
//! The language is fixed while a view lives: changing it draws the whole app anew, so views call
//! [`t`] once instead of tracking it everywhere.

mod lang;
mod refusal;

use std::cell::Cell;

pub use lang::Lang;
pub use refusal::explain;

use crate::format;

include!(concat!(env!("OUT_DIR"), "/keys.rs"));

thread_local! {
    static LANG: Cell<Lang> = const { Cell::new(Lang::En) };
}

/// The language in which texts are given now.
pub fn lang() -> Lang {
    LANG.get()
}

/// Sets the language for everything drawn from now on.
pub fn set_lang(lang: Lang) {
    LANG.set(lang);
}

/// A text without placeholders.
pub fn t(key: Key) -> &'static str {
    TEXTS[lang() as usize][key as usize]
}

/// A text with `{name}` placeholders filled in.
pub fn tf(key: Key, values: &[(&str, &str)]) -> String {
    fill(t(key), values)
}

/// The form of a text for `n`, which stands at `{n}`.
pub fn tn(key: Plural, n: u32) -> String {
    let forms = &PLURALS[lang() as usize][key as usize];
    let form = if format::is_one(n) { forms[0] } else { forms[1] };
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
        set_lang(Lang::En);
        assert_eq!(t(Key::SignIn), "Sign in");
        set_lang(Lang::Es);
        assert_ne!(t(Key::SignIn), "Sign in");
        set_lang(Lang::En);
    }
}
