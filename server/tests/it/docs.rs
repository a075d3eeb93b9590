//! Checks that citations of `docs/` in the tree, and links between its pages, lead to an existing heading.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Folders with built or downloaded files.
const SKIPPED: [&str; 5] = ["target", "dist", "node_modules", ".git", "data"];
/// Extensions of files that can cite a page.
const CITING: [&str; 12] = [
    "rs", "sql", "css", "js", "mjs", "cjs", "html", "toml", "sh", "txt", "yml", "md",
];
/// A lower bound: there were 171 citations when the pages came into the tree, so far fewer mean that this test searches
/// the wrong place.
const MIN_CITATIONS: usize = 150;

/// A citation or link: its place, the page as a path from the root of the tree, and the heading's anchor.
#[derive(Debug, PartialEq, Eq)]
struct Reference {
    place: String,
    page: String,
    anchor: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts of the tree's own files, by their path from its root.
fn texts() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
                continue;
            }
            let end = path.extension().unwrap_or_default().to_string_lossy();
            if name == "Makefile" || CITING.contains(&end.as_ref()) {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                found.insert(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), text);
            }
        }
    }
    found
}

/// The anchor that GitHub gives a heading: lower case, spaces as hyphens, and only letters, digits, hyphens and
/// underscores.
fn anchor(heading: &str) -> String {
    let kept = |sign: &char| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_');
    let lower = heading.trim().to_lowercase();
    lower
        .chars()
        .filter(kept)
        .map(|sign| if sign == ' ' { '-' } else { sign })
        .collect()
}

/// The anchors of a page. Repeated headings get a number.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut in_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        }
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        if in_code || !(1..=6).contains(&level) || !heading.starts_with(' ') {
            continue;
        }
        let plain = anchor(heading);
        let mut unique = plain.clone();
        let mut number = 0;
        while !found.insert(unique.clone()) {
            number += 1;
            unique = format!("{plain}-{number}");
        }
    }
    found
}

fn is_of_address(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '-' | '_')
}

/// The citations such as `docs/domain.md`, with or without `#capacity`, in a text of any kind.
fn citations(place: &str, text: &str) -> Vec<Reference> {
    let mut found = vec![];
    for (number, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices("docs/") {
            // Skip the end of a longer word or path, such as another project's.
            if line[..at].ends_with(|sign| is_of_address(sign) || matches!(sign, '/' | '.')) {
                continue;
            }
            let rest = &line[at..];
            let Some(end) = rest.find(".md") else { continue };
            let page = &rest[..end + ".md".len()];
            if !page["docs/".len()..end]
                .chars()
                .all(|sign| is_of_address(sign) || sign == '/')
            {
                continue;
            }
            let after = &rest[page.len()..];
            let anchor = after.strip_prefix('#').map(|anchor| {
                let end = anchor.find(|sign| !is_of_address(sign)).unwrap_or(anchor.len());
                anchor[..end].to_owned()
            });
            found.push(Reference {
                place: format!("{place}:{}", number + 1),
                page: page.to_owned(),
                anchor,
            });
        }
    }
    found
}

/// The links `[words](address)` to files of this tree, in a page of `folder`.
fn links(place: &str, folder: &str, text: &str) -> Vec<Reference> {
    let mut found = vec![];
    for (number, line) in text.lines().enumerate() {
        for after in line.split("](").skip(1) {
            let Some((address, _)) = after.split_once(')') else {
                continue;
            };
            if address.contains("://") || address.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = match address.split_once('#') {
                Some((path, anchor)) => (path, Some(anchor.to_owned())),
                None => (address, None),
            };
            let page = match (path, folder) {
                ("", _) => place.to_owned(),
                (path, "") => path.to_owned(),
                (path, folder) => match path.strip_prefix("../") {
                    Some(path) => path.to_owned(),
                    None => format!("{folder}/{path}"),
                },
            };
            found.push(Reference {
                place: format!("{place}:{}", number + 1),
                page,
                anchor,
            });
        }
    }
    found
}

/// The error text for a reference whose target does not exist.
fn problem(reference: &Reference, pages: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let Reference { place, page, anchor } = reference;
    match (pages.get(page), anchor) {
        (Some(known), Some(anchor)) if !known.contains(anchor) => {
            Some(format!("{place}: {page} has no heading for #{anchor}"))
        }
        (Some(_), _) => None,
        // A link may also lead to an image or source file, without an anchor.
        (None, None) if root().join(page).is_file() => None,
        (None, _) => Some(format!("{place}: there is no {page}")),
    }
}

