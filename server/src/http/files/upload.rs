//! Storing an upload: streamed into a file beside its place, checked, made durable, then renamed.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::body::{Body, Bytes};
use causerie_shared::{
    api::{MAX_UPLOAD, upload_extension},
    ids::{ContactId, FileId, UserId},
    message::FileBrief,
    refusal::Code,
};
use futures_util::StreamExt;
use tokio::{fs, io::AsyncWriteExt, time::timeout};

use super::{content, folder, path};
use crate::{
    clock::random_u128,
    config::Config,
    error::ApiError,
    state::App,
    store::{
        StoreError,
        files::{self, FileRecord},
    },
};

/// A sender that is silent for longer has gone.
const SILENCE: Duration = Duration::from_secs(30);

/// Extension of a file that is still arriving.
const PART: &str = "part";

/// Who uploads.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    User(UserId),
    Contact(ContactId),
}

/// Stores `body` under `name`.
///
/// # Errors
/// `bad_file` for a type that is not allowed or content that does not fit its name, `too_large` above
/// 25 MiB, `malformed` when the body breaks off. Nothing is kept then.
pub async fn save(app: &App, name: &str, body: Body, owner: Owner) -> Result<FileBrief, ApiError> {
    let extension = upload_extension(name)
        .ok_or_else(|| ApiError::new(Code::BadFile, format!("{name} has a type that may not be sent")))?;
    let now = app.clock.now();
    let id = FileId::new(now, random_u128());
    let folder = folder(&app.config);
    fs::create_dir_all(&folder).await.map_err(|error| failed(&error))?;
    let part = Part(folder.join(format!("{id}.{PART}")));

    let received = receive(&part.0, body).await?;
    let mime = content::mime(extension, &received.head)
        .ok_or_else(|| ApiError::new(Code::BadFile, format!("{name} is not what its name says")))?;
    let (user, contact) = match owner {
        Owner::User(user) => (Some(user), None),
        Owner::Contact(contact) => (None, Some(contact)),
    };
    let record = FileRecord {
        id,
        name: name.to_owned(),
        mime: mime.to_owned(),
        size: received.size as i64,
        user,
        contact,
        conversation: None,
        internal: false,
        created_at: now,
    };

    let place = path(&app.config, id);
    fs::rename(&part.0, &place).await.map_err(|error| failed(&error))?;
    // The row comes last: a file without a row is waste, a row without a file would be a loss.
    let stored = async {
        sync_folder(&folder).await.map_err(|error| failed(&error))?;
        let mut tx = app.store.begin().await?;
        files::insert_file(&mut tx, &record).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    };
    if let Err(error) = stored.await {
        remove(&place);
        return Err(error);
    }
    Ok(record.brief())
}

/// Stores a medium that a provider delivered: any type, for it is only ever shown or downloaded.
///
/// # Errors
/// The disk or the database failed.
pub async fn keep(app: &App, name: &str, mime: &str, bytes: Bytes, contact: ContactId) -> Result<FileBrief, ApiError> {
    let now = app.clock.now();
    let id = FileId::new(now, random_u128());
    let folder = folder(&app.config);
    fs::create_dir_all(&folder).await.map_err(|error| failed(&error))?;
    let part = Part(folder.join(format!("{id}.{PART}")));
    let mut file = fs::File::create(&part.0).await.map_err(|error| failed(&error))?;
    file.write_all(&bytes).await.map_err(|error| failed(&error))?;
    file.sync_all().await.map_err(|error| failed(&error))?;
    let record = FileRecord {
        id,
        name: name.to_owned(),
        mime: content::media_type(mime, &bytes),
        size: bytes.len() as i64,
        user: None,
        contact: Some(contact),
        conversation: None,
        internal: false,
        created_at: now,
    };
    let place = path(&app.config, id);
    fs::rename(&part.0, &place).await.map_err(|error| failed(&error))?;
    sync_folder(&folder).await.map_err(|error| failed(&error))?;
    let mut tx = app.store.begin().await?;
    files::insert_file(&mut tx, &record).await?;
    tx.commit().await?;
    Ok(record.brief())
}

/// The bytes of a stored file.
///
/// # Errors
/// They are not on the disk.
pub async fn bytes(config: &Config, id: FileId) -> io::Result<Bytes> {
    Ok(fs::read(path(config, id)).await?.into())
}

/// Makes the folder for files and removes uploads that were cut off by the end of the last run.
pub async fn sweep(config: &Config) -> io::Result<()> {
    let folder = folder(config);
    fs::create_dir_all(&folder).await?;
    let mut entries = fs::read_dir(&folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let place = entry.path();
        if place.extension().is_some_and(|extension| extension == PART) {
            fs::remove_file(place).await?;
        }
    }
    Ok(())
}

/// Deletes the bytes of removed files, then their rows. What fails is tried again at the next start.
pub async fn erase(app: &App) -> Result<(), StoreError> {
    let removed = files::removed(&mut *app.store.read().await?).await?;
    for id in removed {
        match fs::remove_file(path(&app.config, id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(file = %id, %error, "a removed file is still on the disk");
            }
            Ok(()) | Err(_) => {
                let mut tx = app.store.begin().await?;
                files::erase(&mut tx, id).await?;
                tx.commit().await?;
            }
        }
    }
    Ok(())
}

/// What has arrived.
struct Received {
    size: usize,
    /// The first bytes.
    head: Vec<u8>,
}

async fn receive(place: &Path, body: Body) -> Result<Received, ApiError> {
    let mut file = fs::File::create(place).await.map_err(|error| failed(&error))?;
    let mut received = Received {
        size: 0,
        head: Vec::new(),
    };
    let mut body = body.into_data_stream();
    while let Some(chunk) = next(&mut body).await? {
        received.size += chunk.len();
        if received.size > MAX_UPLOAD {
            return Err(ApiError::new(Code::TooLarge, "a file has at most 25 MiB"));
        }
        let wanted = content::HEAD.saturating_sub(received.head.len()).min(chunk.len());
        received.head.extend_from_slice(&chunk[..wanted]);
        file.write_all(&chunk).await.map_err(|error| failed(&error))?;
    }
    file.flush().await.map_err(|error| failed(&error))?;
    file.sync_all().await.map_err(|error| failed(&error))?;
    Ok(received)
}

async fn next(body: &mut axum::body::BodyDataStream) -> Result<Option<Bytes>, ApiError> {
    let broken = || ApiError::new(Code::Malformed, "the file broke off before its end");
    timeout(SILENCE, body.next())
        .await
        .map_err(|_| broken())?
        .transpose()
        .map_err(|_| broken())
}

/// A new name in a folder is durable once the folder is.
async fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder).await?.sync_all().await
}

/// A file that is still arriving; removed when the upload ends in any way but a rename.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(place: &Path) {
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "an unfinished upload could not be removed");
        }
        Ok(()) | Err(_) => {}
    }
}

fn failed(error: &io::Error) -> ApiError {
    tracing::error!(%error, "an upload could not be stored");
    ApiError::internal()
}
