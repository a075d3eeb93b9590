//! Builds the console: `cargo xtask console`, `cargo xtask console --quick`. In `make dev`, Trunk builds the console
//! and calls `cargo xtask trunk` for what Trunk cannot do.

#![allow(
    clippy::disallowed_methods,
    reason = "measures and waits in real time, as a user does"
)]
// The quick console does not use all of the code.
#![cfg_attr(not(feature = "release"), allow(dead_code))]

mod budgets;
mod compile;
mod compress;
mod console;
mod files;
mod floors;
mod kind;
mod optimize;
mod page;
mod parts;
mod previous;
mod program;
mod split;
mod styles;
mod symbolize;
mod trunk;
mod worker;

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use kind::Kind;

const USAGE: &str = "\
cargo xtask console           builds the release console into dist/
cargo xtask console --quick   builds it into target/quick/dist, soon instead of small
cargo xtask symbolize FILE    prints the stack of a crash report (- reads it from the input) with the functions' names
cargo xtask floors            prints the imports that point up or around in the server and the console
cargo xtask trunk             does in `make dev` what Trunk cannot (a hook of Trunk.toml)";

const NOT_FOR_RELEASE: &str = "this xtask was built without its feature `release`";

/// The result of a build step. People read the errors.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    env::set_current_dir(root())?;
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["console"] if !cfg!(feature = "release") => Err(NOT_FOR_RELEASE.into()),
        ["console"] => console::build(&Kind::release()),
        ["console", "--quick"] => console::build(&Kind::quick()),
        ["symbolize", stack] => symbolize::print(stack),
        ["floors"] => floors::print(),
        ["trunk"] => trunk::finish(),
        _ => Err(USAGE.into()),
    }
}

/// The workspace's folder, to which all paths are relative.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
