//! Splits a program: code that is reachable only through split points becomes chunks. A loader in the program's script
//! fetches a chunk when it is called.

use std::path::{Path, PathBuf};

use crate::Outcome;
#[cfg(feature = "release")]
use crate::{
    files,
    parts::{PARTS, Part},
};

/// A split program.
#[derive(Debug)]
pub struct Split {
    /// The module for wasm-bindgen, which does not process the chunks.
    pub main: Vec<u8>,
    pub chunks: Vec<Chunk>,
    /// The loader, or `None` if nothing was split.
    pub loader: Option<Loader>,
}

/// A module that is loaded later.
#[derive(Debug)]
pub struct Chunk {
    /// The name of the part, or [`SHARED`].
    pub name: &'static str,
    pub path: PathBuf,
    pub early: bool,
}

/// The script that loads chunks.
#[derive(Debug)]
pub struct Loader(String);

/// The chunk with the code that several parts need and the program does not.
pub const SHARED: &str = "shared";
/// The module from which a program imports its loader.
const LOADER: &str = "./__wasm_split.js";

impl Split {
    pub fn whole(main: Vec<u8>) -> Self {
        Self {
            main,
            chunks: vec![],
            loader: None,
        }
    }
}

/// Splits a program at the split points of [`PARTS`].
#[cfg(feature = "release")]
pub fn split(name: &str, module: &[u8], work: &Path) -> Outcome<Split> {
    use wasm_split_cli_support::{Options, transform};

    let main_path = work.join("main.wasm");
    let script = format!("./{name}.js");
    let mut options = Options::new(module);
    options.output_dir = work;
    options.main_out_path = &main_path;
    options.main_module = &script;
    options.target.web();
    let pieces = transform(options).map_err(|error| format!("the program could not be split: {error:#}"))?;

    let early: Vec<&String> = PARTS
        .iter()
        .filter(|part| part.early)
        .filter_map(|part| pieces.prefetch_map.get(part.name))
        .flatten()
        .collect();
    let mut chunks = vec![];
    for path in pieces.split_modules {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .to_owned();
        chunks.push(Chunk {
            name: chunk_name(&stem)?,
            early: early.iter().any(|known| **known == stem),
            path,
        });
    }
    chunks.sort_by(|one, other| one.path.cmp(&other.path));
    if let Some(Part { name, .. }) = PARTS
        .iter()
        .find(|part| !chunks.iter().any(|chunk| chunk.name == part.name))
    {
        return Err(format!("the program has no part {name}, which xtask/src/parts.rs expects").into());
    }
    Ok(Split {
        main: files::read(&main_path)?,
        chunks,
        loader: Some(Loader(files::read_text(work.join(LOADER))?)),
    })
}

#[cfg(not(feature = "release"))]
pub fn split(_: &str, _: &[u8], _: &Path) -> Outcome<Split> {
    Err(crate::NOT_FOR_RELEASE.into())
}

/// The name of the part whose chunk the splitter wrote to the file `stem`.
#[cfg(feature = "release")]
fn chunk_name(stem: &str) -> Outcome<&'static str> {
    if stem
        .strip_prefix("chunk_")
        .is_some_and(|number| number.parse::<usize>().is_ok())
    {
        return Ok(SHARED);
    }
    let part = stem
        .strip_prefix("split_")
        .and_then(|name| PARTS.iter().find(|part| part.name == name));
    Ok(part
        .ok_or_else(|| format!("the program has a part {stem}, which is not in xtask/src/parts.rs"))?
        .name)
}

impl Loader {
    /// Replaces a chunk's file name with the name under which it is served.
    pub fn name(&mut self, chunk: &Path, served: &str) -> Outcome {
        let file = chunk.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let address = format!("\"./{file}\"");
        if self.0.matches(&address).count() != 1 {
            return Err(format!("the loader does not fetch {file} in one place").into());
        }
        self.0 = self.0.replace(&address, &format!("\"./{served}\""));
        Ok(())
    }

    /// Returns the program's script with the loader in place of its imports, which saves a request.
    pub fn append_to(&self, script: &str) -> Outcome<String> {
        let unnamed = ["\"./split_", "\"./chunk_"]
            .iter()
            .any(|address| self.0.contains(address));
        if unnamed {
            return Err("the loader fetches a chunk that was not built".into());
        }
        // The script has one import per function.
        let end = format!(" from \"{LOADER}\"");
        let (imports, rest): (Vec<&str>, Vec<&str>) = script.lines().partition(|line| line.ends_with(&end));
        let variable = |import: &&str| {
            let variable = import.strip_prefix("import * as ")?.split(' ').next();
            variable.map(str::to_owned)
        };
        let variables: Option<Vec<String>> = imports.iter().map(variable).collect();
        let variables = variables.filter(|variables| !variables.is_empty());
        let variables = variables.ok_or("the script does not import its loader in the known way")?;

        let mut body = String::new();
        let mut loaders = vec![];
        for line in self.0.lines().filter(|line| !line.starts_with("import ")) {
            let line = match line.strip_prefix("export ") {
                Some(declaration) => {
                    loaders.extend(
                        declaration
                            .strip_prefix("const ")
                            .and_then(|rest| rest.split(' ').next()),
                    );
                    declaration
                }
                None => line,
            };
            body.push_str(line);
            body.push('\n');
        }
        if loaders.is_empty() {
            return Err("the loader loads nothing".into());
        }
        let (script, loaders) = (rest.join("\n"), loaders.join(", "));
        let mut script = format!("{script}\nconst loader = (() => {{\n{body}return {{ {loaders} }};\n}})();\n");
        for variable in variables {
            script.push_str(&format!("const {variable} = loader;\n"));
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_stands_in_the_script_and_fetches_hashed_names() {
        let mut loader = Loader(
            "import { initSync } from \"./a.js\";\n\nexport const __wasm_split_load_desk = \
             wrap(fetch(\"./split_desk.wasm\"));\n"
                .to_owned(),
        );
        let script = "import * as import1 from \"./__wasm_split.js\"\nimport * as import2 from \
                      \"./__wasm_split.js\"\nuse(import1);\n";
        assert!(loader.append_to(script).is_err(), "no name yet");
        loader
            .name(Path::new("/w/split_desk.wasm"), "desk-0.wasm")
            .expect("named");
        assert!(loader.name(Path::new("/w/split_more.wasm"), "more-0.wasm").is_err());
        assert_eq!(
            loader.append_to(script).expect("appended"),
            "use(import1);\nconst loader = (() => {\n\nconst __wasm_split_load_desk = \
             wrap(fetch(\"./desk-0.wasm\"));\nreturn { __wasm_split_load_desk };\n})();\n\
             const import1 = loader;\nconst import2 = loader;\n"
        );
        assert!(loader.append_to("import { a } from \"./__wasm_split.js\"\n").is_err());
    }
}
