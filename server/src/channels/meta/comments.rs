//! Comments under posts of Facebook pages and Instagram accounts (`docs/channels.md#facebook-comments` and
//! `docs/channels.md#instagram-comments`): one envelope with two dialects.

use causerie_shared::{Millis, inbox::Channel, message::Kind};
use serde_json::Value;

use crate::channels::{
    inbound_event::{Class, CommentThread, InboundEvent, InboundEventKind, InboundMessage, Media, Person},
    value,
};

/// Returns the events about comments in the changes of a body; `object` decides the channel.
pub fn elements(body: &Value) -> Vec<InboundEvent> {
    let object = value::text(body, "object").unwrap_or_default();
    let mut elements = vec![];
    for entry in value::list(body, "entry") {
        let Some(account) = value::text(entry, "id") else {
            continue;
        };
        let time = value::time(entry, "time");
        // Samples of Instagram login put field and value into the entry itself.
        let mut changes = value::list(entry, "changes");
        if entry.get("field").is_some() {
            changes.push(entry);
        }
        for change in changes {
            let field = value::text(change, "field").unwrap_or_default();
            let Some(of_change) = change.get("value") else { continue };
            match (object.as_str(), field.as_str()) {
                ("page", "feed") => elements.extend(facebook(&account, of_change, time)),
                ("instagram", "comments" | "live_comments") => elements.extend(instagram(&account, of_change, time)),
                _ => {}
            }
        }
    }
    elements
}

/// Prefix of the id of an author whom the app has no permission to see.
pub const UNSEEN: &str = "unknown-";

/// Returns the author of a comment. Without the permission to see the author, the id is made from the comment's.
fn author(of_change: &Value, comment: &str) -> Person {
    let from = of_change.get("from").unwrap_or(&Value::Null);
    let id = value::text(from, "id").or_else(|| value::text(of_change, "sender_id"));
    let name = ["name", "username"]
        .iter()
        .find_map(|key| value::text(from, key))
        .or_else(|| value::text(of_change, "sender_name"))
        .unwrap_or_default();
    Person {
        id: id.unwrap_or_else(|| format!("{UNSEEN}{comment}")),
        name,
        ..Person::default()
    }
}

fn comment(id: String, text: String, media: Vec<Media>, outgoing: bool) -> InboundEventKind {
    InboundEventKind::Message(Box::new(InboundMessage {
        id,
        outgoing,
        kind: match media.first() {
            Some(medium) if medium.class == Class::Video => Kind::Video,
            Some(_) => Kind::Image,
            None if text.is_empty() => Kind::Unsupported,
            None => Kind::Text,
        },
        text,
        media,
        quoted: None,
        forwarded: false,
        referral: None,
        card: None,
        opaque: None,
        album: None,
    }))
}

fn medium(class: Class, url: String) -> Media {
    Media {
        class,
        reference: url,
        name: String::new(),
        mime: String::new(),
        size: None,
        sha256: String::new(),
    }
}

