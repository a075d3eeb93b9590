//! Does what Trunk cannot do in `make dev`: the texts. Trunk's other files stay unchanged; a service worker without a
//! build id unregisters itself.

use std::{env, path::PathBuf};

use crate::{
    Outcome,
    compile::{self, Flags},
    console, page,
    parts::PROGRAM,
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
    let compiled = compile::program(PROGRAM, &flags)?;
    page::name_in_page(&folder, &[console::texts(&compiled, &folder)?])
}
