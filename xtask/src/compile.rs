//! Compiles the console's programs to WebAssembly with Cargo.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::Outcome;

pub const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "causerie-app";

/// How to compile the programs.
#[derive(Debug)]
pub struct Flags {
    pub profile: &'static str,
    /// Whether to optimise for size, with the unstable flags of [`SIZE`].
    pub small: bool,
    /// Whether to compile the split points, with the relocations that the splitter reads.
    pub split: bool,
}

/// Unstable flags that make the console smaller for everybody who loads it: the standard library built for size saves
/// 28 KB, panics without file and line and `{:?}` without texts save 20 KB, and panics that end the program without a
/// message save 14 KB. The compiler's version is pinned in rust-toolchain.toml, so the flags mean the same everywhere.
const SIZE: [&str; 4] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
];
const SMALL_STD: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
const SPLIT: [&str; 3] = ["--cfg", "split", "-Clink-arg=--emit-relocs"];

/// The files that cargo wrote.
#[derive(Debug)]
pub struct Compiled {
    /// The program's module.
    pub module: PathBuf,
    /// The folder with the console's texts, one file per language, which the package's build script wrote.
    pub texts: PathBuf,
}

/// Compiles a program of the console.
pub fn program(name: &str, flags: &Flags) -> Outcome<Compiled> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--locked",
        "--quiet",
        "--message-format=json-render-diagnostics",
    ]);
    cargo.args(["--package", PACKAGE, "--target", TARGET, "--profile", flags.profile]);
    cargo.args(["--bin", name]);
    let mut rustflags: Vec<&str> = vec![];
    if flags.small {
        cargo.env("RUSTC_BOOTSTRAP", "1").args(SMALL_STD);
        rustflags.extend(SIZE);
    }
    if flags.split {
        rustflags.extend(SPLIT);
    }
    if !rustflags.is_empty() {
        // Cargo appends these flags to those of .cargo/config.toml.
        cargo.args(["--config", &format!("target.{TARGET}.rustflags={rustflags:?}")]);
    }
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !output.status.success() {
        return Err("the console could not be compiled; the reason is above".into());
    }
    read(name, &String::from_utf8(output.stdout)?)
}

/// Reads the paths of the built files from cargo's messages.
fn read(name: &str, messages: &str) -> Outcome<Compiled> {
    let mut texts = None;
    let mut module = None;
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line)?;
        let id = message["package_id"].as_str().unwrap_or_default();
        let of_console = id.contains(&format!("#{PACKAGE}@"));
        match message["reason"].as_str() {
            Some("build-script-executed") if of_console => {
                texts = message["out_dir"]
                    .as_str()
                    .map(|folder| PathBuf::from(folder).join("texts"));
            }
            Some("compiler-artifact") if of_console && message["target"]["name"] == name => {
                // The library of the same name has none.
                module = message["executable"].as_str().map(PathBuf::from).or(module);
            }
            _ => {}
        }
    }
    match (module, texts) {
        (Some(module), Some(texts)) => Ok(Compiled { module, texts }),
        _ => Err("cargo did not say where it put the console".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_texts_are_found_in_what_cargo_says() {
        let messages = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/app#causerie-app@0.1.0","target":{"name":"causerie_app"},"executable":null}
{"reason":"build-script-executed","package_id":"path+file:///w/app#causerie-app@0.1.0","out_dir":"/t/out"}
{"reason":"build-script-executed","package_id":"registry+x#serde@1.0.0","out_dir":"/t/other"}
{"reason":"compiler-artifact","package_id":"path+file:///w/app#causerie-app@0.1.0","target":{"name":"causerie-app"},"executable":"/t/causerie-app.wasm"}"#;
        let compiled = read("causerie-app", messages).expect("found");
        assert_eq!(compiled.module, PathBuf::from("/t/causerie-app.wasm"));
        assert_eq!(compiled.texts, PathBuf::from("/t/out/texts"));
        assert!(read("settings", messages).is_err());
    }
}
