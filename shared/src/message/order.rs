//! The order in which a chat shows its messages (`docs/sync.md#message-rows`).

use super::{Author, MessageRow};
use crate::Millis;

/// The longest time for which a provider delivers a webhook again, in milliseconds: 7 days, for WhatsApp
/// (`docs/channels.md#delivery-of-webhooks`). A message that seems to be older is not late; its clock is wrong.
pub const MAX_LATENESS_MS: Millis = 7 * 24 * 3_600_000;

/// Sorts messages into display order. `messages` are in the order in which the server accepted them, with those that
/// have no row last. A message that a provider delivered late moves up to where it was written: before later messages
/// of the provider, and before anything that the company wrote after that moment. The company's own messages keep their
/// order among themselves.
pub fn place_late<T>(messages: &mut [T], row: impl Fn(&T) -> Option<&MessageRow>) {
    for end in 1..messages.len() {
        let mut place = end;
        while place > 0
            && let (Some(late), Some(before)) = (row(&messages[place]), row(&messages[place - 1]))
            && precedes(late, before)
        {
            messages.swap(place, place - 1);
            place -= 1;
        }
    }
}

/// Whether `late`, which was accepted after `before`, was written before it.
fn precedes(late: &MessageRow, before: &MessageRow) -> bool {
    let Some(said) = late.said_at else { return false };
    match before.said_at {
        // Both times are from the provider's clock.
        Some(earlier) => said < earlier,
        // A contact's message without a time keeps its place.
        None if before.author == Author::Contact => false,
        None => late.accepted_at - said <= MAX_LATENESS_MS && end_of_second(said) < before.accepted_at,
    }
}

/// Most providers give whole seconds: the message was written at any moment of that second.
fn end_of_second(at: Millis) -> Millis {
    if at % 1_000 == 0 { at + 999 } else { at }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        ids::{ConversationId, MessageId},
        message::Delivery,
    };

    const NOW: Millis = 1_700_000_000_000;

    /// Builds rows that were accepted and written so many milliseconds after `NOW`; `None` is a message of the company.
    fn rows(times: &[(Millis, Option<Millis>)]) -> Vec<MessageRow> {
        let row = |(at, (accepted, said)): (usize, &(Millis, Option<Millis>))| MessageRow {
            id: MessageId::from_u128(at as u128 + 1),
            conversation: ConversationId::from_u128(1),
            position: at as i64 + 1,
            segment: 1,
            author: if said.is_some() {
                Author::Contact
            } else {
                Author::System
            },
            accepted_at: NOW + accepted,
            said_at: said.map(|said| NOW + said),
            delivery: Delivery::Sent,
            reason: None,
            files: vec![],
            redacted_at: None,
            extra: None,
            seq: 1,
        };
        times.iter().enumerate().map(row).collect()
    }

    fn shown(times: &[(Millis, Option<Millis>)]) -> Vec<i64> {
        let mut rows = rows(times);
        place_late(&mut rows, |row| Some(row));
        rows.iter().map(|row| row.position).collect()
    }

    #[test]
    fn what_came_late_stands_where_it_was_written() {
        // First case: two messages of the customer in the wrong order. Then: the company's answer came before the
        // second message.
        assert_eq!(shown(&[(0, Some(-50)), (10, Some(-100))]), [2, 1]);
        assert_eq!(
            shown(&[(0, Some(-50)), (60_000, None), (120_000, Some(30_001))]),
            [1, 3, 2]
        );
        assert_eq!(
            shown(&[(0, Some(-50)), (60_000, None), (120_000, Some(90_001))]),
            [1, 2, 3]
        );
    }

    #[test]
    fn an_answer_in_the_same_second_stays_an_answer() {
        // The customer's message carries the whole second in which the company wrote, too.
        assert_eq!(shown(&[(400, None), (900, Some(0))]), [1, 2]);
        assert_eq!(shown(&[(400, None), (900, Some(-1_000))]), [2, 1]);
    }

    #[test]
    fn a_wrong_clock_moves_nobody_before_the_company() {
        let years = -3 * 365 * 24 * 3_600_000;
        assert_eq!(shown(&[(0, None), (5, Some(years))]), [1, 2]);
        assert_eq!(shown(&[(0, Some(years)), (5, Some(years - 1))]), [2, 1]);
    }

    #[test]
    fn who_says_no_time_stays_where_they_came() {
        let mut rows = rows(&[(0, None), (5, Some(-9_000))]);
        rows[0].author = Author::Contact;
        place_late(&mut rows, |row| Some(row));
        assert_eq!(rows[0].position, 1);
    }

    #[test]
    fn the_company_keeps_its_order_and_what_has_no_row_is_last() {
        // The second row was accepted on a node whose clock is behind.
        assert_eq!(shown(&[(1_000, None), (0, None)]), [1, 2]);
        let mut rows: Vec<Option<MessageRow>> =
            rows(&[(9_000, None), (9_001, Some(1))]).into_iter().map(Some).collect();
        rows.push(None);
        place_late(&mut rows, |row| row.as_ref());
        let shown: Vec<Option<i64>> = rows.iter().map(|row| row.as_ref().map(|row| row.position)).collect();
        assert_eq!(shown, [Some(2), Some(1), None]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_company_keeps_its_order(
            times in prop::collection::vec((0i64..20_000, prop::option::of(0i64..20_000)), 0..20),
        ) {
            let times: Vec<_> = times.into_iter().map(|(at, said)| (at, said.map(|said| said.min(at)))).collect();
            let mut shown = rows(&times);
            place_late(&mut shown, |row| Some(row));
            let mut all: Vec<i64> = shown.iter().map(|row| row.position).collect();
            let company: Vec<i64> =
                shown.iter().filter(|row| row.said_at.is_none()).map(|row| row.position).collect();
            prop_assert!(company.is_sorted());
            all.sort_unstable();
            prop_assert_eq!(all, (1..=times.len() as i64).collect::<Vec<_>>());
        }
    }
}
