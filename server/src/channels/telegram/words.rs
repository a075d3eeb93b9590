//! Plain text of formatted messages, and of messages that cannot be shown as what they are.

use serde_json::Value;

use super::super::value;

/// Maximum nesting of formatted text.
const DEPTH: usize = 16;

/// Returns the readable text of a poll, an invoice and the like; empty if there is none.
pub fn of_unsupported(message: &Value) -> String {
    let of = |kind: &str, keys: &[&str]| -> Vec<String> {
        let inner = message.get(kind).filter(|inner| inner.is_object());
        keys.iter().filter_map(|key| value::text(inner?, key)).collect()
    };
    let entries = |kind: &str, list: &str| -> Vec<String> {
        let inner = message.get(kind).unwrap_or(&Value::Null);
        value::list(inner, list)
            .into_iter()
            .filter_map(|entry| value::text(entry, "text"))
            .collect()
    };
    let lines = [
        of("poll", &["question"]),
        entries("poll", "options"),
        of("checklist", &["title"]),
        entries("checklist", "tasks"),
        of("game", &["title"]),
        of("invoice", &["title", "description"]),
        // One line: 🎲 4.
        vec![of("dice", &["emoji", "value"]).join(" ")],
    ];
    let lines: Vec<String> = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Returns the plain text of a message that is made of formatted blocks.
pub fn rich(message: &Value) -> String {
    let mut text = String::new();
    write(message, DEPTH, &mut text);
    text.trim().to_owned()
}

fn write(part: &Value, depth: usize, text: &mut String) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match part {
        Value::String(words) => text.push_str(words),
        Value::Array(parts) => parts.iter().for_each(|part| write(part, depth, text)),
        Value::Object(fields) => {
            for key in ["text", "alternative_text"] {
                if let Some(inner) = fields.get(key) {
                    write(inner, depth, text);
                    break;
                }
            }
            for key in ["summary", "blocks", "items", "cells", "caption"] {
                for block in fields.get(key).and_then(Value::as_array).into_iter().flatten() {
                    write(block, depth, text);
                    if !text.ends_with('\n') {
                        text.push('\n');
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
