//! The two builds of the console: a small one, and one that compiles quickly.

use std::path::{Path, PathBuf};

use crate::{
    Outcome, budgets,
    compile::Flags,
    compress, files, optimize,
    parts::PARTS,
    program::File,
    split::{self, Split},
    symbolize,
};

/// How to build a console, and where to put it.
#[derive(Debug)]
pub struct Kind {
    pub folder: &'static str,
    pub flags: Flags,
    small: bool,
}

impl Kind {
    /// The build of `make run`.
    pub fn quick() -> Self {
        Self {
            folder: "target/quick/dist",
            flags: Flags {
                profile: "quick",
                small: false,
                split: false,
            },
            small: false,
        }
    }

    /// The build for all other uses.
    pub fn release() -> Self {
        Self {
            folder: "dist",
            flags: Flags {
                profile: "wasm-release",
                small: true,
                split: !PARTS.is_empty(),
            },
            small: true,
        }
    }

    pub fn split(&self, name: &str, module: Vec<u8>, work: &Path) -> Outcome<Split> {
        if self.flags.split {
            split::split(name, &module, work)
        } else {
            Ok(Split::whole(module))
        }
    }

    pub fn optimize(&self, modules: &[PathBuf]) -> Outcome {
        if self.small { optimize::all(modules) } else { Ok(()) }
    }

    /// Whether the functions' names are cut off the modules and kept apart.
    pub fn keeps_names(&self) -> bool {
        self.small
    }

    /// The names of a module's functions, as a file that is called after the module as it is served. The quick console
    /// keeps them in itself.
    pub fn names(&self, module: &Path, served: &str) -> Outcome<Option<File>> {
        if !self.keeps_names() {
            return Ok(None);
        }
        let data = files::read(optimize::names_of(module))?;
        let name = symbolize::file_of(served);
        Ok(Some(File { name, data }))
    }

    /// Compresses the files of a folder, and looks how large they are.
    pub fn finish(&self, folder: &Path) -> Outcome {
        if self.small {
            budgets::check(&compress::all(folder)?)
        } else {
            Ok(())
        }
    }
}
