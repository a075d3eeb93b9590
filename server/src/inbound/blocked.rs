//! Events of blocked contacts: messages are counted, and their content is cut from the stored body
//! (`docs/domain.md#blacklist`).

use serde_json::Value;

use super::Routed;
use crate::{
    channels::inbound_event::InboundEventKind,
    state::App,
    store::{StoreError, blacklist, contacts, conversations},
};

/// The id of a body, and the contacts' ids whose content is cut from it.
pub(crate) type Cut = (String, Vec<String>);

/// Returns the ids of the event's contact, if the contact is blocked and has no open conversation. The event is then
/// dropped, and a message is counted.
pub(crate) async fn dropped(app: &App, routed: &Routed) -> Result<Option<Vec<String>>, StoreError> {
    let element = &routed.element;
    // Events about the company's own messages and about ids are not the contact's words, so they pass.
    let counts = match &element.what {
        InboundEventKind::Message(arrived) => !arrived.outgoing,
        InboundEventKind::Reaction { .. } | InboundEventKind::Edit { .. } | InboundEventKind::Notice(_) => false,
        InboundEventKind::Delete { .. }
        | InboundEventKind::Hide { .. }
        | InboundEventKind::Status { .. }
        | InboundEventKind::Watermark { .. }
        | InboundEventKind::UpTo { .. }
        | InboundEventKind::PersonChanged { .. }
        | InboundEventKind::Blocked(_)
        | InboundEventKind::PostRemoved { .. }
        | InboundEventKind::AccountChanged(_)
        | InboundEventKind::Belongs(_)
        | InboundEventKind::TemplatesChanged(_)
        | InboundEventKind::Nothing(_) => return Ok(None),
    };
    let Some(person) = &element.person else {
        return Ok(None);
    };
    let (account, channel) = (routed.account.row.id, routed.account.row.channel);
    let mut db = app.store.read().await?;
    let ids: Vec<String> = person.ids().cloned().collect();
    let (mut hit, mut open) = (None, false);
    for id in &ids {
        if hit.is_none() && blacklist::is_blocked(&mut db, channel, id).await? {
            hit = Some(id);
        }
        if let Some(contact) = contacts::by_identity(&mut db, account, id).await? {
            open |= conversations::open_on(&mut db, contact, account).await?.is_some();
        }
    }
    let Some(hit) = hit else { return Ok(None) };
    if let Some(thread) = &element.thread {
        let top = thread.parent.as_ref().unwrap_or(&thread.comment);
        open = conversations::open_thread(&mut db, account, top).await?.is_some();
    }
    drop(db);
    if open {
        return Ok(None);
    }
    if counts {
        let mut tx = app.store.begin().await?;
        blacklist::dropped(&mut tx, channel, hit).await?;
        tx.commit().await?;
    }
    Ok(Some(ids))
}

/// Returns a body without the content of these ids.
pub(crate) fn without(body: &[u8], ids: &[String]) -> Vec<u8> {
    let kept = serde_json::from_slice(body).ok().and_then(|mut body: Value| {
        let gone = cut(&mut body, ids);
        (!gone).then(|| body.to_string().into_bytes())
    });
    kept.unwrap_or_else(|| b"{}".to_vec())
}

/// Cuts the content of these ids from a value: in each list, the elements that name one of them. Returns `true` if the
/// value itself names one.
fn cut(value: &mut Value, ids: &[String]) -> bool {
    match value {
        Value::Array(all) => {
            all.retain_mut(|one| !cut(one, ids));
            false
        }
        Value::Object(fields) => {
            // Visit every field, because lists inside it are cut too.
            let mut theirs = false;
            for inner in fields.values_mut() {
                theirs |= cut(inner, ids);
            }
            theirs
        }
        Value::String(text) => ids.iter().any(|id| id == text.strip_prefix('+').unwrap_or(text)),
        Value::Number(number) => {
            let number = number.to_string();
            ids.contains(&number)
        }
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_each_list_the_elements_that_name_a_blocked_id_go() {
        let mut body = json!({ "entry": [{ "id": "1", "changes": [{ "value": {
            "contacts": [{ "wa_id": "49301", "profile": { "name": "A" } }, { "wa_id": "49302" }],
            "messages": [{ "from": "+49301", "text": { "body": "mine" } }, { "from": "49302", "text": { "body": "theirs" } }],
        } }] }] });
        assert!(!cut(&mut body, &["49301".to_owned()]));
        let value = &body["entry"][0]["changes"][0]["value"];
        assert_eq!(value["contacts"], json!([{ "wa_id": "49302" }]));
        assert_eq!(
            value["messages"],
            json!([{ "from": "49302", "text": { "body": "theirs" } }])
        );
        let mut update = json!({ "update_id": 1, "message": { "from": { "id": 7 }, "text": "mine" } });
        assert!(cut(&mut update, &["7".to_owned()]), "all of it");
    }
}
