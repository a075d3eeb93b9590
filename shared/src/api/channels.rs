//! Messaging accounts of channels other than the web, under `/api/channels`: connected, checked, paused and removed by
//! owners and admins; everybody sees their names and how many people each reached.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{AccountId, InboxId},
    inbox::Channel,
    message::TemplateUse,
};

/// One of `GET /api/channels`, by name; answer of every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRow {
    pub id: AccountId,
    pub channel: Channel,
    pub name: String,
    pub inbox: InboxId,
    /// `false`: paused. Webhooks are still taken; nothing is sent.
    pub enabled: bool,
    /// Nothing is sent until the token is renewed.
    pub trouble: bool,
    /// How many people ever wrote to it.
    pub people: u32,
    /// Owners and admins only.
    pub details: Option<Box<ChannelDetails>>,
}

/// What owners and admins see of an account. Secrets are never returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDetails {
    /// The provider's id of the account.
    pub external_id: String,
    /// The address to enter at the provider, whole.
    pub callback: String,
    /// What to enter beside it; empty: the channel has none.
    pub verify_token: String,
    /// What to subscribe to at the provider; empty: the server does it itself.
    pub subscribe: Vec<String>,
    /// Values of the form's fields that are no secrets, by key.
    pub fields: Vec<(String, String)>,
    pub last_webhook: Option<Millis>,
    pub token_invalid: bool,
    /// Newest first: when, and what in plain words.
    pub errors: Vec<(Millis, String)>,
    /// Telegram: updates are asked for, so no public address is needed.
    pub polling: bool,
    /// Messages that wait to be sent.
    pub waiting: u32,
}

/// How a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    /// Never shown again; left empty in a change, it stays as it is.
    Secret,
    /// `true`, or empty.
    Flag,
}

/// A field of a connect form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    pub key: String,
    /// In plain English.
    pub label: String,
    /// Where to find it; empty: nothing to say.
    pub help: String,
    pub kind: FieldKind,
    pub required: bool,
    /// Seldom needed: shown on demand.
    pub advanced: bool,
}

/// One of `GET /api/channels/forms`: everything that is drawn to connect an account of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelForm {
    pub channel: Channel,
    pub fields: Vec<FormField>,
    /// What to subscribe to at the provider.
    pub subscribe: Vec<String>,
}

/// `POST /api/channels`, answered by 201 and a [`ChannelRow`].
#[derive(Clone, Serialize, Deserialize)]
pub struct NewChannel {
    pub channel: Channel,
    pub inbox: InboxId,
    pub name: String,
    /// Values of the form, by key.
    pub fields: Vec<(String, String)>,
}

/// `PUT /api/channels/{id}`, answered by the new [`ChannelRow`]. A new secret lets messages go that waited for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct SaveChannel {
    pub name: String,
    /// Where new chats go; those that are open stay where they are.
    pub inbox: InboxId,
    /// `false`: paused.
    pub enabled: bool,
    /// Values of the form that change, by key.
    pub fields: Vec<(String, String)>,
}

/// `DELETE /api/channels/{id}`, answered by 204: its open chats fail, its secrets are forgotten, its history stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveChannel {
    /// The account's name, typed by hand.
    pub name: String,
}

/// Answer of `POST /api/channels/{id}/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelCheck {
    pub ok: bool,
    /// The account's name at the provider, or what is wrong in plain words.
    pub words: String,
}

/// One of `GET /api/channels/{id}/templates`, for those who may answer in its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    pub name: String,
    /// As the provider writes it, e.g. `en_US`.
    pub language: String,
    /// Texts with gaps like `{{1}}` or `{{name}}`; empty: none.
    pub header: String,
    pub body: String,
    pub footer: String,
}

impl Template {
    /// The gaps: those of the header, then those of the body.
    pub fn gaps(&self) -> Vec<&str> {
        let mut all = gaps(&self.header);
        all.extend(gaps(&self.body));
        all
    }

    /// The text that the customer gets; a value that is missing leaves its gap.
    pub fn fill(&self, parameters: &[String]) -> String {
        let (of_header, of_body) = parameters.split_at(gaps(&self.header).len().min(parameters.len()));
        let parts = [
            fill(&self.header, of_header),
            fill(&self.body, of_body),
            self.footer.clone(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n\n")
    }

    /// It is the one that was used.
    pub fn is_of(&self, used: &TemplateUse) -> bool {
        self.name == used.name && self.language == used.language
    }
}

/// The names of the gaps of a text, in order.
pub fn gaps(text: &str) -> Vec<&str> {
    let mut all = vec![];
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((gap, behind)) = after.split_once("}}") else {
            break;
        };
        all.push(gap.trim());
        rest = behind;
    }
    all
}

fn fill(text: &str, values: &[String]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    let mut values = values.iter();
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((gap, behind)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        match values.next() {
            Some(value) => filled.push_str(value),
            None => filled.push_str(&format!("{{{{{gap}}}}}")),
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_in_order_and_shows_what_is_missing() {
        let template = Template {
            header: "Order {{1}}".to_owned(),
            body: "Hello {{1}}, {{2}} is {{ state }}. {{".to_owned(),
            footer: "Bye".to_owned(),
            ..Template::default()
        };
        assert_eq!(template.gaps(), ["1", "1", "2", "state"]);
        let values = ["17", "Ana {{1}}", "it"].map(str::to_owned);
        assert_eq!(
            template.fill(&values),
            "Order 17\n\nHello Ana {{1}}, it is {{ state }}. {{\n\nBye"
        );
        assert_eq!(
            Template {
                body: "Hi".to_owned(),
                ..Template::default()
            }
            .fill(&[]),
            "Hi"
        );
    }
}
