//! Brotli compression at build time, at a level that would be too slow for answering requests.

use std::{collections::BTreeMap, path::Path};

use crate::Outcome;

/// Writes `<file>.br` beside every compressible file, and returns the compressed sizes in bytes by path.
#[cfg(feature = "release")]
pub fn all(folder: &Path) -> Outcome<BTreeMap<String, u64>> {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use crate::files;

    let mut paths = files::list(folder)?;
    paths.retain(|path| compresses(path));
    // Start with the largest, so that no thread is left alone with a large file at the end.
    paths.sort_by_cached_key(|path| std::cmp::Reverse(folder.join(path).metadata().map_or(0, |file| file.len())));
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(String, u64)>, String> {
        let mut sizes = vec![];
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let size = one(folder, path).map_err(|error| error.to_string())?;
            sizes.push((path.clone(), size));
        }
        Ok(sizes)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut sizes = BTreeMap::new();
    for result in results {
        sizes.extend(result.map_err(|_| "the compression ended early")??);
    }
    Ok(sizes)
}

#[cfg(not(feature = "release"))]
pub fn all(_: &Path) -> Outcome<BTreeMap<String, u64>> {
    Err(crate::NOT_FOR_RELEASE.into())
}

#[cfg(feature = "release")]
fn compresses(path: &str) -> bool {
    ["js", "wasm", "css", "html", "svg", "json", "txt", "webmanifest"]
        .iter()
        .any(|kind| path.rsplit('.').next() == Some(kind))
}

#[cfg(feature = "release")]
fn one(folder: &Path, path: &str) -> Outcome<u64> {
    use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};

    use crate::files;

    let data = files::read(folder.join(path))?;
    let params = BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: data.len(),
        mode: if path.ends_with(".wasm") {
            BrotliEncoderMode::BROTLI_MODE_GENERIC
        } else {
            BrotliEncoderMode::BROTLI_MODE_TEXT
        },
        ..Default::default()
    };
    let mut packed = vec![];
    brotli::BrotliCompress(&mut data.as_slice(), &mut packed, &params)?;
    files::write(folder.join(format!("{path}.br")), &packed)?;
    Ok(packed.len() as u64)
}
