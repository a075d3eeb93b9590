//! Posts with comments.

use causerie_shared::{Millis, ids::AccountId, row::Post};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id};

fn post(row: &AnyRow) -> Result<Post, StoreError> {
    Ok(Post {
        id: id(&row.try_get::<String, _>("id")?, "post id")?,
        title: row.try_get("title")?,
        url: row.try_get("url")?,
    })
}

/// Returns the post with this provider's id, if it is known.
pub async fn by_external(db: &mut Db, account: AccountId, external: &str) -> Result<Option<Post>, StoreError> {
    let row = sqlx::query("SELECT id, title, url FROM posts WHERE account_id = $1 AND external_id = $2")
        .bind(account.to_string())
        .bind(external.to_owned())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(post).transpose()
}

/// Returns the post with this provider's id, and creates it as `new` if needed. Fills an empty title or URL of a known
/// post from `new`.
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
    post(&row)
}
