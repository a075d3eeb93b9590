//! Joins the components' stylesheets into one file, so that the first paint waits for one request and the texts
//! compress together.

use crate::Outcome;

/// Joins stylesheets in their order, without comments and indentation.
pub fn join(sheets: &[String]) -> Outcome<String> {
    let css = sheets.iter().map(|sheet| plain(sheet)).collect::<Vec<_>>().join("\n");
    if css.contains("@import") || css.contains("@charset") {
        return Err("a stylesheet uses @import or @charset, which cannot be joined".into());
    }
    Ok(css)
}

/// The rules of a stylesheet without comments, indentation and empty lines.
fn plain(css: &str) -> String {
    let css = without_comments(css);
    let mut out = String::with_capacity(css.len());
    for (index, line) in css.split('\n').enumerate() {
        if index > 0 && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(line.trim_matches([' ', '\t']));
    }
    out
}

/// Removes comments. Text inside strings that looks like a comment stays.
fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['"', '/']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(comment) = from.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            let end = if from.starts_with('"') { string_end(from) } else { 1 };
            let (kept, after) = from.split_at(end);
            out.push_str(kept);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The end of the string that `text` begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_strings_stay() {
        let sheets = [
            "/* head */\na {\n  b: \"/* \\\" */\"; /* c */\n\n\n}\n".to_owned(),
            "d { e: f/g }\n".to_owned(),
        ];
        assert_eq!(
            join(&sheets).expect("joined"),
            "\na {\nb: \"/* \\\" */\";\n}\n\nd { e: f/g }\n"
        );
        assert!(join(&["@import 'x';".to_owned()]).is_err());
    }
}
