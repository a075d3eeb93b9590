//! Splits a message into the parts that its channel takes: long texts are cut at sensible places, files get their
//! class.

use causerie_shared::{
    inbox::Channel,
    message::{FileBrief, TemplateUse},
};

use super::{
    Adapter,
    capabilities::{Capabilities, Limit, MediaRule, Unit},
    inbound_event::{Class, InboundMessage},
    step,
};
use crate::{channels, state::App, store::messages::MessageRecord};

/// A part of a message: it becomes one message at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessagePart {
    Text(String),
    Template(TemplateUse),
    File {
        brief: FileBrief,
        class: Class,
        /// Empty if there is no caption.
        caption: String,
        /// Whether the file's bytes go with the call. Otherwise the provider fetches them from a public address.
        uploads: bool,
    },
}

impl MessagePart {
    /// Returns the address from which the provider can fetch the file; empty if the bytes go with the call.
    pub fn public_url(&self, app: &App) -> String {
        match self {
            Self::File {
                brief, uploads: false, ..
            } => format!(
                "{}/hooks/files/{}/{}",
                app.config.public_url,
                brief.id,
                app.vault.sign_download(&brief.id.to_string())
            ),
            Self::File { .. } | Self::Text(_) | Self::Template(_) => String::new(),
        }
    }

    /// Whether the provider's echo `arrived` shows this part: its text, or a file with its caption.
    pub fn is_seen_as(&self, arrived: &InboundMessage) -> bool {
        let seen = arrived.text.trim();
        match self {
            Self::Text(text) => !seen.is_empty() && arrived.media.is_empty() && text.trim() == seen,
            Self::File { caption, .. } => !arrived.media.is_empty() && caption.trim() == seen,
            Self::Template(_) => false,
        }
    }

    /// Returns the file with its bytes.
    ///
    /// # Errors
    /// A text for the sender, if the file is not on the disk or this part is not a file.
    pub async fn file<'a>(&'a self, app: &App, url: &'a str) -> Result<step::File<'a>, String> {
        let Self::File { brief, class, .. } = self else {
            return Err("There is no file.".to_owned());
        };
        let bytes = app.blobs.bytes(brief.id).await.map_err(|error| {
            tracing::error!(file = %brief.id, %error, "a stored file cannot be read");
            format!("{} is not there any more.", brief.name)
        })?;
        Ok(step::File {
            class: *class,
            name: &brief.name,
            mime: &brief.mime,
            bytes,
            url,
        })
    }
}

/// Returns the capabilities that limit a message on a channel. A private reply is limited by the paired channel,
/// because it is a direct message there.
pub fn capabilities(channel: Channel, private: bool) -> Option<&'static Capabilities> {
    let carrier = if private { channel.paired()? } else { channel };
    channels::adapter(carrier).map(Adapter::capabilities)
}

/// Splits a message into parts.
///
/// # Errors
/// A text for the sender, if the channel does not take a file.
pub fn split(capabilities: &Capabilities, record: &MessageRecord) -> Result<Vec<MessagePart>, String> {
    if let Some(template) = record.row.extra.as_ref().and_then(|extra| extra.template.clone()) {
        return Ok(vec![MessagePart::Template(template)]);
    }
    pieces(capabilities, &record.body, &record.row.files)
}

/// Like [`split`], but takes plain values.
///
/// # Errors
/// A text for the sender, if the channel does not take a file.
pub fn pieces(capabilities: &Capabilities, body: &str, briefs: &[FileBrief]) -> Result<Vec<MessagePart>, String> {
    let mut pieces = vec![];
    let text = body.trim();
    let captioned = match (capabilities.caption, briefs) {
        (Some(limit), [_, ..]) => !text.is_empty() && limit.length(text) <= limit.max,
        (Some(_), []) | (None, _) => false,
    };
    if !text.is_empty() && !captioned {
        pieces.extend(cut(text, capabilities.text).into_iter().map(MessagePart::Text));
    }
    for (at, brief) in briefs.iter().enumerate() {
        let rule = rule(capabilities, brief)?;
        pieces.push(MessagePart::File {
            brief: brief.clone(),
            class: rule.class,
            caption: if captioned && at == 0 {
                text.to_owned()
            } else {
                String::new()
            },
            uploads: capabilities.uploads,
        });
    }
    Ok(pieces)
}

/// Returns the error text for a private reply that does not fit into one message.
pub fn too_long_for_one(capabilities: &Capabilities) -> String {
    let unit = match capabilities.text.unit {
        Unit::Bytes => "bytes",
        Unit::Chars | Unit::Utf16 => "characters",
    };
    let max = capabilities.text.max;
    format!("A private reply is one message: a text of at most {max} {unit}, or one file.")
}

/// Returns the rule by which a file is sent.
///
/// # Errors
/// A text that names the rule, if the channel does not take the file.
pub fn rule(capabilities: &Capabilities, brief: &FileBrief) -> Result<&'static MediaRule, String> {
    let fits = |rule: &&MediaRule| rule.types.is_empty() || rule.types.contains(&brief.mime.as_str());
    let of_type: Vec<&'static MediaRule> = capabilities.media.iter().filter(fits).collect();
    let size = u64::try_from(brief.size).unwrap_or(u64::MAX);
    match (
        of_type.iter().find(|rule| size <= rule.max),
        of_type.iter().map(|rule| rule.max).max(),
    ) {
        (Some(rule), _) => Ok(rule),
        (None, Some(max)) => Err(format!(
            "{} is too large for this channel, which takes at most {}.",
            brief.name,
            megabytes(max)
        )),
        (None, None) => Err(format!("{} is of a type that this channel does not take.", brief.name)),
    }
}

