//! The sizes of the files that a browser has to fetch.

use std::{fs, path::Path};

use super::figures::print;

const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist");

/// The total size of some files in a folder of `dist`, in KB of 1024 bytes.
fn kilobytes(folder: &str, wanted: impl Fn(&str) -> bool) -> f64 {
    let folder = Path::new(DIST).join(folder);
    let entries = fs::read_dir(&folder).expect("the console is built: run make console");
    let sizes = entries
        .map(|entry| entry.expect("a readable folder"))
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            wanted(&name).then(|| entry.metadata().expect("a readable file").len())
        });
    sizes.sum::<u64>() as f64 / 1024.0
}

/// Whether a file belongs to the current build. Files of the previous build stay in `dist` for open tabs.
fn current(name: &str) -> bool {
    let manifest = fs::read(Path::new(DIST).join("build.json")).expect("the console is built");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("the build wrote it");
    let names = manifest["immutable"].as_array().expect("the build lists its files");
    names.iter().any(|listed| listed == name.trim_end_matches(".br"))
}

/// Prints the sizes.
pub fn print_sizes() {
    print(
        "app WASM, raw",
        kilobytes("", |name| name.ends_with(".wasm") && current(name)),
        "KB",
    );
    print(
        "app WASM, brotli",
        kilobytes("", |name| name.ends_with(".wasm.br") && current(name)),
        "KB",
    );
    print(
        "app JS glue, brotli",
        kilobytes("", |name| name.ends_with(".js.br") && current(name)),
        "KB",
    );
    print(
        "app CSS, brotli",
        kilobytes("", |name| name.ends_with(".css.br") && current(name)),
        "KB",
    );
    print("app HTML, brotli", kilobytes("", |name| name == "index.html.br"), "KB");
    print(
        "widget loader, brotli",
        kilobytes("widget", |name| name == "loader.js.br"),
        "KB",
    );
    let panel = |name: &str| name.starts_with("panel") && (name.ends_with(".js.br") || name.ends_with(".css.br"));
    print("widget panel JS and CSS, brotli", kilobytes("widget", panel), "KB");
}
