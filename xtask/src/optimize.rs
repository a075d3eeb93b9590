//! Optimises the compiled modules with wasm-opt.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use crate::Outcome;

/// The path of wasm-opt, which scripts/tools.sh installs.
const WASM_OPT: &str = "target/tools/npm/node_modules/.bin/wasm-opt";

/// Passes that make the compressed module small: with similarly named functions side by side and few rewrites, it is 18
/// KB smaller than with -Oz, though the module itself is larger.
const PASSES: [&str; 13] = [
    "-O1",
    "-s=2",
    "--duplicate-function-elimination",
    "--simplify-locals-nostructure",
    "--merge-blocks",
    "--remove-unused-brs",
    "--rse",
    "--vacuum",
    "--reorder-locals",
    "--code-folding",
    "--duplicate-function-elimination",
    "--reorder-functions-by-name",
    "--quiet",
];
/// The WebAssembly features that the compiler may use.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The file into which wasm-opt writes the names of a module's functions, which the module itself loses.
pub fn names_of(module: &Path) -> PathBuf {
    module.with_extension("names")
}

/// Makes modules smaller, each in its place, side by side, and writes the names of their functions beside them.
pub fn all(modules: &[PathBuf]) -> Outcome {
    let results: Vec<Result<(), String>> = thread::scope(|scope| {
        let running: Vec<_> = modules.iter().map(|module| scope.spawn(|| one(module))).collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended
            .map(|result| result.unwrap_or_else(|_| Err("wasm-opt was not waited for".into())))
            .collect()
    });
    results.into_iter().collect::<Result<(), String>>().map_err(Into::into)
}

fn one(module: &Path) -> Result<(), String> {
    let status = Command::new(WASM_OPT)
        .args(PASSES)
        // The last pass: the indexes are those of browsers' stacks.
        .arg(format!("--symbolmap={}", names_of(module).display()))
        .args(FEATURES)
        .arg(module)
        .arg("-o")
        .arg(module)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("{WASM_OPT} did not start ({error}): run scripts/tools.sh"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("wasm-opt failed on {}", module.display()))
    }
}
