//! Does what Trunk cannot do in `make dev`: texts, and programs other than the page's. Trunk's other files stay
//! unchanged; a service worker without a build id unregisters itself.

use std::{env, path::PathBuf};

use crate::{
    Outcome,
    compile::{self, Flags},
    console,
    kind::Kind,
    page,
    parts::PROGRAMS,
    program,
};

/// Completes the folder that Trunk is building.
pub fn finish() -> Outcome {
    let folder = env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
    let folder = folder.ok_or("TRUNK_STAGING_DIR is not set: this is run by Trunk, see Trunk.toml")?;
    let flags = Flags {
        profile: "dev",
        small: false,
        split: false,
    };
    let compiled = compile::programs(&PROGRAMS, &flags)?;
    let mut addresses = vec![console::texts(&compiled, &folder)?];
    for (name, module) in PROGRAMS.iter().zip(&compiled.modules).skip(1) {
        let program = program::link(name, module, &Kind::quick())?;
        program.write(&folder)?;
        addresses.push((name, console::address(&program)));
    }
    page::name_in_page(&folder, &addresses)
}
