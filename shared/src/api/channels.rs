//! Messaging accounts of channels other than the web, under `/api/channels`. Owners and admins connect, check, pause
//! and remove them; every user sees their names and how many people wrote to each.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{AccountId, InboxId},
    inbox::Channel,
    message::TemplateUse,
};

/// One row of `GET /api/channels`, sorted by name; also the response to every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRow {
    pub id: AccountId,
    pub channel: Channel,
    pub name: String,
    pub inbox: InboxId,
    /// `false` if the account is paused: it takes webhooks but sends nothing.
    pub enabled: bool,
    /// Whether sending stopped until the token is renewed.
    pub trouble: bool,
    /// How many people ever wrote to the account.
    pub people: u32,
    /// Present for owners and admins only.
    pub details: Option<Box<ChannelDetails>>,
}

/// The data of an account for owners and admins. Secrets are never returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDetails {
    /// The provider's id of the account.
    pub external_id: String,
    /// The complete webhook address, to be entered at the provider.
    pub callback: String,
    /// The token to be entered with the address; empty if the channel has none.
    pub verify_token: String,
    /// The events to subscribe to at the provider; empty if the server subscribes itself.
    pub subscribe: Vec<String>,
    /// Values of the form's fields other than secrets, by key.
    pub fields: Vec<(String, String)>,
    pub last_webhook: Option<Millis>,
    pub token_invalid: bool,
    /// Time and text of recent errors in plain words, newest first.
    pub errors: Vec<(Millis, String)>,
    /// For Telegram: whether the server polls for updates, so that no public address is needed.
    pub polling: bool,
    /// Number of messages that wait to be sent.
    pub waiting: u32,
}

/// The kind of input of a form field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    /// A secret that is never shown again. Left empty in a change, it keeps its value.
    Secret,
    /// `true`, or empty.
    Flag,
}

/// A field of a connect form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    pub key: String,
    /// The label in plain English.
    pub label: String,
    /// Where to find the value; may be empty.
    pub help: String,
    pub kind: FieldKind,
    pub required: bool,
    /// Whether the field is seldom needed and shown only on demand.
    pub advanced: bool,
}

/// One entry of `GET /api/channels/forms`: everything needed to draw the form that connects an account of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelForm {
    pub channel: Channel,
    pub fields: Vec<FormField>,
    /// The events to subscribe to at the provider.
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

/// `PUT /api/channels/{id}`, answered by the new [`ChannelRow`]. A new secret releases the messages that waited for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct SaveChannel {
    pub name: String,
    /// The inbox for new chats; open chats stay where they are.
    pub inbox: InboxId,
    /// `false` if the account is paused.
    pub enabled: bool,
    /// Changed values of the form, by key.
    pub fields: Vec<(String, String)>,
}

/// `DELETE /api/channels/{id}`, answered by 204: open chats fail, secrets are erased, the history stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveChannel {
    /// The account's name, typed by hand as a confirmation.
    pub name: String,
}

/// Response to `POST /api/channels/{id}/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelCheck {
    pub ok: bool,
    /// The account's name at the provider, or the problem in plain words.
    pub words: String,
}

/// `GET /api/channels/{id}/templates`, for users who may answer in the account's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Templates {
    /// The approved templates, sorted by name and language.
    pub list: Vec<Template>,
    pub known: TemplatesKnown,
}

/// How much is known about an account's templates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplatesKnown {
    /// All templates are known.
    All,
    /// The provider was not asked yet.
    #[default]
    NotYet,
    /// No business account is configured for the templates.
    NoBusiness,
    /// The provider refused to tell; the reason in plain words.
    Refused(String),
}

/// A template of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    pub name: String,
    /// The language code as the provider writes it, e.g. `en_US`.
    pub language: String,
    /// Whether the gaps have names instead of numbers.
    pub named: bool,
    /// The medium at the top instead of a text: `image`, `video` or `document`, whose address the agent enters. Empty
    /// if the header is a text or missing.
    pub medium: String,
    /// Texts with gaps such as `{{1}}` or `{{name}}`; may be empty.
    pub header: String,
    pub body: String,
    pub footer: String,
    /// The buttons in the provider's order.
    pub buttons: Vec<TemplateButton>,
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateButton {
    pub text: String,
    /// The address that the button opens, with or without a gap; empty if it opens none.
    pub url: String,
    /// Whether the button copies a code, which the agent enters.
    pub code: bool,
}

impl TemplateButton {
    /// Returns the label of the button's value, if it needs one. A button has at most one value.
    fn gap(&self) -> Option<&str> {
        (self.code || !gaps(&self.url).is_empty()).then_some(self.text.as_str())
    }
}