fn megabytes(bytes: u64) -> String {
    if bytes < 1024 * 1024 {
        format!("{} KB", bytes / 1024)
    } else {
        format!("{} MB", bytes / 1024 / 1024)
    }
}

/// Cuts a text into parts that are short enough: after a paragraph, else a line, a sentence, a word, and only then
/// anywhere.
pub fn cut(text: &str, limit: Limit) -> Vec<String> {
    let mut parts = vec![];
    let mut rest = text.trim();
    while limit.length(rest) > limit.max {
        let most = longest(rest, limit);
        let at = place(&rest[..most]).filter(|at| *at > 0).unwrap_or(most);
        parts.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    if !rest.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

/// Returns the length in bytes of the longest prefix within `limit`; at least one character.
fn longest(text: &str, limit: Limit) -> usize {
    let mut end = 0;
    let mut length = 0;
    for (at, sign) in text.char_indices() {
        length += limit.length(sign.encode_utf8(&mut [0; 4]));
        if length > limit.max && end > 0 {
            break;
        }
        end = at + sign.len_utf8();
    }
    end
}

/// Returns the best position to cut at, in the second half of a prefix.
fn place(beginning: &str) -> Option<usize> {
    let half = beginning.len() / 2;
    ["\n\n", "\n", ". ", "! ", "? ", "。", " "]
        .into_iter()
        .find_map(|mark| {
            let at = beginning.rfind(mark)? + mark.len();
            (at > half).then_some(at)
        })
}

#[cfg(test)]
mod tests {
    use causerie_shared::ids::FileId;
    use proptest::prelude::*;

    use super::*;
    use crate::channels::capabilities::Rate;

    const CAPABILITIES: Capabilities = Capabilities {
        text: Limit {
            max: 20,
            unit: Unit::Chars,
        },
        caption: Some(Limit {
            max: 10,
            unit: Unit::Chars,
        }),
        media: &[
            MediaRule {
                class: Class::Image,
                types: &["image/png"],
                max: 1000,
            },
            MediaRule {
                class: Class::File,
                types: &["image/png", "application/pdf"],
                max: 5000,
            },
        ],
        window: None,
        quotes: true,
        rate: Rate { account: 10, pair: 0 },
        uploads: true,
    };

    fn brief(mime: &str, size: i64) -> FileBrief {
        FileBrief {
            id: FileId::from_u128(1),
            name: "x".to_owned(),
            mime: mime.to_owned(),
            size,
        }
    }

    #[test]
    fn a_short_text_is_the_caption_of_the_first_file_and_a_long_one_goes_before() {
        let files = [brief("image/png", 10), brief("application/pdf", 10)];
        let short = pieces(&CAPABILITIES, "Here", &files).unwrap();
        assert!(matches!(&short[0], MessagePart::File { caption, class: Class::Image, .. } if caption == "Here"));
        assert_eq!(short.len(), 2);
        let long = pieces(&CAPABILITIES, "Here are both of them.", &files).unwrap();
        assert!(matches!(
            long[..],
            [
                MessagePart::Text(_),
                MessagePart::Text(_),
                MessagePart::File { .. },
                MessagePart::File { .. }
            ]
        ));
    }

    #[test]
    fn a_large_picture_goes_as_a_file_and_what_is_not_taken_names_the_rule() {
        let large = pieces(&CAPABILITIES, "", &[brief("image/png", 2000)]).unwrap();
        assert!(matches!(large[..], [MessagePart::File { class: Class::File, .. }]));
        let too_large = pieces(&CAPABILITIES, "", &[brief("image/png", 6000)]).unwrap_err();
        assert!(too_large.contains("at most 4 KB"), "{too_large}");
        assert!(
            pieces(&CAPABILITIES, "", &[brief("video/mp4", 1)])
                .unwrap_err()
                .contains("type")
        );
    }

    #[test]
    fn a_text_is_cut_after_sentences_and_words() {
        let limit = Limit {
            max: 20,
            unit: Unit::Chars,
        };
        assert_eq!(
            cut("One sentence here. Another one.", limit),
            ["One sentence here.", "Another one."]
        );
        assert_eq!(cut("word word word word word", limit), ["word word word word", "word"]);
        assert_eq!(cut(&"x".repeat(45), limit).len(), 3);
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_nothing_but_space_is_lost(text in "[a-zäß€😀 .\n]{0,200}", max in 4usize..40, unit in 0..3) {
            let unit = [Unit::Chars, Unit::Utf16, Unit::Bytes][unit as usize];
            let limit = Limit { max, unit };
            let parts = cut(&text, limit);
            for part in &parts {
                prop_assert!(limit.length(part) <= max, "{part:?}");
            }
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&parts.concat()), bare(&text));
        }
    }
}
