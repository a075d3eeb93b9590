//! Words for kinds of messages, and previews.

use causerie_shared::{message::Kind, row::Preview};

use crate::i18n::{Key, Plural, t, tn};

/// Returns the word for a kind of message.
pub fn kind_word(kind: Kind) -> &'static str {
    t(match kind {
        Kind::Text => Key::KindText,
        Kind::File => Key::KindFile,
        Kind::Image => Key::KindImage,
        Kind::Video => Key::KindVideo,
        Kind::Audio => Key::KindAudio,
        Kind::Voice => Key::KindVoice,
        Kind::Sticker => Key::KindSticker,
        Kind::Location => Key::KindLocation,
        Kind::Contacts => Key::KindContacts,
        Kind::Choice => Key::KindChoice,
        Kind::Form => Key::KindForm,
        Kind::Order => Key::KindOrder,
        Kind::StoryMention => Key::KindStory,
        Kind::Share => Key::KindShare,
        Kind::Template => Key::KindTemplate,
        Kind::Notice => Key::KindNotice,
        Kind::Unsupported => Key::KindUnsupported,
    })
}

/// Returns the text that lists show for a chat's newest message.
pub fn preview_words(preview: &Preview) -> String {
    let text = &preview.text;
    match (preview.kind, text.is_empty(), preview.files) {
        (Kind::Text | Kind::File, true, 0) => t(Key::MessageRemoved).to_owned(),
        (Kind::Text | Kind::File, true, files) => tn(Plural::Files, files),
        (kind, true, _) => kind_word(kind).to_owned(),
        // A name alone does not show that the message is a place, a person or a list of goods.
        (Kind::Location | Kind::Contacts | Kind::Form | Kind::Order | Kind::StoryMention | Kind::Share, false, _) => {
            format!("{}: {text}", kind_word(preview.kind))
        }
        (_, false, _) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use causerie_shared::message::Author;

    use super::*;

    #[test]
    fn the_newest_message_is_named_when_its_text_does_not_say_what_it_is() {
        let words = |kind, text: &str, files| {
            preview_words(&Preview {
                author: Author::Contact,
                kind,
                text: text.to_owned(),
                files,
                at: 0,
            })
        };
        assert_eq!(words(Kind::Text, "Hello", 0), "Hello");
        assert_eq!(words(Kind::Text, "", 0), t(Key::MessageRemoved));
        assert_eq!(words(Kind::Voice, "", 1), t(Key::KindVoice));
        assert_eq!(words(Kind::Image, "The broken hinge", 1), "The broken hinge");
        assert_eq!(
            words(Kind::Location, "Harbour 3", 0),
            format!("{}: Harbour 3", t(Key::KindLocation))
        );
    }
}
