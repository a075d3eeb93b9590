//! Generates the list of database migrations, and tells Cargo which files the server embeds, so that a change of the
//! console rebuilds it.

use std::{env, error::Error, fmt::Write, fs, path::Path};

const MIGRATIONS: &str = "migrations";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={MIGRATIONS}");
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("migrations.rs"), migrations()?)?;

    // A server built by `make run` serves the console built by `make run`.
    println!("cargo:rustc-check-cfg=cfg(quick_console)");
    println!("cargo:rerun-if-env-changed=QUICK_CONSOLE");
    if env::var_os("QUICK_CONSOLE").is_some() {
        println!("cargo:rustc-cfg=quick_console");
    }
    // Debug builds read the files at run time.
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../dist/build.json");
    }
    Ok(())
}

/// Returns Rust code: a slice of `(version, name, text)`, one element for each file `<version>_<name>.sql`.
fn migrations() -> Result<String, Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join(MIGRATIONS);
    let mut files = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut code = String::from("&[\n");
    for file in files {
        let path = file.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (version, description) = name
            .strip_suffix(".sql")
            .and_then(|stem| stem.split_once('_'))
            .ok_or_else(|| format!("{MIGRATIONS}/{name} is not named <version>_<name>.sql"))?;
        let version: i64 = version
            .parse()
            .map_err(|error| format!("{MIGRATIONS}/{name}: {error}"))?;
        let description = description.replace('_', " ");
        writeln!(code, "    ({version}, {description:?}, include_str!({path:?})),")?;
    }
    code.push_str("]\n");
    Ok(code)
}
