//! Fetches the media of messages at once, because their addresses are short-lived, checks them and stores them.

use base64ct::{Base64, Encoding as _};
use causerie_shared::{
    ids::{ContactId, FileId},
    message::FileBrief,
};

use crate::{
    channels::{
        Next, adapter,
        inbound_event::{Class, Media},
    },
    state::App,
    store::channel_accounts::ChannelAccount,
};

/// Largest medium that a provider may deliver, in bytes (`docs/domain.md#uploads`).
pub const MAX_MEDIA: usize = 100 * 1024 * 1024;
/// Maximum number of calls to fetch one medium.
const MAX_CALLS: usize = 4;

/// Fetches media. Returns the stored files, and for each medium its class and whether it could be fetched: a message is
/// never lost because of its media.
pub async fn fetch_all(
    app: &App,
    account: &ChannelAccount,
    contact: ContactId,
    media: &[Media],
) -> (Vec<FileId>, Vec<(String, bool)>) {
    let (mut files, mut marks) = (vec![], vec![]);
    for medium in media {
        let file = fetch(app, account, contact, medium).await;
        let class = match &file {
            // Stories and shared posts do not say whether they are a picture or a video.
            Some(file) if medium.class == Class::Image && file.mime.starts_with("video/") => Class::Video,
            Some(_) | None => medium.class,
        };
        marks.push((class.as_str().to_owned(), file.is_some()));
        files.extend(file.map(|file| file.id));
    }
    (files, marks)
}

async fn fetch(app: &App, account: &ChannelAccount, contact: ContactId, media: &Media) -> Option<FileBrief> {
    let adapter = adapter(account.row.channel)?;
    let credentials = crate::accounts::credentials(app, account)?;
    if media.size.is_some_and(|size| size > MAX_MEDIA as u64) {
        return None;
    }
    let (mut answers, mut again) = (vec![], false);
    for _ in 0..MAX_CALLS {
        match adapter.fetch(&credentials, media, &answers) {
            Next::Call(call) => answers.push(app.client.call(&app.config, &call, None).await),
            Next::Done(None) => return None,
            Next::Done(Some(call)) => {
                let answer = app.client.call(&app.config, &call, Some(MAX_MEDIA)).await;
                // An address that was looked up may have expired meanwhile, so look it up once more.
                if matches!(answer.status, 0 | 404 | 500..) && !answers.is_empty() && !again {
                    again = true;
                    answers.clear();
                    continue;
                }
                if !answer.is_ok() || !is_whole(&answer.body, &media.sha256) {
                    return None;
                }
                let mime = mime(media, &answer.body);
                let name = file_name(media, &mime);
                return match crate::files::keep(app, &name, &mime, answer.body, contact).await {
                    Ok(brief) => Some(brief),
                    Err(error) => {
                        tracing::warn!(?error, "a medium could not be stored");
                        None
                    }
                };
            }
        }
    }
    None
}

fn is_whole(bytes: &[u8], sha256: &str) -> bool {
    use sha2::Digest as _;
    if sha256.is_empty() {
        return true;
    }
    let found = sha2::Sha256::digest(bytes);
    let hex: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.eq_ignore_ascii_case(sha256) || Base64::encode_string(&found) == sha256
}

/// Returns the media type as the provider gives it. Messenger and Instagram give only the class; then the first bytes
/// decide.
fn mime(media: &Media, bytes: &[u8]) -> String {
    if !media.mime.is_empty() {
        return media.mime.clone();
    }
    let begins = |mark: &[u8]| bytes.starts_with(mark);
    let is_movie = bytes.get(4..8) == Some(b"ftyp".as_slice());
    match media.class {
        Class::Audio if begins(b"OggS") => "audio/ogg",
        Class::Audio if begins(b"RIFF") => "audio/wav",
        Class::Audio if begins(b"\x1A\x45\xDF\xA3") => "audio/webm",
        Class::Audio if is_movie => "audio/mp4",
        Class::Audio if begins(b"\xFF\xF1") || begins(b"\xFF\xF9") => "audio/aac",
        Class::Audio => "audio/mpeg",
        Class::Video if begins(b"OggS") => "video/ogg",
        Class::Video if begins(b"\x1A\x45\xDF\xA3") => "video/webm",
        Class::Video => "video/mp4",
        Class::File if begins(b"%PDF-") => "application/pdf",
        Class::Image | Class::Sticker | Class::File | Class::Story => "",
    }
    .to_owned()
}

/// Returns the file's own name, or one made of its class and type.
fn file_name(media: &Media, mime: &str) -> String {
    let given: String = media
        .name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '/' | '\\'))
        .take(120)
        .collect();
    if !given.trim().is_empty() {
        return given.trim().to_owned();
    }
    let kind = mime.split(';').next().unwrap_or_default().trim();
    let extension = match kind {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "video/mp4" => "mp4",
        "video/3gpp" => "3gp",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/aac" => "aac",
        "audio/amr" => "amr",
        "application/pdf" => "pdf",
        _ => match media.class {
            Class::Image | Class::Story => "jpg",
            Class::Video => "mp4",
            Class::Audio => "ogg",
            Class::Sticker => "webp",
            Class::File => "bin",
        },
    };
    format!("{}.{extension}", media.class.as_str())
}
