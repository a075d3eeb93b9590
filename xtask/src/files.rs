//! File access with errors that name the file, and the content hashes in file names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::Outcome;

pub fn read(path: impl AsRef<Path>) -> Outcome<Vec<u8>> {
    let path = path.as_ref();
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

pub fn read_text(path: impl AsRef<Path>) -> Outcome<String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Writes a file, and creates its folder if it does not exist.
pub fn write(path: impl AsRef<Path>, data: impl AsRef<[u8]>) -> Outcome {
    let path = path.as_ref();
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, data))
        .map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Copies a file, or a folder with everything in it.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    if !from.is_dir() {
        return write(to, read(from)?);
    }
    for path in list(from)? {
        write(to.join(&path), read(from.join(&path))?)?;
    }
    Ok(())
}

/// Makes `folder` an empty folder.
pub fn fresh(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()).into())
}

/// The paths of all files below a folder, relative to it, with `/`, sorted.
pub fn list(folder: &Path) -> Outcome<Vec<String>> {
    let mut found = vec![];
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        let entries = fs::read_dir(&here).map_err(|error| format!("{}: {error}", here.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                let path = path.to_str().ok_or_else(|| format!("{path:?} is not Unicode"))?;
                found.push(path.replace(std::path::MAIN_SEPARATOR, "/"));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The SHA-256 digest in the form of CSP and subresource integrity: `sha256-<base64>`.
pub fn sha256(data: impl AsRef<[u8]>) -> String {
    format!("sha256-{}", Base64::encode_string(&Sha256::digest(data)))
}

/// A hash of the data for file names: sixteen hexadecimal digits.
pub fn short_hash(data: impl AsRef<[u8]>) -> String {
    Sha256::digest(data)[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether a file name contains a hash of [`short_hash`], so that the file never changes: `name-<hash>[_bg].<kind>`.
pub fn is_hashed(name: &str) -> bool {
    let Some((stem, kind)) = name.rsplit_once('.') else {
        return false;
    };
    let hash = stem
        .strip_suffix("_bg")
        .unwrap_or(stem)
        .rsplit('-')
        .next()
        .unwrap_or_default();
    matches!(kind, "js" | "wasm" | "css" | "txt")
        && stem.contains('-')
        && hash.len() == 16
        && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_hashes_are_known() {
        for name in ["causerie-app-0123456789abcdef_bg.wasm", "texts-en-0123456789abcdef.txt"] {
            assert!(is_hashed(name), "{name}");
        }
        for name in [
            "theme.js",
            "0123456789abcdef.js",
            "sw-0123.js",
            "icons/app-0123456789abcdef.svg",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
