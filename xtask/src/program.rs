//! Turns a compiled module into a script, a module for browsers, and chunks that are loaded later.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::{Outcome, files, kind::Kind};

/// A program of the console as browsers load it.
#[derive(Debug)]
pub struct Program {
    pub script: File,
    pub module: File,
    pub chunks: Vec<File>,
    /// Scripts from the program's sources that its script imports.
    pub snippets: Vec<File>,
    /// The names of the chunks that every user needs soon.
    pub early: Vec<String>,
    /// The names of each module's functions, for `xtask symbolize`.
    pub names: Vec<File>,
}

/// A file whose name contains the hash of its content.
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub data: Vec<u8>,
}

/// Links a compiled module into a program.
pub fn link(name: &str, compiled: &Path, kind: &Kind) -> Outcome<Program> {
    let work = compiled.with_file_name(format!("{name}-linked"));
    files::fresh(&work)?;
    let parts = kind.split(name, files::read(compiled)?, &work)?;
    bindgen(name, parts.main, parts.loader.is_some(), &work)?;
    let module = work.join(format!("{name}_bg.wasm"));

    let mut modules: Vec<PathBuf> = vec![module.clone()];
    modules.extend(parts.chunks.iter().map(|chunk| chunk.path.clone()));
    kind.optimize(&modules)?;

    let mut script = files::read_text(work.join(format!("{name}.js")))?;
    let mut chunks = vec![];
    let mut early = vec![];
    let mut names = vec![];
    if let Some(mut loader) = parts.loader {
        for chunk in parts.chunks {
            let data = files::read(&chunk.path)?;
            let file = format!("{}-{}.wasm", chunk.name, files::short_hash(&data));
            loader.name(&chunk.path, &file)?;
            if chunk.early {
                early.push(file.clone());
            }
            names.extend(kind.names(&chunk.path, &file)?);
            chunks.push(File { name: file, data });
        }
        script = loader.append_to(&script)?;
    }
    let other = |line: &&str| line.starts_with("import ") && !line.contains("'./snippets/");
    if let Some(line) = script.lines().find(other) {
        return Err(format!("{name} imports a script that nothing copies: {line}").into());
    }
    let snippets = snippets(&work)?;

    let data = files::read(&module)?;
    let hash = files::short_hash([&data, script.as_bytes()].concat());
    let served = format!("{name}-{hash}_bg.wasm");
    names.extend(kind.names(&module, &served)?);
    Ok(Program {
        script: File {
            name: format!("{name}-{hash}.js"),
            data: script.into_bytes(),
        },
        module: File { name: served, data },
        chunks,
        snippets,
        early,
        names,
    })
}

/// The scripts that wasm-bindgen collected from the sources, in a folder whose name contains a hash.
fn snippets(work: &Path) -> Outcome<Vec<File>> {
    let paths = files::list(work)?
        .into_iter()
        .filter(|path| path.starts_with("snippets/"));
    let read = |name: String| {
        Ok(File {
            data: files::read(work.join(&name))?,
            name,
        })
    };
    paths.map(read).collect()
}

impl Program {
    pub fn write(&self, folder: &Path) -> Outcome {
        let files = [&self.script, &self.module].into_iter();
        for file in files.chain(&self.chunks).chain(&self.snippets) {
            files::write(folder.join(&file.name), &file.data)?;
        }
        Ok(())
    }
}

/// Runs wasm-bindgen, which writes `<name>.js` and `<name>_bg.wasm`.
fn bindgen(name: &str, module: Vec<u8>, is_split: bool, out: &Path) -> Outcome {
    Bindgen::new()
        .input_bytes(name, module)
        .web(true)?
        // The chunks look up the program's function table among the exports.
        .keep_lld_exports(is_split)
        .typescript(false)
        .generate(out)
        .map_err(|error| format!("wasm-bindgen: {error:#}").into())
}
