//! Storage for the bytes of files: a folder on this machine, or a bucket that several servers share.

use std::sync::Arc;

use axum::body::Bytes;
use causerie_shared::ids::FileId;
use futures_util::stream::BoxStream;
use object_store::{
    Error, ObjectStore, ObjectStoreExt as _, Result, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem,
    path::Path, prefix::PrefixStore,
};

use crate::config::Config;

/// Separates the file's name from the attempt's number in the name of an unfinished upload in a folder.
const ATTEMPT: char = '#';

/// The bytes of all files. A finished write is durable.
#[derive(Debug, Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// Opens the configured bucket with the `AWS_` environment variables (credentials, region, `AWS_ENDPOINT`). Without
    /// a bucket, opens the folder `files` in the data folder and creates it if needed.
    ///
    /// # Errors
    /// The folder cannot be used, or the settings of the bucket are incomplete. The bucket is not contacted.
    pub fn open(config: &Config) -> Result<Self> {
        let Some(bucket) = &config.files_url else {
            let folder = config.data.join("files");
            let generic = |error: std::io::Error| Error::Generic {
                store: "files",
                source: error.into(),
            };
            std::fs::create_dir_all(&folder).map_err(generic)?;
            sweep(&folder).map_err(generic)?;
            return Ok(Self(Arc::new(
                LocalFileSystem::new_with_prefix(folder)?.with_fsync(true),
            )));
        };
        Self::bucket(AmazonS3Builder::from_env(), bucket)
    }

    /// Opens the bucket at `url`, which is `s3://bucket` or `s3://bucket/folder`.
    fn bucket(builder: AmazonS3Builder, url: &str) -> Result<Self> {
        let folder = url.splitn(4, '/').nth(3).unwrap_or_default();
        let store = builder.with_url(url).build()?;
        Ok(Self(Arc::new(PrefixStore::new(store, folder))))
    }

    /// Starts writing a file piece by piece. The file exists once the writer has finished.
    pub async fn begin(&self, id: FileId) -> Result<WriteMultipart> {
        Ok(WriteMultipart::new(self.0.put_multipart(&path(id)).await?))
    }

    /// Writes a whole file.
    pub async fn put(&self, id: FileId, bytes: Bytes) -> Result<()> {
        self.0.put(&path(id), bytes.into()).await?;
        Ok(())
    }

    /// Returns all bytes of a file.
    ///
    /// # Errors
    /// The file does not exist, or cannot be read now.
    pub async fn bytes(&self, id: FileId) -> Result<Bytes> {
        self.0.get(&path(id)).await?.bytes().await
    }

    /// Streams the bytes of a file.
    ///
    /// # Errors
    /// The file does not exist, or cannot be read now.
    pub async fn stream(&self, id: FileId) -> Result<BoxStream<'static, Result<Bytes>>> {
        Ok(self.0.get(&path(id)).await?.into_stream())
    }

    /// Deletes a file. Succeeds if the file does not exist.
    pub async fn delete(&self, id: FileId) -> Result<()> {
        match self.0.delete(&path(id)).await {
            Err(Error::NotFound { .. }) => Ok(()),
            other => other,
        }
    }
}

fn path(id: FileId) -> Path {
    Path::from(id.to_string())
}

/// Removes uploads that the end of the last run interrupted. A bucket removes its own by a lifecycle rule.
fn sweep(folder: &std::path::Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains(ATTEMPT) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
