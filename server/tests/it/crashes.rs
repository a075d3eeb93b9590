//! Stored crash reports, on both engines.

use causerie_server::store::{
    Store,
    crashes::{self, MAX_GROUPS, RETENTION},
};
use causerie_shared::api::crashes::{CrashReport, CrashRow, Part};

use super::common;

fn report(build: &str, part: Part, stack: &str) -> CrashReport {
    CrashReport {
        build: build.into(),
        part,
        stack: stack.into(),
        route: "/app/mine".into(),
    }
}

async fn add(store: &Store, report: &CrashReport, now: i64) {
    let mut tx = store.begin().await.unwrap();
    crashes::add(&mut tx, report, "Chromium 141", now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn list(store: &Store, now: i64, limit: i64) -> Vec<CrashRow> {
    let mut db = store.read().await.unwrap();
    crashes::list(&mut db, now, limit).await.unwrap()
}

/// Build, part, stack, first and last report, and the number of reports.
type Seen = (String, Part, String, i64, i64, u32);

fn row(build: &str, part: Part, stack: &str, first: i64, last: i64, count: u32) -> Seen {
    (build.to_owned(), part, stack.to_owned(), first, last, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_the_same_build_part_and_stack_are_one_crash() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let reports = [
            report("a", Part::Main, "x"),
            report("a", Part::Main, "y"),
            report("a", Part::Desk, "x"),
            report("b", Part::Main, "x"),
        ];
        for (at, report) in (1..).zip(&reports) {
            add(&store, report, at).await;
        }
        add(&store, &reports[0], 9).await;
        let seen: Vec<Seen> = list(&store, 9, 10)
            .await
            .into_iter()
            .map(|row| (row.build, row.part, row.stack, row.first_seen, row.last_seen, row.count))
            .collect();
        assert_eq!(
            seen,
            [
                row("a", Part::Main, "x", 1, 9, 2),
                row("b", Part::Main, "x", 4, 4, 1),
                row("a", Part::Desk, "x", 3, 3, 1),
                row("a", Part::Main, "y", 2, 2, 1),
            ]
        );
        assert_eq!(list(&store, 9, 2).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_too_many_crashes_the_least_recently_reported_goes() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let stack = |number: i64| report("a", Part::Main, &number.to_string());
        let mut tx = store.begin().await.unwrap();
        for number in 0..MAX_GROUPS {
            crashes::add(&mut tx, &stack(number), "", number).await.unwrap();
        }
        tx.commit().await.unwrap();
        // The oldest crash is reported again, so the second one is the least recent.
        add(&store, &stack(0), MAX_GROUPS).await;
        assert_eq!(list(&store, MAX_GROUPS, 2 * MAX_GROUPS).await.len() as i64, MAX_GROUPS);
        add(&store, &stack(MAX_GROUPS), MAX_GROUPS + 1).await;
        let left = list(&store, MAX_GROUPS + 1, 2 * MAX_GROUPS).await;
        assert_eq!(left.len() as i64, MAX_GROUPS);
        assert!(left.iter().any(|row| row.stack == "0"));
        assert!(left.iter().all(|row| row.stack != "1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_goes_a_month_after_its_last_report() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let (old, new) = (report("a", Part::Main, "old"), report("a", Part::Main, "new"));
        add(&store, &old, 0).await;
        assert_eq!(list(&store, RETENTION, 10).await.len(), 1);
        assert!(list(&store, RETENTION + 1, 10).await.is_empty(), "an old one is shown");
        add(&store, &new, RETENTION + 1).await;
        let left = list(&store, RETENTION, 10).await;
        assert_eq!(left.len(), 1, "the old one is still stored");
        assert_eq!(left[0].stack, "new");
    }
}