/// Errors for page names without their folder: readers could not find the page, or it is none of this tree's.
fn bare(place: &str, text: &str, pages: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let names: Vec<&str> = pages.keys().filter_map(|page| page.strip_prefix("docs/")).collect();
    let mut found = vec![];
    for (number, line) in text.lines().enumerate() {
        for name in &names {
            for (at, _) in line.match_indices(name) {
                if !line[..at].ends_with(|sign| is_of_address(sign) || matches!(sign, '/' | '.')) {
                    found.push(format!("{place}:{}: write docs/{name}", number + 1));
                }
            }
        }
    }
    found
}

/// Errors for citations by number, `x.md` and a section sign, which cannot be followed. The code builds the sign so
/// that this file does not contain it.
fn by_number(place: &str, text: &str) -> Vec<String> {
    let sign = '\u{a7}';
    let cites = |line: &str| line.contains(".md") && line.contains(sign);
    let lines = text.lines().enumerate().filter(|(_, line)| cites(line));
    lines
        .map(|(number, line)| format!("{place}:{}: cites by number: {}", number + 1, line.trim()))
        .collect()
}

#[test]
fn every_citation_leads_to_a_heading() {
    let texts = texts();
    let is_page = |path: &&String| path.ends_with(".md");
    let pages: BTreeMap<_, _> = texts
        .iter()
        .filter(|(path, _)| is_page(path))
        .map(|(path, text)| (path.clone(), anchors(text)))
        .collect();
    let mut count = 0;
    let mut problems = vec![];
    for (path, text) in texts.iter().filter(|(path, _)| *path != "server/tests/it/docs.rs") {
        let mut references = citations(path, text);
        count += references.iter().filter(|reference| reference.anchor.is_some()).count();
        if is_page(&path) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            references.retain(|reference| reference.anchor.is_some());
            references.extend(links(path, folder, text));
        } else {
            problems.extend(bare(path, text, &pages));
        }
        problems.extend(references.iter().filter_map(|reference| problem(reference, &pages)));
        problems.extend(by_number(path, text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count >= MIN_CITATIONS, "only {count} citations were found");
}

#[test]
fn an_anchor_is_what_github_makes_of_a_heading() {
    assert_eq!(anchor("Capacity"), "capacity");
    assert_eq!(anchor(" Who sees what "), "who-sees-what");
    assert_eq!(anchor("Sound, title, badge"), "sound-title-badge");
    assert_eq!(anchor("`Access` and Scope_1"), "access-and-scope_1");
    assert_eq!(anchor("Errors: 4xx / 5xx"), "errors-4xx--5xx");
    assert_eq!(anchor("Übergabe"), "übergabe");
}

#[test]
fn headings_are_found_outside_code_and_told_apart() {
    let page = "# Page\n## Errors\ntext\n```sh\n# comment\n```\n### Errors\n#hashtag\n";
    let known: Vec<_> = anchors(page).into_iter().collect();
    assert_eq!(known, ["errors", "errors-1", "page"]);
}

#[test]
fn citations_are_told_from_other_paths() {
    let of = |text: &str| -> Vec<(String, Option<String>)> {
        let all = citations("x.rs", text);
        all.into_iter()
            .map(|reference| (reference.page, reference.anchor))
            .collect()
    };
    let page = || "docs/domain.md".to_owned();
    assert_eq!(
        of("//! Two (`docs/domain.md#who-sees-what`)."),
        [(page(), Some("who-sees-what".to_owned()))]
    );
    assert_eq!(
        of("see docs/domain.md, then docs/domain.md#a and"),
        [(page(), None), (page(), Some("a".to_owned()))]
    );
    assert_eq!(of("https://docs.example/docs/domain.md or mydocs/domain.md"), []);
    assert_eq!(of("![picture](docs/console.png) and README.md"), []);
}

#[test]
fn a_reference_that_leads_nowhere_is_named() {
    let pages = BTreeMap::from([("docs/a.md".to_owned(), anchors("# One\n"))]);
    let problem = |text: &str| {
        let mut all = citations("x.rs", text);
        all.extend(links("docs/a.md", "docs", text));
        all.iter().filter_map(|reference| problem(reference, &pages)).count()
    };
    assert_eq!(
        problem("docs/a.md#one [here](a.md#one) [there](#one) [up](../README.md)"),
        0
    );
    assert_eq!(problem("docs/a.md#two"), 1);
    assert_eq!(problem("docs/b.md"), 1);
    assert_eq!(
        problem("[here](a.md#two) [there](#three) [gone](b.md) [up](../GONE.md)"),
        4
    );
    assert_eq!(
        bare("x.rs", "(`a.md`), docs/a.md, other/a.md, data.md", &pages).len(),
        1
    );
    assert_eq!(by_number("x.rs", "(`domain.md` \u{a7}2)").len(), 1);
    assert_eq!(by_number("x.rs", "(`docs/domain.md#capacity`)").len(), 0);
}
