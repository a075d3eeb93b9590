//! The modules and items that a source file names.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::Outcome;

/// The module of a file by its path below the sources: `contacts/merge.rs` is `contacts::merge`. `None`: not Rust.
pub fn module(file: &str) -> Option<Vec<String>> {
    let stem = file.strip_suffix(".rs")?;
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    Some(stem.split('/').map(str::to_owned).collect())
}

/// Every path of the own crate that a file names: in imports, in code, in macros. `module`: where the file stands.
pub fn imports(source: &str, module: &[String]) -> Outcome<Vec<Vec<String>>> {
    let tokens = TokenStream::from_str(source).map_err(|error| error.to_string())?;
    let here = match module {
        // The crate's root.
        [one] if one == "lib" || one == "main" => &[],
        _ => module,
    };
    let mut found = vec![];
    read(tokens, here, &mut found);
    found.retain(|path| !path.is_empty());
    Ok(found)
}

fn read(tokens: TokenStream, here: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) => read(group.stream(), here, found),
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                    (tokens.get(at), tokens.get(at + 1))
                {
                    // What tests need is not part of the house.
                    if name != "tests" {
                        let inner = [here, &[name.to_string()]].concat();
                        read(body.stream(), &inner, found);
                    }
                    at += 2;
                }
            }
            TokenTree::Ident(word) if is_start(word) && !follows_colons(&tokens, at - 1) => {
                at = start(&tokens, at - 1, here, found);
            }
            _ => {}
        }
    }
}

fn is_start(word: &proc_macro2::Ident) -> bool {
    word == "crate" || word == "super" || word == "self"
}

fn follows_colons(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && colons(tokens, at - 2)
}

/// `crate`, `self` and `super`s at `at`, and the path after them. Answers where it ends.
fn start(tokens: &[TokenTree], mut at: usize, here: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut base = here.to_vec();
    while let Some(TokenTree::Ident(word)) = tokens.get(at)
        && is_start(word)
        && colons(tokens, at + 1)
    {
        if word == "crate" {
            base.clear();
        } else if word == "super" {
            base.pop();
        }
        at += 3;
        if !matches!(tokens.get(at), Some(TokenTree::Ident(next)) if is_start(next)) {
            return path(tokens, at, base, found);
        }
    }
    at + 1
}

/// Names after `::`, up to a group of them or to whatever ends a path.
fn path(tokens: &[TokenTree], mut at: usize, mut base: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => {
                if name != "self" {
                    base.push(name.to_string());
                }
                at += 1;
                if !colons(tokens, at) {
                    found.push(base);
                    return at;
                }
                at += 2;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut next = 0;
                while next < inner.len() {
                    let end = path(&inner, next, base.clone(), found);
                    // To behind the comma; `as` and its name are in between.
                    let comma = inner[end.min(inner.len())..]
                        .iter()
                        .position(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
                    next = comma.map_or(inner.len(), |comma| end + comma + 1);
                }
                return at + 1;
            }
            // `*`, a generic argument, or the end.
            _ => {
                found.push(base);
                return at;
            }
        }
    }
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_module_is_read() {
        let source = r#"
            use super::{Store, documents::{self, Blob as Bytes}, *};
            use crate::sync::Rooms;
            mod inner { use super::claim; fn f() { self::g(); super::super::lib_item() } }
            mod tests { use crate::not::counted; }
            fn f() -> crate::clock::Millis { say!("crate::in::a::text", crate::state::App::new::<u8>()) } // crate::no
        "#;
        let here = ["desk", "ingest"].map(str::to_owned);
        let found: Vec<String> = imports(source, &here)
            .expect("Rust")
            .into_iter()
            .map(|path| path.join("::"))
            .collect();
        assert_eq!(
            found,
            [
                "desk::Store",
                "desk::documents",
                "desk::documents::Blob",
                "desk",
                "sync::Rooms",
                "desk::ingest::claim",
                "desk::ingest::inner::g",
                "desk::lib_item",
                "clock::Millis",
                "state::App::new",
            ]
        );
    }

    #[test]
    fn a_file_is_a_module() {
        assert_eq!(module("desk/claim.rs").expect("Rust"), ["desk", "claim"]);
        assert_eq!(module("page/clock.js"), None);
    }
}
