//! When a document has grown enough: timelines go on in another segment, the others are begun anew
//! (`docs/sync.md#segments-and-epochs`).

use super::DocumentKind;

/// Most messages of a timeline segment; receiving and diffing cost O(document).
pub const SEGMENT_MESSAGES: i64 = 400;
/// Most bytes of a segment's stored changes.
pub const SEGMENT_BYTES: i64 = 256 * 1024;
/// Longest time from a segment's first message to its last, milliseconds.
pub const SEGMENT_MS: i64 = 30 * 24 * 3_600_000;

/// Bytes of changes after which a document is begun anew.
const HISTORY_BYTES: i64 = 256 * 1024;
/// A draft is emptied by every reply, so it is mostly history.
const DRAFT_HISTORY_BYTES: i64 = 64 * 1024;
/// A history may be as many times as large as what the epoch began with: large content that is hardly
/// edited is not written again for nothing.
const HISTORY_RATIO: i64 = 4;

/// Is a timeline segment sealed when it holds this much? `messages` are its messages, `bytes` their stored
/// changes, `age` the milliseconds since the first.
pub fn is_full(messages: i64, bytes: i64, age: i64) -> bool {
    messages >= SEGMENT_MESSAGES || bytes >= SEGMENT_BYTES || age >= SEGMENT_MS
}

/// Should a document be begun anew? `bytes` are the stored changes of its epoch, `begun` those with which the
/// epoch began. A timeline never is for its length: its segments are sealed.
pub fn is_outgrown(kind: DocumentKind, bytes: i64, begun: i64) -> bool {
    let limit = match kind {
        DocumentKind::Timeline => return false,
        DocumentKind::Draft => DRAFT_HISTORY_BYTES,
        DocumentKind::Discussion | DocumentKind::Contact | DocumentKind::Notes => HISTORY_BYTES,
    };
    bytes - begun > limit.max(begun.saturating_mul(HISTORY_RATIO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_ends_at_the_first_limit_that_is_reached() {
        assert!(!is_full(SEGMENT_MESSAGES - 1, SEGMENT_BYTES - 1, SEGMENT_MS - 1));
        assert!(is_full(SEGMENT_MESSAGES, 0, 0));
        assert!(is_full(1, SEGMENT_BYTES, 0));
        assert!(is_full(1, 0, SEGMENT_MS));
    }

    #[test]
    fn large_content_is_not_written_again_for_a_few_edits() {
        let notes = DocumentKind::Notes;
        assert!(!is_outgrown(notes, HISTORY_BYTES, 0));
        assert!(is_outgrown(notes, HISTORY_BYTES + 1, 0));
        let large = 10 * HISTORY_BYTES;
        assert!(!is_outgrown(notes, large + HISTORY_BYTES + 1, large));
        assert!(is_outgrown(notes, 5 * large + 1, large));
        assert!(
            !is_outgrown(DocumentKind::Timeline, i64::MAX, 0),
            "its segments are sealed"
        );
    }
}
