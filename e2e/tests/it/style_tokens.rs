//! Checks the rules of `docs/ux.md#themes-and-contrast` that a stylesheet can break silently: colour contrast (WCAG
//! 2.2), themes that differ in colours only, and logical properties only.

use std::{collections::BTreeMap, fs, path::Path};

/// The light and the dark colour, in this order.
type Pair = [[f64; 3]; 2];

/// The file names and texts of all stylesheets, without comments.
fn sheets() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../style");
    let mut found: Vec<_> = fs::read_dir(&folder)
        .expect("the folder style is beside e2e")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "css"))
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a readable stylesheet");
            (name, without_comments(&text))
        })
        .collect();
    found.sort();
    found
}

fn tokens() -> String {
    let (_, text) = sheets()
        .into_iter()
        .find(|(name, _)| name == "tokens.css")
        .expect("style/tokens.css");
    text
}

fn without_comments(css: &str) -> String {
    let mut rest = css;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").expect("a closed comment").1;
    }
    out + rest
}

/// All declarations as `(property, value)`, without at-rule preludes and selectors.
fn declarations(css: &str) -> Vec<(String, String)> {
    css.split(['{', '}', ';'])
        .filter_map(|piece| piece.trim().split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .collect()
}

fn channel(hex: &str) -> f64 {
    let value = f64::from(u8::from_str_radix(hex, 16).expect("two hexadecimal digits")) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

/// The linear light of `#RRGGBB`, or `None` for a colour with alpha.
fn colour(hex: &str) -> Option<[f64; 3]> {
    let digits = hex.trim().strip_prefix('#')?;
    (digits.len() == 6).then(|| [channel(&digits[..2]), channel(&digits[2..4]), channel(&digits[4..])])
}

/// The opaque colour tokens by name, without the two dashes.
fn palette() -> BTreeMap<String, Pair> {
    declarations(&tokens())
        .into_iter()
        .filter_map(|(name, value)| {
            let inner = value.strip_prefix("light-dark(")?.strip_suffix(')')?;
            let (light, dark) = inner.split_once(',')?;
            let name = name.strip_prefix("--")?.to_owned();
            Some((name, [colour(light)?, colour(dark)?]))
        })
        .collect()
}

fn luminance([red, green, blue]: [f64; 3]) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn ratio(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Every pair of colours with a contrast below `least`, as a sentence each.
fn too_weak(least: f64, fronts: &[&str], grounds: &[&str]) -> Vec<String> {
    let palette = palette();
    let token = |name: &str| palette.get(name).unwrap_or_else(|| panic!("no colour --{name}"));
    let mut weak = Vec::new();
    for front in fronts {
        for ground in grounds {
            for (theme, name) in ["light", "dark"].into_iter().enumerate() {
                let got = ratio(token(front)[theme], token(ground)[theme]);
                if got < least {
                    weak.push(format!("{front} on {ground}, {name}: {got:.2}, not {least}"));
                }
            }
        }
    }
    weak
}

const SURFACES: [&str; 6] = ["bg", "surface", "raised", "sunken", "hover", "selected"];
const CHANNELS: [&str; 7] = [
    "ch-web",
    "ch-whatsapp",
    "ch-messenger",
    "ch-instagram",
    "ch-telegram",
    "ch-facebook-comments",
    "ch-instagram-comments",
];

#[test]
fn text_can_be_read_in_both_themes() {
    let mut weak = Vec::new();
    let mut check = |fronts: &[&str], grounds: &[&str]| weak.extend(too_weak(4.5, fronts, grounds));
    check(&["text", "text-2"], &SURFACES);
    check(&["text", "text-2"], &["bub-in", "bub-out", "note"]);
    check(&["note-text", "text-3"], &["note"]);
    check(&["text-3"], &SURFACES);
    check(&["on-accent"], &["accent", "accent-hover", "danger"]);
    check(&["accent-text"], &["surface", "selected", "accent-soft", "bub-out"]);
    for name in ["info", "warn", "danger", "success"] {
        check(
            &[name],
            &["bg", "surface", "hover", "selected", &format!("{name}-soft")],
        );
    }
    check(&["danger", "info"], &["bub-out"]);
    check(&CHANNELS, &["surface", "selected"]);
    check(&["accent", "info", "warn", "text-3"], &["surface", "selected"]);
    for tint in 0..8 {
        check(&[&format!("a{tint}-text")], &[&format!("a{tint}")]);
    }
    assert!(weak.is_empty(), "too little contrast:\n{}", weak.join("\n"));
}

#[test]
fn outlines_and_dots_can_be_seen_in_both_themes() {
    let mut weak = too_weak(3.0, &["border-ctl"], &["bg", "surface", "raised", "sunken", "hover"]);
    weak.extend(too_weak(3.0, &["focus"], &SURFACES));
    weak.extend(too_weak(3.0, &["focus"], &["bub-in", "bub-out", "note", "accent-soft"]));
    weak.extend(too_weak(
        3.0,
        &["success", "danger", "dot-off", "ring-warn"],
        &["surface", "hover", "selected"],
    ));
    assert!(weak.is_empty(), "too little contrast:\n{}", weak.join("\n"));
}

/// Both themes have the same rules: a theme only picks the other half of a `light-dark()` colour, and only `tokens.css`
/// defines colours.
#[test]
fn themes_differ_by_colour_only() {
    for (name, text) in sheets() {
        for after in text.split("light-dark(").skip(1) {
            assert_eq!(name, "tokens.css", "light-dark() belongs into tokens.css");
            let (inner, _) = after.split_once(')').expect("a closed light-dark()");
            let halves: Vec<_> = inner.split(',').map(str::trim).collect();
            assert!(
                halves.len() == 2 && halves.iter().all(|half| half.starts_with('#')),
                "light-dark({inner}) needs one colour for each theme",
            );
        }
        assert!(
            !text.contains("prefers-color-scheme"),
            "{name}: the theme is color-scheme alone"
        );

        for (property, value) in declarations(&text) {
            assert!(
                name == "tokens.css" || !value.contains('#'),
                "{name}: {property}: {value} names a colour; use a token",
            );
        }
        for rule in text.split('}').filter(|rule| rule.contains("[data-theme")) {
            let body = rule.rsplit('{').next().unwrap_or_default().trim();
            assert!(
                name == "tokens.css" && body.starts_with("color-scheme:") && body.matches(';').count() == 1,
                "{name}: [data-theme] may set color-scheme only, not {body}",
            );
        }
    }
}

/// Right-to-left layouts need logical properties everywhere.
#[test]
fn no_physical_property_is_used() {
    const PHYSICAL: [&str; 14] = [
        "left",
        "right",
        "top",
        "bottom",
        "width",
        "height",
        "min-width",
        "min-height",
        "max-width",
        "max-height",
        "margin-left",
        "margin-right",
        "margin-top",
        "margin-bottom",
    ];
    let mut wrong = Vec::new();
    for (name, text) in sheets() {
        for (property, value) in declarations(&text) {
            let sided = ["padding-", "border-", "scroll-margin-", "scroll-padding-"]
                .iter()
                .any(|start| {
                    property.strip_prefix(start).is_some_and(|side| {
                        ["left", "right", "top", "bottom"]
                            .iter()
                            .any(|word| side.starts_with(word))
                    })
                });
            let aligned = matches!(property.as_str(), "text-align" | "float" | "clear")
                && matches!(value.as_str(), "left" | "right");
            // A shorthand with different right and left values names physical sides.
            let shorthand = matches!(property.as_str(), "margin" | "padding" | "inset") && {
                let parts = top_level_parts(&value);
                parts.len() == 4 && parts[1] != parts[3]
            };
            if PHYSICAL.contains(&property.as_str()) || sided || aligned || shorthand {
                wrong.push(format!("{name}: {property}: {value}"));
            }
        }
    }
    assert!(wrong.is_empty(), "not logical:\n{}", wrong.join("\n"));
}

/// A stylesheet that is not linked has no effect. The first one defines the order of the layers.
#[test]
fn every_sheet_is_linked_once_and_reset_comes_first() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/index.html");
    let page = fs::read_to_string(page).expect("app/index.html");
    let linked: Vec<_> = page
        .split("../style/")
        .skip(1)
        .filter_map(|after| Some(after.split_once('"')?.0.to_owned()))
        .collect();
    assert_eq!(linked.first().map(String::as_str), Some("reset.css"));
    let mut sorted = linked;
    sorted.sort();
    let names: Vec<_> = sheets().into_iter().map(|(name, _)| name).collect();
    assert_eq!(sorted, names);
}

/// The parts of a value between spaces, brackets kept whole.
fn top_level_parts(value: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut parts = vec![String::new()];
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if !(c.is_whitespace() && depth == 0) => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}
