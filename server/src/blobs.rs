//! Where the bytes of files lie: a folder of this machine, or a bucket that several servers share.

use std::sync::Arc;

use axum::body::Bytes;
use causerie_shared::ids::FileId;
use futures_util::stream::BoxStream;
use object_store::{
    Error, ObjectStore, ObjectStoreExt as _, Result, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem,
    path::Path, prefix::PrefixStore,
};

use crate::config::Config;

/// Between an upload's name and the number of the attempt, in a folder.
const ATTEMPT: char = '#';

/// The bytes of all files. What was written is durable.
#[derive(Debug, Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// Opens the bucket that the configuration names, as the `AWS_` variables of the environment say (credentials,
    /// region, `AWS_ENDPOINT`); otherwise `files` in the data folder, which is made.
    ///
    /// # Errors
    /// The folder cannot be used, or what is said of the bucket is not enough. Nothing is asked over the network.
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

    /// `url`: `s3://bucket`, or `s3://bucket/folder`.
    fn bucket(builder: AmazonS3Builder, url: &str) -> Result<Self> {
        let folder = url.splitn(4, '/').nth(3).unwrap_or_default();
        let store = builder.with_url(url).build()?;
        Ok(Self(Arc::new(PrefixStore::new(store, folder))))
    }

    /// Begins to write a file piece by piece; it is there when the writer has finished.
    pub async fn begin(&self, id: FileId) -> Result<WriteMultipart> {
        Ok(WriteMultipart::new(self.0.put_multipart(&path(id)).await?))
    }

    /// Writes a file at once.
    pub async fn put(&self, id: FileId, bytes: Bytes) -> Result<()> {
        self.0.put(&path(id), bytes.into()).await?;
        Ok(())
    }

    /// All bytes of a file.
    ///
    /// # Errors
    /// It is not there, or cannot be read now.
    pub async fn bytes(&self, id: FileId) -> Result<Bytes> {
        self.0.get(&path(id)).await?.bytes().await
    }

    /// The bytes of a file, piece by piece.
    ///
    /// # Errors
    /// It is not there, or cannot be read now.
    pub async fn stream(&self, id: FileId) -> Result<BoxStream<'static, Result<Bytes>>> {
        Ok(self.0.get(&path(id)).await?.into_stream())
    }

    /// Deletes a file; one that is not there any more is deleted.
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

/// Removes uploads that were cut off by the end of the last run. A bucket has a rule of its own for them.
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
