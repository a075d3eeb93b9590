//! Builds the console from its sources into the folder that the server serves.

use std::{fs, path::Path};

use crate::{
    Outcome,
    compile::{self, Compiled},
    files,
    kind::Kind,
    page::{self, PUBLIC_URL},
    parts::PROGRAM,
    previous::{self, MANIFEST, Manifest},
    program, symbolize, worker,
};

/// Builds the console and replaces the previous build.
pub fn build(kind: &Kind) -> Outcome {
    let folder = Path::new(kind.folder);
    let staging = folder.join(STAGING);
    files::fresh(&staging)?;

    let compiled = compile::program(PROGRAM, &kind.flags)?;
    let program = program::link(PROGRAM, &compiled.module, kind)?;
    program.write(&staging)?;
    if kind.keeps_names() {
        symbolize::keep(&program.names)?;
    }
    page::build(&staging, &program, &[texts(&compiled, &staging)?])?;

    // The build id is a hash of the shell and the worker. The page contains it for crash reports.
    let build = worker::build_id(&staging, &worker::shell(&staging)?)?;
    page::name_in_page(&staging, &[("build", build.clone())])?;
    let shell = worker::shell(&staging)?;
    let html = files::read_text(staging.join("index.html"))?;
    let mut manifest = Manifest {
        build,
        script_hashes: page::inline_hashes(&html, "script"),
        style_hashes: page::inline_hashes(&html, "style"),
        immutable: files::list(&staging)?
            .into_iter()
            .filter(|path| files::is_hashed(path))
            .collect(),
        previous: vec![],
    };
    worker::stamp(&staging, &manifest.build, &shell)?;
    kind.finish(&staging)?;
    manifest.previous = previous::keep(folder, &staging, &manifest)?;
    let manifest = serde_json::to_string_pretty(&manifest)?;
    files::write(staging.join(MANIFEST), manifest + "\n")?;
    replace(folder, &staging)
}

/// The staging folder, inside the target folder so that files are moved by renaming.
const STAGING: &str = ".stage";

/// Replaces the previous build with the complete one in `staging`.
fn replace(folder: &Path, staging: &Path) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == STAGING {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(staging)? {
        let entry = entry?;
        fs::rename(entry.path(), folder.join(entry.file_name()))?;
    }
    fs::remove_dir(staging)?;
    Ok(())
}

/// Copies the texts, and returns the page's `meta` name for them with its content: `<language>=<address>` for each.
pub fn texts(compiled: &Compiled, folder: &Path) -> Outcome<(&'static str, String)> {
    let mut addresses = vec![];
    for file in files::list(&compiled.texts)? {
        let language = file.trim_end_matches(".txt");
        let data = files::read(compiled.texts.join(&file))?;
        let name = format!("texts-{language}-{}.txt", files::short_hash(&data));
        addresses.push(format!("{language}={PUBLIC_URL}{name}"));
        files::write(folder.join(name), data)?;
    }
    Ok(("texts", addresses.join(" ")))
}
