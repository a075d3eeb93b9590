//! Names for the stacks of crash reports. Release modules have no names: a stack holds the module's file and an index
//! for each function, and the names lie in a file of their own, one for each module of a build.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{Outcome, files, program::File};

/// Folder of the names that belong to the console in `dist/`. A release keeps a copy.
const FOLDER: &str = "target/names";

/// The name of the file with the function names of a module. `module`: its file as it is served.
pub fn file_of(module: &str) -> String {
    format!("{module}.names")
}

/// Writes the names of one build in the place of those of the build before.
pub fn keep(names: &[File]) -> Outcome {
    files::fresh(Path::new(FOLDER))?;
    for file in names {
        files::write(Path::new(FOLDER).join(&file.name), &file.data)?;
    }
    Ok(())
}

/// Prints a stack with names. `stack`: a file, or `-` for the standard input.
pub fn print(stack: &str) -> Outcome {
    let text = if stack == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        text
    } else {
        files::read_text(stack)?
    };
    let mut modules = BTreeMap::new();
    for line in text.lines() {
        println!(
            "{}",
            named(line, &mut modules, &|module| {
                files::read_text(PathBuf::from(FOLDER).join(file_of(module)))
            })?
        );
    }
    Ok(())
}

/// Function names by their index.
type Names = BTreeMap<u32, String>;

/// A line of a stack, with the function's name after it if it names one. `read` answers the names of a module.
fn named(line: &str, modules: &mut BTreeMap<String, Names>, read: &dyn Fn(&str) -> Outcome<String>) -> Outcome<String> {
    let Some((module, index)) = place(line) else {
        return Ok(line.to_owned());
    };
    if !modules.contains_key(module) {
        let text = read(module).map_err(|error| format!("no names for {module}: another build? ({error})"))?;
        modules.insert(module.to_owned(), parse(&text));
    }
    let name = modules.get(module).and_then(|names| names.get(&index));
    Ok(format!("{line}  {}", name.map_or("(no such function)", String::as_str)))
}

/// Module and function index of a line such as `desk-0123.wasm:wasm-function[12]:0x4f`.
fn place(line: &str) -> Option<(&str, u32)> {
    let (module, rest) = line.trim().split_once(":wasm-function[")?;
    let (index, _) = rest.split_once(']')?;
    let module = module.rsplit('/').next().unwrap_or(module);
    Some((module, index.parse().ok()?))
}

/// Reads wasm-opt's map: a line `<index>:<name>` for each function.
fn parse(map: &str) -> Names {
    map.lines()
        .filter_map(|line| {
            let (index, name) = line.split_once(':')?;
            let name = unescape(name);
            Some((index.parse().ok()?, format!("{:#}", rustc_demangle::demangle(&name))))
        })
        .collect()
}

/// wasm-opt writes a character that WebAssembly's text form forbids in names as `\` and two hexadecimal digits.
fn unescape(name: &str) -> String {
    let mut bytes = vec![];
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_gets_the_name_of_its_function_and_other_lines_stay() {
        let read = |module: &str| match module {
            "desk-01.wasm" => {
                Ok("0:import\n12:_ZN4core3ptr7read_v017h0123456789abcdefE\n13:<a\\20as\\20b>::c\n".to_owned())
            }
            _ => Err("no such file".into()),
        };
        let mut modules = BTreeMap::new();
        let mut named = |line: &str| named(line, &mut modules, &read);
        let plain = named("RuntimeError: unreachable").expect("a line");
        assert_eq!(plain, "RuntimeError: unreachable");
        let frame = named("desk-01.wasm:wasm-function[12]:0x4f").expect("a frame");
        assert_eq!(frame, "desk-01.wasm:wasm-function[12]:0x4f  core::ptr::read_v0");
        let frame = named("https://a/app/desk-01.wasm:wasm-function[13]:0x4f").expect("a frame");
        assert!(frame.ends_with("  <a as b>::c"), "{frame}");
        let frame = named("desk-01.wasm:wasm-function[99]").expect("a frame");
        assert!(frame.ends_with("(no such function)"), "{frame}");
        assert!(named("main-02.wasm:wasm-function[1]").is_err_and(|error| error.to_string().contains("main-02.wasm")));
    }
}
