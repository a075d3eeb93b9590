//! Conversion of an inbox's fields into settings.

use super::*;

fn draft(act: impl FnOnce(Draft)) -> (InboxSettings, Vec<String>) {
    let owner = Owner::new();
    owner.with(|| {
        let draft = Draft::new("Europe/Madrid");
        draft.name.set(" Orders ".into());
        act(draft);
        let (settings, wrong) = draft.read();
        (settings, wrong.into_iter().map(|problem| problem.field).collect())
    })
}

#[test]
fn a_new_inbox_needs_no_more_than_a_name() {
    let (settings, wrong) = draft(|_| ());
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!((settings.name.as_str(), settings.rules), ("Orders", Rules::default()));
    assert_eq!((settings.inactivity, settings.hours), (None, None));
    assert_eq!(draft(|draft| draft.name.set("  ".into())).1, ["inbox-name"]);
}

#[test]
fn numbers_out_of_range_are_named_by_their_field() {
    let user = UserId::from_u128(7);
    let (_, wrong) = draft(|draft| {
        draft.accept.set("4".into());
        draft.queue.set("soon".into());
        draft.seat(user, true);
        draft.seats.update(|seats| seats[0].capacity = "101".into());
        draft.silence.set(true);
        draft.amount.set("301".into());
        draft.unit.set(Unit::Days);
        draft.message.set("ä".repeat(201));
    });
    let capacity = format!("capacity-{user}");
    assert_eq!(
        wrong,
        [
            "accept-secs",
            "queue-secs",
            &capacity,
            "inactive-amount",
            "inactive-message"
        ]
    );
}

#[test]
fn a_rule_that_sends_nothing_has_no_message() {
    let (settings, wrong) = draft(|draft| {
        draft.silence.set(true);
        draft.amount.set("300".into());
        draft.unit.set(Unit::Days);
        draft.message.set("Still there?".into());
        draft.action.set(TimeOut::Close);
    });
    assert_eq!(wrong, Vec::<String>::new());
    let rule = settings.inactivity.unwrap();
    assert_eq!((rule.minutes, rule.message.as_str()), (432_000, ""));
}

#[test]
fn hours_are_put_in_order_and_may_end_at_midnight() {
    let span = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let (settings, wrong) = draft(|draft| {
        draft.scheduled.set(true);
        draft
            .week
            .update(|week| week[6] = vec![span("18:00", "00:00"), span("09:00", "14:00")]);
    });
    assert_eq!(wrong, Vec::<String>::new());
    let hours = settings.hours.unwrap();
    assert!(hours.check().is_ok());
    assert_eq!(
        hours.week[6],
        [Interval { from: 540, to: 840 }, Interval { from: 1_080, to: DAY }]
    );
    let (_, wrong) = draft(|draft| {
        draft.scheduled.set(true);
        draft
            .week
            .update(|week| week[0] = vec![span("09:00", "14:00"), span("13:00", "15:00")]);
        draft.exceptions.set(vec![Dated {
            date: String::new(),
            open: vec![],
        }]);
    });
    assert_eq!(wrong, ["day-0", "exception-0"]);
}

#[test]
fn what_is_shown_is_read_back() {
    let (settings, _) = draft(|draft| {
        draft.silence.set(true);
        draft.message.set("Still there?".into());
        draft.scheduled.set(true);
    });
    let owner = Owner::new();
    assert_eq!(owner.with(|| Draft::of(&settings, "UTC").read()), (settings, vec![]));
}
