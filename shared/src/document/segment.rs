//! When a document has grown enough: a timeline continues in another segment, other documents in another epoch
//! (`docs/sync.md#segments-and-epochs`).

use super::DocumentKind;

/// Maximum number of messages of a timeline segment. The cost of receiving and diffing is O(document).
pub const SEGMENT_MESSAGES: i64 = 400;
/// Maximum size of a segment's stored changes, in bytes.
pub const SEGMENT_BYTES: i64 = 256 * 1024;
/// Maximum time from a segment's first message to its last, in milliseconds.
pub const SEGMENT_MS: i64 = 30 * 24 * 3_600_000;

/// The size of changes after which a document gets a new epoch, in bytes.
const HISTORY_BYTES: i64 = 256 * 1024;
/// The limit for a draft, in bytes. Every reply empties the draft, so it is mostly history.
const DRAFT_HISTORY_BYTES: i64 = 64 * 1024;
/// The maximum ratio of the history to the content at the beginning of the epoch. It avoids rewriting large, rarely
/// edited content without benefit.
const HISTORY_RATIO: i64 = 4;

/// Whether a timeline segment of this size is sealed. `messages` is the number of its messages, `bytes` the size of
/// their stored changes, `age` the time since the first message in milliseconds.
pub fn is_full(messages: i64, bytes: i64, age: i64) -> bool {
    messages >= SEGMENT_MESSAGES || bytes >= SEGMENT_BYTES || age >= SEGMENT_MS
}

/// Whether a document should get a new epoch. `bytes` is the size of the stored changes of the epoch, `begun` the part
/// of it with which the epoch began. Always `false` for a timeline, whose segments are sealed instead.
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
