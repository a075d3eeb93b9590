//! Builds the console from its sources into the folder that the server serves.

use std::{fs, path::Path};

use crate::{
    Outcome,
    compile::{self, Compiled},
    files,
    kind::Kind,
    page::{self, PUBLIC_URL},
    parts::PROGRAMS,
    previous::{self, MANIFEST, Manifest},
    program::{self, Program},
    symbolize, worker,
};

/// Builds the console and replaces the previous build.
pub fn build(kind: &Kind) -> Outcome {
    let folder = Path::new(kind.folder);
    let staging = folder.join(STAGING);
    files::fresh(&staging)?;

    let compiled = compile::programs(&PROGRAMS, &kind.flags)?;
    let mut programs = vec![];
    for (name, module) in PROGRAMS.iter().zip(&compiled.modules) {
        let program = program::link(name, module, kind)?;
        program.write(&staging)?;
        programs.push(program);
    }
    if kind.keeps_names() {
        symbolize::keep(programs.iter().flat_map(|program| &program.names))?;
    }
    let (console, others) = programs.split_first().ok_or("there is no program to build")?;
    let mut addresses = vec![texts(&compiled, &staging)?];
    for (name, program) in PROGRAMS[1..].iter().zip(others) {
        addresses.push((name, address(program)));
    }
    page::build(&staging, console, &addresses)?;

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

/// The content of a program's `meta` element in the page: the addresses of its script and module.
pub fn address(program: &Program) -> String {
    format!(
        "{PUBLIC_URL}{} {PUBLIC_URL}{}",
        program.script.name, program.module.name
    )
}
