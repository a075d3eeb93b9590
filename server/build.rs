//! Lists the database's migrations, and tells cargo what the program embeds: it is rebuilt when the console changes.

use std::{env, error::Error, fmt::Write, fs, path::Path};

const MIGRATIONS: &str = "migrations";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={MIGRATIONS}");
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("migrations.rs"), migrations()?)?;

    // The server of `make run` serves the console of `make run`.
    println!("cargo:rustc-check-cfg=cfg(quick_console)");
    println!("cargo:rerun-if-env-changed=QUICK_CONSOLE");
    if env::var_os("QUICK_CONSOLE").is_some() {
        println!("cargo:rustc-cfg=quick_console");
    }
    // In debug the files are read at run time.
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../dist/build.json");
    }
    Ok(())
}

/// The files `<version>_<name>.sql` as a slice of `(version, name, text)` in Rust.
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