fn facebook(account: &str, of_change: &Value, time: Option<Millis>) -> Option<InboundEvent> {
    let item = value::text(of_change, "item").unwrap_or_default();
    let verb = value::text(of_change, "verb").unwrap_or_default();
    let post = value::text(of_change, "post_id").unwrap_or_default();
    let element = |person: Option<Person>, thread: Option<CommentThread>, what: InboundEventKind| InboundEvent {
        channel: Channel::FacebookComments,
        account: account.to_owned(),
        person,
        thread,
        // The time of hiding is the entry's; `created_time` may be the time of the comment.
        at: if matches!(what, InboundEventKind::Hide { .. }) {
            value::time(of_change, "created_time").max(time)
        } else {
            value::time(of_change, "created_time").or(time)
        },
        what,
    };
    let removed = matches!(verb.as_str(), "remove" | "delete");
    if removed && matches!(item.as_str(), "post" | "status" | "photo" | "video" | "share") && !post.is_empty() {
        return Some(element(None, None, InboundEventKind::PostRemoved { post }));
    }
    if item != "comment" {
        return None;
    }
    let id = value::text(of_change, "comment_id")?;
    let brief = of_change.get("post").unwrap_or(&Value::Null);
    // A comment's id begins with the id of the post that it stands under.
    let under = id.rsplit('_').nth(1).unwrap_or_default();
    let post = match value::text(brief, "id") {
        Some(of_brief) if post.is_empty() => of_brief,
        _ if post.is_empty() => format!("{account}_{under}"),
        _ => post,
    };
    // The parent of a top-level comment is the post itself, perhaps under another prefix.
    let is_post = |parent: &str| last(parent) == last(&post) || last(parent) == under;
    let parent = value::text(of_change, "parent_id").filter(|parent| !is_post(parent) && last(parent) != last(&id));
    let thread = CommentThread {
        post,
        comment: id.clone(),
        parent,
        title: value::text(brief, "message").unwrap_or_else(|| kind_of_post(brief, "status_type").to_owned()),
        url: value::text(brief, "permalink_url").unwrap_or_default(),
    };
    let text = value::text(of_change, "message");
    let media = value::text(of_change, "photo")
        .map(|url| medium(Class::Image, url))
        .or_else(|| value::text(of_change, "video").map(|url| medium(Class::Video, url)));
    let what = match verb.as_str() {
        _ if removed => InboundEventKind::Delete { target: id },
        "hide" | "unhide" => InboundEventKind::Hide {
            target: id,
            hidden: verb == "hide",
        },
        "edited" | "edit" | "update" => {
            // Take the latest of its times: a delivery that is repeated later has the old ones.
            let times = [
                value::time(brief, "updated_time"),
                value::time(of_change, "edited_time"),
                value::time(of_change, "created_time"),
                time,
            ];
            let number = times.into_iter().flatten().max().unwrap_or_default();
            // Only a comment with a picture or video may have no text.
            if text.is_none() && media.is_none() {
                return None;
            }
            InboundEventKind::Edit {
                target: id,
                text: text.unwrap_or_default(),
                number,
            }
        }
        "add" | "" => {
            let person = author(of_change, &id);
            let outgoing = person.id == account;
            let what = comment(id, text.unwrap_or_default(), media.into_iter().collect(), outgoing);
            return Some(element(Some(person), Some(thread), what));
        }
        _ => return None,
    };
    Some(element(None, Some(thread), what))
}

/// Returns what a post is, for as long as its text is unknown.
fn kind_of_post(post: &Value, key: &str) -> &'static str {
    match value::text(post, key).unwrap_or_default().as_str() {
        "added_photos" => "Photos",
        "added_video" => "Video",
        "shared_story" => "Shared post",
        "REELS" => "Reel",
        "STORY" => "Story",
        "AD" => "Advertisement",
        "IG_LIVE" => "Live video",
        _ => "Post",
    }
}

/// Returns the part of an id after the page's prefix.
fn last(id: &str) -> &str {
    id.rsplit('_').next().unwrap_or(id)
}

fn instagram(account: &str, of_change: &Value, time: Option<Millis>) -> Option<InboundEvent> {
    let id = value::text(of_change, "id").or_else(|| value::text(of_change, "comment_id"))?;
    let media = of_change.get("media").unwrap_or(&Value::Null);
    let person = author(of_change, &id);
    let from = of_change.get("from").unwrap_or(&Value::Null);
    let outgoing = person.id == account || value::text(from, "self_ig_scoped_id").is_some();
    // A comment under an advertisement also comes for the original post; both are one post.
    let post = value::text(media, "original_media_id")
        .or_else(|| value::text(media, "id"))
        .or_else(|| value::text(of_change, "media_id"))
        .unwrap_or_default();
    let thread = CommentThread {
        post,
        comment: id.clone(),
        parent: value::text(of_change, "parent_id").filter(|parent| *parent != id),
        title: value::text(media, "ad_title").unwrap_or_else(|| kind_of_post(media, "media_product_type").to_owned()),
        url: String::new(),
    };
    Some(InboundEvent {
        channel: Channel::InstagramComments,
        account: account.to_owned(),
        person: Some(person),
        thread: Some(thread),
        at: value::time(of_change, "timestamp").or(time),
        what: comment(id, value::text(of_change, "text").unwrap_or_default(), vec![], outgoing),
    })
}
