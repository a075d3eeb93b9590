//! Text fields that several people edit.

use web_sys::HtmlTextAreaElement;

/// Shows a text and keeps the caret at its place in the text.
pub fn show_text(field: &HtmlTextAreaElement, text: &str) {
    let old = field.value();
    if old == text {
        return;
    }
    let caret = field.selection_start().ok().flatten();
    field.set_value(text);
    if let Some(caret) = caret {
        let moved = moved_caret(&old, text, caret);
        if let Err(error) = field.set_selection_range(moved, moved) {
            crate::hooks::warn("the caret was lost", &error);
        }
    }
}

/// Returns the caret's position after `old` was replaced by `new`: text added or removed before the caret moves it.
/// Positions are in UTF-16 units.
fn moved_caret(old: &str, new: &str, caret: u32) -> u32 {
    let old: Vec<u16> = old.encode_utf16().collect();
    let new: Vec<u16> = new.encode_utf16().collect();
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let caret = caret as usize;
    if caret <= prefix {
        return caret as u32;
    }
    let from_end = old.len().saturating_sub(caret);
    new.len().saturating_sub(from_end).max(prefix) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_keeps_its_place_when_others_write() {
        assert_eq!(moved_caret("hello", "hello world", 3), 3);
        assert_eq!(moved_caret("hello", "VIP. hello", 3), 8);
        assert_eq!(moved_caret("VIP. hello", "hello", 8), 3);
        assert_eq!(moved_caret("abc", "", 2), 0);
    }
}
