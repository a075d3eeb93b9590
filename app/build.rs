//! Turns `locales/*.txt` into the key enums of `i18n` and the text files that the console loads. A key that is missing
//! in a language, has no English text or has other placeholders fails the build (`docs/ux.md#languages`).

use std::{collections::BTreeMap, env, error::Error, fmt::Write, fs, path::Path};

/// Languages in the order of `i18n::Lang`; the first one defines the keys.
const LANGUAGES: [&str; 2] = ["en", "es"];
/// Plural categories that every plural key spells out; others fall back to `other`.
const CATEGORIES: [&str; 2] = ["one", "other"];

type Locale = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let mut locales = vec![];
    for language in LANGUAGES {
        let path = format!("locales/{language}.txt");
        println!("cargo:rerun-if-changed={path}");
        locales.push(read(&path)?);
    }
    check(&locales)?;
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    let order = Order::of(&locales[0]);
    fs::write(out.join("keys.rs"), generate(&locales, &order)?)?;
    // The build of the console copies the files from this directory.
    let texts = out.join("texts");
    fs::create_dir_all(&texts)?;
    for (locale, language) in locales.iter().zip(LANGUAGES) {
        fs::write(texts.join(format!("{language}.txt")), order.file(locale))?;
    }
    Ok(())
}

/// Reads `key = text` lines; `key#one` and `key#other` are the forms of a plural.
fn read(path: &str) -> Result<Locale, Box<dyn Error>> {
    let mut locale = Locale::new();
    for (index, line) in fs::read_to_string(path)?.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, text) = line
            .split_once('=')
            .ok_or_else(|| format!("{path}:{}: expected `key = text`", index + 1))?;
        if locale.insert(key.trim().to_owned(), text.trim().to_owned()).is_some() {
            return Err(format!("{path}:{}: `{}` stands twice", index + 1, key.trim()).into());
        }
    }
    Ok(locale)
}

fn check(locales: &[Locale]) -> Result<(), Box<dyn Error>> {
    let mut problems = String::new();
    let english = &locales[0];
    for (locale, language) in locales.iter().zip(LANGUAGES) {
        for key in english.keys().filter(|key| !locale.contains_key(*key)) {
            writeln!(problems, "{language}: `{key}` is missing")?;
        }
        for (key, text) in locale {
            match english.get(key) {
                None => writeln!(problems, "{language}: `{key}` is not an English key")?,
                Some(original) if placeholders(original) != placeholders(text) => {
                    writeln!(
                        problems,
                        "{language}: `{key}` has other placeholders than the English text"
                    )?;
                }
                Some(_) => {}
            }
        }
    }
    for key in english.keys() {
        if let Some((base, _)) = key.split_once('#') {
            for category in CATEGORIES {
                if !english.contains_key(&format!("{base}#{category}")) {
                    writeln!(problems, "`{base}#{category}` is missing")?;
                }
            }
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into())
    }
}

fn placeholders(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The keys in the order in which a text file lists their texts.
struct Order<'a> {
    plain: Vec<&'a str>,
    plural: Vec<&'a str>,
    /// Texts without a plural, then the forms of each plural.
    keys: Vec<String>,
}

impl<'a> Order<'a> {
    fn of(locale: &'a Locale) -> Self {
        let plain: Vec<&str> = locale
            .keys()
            .filter(|key| !key.contains('#'))
            .map(String::as_str)
            .collect();
        let mut plural: Vec<&str> = locale
            .keys()
            .filter_map(|key| key.split_once('#'))
            .map(|(base, _)| base)
            .collect();
        plural.dedup();
        let keys = plain
            .iter()
            .map(|key| (*key).to_owned())
            .chain(
                plural
                    .iter()
                    .flat_map(|key| CATEGORIES.map(|category| format!("{key}#{category}"))),
            )
            .collect();
        Self { plain, plural, keys }
    }

    /// Returns the content of a text file: the fingerprint of the keys, then one text per line.
    fn file(&self, locale: &Locale) -> String {
        let mut lines = vec![self.fingerprint()];
        lines.extend(self.keys.iter().map(|key| locale[key].clone()));
        lines.join("\n")
    }

    /// The FNV-1a hash (64 bits) of the keys in order, as hexadecimal digits.
    fn fingerprint(&self) -> String {
        let hash = self
            .keys
            .join("\n")
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        format!("{hash:016x}")
    }
}

fn generate(locales: &[Locale], order: &Order) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    enumeration(&mut code, "Key", "A text of the console.", &order.plain)?;
    enumeration(&mut code, "Plural", "A text that depends on a number.", &order.plural)?;
    writeln!(
        code,
        "/// Number of texts without a plural: the plurals' forms follow them.\nconst PLAIN: usize = {};",
        order.plain.len()
    )?;
    writeln!(
        code,
        "/// Of which keys, in which order, a file of texts is.\nconst KEYS: &str = \"{}\";",
        order.fingerprint()
    )?;
    // The browser loads the texts as separate files; native tests have them in the program.
    writeln!(
        code,
        "#[cfg(not(target_arch = \"wasm32\"))]\nconst TEXTS: [&[&str]; {}] = [",
        locales.len()
    )?;
    for locale in locales {
        writeln!(code, "    &[")?;
        for key in &order.keys {
            writeln!(code, "        {:?},", locale[key])?;
        }
        writeln!(code, "    ],")?;
    }
    writeln!(code, "];")?;
    Ok(code)
}

fn enumeration(code: &mut String, name: &str, doc: &str, keys: &[&str]) -> Result<(), std::fmt::Error> {
    writeln!(
        code,
        "/// {doc}\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub enum {name} {{"
    )?;
    for key in keys {
        writeln!(code, "    {},", camel(key))?;
    }
    writeln!(code, "}}")
}

fn camel(key: &str) -> String {
    key.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<Vec<_>>()
        })
        .collect()
}
