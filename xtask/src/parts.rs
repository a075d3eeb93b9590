//! The parts of the console and their size budgets.

/// The program of the package `app`.
pub const PROGRAM: &str = "causerie-app";

/// A part of the console that is loaded after the start: the functions of one split point.
#[derive(Debug)]
pub struct Part {
    pub name: &'static str,
    /// Whether every user needs the part soon. The console requests it as soon as it runs, and the page earlier if that
    /// costs nothing.
    pub early: bool,
}

/// The names of all split points (`part!` in the app). If there are none, the program is not split.
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

/// A size limit for a group of files.
#[derive(Debug)]
pub struct Budget {
    pub what: &'static str,
    /// The limit in units of 1024 bytes, after Brotli.
    pub limit: u64,
    /// The size in bytes when it was last recorded. A build more than 2 % above it fails: a change that adds that much
    /// also raises the number.
    pub recorded: Option<u64>,
    /// Whether a file belongs to the group, by its path in the console's folder.
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

/// Whether `path` is a file of the top folder with this beginning and end.
fn is(path: &str, start: &str, end: &str) -> bool {
    !path.contains('/') && path.starts_with(start) && path.ends_with(end)
}
