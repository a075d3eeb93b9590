//! Builds the console's page from `app/index.html`, which Trunk reads too in `make dev`.

use std::path::{Path, PathBuf};

use crate::{Outcome, files, program::Program, styles};

const SOURCE: &str = "app/index.html";
/// The beginning of an element that instructs the build and is not part of the page.
const MARK: &str = "<link data-trunk ";

/// The path at which the server serves the console.
pub const PUBLIC_URL: &str = "/app/";

/// Writes the page, its stylesheet and the files that it names into the console's folder.
pub fn build(folder: &Path, console: &Program, addresses: &[(&str, String)]) -> Outcome {
    let mut html = String::new();
    let mut sheets = vec![];
    let source = files::read_text(SOURCE)?;
    let mut rest = source.as_str();
    while let Some((before, from)) = rest.split_once(MARK) {
        html.push_str(before);
        let (element, after) = from
            .split_once('>')
            .ok_or_else(|| format!("{SOURCE}: {MARK} is not closed"))?;
        rest = after;
        let path = attribute(element, "href").map(|href| Path::new("app").join(href));
        match (attribute(element, "rel"), path) {
            (Some("css"), Some(path)) => {
                // The joined stylesheet takes the place of the first one.
                if sheets.is_empty() {
                    html.push_str(STYLE);
                }
                sheets.push(files::read_text(path)?);
            }
            (Some("copy-file" | "copy-dir"), Some(path)) => files::copy(&path, &folder.join(name(&path)?))?,
            (Some("rust"), None) => html.push_str(SCRIPT),
            _ => return Err(format!("{SOURCE}: the build does not know {MARK}{element}>").into()),
        }
    }
    html.push_str(rest);

    let css = styles::join(&sheets)?;
    let sheet = format!("style-{}.css", files::short_hash(&css));
    let link = format!(
        r#"<link rel="stylesheet" href="{PUBLIC_URL}{sheet}" integrity="{}">"#,
        files::sha256(&css)
    );
    files::write(folder.join(sheet), &css)?;
    html = put(&html, STYLE, &link)?;
    html = put(&html, SCRIPT, &start(console))?;
    html = put(&html, "</head>", &format!("{}\n  </head>", preloads(console)))?;
    // The removed build elements leave empty lines.
    let lines: Vec<&str> = html.lines().filter(|line| !line.trim().is_empty()).collect();
    files::write(folder.join("index.html"), lines.join("\n") + "\n")?;
    name_in_page(folder, addresses)
}

const STYLE: &str = "<!--style-->";
/// The event that tells `public/crash.js` that the program runs. Trunk chose the name: in `make dev` it writes the
/// script.
const STARTED: &str = "TrunkApplicationStarted";
const SCRIPT: &str = "<!--script-->";

/// Fills in `<meta name="…" content="…">` elements, which have an empty `content` in the source.
pub fn name_in_page(folder: &Path, addresses: &[(&str, String)]) -> Outcome {
    let page = folder.join("index.html");
    let mut html = files::read_text(&page)?;
    for (name, content) in addresses {
        let empty = format!(r#"<meta name="{name}" content="">"#);
        html = put(&html, &empty, &format!(r#"<meta name="{name}" content="{content}">"#))?;
    }
    files::write(page, html)
}

/// The script that starts the program. The program requests its early parts itself when it runs, because preloads in
/// the page's head would compete with it for bandwidth. Under a service worker the parts are on the device, so the page
/// requests them at once.
fn start(console: &Program) -> String {
    let [script, module] = [&console.script, &console.module].map(|file| format!("{PUBLIC_URL}{}", file.name));
    let early: Vec<String> = console
        .early
        .iter()
        .map(|name| format!("'{PUBLIC_URL}{name}'"))
        .collect();
    let ask = if early.is_empty() {
        String::new()
    } else {
        format!(
            "if (navigator.serviceWorker?.controller)
  for (const href of [{}])
    document.head.append(Object.assign(document.createElement('link'), {{ rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href }}));
",
            early.join(", ")
        )
    };
    format!(
        "<script type=\"module\">
import init from '{script}';
{ask}await init({{ module_or_path: '{module}' }});
dispatchEvent(new Event('{STARTED}'));
</script>"
    )
}

/// The preload elements that make the browser fetch the program while it still reads the page.
fn preloads(console: &Program) -> String {
    let (script, module) = (&console.script.name, &console.module.name);
    format!(
        r#"<link rel="modulepreload" href="{PUBLIC_URL}{script}" crossorigin="anonymous"><link rel="preload" href="{PUBLIC_URL}{module}" crossorigin="anonymous" as="fetch" type="application/wasm">"#
    )
}

/// The CSP sources of a page's inline `tag` elements. The browser hashes the text between the tags.
pub fn inline_hashes(html: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut hashes = vec![];
    for part in html.split(&open).skip(1) {
        let Some((attributes, rest)) = part.split_once('>') else {
            continue;
        };
        let Some((text, _)) = rest.split_once(&close) else {
            continue;
        };
        let hash = files::sha256(text);
        if !attributes.contains(" src=") && !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }
    hashes
}

/// Replaces `place`, which must occur in the text exactly once.
fn put(html: &str, place: &str, value: &str) -> Outcome<String> {
    match html.matches(place).count() {
        1 => Ok(html.replace(place, value)),
        count => Err(format!("{SOURCE}: {place} stands {count} times instead of once").into()),
    }
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, from) = element.split_once(&format!("{name}=\""))?;
    from.split_once('"').map(|(value, _)| value)
}

fn name(path: &Path) -> Outcome<PathBuf> {
    Ok(path
        .file_name()
        .ok_or_else(|| format!("{} has no name", path.display()))?
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_inside_the_page_are_hashed_and_others_are_not() {
        let html =
            r#"<script src="/a.js"></script><script type="module">one</script><script type="module">one</script>"#;
        assert_eq!(inline_hashes(html, "script"), [files::sha256("one")]);
        assert!(inline_hashes(html, "style").is_empty());
    }

    #[test]
    fn a_place_stands_once() {
        assert_eq!(put("a-b", "-", "+").expect("put"), "a+b");
        assert!(put("ab", "-", "+").is_err() && put("a-b-", "-", "+").is_err());
    }
}
