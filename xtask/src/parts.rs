//! What the console consists of, and how large it may be.

/// The programs of the package `app`. The first one is the console; others would be named in its page, by a
/// `<meta name="…">` with the addresses of script and module.
pub const PROGRAMS: [&str; 1] = ["causerie-app"];

/// A part of the console that is loaded after its start: the functions of one split point.
#[derive(Debug)]
pub struct Part {
    pub name: &'static str,
    /// Everybody needs it soon: the console asks for it as soon as it runs, the page before if that costs nothing.
    pub early: bool,
}

/// The names of all split points (`part!` in the app). While there are none, nothing is split.
pub const PARTS: &[Part] = &[
    Part {
        name: "desk",
        early: true,
    },
    Part {
        name: "settings",
        early: false,
    },
];

/// How large a group of files may be.
#[derive(Debug)]
pub struct Budget {
    pub what: &'static str,
    /// In units of 1024 bytes, after Brotli.
    pub limit: u64,
    /// Bytes when somebody last looked. More than 2 % above it fails the build: whoever adds that much raises the
    /// number in the same change.
    pub recorded: Option<u64>,
    /// Whether a file, by its path in the folder of the console, belongs to the group.
    pub holds: fn(&str) -> bool,
}

pub const BUDGETS: [Budget; 8] = [
    Budget {
        what: "console WASM",
        limit: 300,
        recorded: Some(290_404),
        holds: |path| is(path, "causerie-app-", ".wasm"),
    },
    Budget {
        what: "desk WASM, with what parts share",
        limit: 370,
        recorded: Some(365_110),
        holds: |path| is(path, "desk-", ".wasm") || is(path, "shared-", ".wasm"),
    },
    Budget {
        what: "settings WASM",
        limit: 170,
        recorded: Some(152_012),
        holds: |path| is(path, "settings-", ".wasm"),
    },
    Budget {
        what: "console JS glue",
        limit: 20,
        recorded: None,
        holds: |path| {
            is(path, "causerie-app-", ".js")
                || path.starts_with("snippets/")
                || path == "crash.js"
                || path == "theme.js"
        },
    },
    Budget {
        what: "console CSS",
        limit: 25,
        recorded: None,
        holds: |path| is(path, "", ".css"),
    },
    Budget {
        what: "console HTML",
        limit: 14,
        recorded: None,
        holds: |path| path == "index.html",
    },
    Budget {
        what: "widget loader",
        limit: 3,
        recorded: None,
        holds: |path| path == "widget/loader.js",
    },
    Budget {
        what: "widget panel JS and CSS",
        limit: 20,
        recorded: None,
        holds: |path| {
            path.starts_with("widget/")
                && path != "widget/loader.js"
                && (path.ends_with(".js") || path.ends_with(".css"))
        },
    },
];

/// A file of the upper folder with this beginning and end.
fn is(path: &str, start: &str, end: &str) -> bool {
    !path.contains('/') && path.starts_with(start) && path.ends_with(end)
}
