//! Tells the service worker its build id and the files that make up the offline shell.

use std::path::Path;

use serde::Serialize;

use crate::{Outcome, files, page::PUBLIC_URL};

/// A file of the shell.
#[derive(Debug, Serialize)]
pub struct Entry {
    url: String,
    /// The hash in the form of subresource integrity.
    hash: String,
}

/// The offline shell. The page is listed under the public address itself, at which the server serves it.
pub fn shell(folder: &Path) -> Outcome<Vec<Entry>> {
    let paths = files::list(folder)?.into_iter().filter(|path| is_shell(path));
    paths
        .map(|path| {
            let hash = files::sha256(files::read(folder.join(&path))?);
            let path = if path == "index.html" { "" } else { &path };
            Ok(Entry {
                url: format!("{PUBLIC_URL}{path}"),
                hash,
            })
        })
        .collect()
}

/// Whether a file belongs to the shell. The widget, the demo and files that only the server or the browser itself reads
/// do not.
fn is_shell(path: &str) -> bool {
    !path.starts_with("widget/") && !path.starts_with("demo/") && path != WORKER && !path.ends_with("LICENSE")
}

const WORKER: &str = "sw.js";

/// The build id, which changes whenever a file of the shell or the worker changes.
pub fn build_id(folder: &Path, shell: &[Entry]) -> Outcome<String> {
    let worker = files::read(folder.join(WORKER))?;
    Ok(files::short_hash(
        serde_json::to_string(shell)? + &files::sha256(worker),
    ))
}

/// Writes `build` and `shell` into the two constants at the top of the worker.
pub fn stamp(folder: &Path, build: &str, shell: &[Entry]) -> Outcome {
    let path = folder.join(WORKER);
    let mut source = files::read_text(&path)?;
    for (line, name, value) in [
        ("const BUILD = null;", "BUILD", serde_json::to_string(build)?),
        ("const PRECACHE = [];", "PRECACHE", serde_json::to_string(shell)?),
    ] {
        if !source.contains(line) {
            return Err(format!("public/{WORKER} has no line \"{line}\"").into());
        }
        source = source.replacen(line, &format!("const {name} = {value};"), 1);
    }
    files::write(path, source)
}
