//! The parts of messages from channels that are not plain text: kind labels, cards, media.

use causerie_shared::message::{Card, Kind};
use leptos::prelude::*;

use crate::{
    format::kind::kind_word,
    i18n::{Key, t},
    ui::Icon,
};

/// Whether the kind is named above the text, because the content alone does not show it.
pub fn is_named(kind: Kind) -> bool {
    match kind {
        Kind::Choice | Kind::Form | Kind::Order | Kind::StoryMention | Kind::Share | Kind::Template => true,
        Kind::Text
        | Kind::File
        | Kind::Image
        | Kind::Video
        | Kind::Audio
        | Kind::Voice
        | Kind::Sticker
        | Kind::Location
        | Kind::Contacts
        | Kind::Notice
        | Kind::Unsupported => false,
    }
}

/// The name of a media class, for media that could not be fetched.
pub fn class_word(class: &str) -> &'static str {
    kind_word(match class {
        "voice" => Kind::Voice,
        other => Kind::from_key(other).unwrap_or(Kind::File),
    })
}

/// One line of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    label: String,
    text: String,
    href: Option<String>,
}

fn line(text: impl Into<String>, href: Option<String>) -> Line {
    Line {
        label: String::new(),
        text: text.into(),
        href,
    }
}

/// Formats millionths of a degree as a decimal number.
fn degrees(millionths: i32) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

/// The lines of a card. Links lead only to maps, phones, mail programs and web pages.
fn lines(card: &Card) -> Vec<Line> {
    match card {
        Card::Location {
            latitude,
            longitude,
            name,
            address,
        } => {
            let (lat, lon) = (degrees(*latitude), degrees(*longitude));
            let map = format!("https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=16/{lat}/{lon}");
            let name = if name.is_empty() {
                t(Key::KindLocation)
            } else {
                name.as_str()
            };
            let place = if address.is_empty() {
                format!("{lat}, {lon}")
            } else {
                address.clone()
            };
            vec![line(name, Some(map)), line(place, None)]
        }
        Card::Contacts(cards) => {
            let mut all = vec![];
            for card in cards {
                all.push(line(&card.name, None));
                for phone in &card.phones {
                    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
                    all.push(line(phone, Some(format!("tel:{digits}"))));
                }
                for email in &card.emails {
                    all.push(line(email, Some(format!("mailto:{email}"))));
                }
            }
            all
        }
        Card::Entries(entries) => entries
            .iter()
            .map(|(label, text)| Line {
                label: label.clone(),
                ..line(text, None)
            })
            .collect(),
        Card::Link { title, url } => {
            let text = if title.is_empty() { url } else { title };
            vec![line(text, url.starts_with("https://").then(|| url.clone()))]
        }
    }
}

/// Whether the message's text only repeats the card, for lists and search.
pub fn says_all(card: &Card) -> bool {
    match card {
        Card::Location { .. } | Card::Contacts(_) => true,
        Card::Entries(_) | Card::Link { .. } => false,
    }
}

fn icon(card: &Card) -> &'static str {
    match card {
        Card::Location { .. } => "pin",
        Card::Contacts(_) => "person",
        Card::Entries(_) => "file",
        Card::Link { .. } => "link",
    }
}

/// The view of a location, contact cards, entries of a form or order, or a link to a story or post.
pub fn card_view(card: &Card) -> AnyView {
    let all = lines(card).into_iter().map(|line| {
        let text = line.text;
        let text = match line.href {
            Some(href) => {
                view! { <a class="link" href=href target="_blank" rel="noopener noreferrer">{text}</a> }.into_any()
            }
            None => text.into_any(),
        };
        let label = (!line.label.is_empty()).then(|| view! { <span class="card-label">{line.label}</span> });
        view! { <li dir="auto">{label}{text}</li> }.into_any()
    });
    let all: Vec<AnyView> = all.collect();
    view! {
        <div class="att-card"><Icon name=icon(card) /><ul>{all}</ul></div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use causerie_shared::message::ContactCard;

    use super::*;

    #[test]
    fn a_location_links_to_the_map_at_its_place() {
        let card = Card::Location {
            latitude: -34_603_700,
            longitude: 50_002,
            name: String::new(),
            address: String::new(),
        };
        let drawn = lines(&card);
        assert_eq!(drawn[0].text, t(Key::KindLocation));
        let map = drawn[0].href.as_deref().unwrap();
        assert!(
            map.ends_with("?mlat=-34.603700&mlon=0.050002#map=16/-34.603700/0.050002"),
            "{map}"
        );
        assert_eq!(drawn[1].text, "-34.603700, 0.050002");
    }

    #[test]
    fn links_of_cards_run_nothing() {
        let share = |url: &str| Card::Link {
            title: "A reel".into(),
            url: url.into(),
        };
        assert_eq!(lines(&share("javascript:alert(1)")), [line("A reel", None)]);
        assert!(lines(&share("https://x.example/1"))[0].href.is_some());
        let person = ContactCard {
            name: "Ana".into(),
            phones: vec!["+34 600 (1)".into()],
            emails: vec!["ana@x.example".into()],
        };
        let hrefs: Vec<_> = lines(&Card::Contacts(vec![person]))
            .into_iter()
            .map(|line| line.href)
            .collect();
        assert_eq!(
            hrefs,
            [None, Some("tel:+346001".into()), Some("mailto:ana@x.example".into())]
        );
    }
}