/// The values of a template, by the part that they belong to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateValues<'a> {
    pub medium: Option<&'a str>,
    /// Name and value of each gap.
    pub header: Vec<(&'a str, &'a str)>,
    pub body: Vec<(&'a str, &'a str)>,
    /// Position and value of each button with a value.
    pub buttons: Vec<(usize, &'a str)>,
}

impl Template {
    /// Returns the labels of all values: the medium, then the gaps of the header, of the body and of the buttons.
    pub fn gaps(&self) -> Vec<&str> {
        let mut all = vec![];
        all.extend((!self.medium.is_empty()).then_some(self.medium.as_str()));
        all.extend(gaps(&self.header));
        all.extend(gaps(&self.body));
        all.extend(self.buttons.iter().filter_map(TemplateButton::gap));
        all
    }

    /// Assigns values in the order of [`Self::gaps`] to the parts of the template. Missing values are left out.
    pub fn values<'a>(&'a self, parameters: &'a [String]) -> TemplateValues<'a> {
        let mut rest = parameters.iter().map(String::as_str);
        let medium = if self.medium.is_empty() { None } else { rest.next() };
        let header = gaps(&self.header).into_iter().zip(&mut rest).collect();
        let body = gaps(&self.body).into_iter().zip(&mut rest).collect();
        let asking = self
            .buttons
            .iter()
            .enumerate()
            .filter(|(_, button)| button.gap().is_some());
        TemplateValues {
            medium,
            header,
            body,
            buttons: asking.map(|(at, _)| at).zip(rest).collect(),
        }
    }

    /// Returns the text that the customer gets, with its buttons in brackets. A gap without a value stays a gap.
    pub fn fill(&self, parameters: &[String]) -> String {
        let values = self.values(parameters);
        let mut parts = vec![
            fill(&self.header, &values.header),
            fill(&self.body, &values.body),
            self.footer.clone(),
        ];
        parts.extend(self.buttons.iter().map(|button| format!("[{}]", button.text)));
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    /// Whether `used` refers to this template.
    pub fn is_of(&self, used: &TemplateUse) -> bool {
        self.name == used.name && self.language == used.language
    }
}

/// Returns the names of the gaps of a text, each once: numbers in numerical order, names in order of appearance.
pub fn gaps(text: &str) -> Vec<&str> {
    let mut all: Vec<&str> = vec![];
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((gap, behind)) = after.split_once("}}") else {
            break;
        };
        let gap = gap.trim();
        if !all.contains(&gap) {
            all.push(gap);
        }
        rest = behind;
    }
    all.sort_by_key(|gap| gap.parse::<u32>().unwrap_or(u32::MAX));
    all
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((gap, behind)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        match values.iter().find(|(name, _)| *name == gap.trim()) {
            Some((_, value)) => filled.push_str(value),
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
            body: "Hello {{2}}, {{1}} is {{ state }}, {{2}}. {{".to_owned(),
            footer: "Bye".to_owned(),
            ..Template::default()
        };
        assert_eq!(template.gaps(), ["1", "1", "2", "state"]);
        let values = ["17", "it", "Ana {{1}}"].map(str::to_owned);
        assert_eq!(
            template.fill(&values),
            "Order 17\n\nHello Ana {{1}}, it is {{ state }}, Ana {{1}}. {{\n\nBye"
        );
        let plain = Template {
            body: "Hi".to_owned(),
            ..Template::default()
        };
        assert_eq!(plain.fill(&[]), "Hi");
    }

    #[test]
    fn a_medium_and_buttons_are_asked_for_too() {
        let button = |text: &str, url: &str, code| TemplateButton {
            text: text.to_owned(),
            url: url.to_owned(),
            code,
        };
        let template = Template {
            medium: "image".to_owned(),
            body: "Hi {{name}}".to_owned(),
            named: true,
            buttons: vec![
                button("Call", "", false),
                button("Track", "https://a.example/{{1}}", false),
                button("Copy", "", true),
            ],
            ..Template::default()
        };
        assert_eq!(template.gaps(), ["image", "name", "Track", "Copy"]);
        let values = ["https://a.example/i.png", "Ana", "17", "CODE"].map(str::to_owned);
        assert_eq!(
            template.values(&values),
            TemplateValues {
                medium: Some("https://a.example/i.png"),
                header: vec![],
                body: vec![("name", "Ana")],
                buttons: vec![(1, "17"), (2, "CODE")],
            }
        );
        assert_eq!(template.fill(&values), "Hi Ana\n\n[Call]\n\n[Track]\n\n[Copy]");
    }
}
