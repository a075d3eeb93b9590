//! The statements that the store's sources contain.

use std::path::Path;

/// A string of the sources that is a statement or a part of one: its fixed pieces, between which `format!` inserts
/// values.
pub struct Literal {
    pub file: String,
    pub text: String,
    pieces: Vec<String>,
    /// Whether the text begins with a verb, and so is the beginning of a statement.
    is_whole: bool,
}

const VERBS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];

/// A statement without the line breaks and indentation of the sources.
pub fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Literal {
    fn new(file: &str, text: String) -> Option<Self> {
        let is_whole = VERBS.iter().any(|verb| text.starts_with(verb));
        let is_part = text.contains(" = $1") || text.contains(" = $2");
        if !is_whole && !is_part {
            return None;
        }
        let mut pieces = vec![String::new()];
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((_, behind)) = after.split_once('}') else {
                break;
            };
            pieces.last_mut()?.push_str(before);
            pieces.push(String::new());
            rest = behind;
        }
        pieces.last_mut()?.push_str(rest);
        Some(Self {
            file: file.to_owned(),
            text,
            pieces,
            is_whole,
        })
    }

    /// Whether the statement was made from this string, so that it has all its pieces, in their order.
    pub fn is_in(&self, statement: &str) -> bool {
        let mut rest = statement;
        for (at, piece) in self.pieces.iter().enumerate() {
            match rest.find(piece.as_str()) {
                Some(found) if found == 0 || at > 0 || !self.is_whole => rest = &rest[found + piece.len()..],
                Some(_) | None => return false,
            }
        }
        true
    }
}

/// All statements in the files of a folder, without the code after `#[cfg(test)]`.
pub fn of(folder: &Path) -> Vec<Literal> {
    let mut all = vec![];
    for entry in std::fs::read_dir(folder).expect("the store's sources") {
        let path = entry.expect("a file").path();
        let source = std::fs::read_to_string(&path).expect("a source");
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        all.extend(strings(source).into_iter().filter_map(|text| Literal::new(&file, text)));
    }
    all
}

/// The string literals of a source, with line continuations resolved as the compiler does.
fn strings(source: &str) -> Vec<String> {
    let mut all = vec![];
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => {
                rest.by_ref().find(|c| *c == '\n');
            }
            // A character literal. A lifetime has no closing quote.
            '\'' if rest.peek() == Some(&'\\') => {
                rest.nth(2);
            }
            '\'' if rest.peek() == Some(&'"') => {
                rest.nth(1);
            }
            '"' => {
                let mut text = String::new();
                while let Some(c) = rest.next() {
                    match (c, rest.peek()) {
                        ('"', _) => break,
                        ('\\', Some('\n')) => {
                            while rest.peek().is_some_and(|c| c.is_whitespace()) {
                                rest.next();
                            }
                        }
                        ('\\', Some(_)) => text.extend(rest.next()),
                        (other, _) => text.push(other),
                    }
                }
                all.push(plain(&text));
            }
            _ => {}
        }
    }
    all
}
