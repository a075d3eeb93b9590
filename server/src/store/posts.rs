//! Posts under which people comment.

use causerie_shared::{Millis, ids::AccountId, row::Post};
use sqlx::Row as _;

use super::{Db, StoreError, id};

/// The post behind a provider's id; kept as `new` when it was not known. What is said of it later fills what was empty.
pub async fn ensure(
    db: &mut Db,
    account: AccountId,
    external: &str,
    new: &Post,
    now: Millis,
) -> Result<Post, StoreError> {
    let row = sqlx::query(
        "INSERT INTO posts (id, account_id, external_id, title, url, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (account_id, external_id) DO UPDATE SET \
         title = CASE WHEN posts.title = '' THEN excluded.title ELSE posts.title END, \
         url = COALESCE(posts.url, excluded.url) RETURNING id, title, url",
    )
    .bind(new.id.to_string())
    .bind(account.to_string())
    .bind(external.to_owned())
    .bind(new.title.clone())
    .bind(new.url.clone())
    .bind(now)
    .fetch_one(db)
    .await?;
    Ok(Post {
        id: id(&row.try_get::<String, _>("id")?, "post id")?,
        title: row.try_get("title")?,
        url: row.try_get("url")?,
    })
}
