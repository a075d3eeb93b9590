//! Keeps the files of the previous build: a tab that loaded its page just before an update still requests them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Outcome, files};

/// The content of `build.json`: what the server needs to know about the build.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub build: String,
    /// The CSP sources of the page's inline scripts.
    pub script_hashes: Vec<String>,
    pub style_hashes: Vec<String>,
    /// The files whose names contain their hash, of this build. `previous` lists those of the previous build.
    pub immutable: Vec<String>,
    pub previous: Vec<String>,
}

pub const MANIFEST: &str = "build.json";

/// Copies the hashed files of the build in `last` that `manifest` does not list to the new build's folder, and returns
/// their names.
pub fn keep(last: &Path, folder: &Path, manifest: &Manifest) -> Outcome<Vec<String>> {
    if !last.join(MANIFEST).exists() {
        return Ok(vec![]);
    }
    let Manifest {
        build,
        immutable,
        previous,
        ..
    } = serde_json::from_slice(&files::read(last.join(MANIFEST))?)
        .map_err(|error| format!("{}: {error}", last.join(MANIFEST).display()))?;
    let mut names = if build == manifest.build { previous } else { immutable };
    names.retain(|name| !manifest.immutable.contains(name) && !name.contains('/') && last.join(name).exists());
    for name in &names {
        files::copy(&last.join(name), &folder.join(name))?;
        let packed = format!("{name}.br");
        if last.join(&packed).exists() {
            files::copy(&last.join(&packed), &folder.join(&packed))?;
        }
    }
    Ok(names)
}
