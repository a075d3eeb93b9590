//! Checks that a file's first bytes fit its extension (`docs/domain.md#uploads`).

/// Number of bytes at the beginning of a file that the check reads.
pub const HEAD: usize = 8 * 1024;

/// How files with an extension begin, and the type with which they are served.
struct Rule {
    mime: &'static str,
    begins: fn(&[u8]) -> bool,
}

/// Returns the type of a file with this lower-case extension and these first bytes; `None` when they do not match.
pub fn mime(extension: &str, head: &[u8]) -> Option<&'static str> {
    let rule = rule(extension)?;
    (rule.begins)(head).then_some(rule.mime)
}

/// Returns the type of a provider's media: pictures by their bytes, everything else by the provider's type.
pub fn media_type(said: &str, bytes: &[u8]) -> String {
    let pictures: [(&str, &[u8]); 3] = [
        ("image/png", b"\x89PNG\r\n\x1A\n"),
        ("image/jpeg", b"\xFF\xD8\xFF"),
        ("image/gif", b"GIF8"),
    ];
    if let Some((mime, _)) = pictures.iter().find(|(_, magic)| bytes.starts_with(magic)) {
        return (*mime).to_owned();
    }
    if riff(bytes, b"WEBP") {
        return "image/webp".to_owned();
    }
    let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'))
    };
    match said.split_once('/') {
        // Content that only claims to be a picture, or could run a script, becomes a download.
        Some(("image", _)) | None => "application/octet-stream".to_owned(),
        Some((kind, part)) if token(kind) && token(part) && said != "text/html" => said,
        Some(_) => "application/octet-stream".to_owned(),
    }
}

fn rule(extension: &str) -> Option<Rule> {
    let (mime, begins): (_, fn(&[u8]) -> bool) = match extension {
        "7z" => ("application/x-7z-compressed", |b| b.starts_with(b"7z\xBC\xAF\x27\x1C")),
        "avi" => ("video/x-msvideo", |b| riff(b, b"AVI ")),
        "bmp" => ("image/bmp", |b| b.starts_with(b"BM")),
        "cfg" | "txt" => ("text/plain", text),
        "csv" => ("text/csv", text),
        "doc" => ("application/msword", compound),
        "docx" => (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            zip,
        ),
        "gif" => ("image/gif", |b| b.starts_with(b"GIF87a") || b.starts_with(b"GIF89a")),
        "gz" | "tgz" => ("application/gzip", |b| b.starts_with(b"\x1F\x8B")),
        "jpg" | "jpeg" => ("image/jpeg", |b| b.starts_with(b"\xFF\xD8\xFF")),
        "json" => ("application/json", text),
        "mkv" => ("video/x-matroska", matroska),
        "mov" => ("video/quicktime", movie),
        "mp3" => ("audio/mpeg", |b| {
            b.starts_with(b"ID3") || matches!(b, [0xFF, second, ..] if second & 0xE0 == 0xE0)
        }),
        "mp4" => ("video/mp4", movie),
        "pcap" => ("application/vnd.tcpdump.pcap", capture),
        "pdf" => ("application/pdf", |b| b.starts_with(b"%PDF-")),
        "pgp" => ("application/pgp-encrypted", |b| {
            text(b) || b.first().is_some_and(|first| first & 0x80 != 0)
        }),
        "png" => ("image/png", |b| b.starts_with(b"\x89PNG\r\n\x1A\n")),
        "psd" => ("image/vnd.adobe.photoshop", |b| b.starts_with(b"8BPS")),
        "rar" => ("application/vnd.rar", |b| b.starts_with(b"Rar!\x1A\x07")),
        "svg" => ("image/svg+xml", text),
        "tar" => ("application/x-tar", |b| {
            b.get(257..262).is_some_and(|magic| magic == b"ustar")
        }),
        "tif" | "tiff" => ("image/tiff", |b| b.starts_with(b"II*\0") || b.starts_with(b"MM\0*")),
        "wav" => ("audio/wav", |b| riff(b, b"WAVE")),
        "webm" => ("video/webm", matroska),
        "wmv" => ("video/x-ms-wmv", |b| b.starts_with(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11")),
        "xls" => ("application/vnd.ms-excel", compound),
        "xlsx" => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", zip),
        "xml" => ("application/xml", text),
        "zip" => ("application/zip", zip),
        _ => return None,
    };
    Some(Rule { mime, begins })
}

/// Whether no byte is one that texts do not contain; UTF-16 with a byte order mark counts as text, as does an empty
/// file.
fn text(head: &[u8]) -> bool {
    let wide = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    wide || !head.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31))
}

fn zip(head: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"]
        .iter()
        .any(|magic| head.starts_with(*magic))
}

/// Whether this is the container of older office formats.
fn compound(head: &[u8]) -> bool {
    head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
}

fn matroska(head: &[u8]) -> bool {
    head.starts_with(b"\x1A\x45\xDF\xA3")
}

fn riff(head: &[u8], form: &[u8; 4]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12).is_some_and(|name| name == form)
}

/// Whether this begins with a box of an ISO or QuickTime movie.
fn movie(head: &[u8]) -> bool {
    matches!(
        head.get(4..8),
        Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot")
    )
}

fn capture(head: &[u8]) -> bool {
    let magics: [&[u8; 4]; 5] = [
        b"\xD4\xC3\xB2\xA1",
        b"\xA1\xB2\xC3\xD4",
        b"\x4D\x3C\xB2\xA1",
        b"\xA1\xB2\x3C\x4D",
        b"\x0A\x0D\x0D\x0A",
    ];
    magics.iter().any(|magic| head.starts_with(*magic))
}

#[cfg(test)]
mod tests {
    use causerie_shared::api::UPLOAD_EXTENSIONS;

    use super::*;

    #[test]
    fn every_extension_that_may_be_uploaded_has_a_rule() {
        for extension in UPLOAD_EXTENSIONS {
            assert!(rule(extension).is_some(), "{extension}");
        }
    }

    #[test]
    fn content_must_fit_the_name() {
        assert_eq!(mime("png", b"\x89PNG\r\n\x1A\n\0\0"), Some("image/png"));
        assert_eq!(mime("png", b"<script>alert(1)</script>"), None);
        assert_eq!(mime("pdf", b"MZ\x90\0"), None);
        assert_eq!(mime("txt", b"MZ\x90\0\x03"), None, "a program is not a text");
        assert_eq!(mime("txt", "¿Qué tal?\r\n".as_bytes()), Some("text/plain"));
        assert_eq!(mime("docx", b"PK\x03\x04rest"), mime("docx", b"PK\x05\x06"));
        assert_eq!(mime("wav", b"RIFF\0\0\0\0AVI "), None);
        assert_eq!(mime("exe", b"MZ"), None);
    }
}
