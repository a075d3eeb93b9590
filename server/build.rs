//! Tells cargo what the program embeds, so that it is rebuilt when the build of the console changes.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // In debug the files are read at run time.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../dist/build.json");
    }
}
