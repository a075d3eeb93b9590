//! The statements that the sources of the store spell out.

use std::path::Path;

/// A string of the sources that is a statement or a part of one: its fixed pieces, between which values of `format!`
/// stand.
pub struct Literal {
    pub file: String,
    pub text: String,
    pieces: Vec<String>,
    /// It begins with a verb, so it is the beginning of what is sent.
    is_whole: bool,
}

const VERBS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];

/// What is sent, without what the sources write for the eye.
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

    /// The statement was made from this string: it has all its pieces, in their order.
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

/// Every statement in the files of a folder. What is behind `#[cfg(test)]` is none of the store's.
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

/// The strings of a source, with its line breaks as the compiler takes them.
fn strings(source: &str) -> Vec<String> {
    let mut all = vec![];
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => {
                rest.by_ref().find(|c| *c == '\n');
            }
            // A character; a lifetime has no second mark.
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
