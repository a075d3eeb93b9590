//! Crashes of the console, grouped by build, part and stack.

use causerie_shared::{
    Millis,
    api::crashes::{CrashReport, CrashRow, Part},
};
use sha2::{Digest, Sha256};
use sqlx::Row as _;

use super::{Db, StoreError};
use crate::clock::hex;

/// How long a crash is kept after its last report, milliseconds.
pub const RETENTION: Millis = 30 * 24 * 3_600_000;
/// Maximum number of groups. Above it, the least recently reported ones are removed.
pub const MAX_GROUPS: i64 = 1_000;
/// Groups above [`MAX_GROUPS`] that one report removes. A report adds at most one.
const TRIM_BATCH: i64 = 20;

/// Counts a report, and removes groups that are too old or too many.
pub async fn add(db: &mut Db, report: &CrashReport, engine: &str, now: Millis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO crashes (build, part, stack_hash, stack, route, engine, first_seen, last_seen, reports) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1) \
         ON CONFLICT (build, part, stack_hash) DO UPDATE SET route = excluded.route, engine = excluded.engine, \
         last_seen = excluded.last_seen, reports = crashes.reports + 1",
    )
    .bind(report.build.clone())
    .bind(report.part.as_str())
    .bind(hex(&Sha256::digest(report.stack.as_bytes())))
    .bind(report.stack.clone())
    .bind(report.route.clone())
    .bind(engine.to_owned())
    .bind(now)
    .execute(&mut *db)
    .await?;
    trim(db, now).await
}

async fn trim(db: &mut Db, now: Millis) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM crashes WHERE last_seen < $1")
        .bind(now - RETENTION)
        .execute(&mut *db)
        .await?;
    let surplus = sqlx::query(
        "SELECT build, part, stack_hash FROM crashes ORDER BY last_seen DESC, stack_hash DESC LIMIT $1 OFFSET $2",
    )
    .bind(TRIM_BATCH)
    .bind(MAX_GROUPS)
    .fetch_all(&mut *db)
    .await?;
    for row in surplus {
        sqlx::query("DELETE FROM crashes WHERE build = $1 AND part = $2 AND stack_hash = $3")
            .bind(row.try_get::<String, _>("build")?)
            .bind(row.try_get::<String, _>("part")?)
            .bind(row.try_get::<String, _>("stack_hash")?)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Returns at most `limit` crashes within the retention, last reported first.
pub async fn list(db: &mut Db, now: Millis, limit: i64) -> Result<Vec<CrashRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT build, part, stack, route, engine, first_seen, last_seen, reports FROM crashes \
         WHERE last_seen >= $1 ORDER BY last_seen DESC, stack_hash DESC LIMIT $2",
    )
    .bind(now - RETENTION)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let part: String = row.try_get("part")?;
            Ok(CrashRow {
                build: row.try_get("build")?,
                part: Part::from_key(&part).ok_or(StoreError::Damaged("part of the console"))?,
                stack: row.try_get("stack")?,
                route: row.try_get("route")?,
                engine: row.try_get("engine")?,
                first_seen: row.try_get("first_seen")?,
                last_seen: row.try_get("last_seen")?,
                count: u32::try_from(row.try_get::<i64, _>("reports")?).unwrap_or(u32::MAX),
            })
        })
        .collect()
}
