//! Storing an upload: the file is streamed, checked and made durable before its row is written.

pub mod content;

use std::time::Duration;

use axum::body::{Body, Bytes};
use causerie_shared::{
    api::{MAX_UPLOAD, upload_extension},
    ids::{ContactId, FileId, UserId},
    message::FileBrief,
    refusal::{Code, Refusal},
};
use futures_util::StreamExt;
use object_store::WriteMultipart;
use tokio::time::timeout;

use crate::{
    clock::random_u128,
    error::ServiceError,
    state::App,
    store::{
        StoreError,
        files::{self, FileRecord},
    },
};

/// How long the client may be silent before the upload fails.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of parts written at the same time; a faster client has to wait.
const MAX_PARTS_IN_FLIGHT: usize = 2;

/// The owner of an upload.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    User(UserId),
    Contact(ContactId),
}

/// Stores `body` under `name`.
///
/// # Errors
/// `bad_file` for a type that is not allowed or content that does not match the name, `too_large` above 25 MiB,
/// `malformed` when the body is incomplete. Nothing is kept then.
pub async fn save(app: &App, name: &str, body: Body, owner: Owner) -> Result<FileBrief, ServiceError> {
    let extension = upload_extension(name)
        .ok_or_else(|| Refusal::new(Code::BadFile, format!("{name} has a type that may not be sent")))?;
    let now = app.clock.now();
    let id = FileId::new(now, random_u128());
    let mut writer = app.blobs.begin(id).await.map_err(|error| failed(&error))?;
    let checked = receive(&mut writer, body).await.and_then(|received| {
        let mime = content::mime(extension, &received.head)
            .ok_or_else(|| Refusal::new(Code::BadFile, format!("{name} is not what its name says")))?;
        Ok((received.size, mime))
    });
    let (size, mime) = match checked {
        Ok(checked) => checked,
        Err(refused) => {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, "an unfinished upload could not be removed");
            }
            return Err(refused);
        }
    };
    writer.finish().await.map_err(|error| failed(&error))?;
    let (user, contact) = match owner {
        Owner::User(user) => (Some(user), None),
        Owner::Contact(contact) => (None, Some(contact)),
    };
    let record = FileRecord {
        id,
        name: name.to_owned(),
        mime: mime.to_owned(),
        size: size as i64,
        user,
        contact,
        conversation: None,
        internal: false,
        created_at: now,
    };

    know(app, &record).await
}

/// Writes the row last: a file without a row only wastes space, but a row without a file would be a loss.
async fn know(app: &App, record: &FileRecord) -> Result<FileBrief, ServiceError> {
    let stored = async {
        let mut tx = app.store.begin().await?;
        files::insert_file(&mut tx, record).await?;
        Ok::<_, StoreError>(tx.commit().await?)
    };
    if let Err(error) = stored.await {
        if let Err(error) = app.blobs.delete(record.id).await {
            tracing::warn!(%error, "could not delete the bytes of a file without a row");
        }
        return Err(error.into());
    }
    Ok(record.brief())
}

/// Stores media from a provider. Any type is allowed, because it is only shown or downloaded.
///
/// # Errors
/// Errors of the disk or the database.
pub async fn keep(
    app: &App,
    name: &str,
    mime: &str,
    bytes: Bytes,
    contact: ContactId,
) -> Result<FileBrief, ServiceError> {
    let now = app.clock.now();
    let id = FileId::new(now, random_u128());
    let (mime, size) = (content::media_type(mime, &bytes), bytes.len() as i64);
    app.blobs.put(id, bytes).await.map_err(|error| failed(&error))?;
    let record = FileRecord {
        id,
        name: name.to_owned(),
        mime,
        size,
        user: None,
        contact: Some(contact),
        conversation: None,
        internal: false,
        created_at: now,
    };
    know(app, &record).await
}

/// Deletes the bytes of removed files, then their rows. Failed deletions are repeated at the next start.
pub async fn erase(app: &App) -> Result<(), StoreError> {
    let removed = files::removed(&mut *app.store.read().await?).await?;
    for id in removed {
        if let Err(error) = app.blobs.delete(id).await {
            tracing::error!(file = %id, %error, "the bytes of a removed file are still there");
            continue;
        }
        let mut tx = app.store.begin().await?;
        files::erase(&mut tx, id).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What an upload has delivered.
struct Received {
    size: usize,
    /// The first bytes.
    head: Vec<u8>,
}

async fn receive(writer: &mut WriteMultipart, body: Body) -> Result<Received, ServiceError> {
    let mut received = Received {
        size: 0,
        head: Vec::new(),
    };
    let mut body = body.into_data_stream();
    while let Some(chunk) = next(&mut body).await? {
        received.size += chunk.len();
        if received.size > MAX_UPLOAD {
            return Err(Refusal::new(Code::TooLarge, "a file has at most 25 MiB").into());
        }
        let wanted = content::HEAD.saturating_sub(received.head.len()).min(chunk.len());
        received.head.extend_from_slice(&chunk[..wanted]);
        writer
            .wait_for_capacity(MAX_PARTS_IN_FLIGHT)
            .await
            .map_err(|error| failed(&error))?;
        writer.put(chunk);
    }
    Ok(received)
}

async fn next(body: &mut axum::body::BodyDataStream) -> Result<Option<Bytes>, ServiceError> {
    let broken = || Refusal::new(Code::Malformed, "the upload was incomplete");
    timeout(SILENCE_TIMEOUT, body.next())
        .await
        .map_err(|_| broken())?
        .transpose()
        .map_err(|_| broken().into())
}

fn failed(error: &object_store::Error) -> ServiceError {
    tracing::error!(%error, "an upload could not be stored");
    Refusal::new(Code::Internal, "something failed on the server; nothing was changed").into()
}
