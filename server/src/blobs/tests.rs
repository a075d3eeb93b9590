//! Tests that a folder and a bucket return the bytes that were written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt as _;

use super::*;

/// The files of a bucket by path, and the pieces of the upload in progress.
#[derive(Default)]
struct Bucket {
    whole: Mutex<BTreeMap<String, Bytes>>,
    pieces: Mutex<BTreeMap<u32, Bytes>>,
}

/// Serves one bucket, which accepts one multipart upload at a time.
async fn serve(
    State(bucket): State<Arc<Bucket>>,
    method: Method,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let mut whole = bucket.whole.lock().unwrap();
    let mut pieces = bucket.pieces.lock().unwrap();
    let tag = [("etag", "\"1\"")];
    match (method.as_str(), query.get("partNumber")) {
        ("POST", _) if query.contains_key("uploads") => {
            pieces.clear();
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>".into_response()
        }
        ("POST", _) if query.contains_key("delete") => {
            let asked = String::from_utf8(body.to_vec()).unwrap();
            let key = asked
                .split("<Key>")
                .nth(1)
                .and_then(|rest| rest.split("</Key>").next())
                .unwrap();
            // Deleting a missing file succeeds, as it does in S3.
            whole.remove(&format!("{}/{key}", path.trim_end_matches('/')));
            format!("<DeleteResult><Deleted><Key>{key}</Key></Deleted></DeleteResult>").into_response()
        }
        ("POST", _) => {
            let bytes: Vec<u8> = pieces.values().flatten().copied().collect();
            whole.insert(path, bytes.into());
            "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>".into_response()
        }
        ("PUT", Some(number)) => {
            pieces.insert(number.parse().unwrap(), body);
            tag.into_response()
        }
        ("PUT", None) => {
            whole.insert(path, body);
            tag.into_response()
        }
        ("DELETE", _) if query.contains_key("uploadId") => {
            pieces.clear();
            StatusCode::NO_CONTENT.into_response()
        }
        ("GET", _) => match whole.get(&path) {
            Some(bytes) => (
                [("etag", "\"1\""), ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")],
                bytes.clone(),
            )
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn bucket() -> (Arc<Bucket>, Blobs) {
    let bucket = Arc::new(Bucket::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = Router::new()
        .fallback(serve)
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(&bucket));
    tokio::spawn(async move { axum::serve(listener, service).await });
    let builder = AmazonS3Builder::new()
        .with_endpoint(format!("http://{address}"))
        .with_allow_http(true)
        .with_access_key_id("key")
        .with_secret_access_key("secret")
        .with_region("eu-west-1");
    (bucket, Blobs::bucket(builder, "s3://company/chat/files").unwrap())
}

/// Returns content that is larger than one piece of an upload.
fn large() -> Vec<u8> {
    (0..6 * 1024 * 1024_u32).map(|n| (n % 251) as u8).collect()
}

async fn keeps(blobs: &Blobs) {
    let [small, big, left] = [1, 2, 3].map(FileId::from_u128);
    blobs.put(small, Bytes::from_static(b"at once")).await.unwrap();
    let mut writer = blobs.begin(big).await.unwrap();
    large().chunks(300_000).for_each(|piece| writer.write(piece));
    writer.finish().await.unwrap();
    let mut writer = blobs.begin(left).await.unwrap();
    writer.write(b"breaks off");
    writer.abort().await.unwrap();

    assert_eq!(blobs.bytes(small).await.unwrap(), "at once");
    let streamed: Vec<Bytes> = blobs.stream(big).await.unwrap().try_collect().await.unwrap();
    assert!(streamed.concat() == large(), "another content");
    assert!(blobs.bytes(left).await.is_err());
    blobs.delete(small).await.unwrap();
    blobs.delete(small).await.unwrap();
    assert!(blobs.bytes(small).await.is_err());
}

#[tokio::test]
async fn a_folder_keeps_files_and_forgets_what_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::for_test(folder.path());
    keeps(&Blobs::open(&config).unwrap()).await;
    let files = folder.path().join("files");
    std::fs::write(files.join("0000000000000000000000000B#1"), "half").unwrap();
    let again = Blobs::open(&config).unwrap();
    let names: Vec<_> = std::fs::read_dir(&files)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["00000000000000000000000002"]);
    assert_eq!(again.bytes(FileId::from_u128(2)).await.unwrap().len(), large().len());
}

#[tokio::test]
async fn a_bucket_keeps_files_in_its_folder() {
    let (bucket, blobs) = bucket().await;
    keeps(&blobs).await;
    let names: Vec<String> = bucket.whole.lock().unwrap().keys().cloned().collect();
    assert_eq!(names, ["/company/chat/files/00000000000000000000000002"]);
}
