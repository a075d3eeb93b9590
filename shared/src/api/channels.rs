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

/// `GET /api/channels/{id}/templates`, for those who may answer in its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Templates {
    /// Those that are approved, by name and language.
    pub list: Vec<Template>,
    pub known: TemplatesKnown,
}

/// What is known of an account's templates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplatesKnown {
    /// All of them.
    All,
    /// The provider was not asked yet.
    #[default]
    NotYet,
    /// Nobody said which business account they belong to.
    NoBusiness,
    /// The provider did not say; why, in plain words.
    Refused(String),
}

/// A template of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    pub name: String,
    /// As the provider writes it, e.g. `en_US`.
    pub language: String,
    /// The gaps have names instead of numbers.
    pub named: bool,
    /// What stands above it instead of a text: `image`, `video` or `document`, whose address is asked for; empty: a
    /// text, or nothing.
    pub medium: String,
    /// Texts with gaps like `{{1}}` or `{{name}}`; empty: none.
    pub header: String,
    pub body: String,
    pub footer: String,
    /// In the provider's order.
    pub buttons: Vec<TemplateButton>,
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateButton {
    pub text: String,
    /// The address that it opens, perhaps with a gap; empty: it opens none.
    pub url: String,
    /// It copies a code, which is asked for.
    pub code: bool,
}

impl TemplateButton {
    /// What it is filled in with; at most one value.
    fn gap(&self) -> Option<&str> {
        (self.code || !gaps(&self.url).is_empty()).then_some(self.text.as_str())
    }
}

/// The values of a template, by the part that they belong to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateValues<'a> {
    pub medium: Option<&'a str>,
    /// Name of the gap and its value.
    pub header: Vec<(&'a str, &'a str)>,
    pub body: Vec<(&'a str, &'a str)>,
    /// Place of the button and its value.
    pub buttons: Vec<(usize, &'a str)>,
}

impl Template {
    /// What is asked for: the medium above it, then the gaps of the header, of the body and of the buttons.
    pub fn gaps(&self) -> Vec<&str> {
        let mut all = vec![];
        all.extend((!self.medium.is_empty()).then_some(self.medium.as_str()));
        all.extend(gaps(&self.header));
        all.extend(gaps(&self.body));
        all.extend(self.buttons.iter().filter_map(TemplateButton::gap));
        all
    }

    /// Values in the order of [`Self::gaps`], by the part that they belong to; those that are missing are left out.
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

    /// The text that the customer gets, with its buttons in brackets; a value that is missing leaves its gap.
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

    /// It is the one that was used.
    pub fn is_of(&self, used: &TemplateUse) -> bool {
        self.name == used.name && self.language == used.language
    }
}

/// The names of the gaps of a text, each once: numbers in their order, names as they come.
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
