//! The forms that connect an account of each channel. The console draws any of them from their fields.

use causerie_shared::{
    api::channels::{ChannelForm, FieldKind, FormField},
    inbox::Channel,
    refusal::{Code, Refusal},
};

use super::{Credentials, adapter};

/// Longest value of a field, in bytes.
const MAX_VALUE: usize = 4096;

struct Field {
    key: &'static str,
    label: &'static str,
    help: &'static str,
    kind: FieldKind,
    required: bool,
    advanced: bool,
}

const fn field(key: &'static str, label: &'static str, help: &'static str, kind: FieldKind) -> Field {
    Field {
        key,
        label,
        help,
        kind,
        required: true,
        advanced: false,
    }
}

const fn advanced(key: &'static str, label: &'static str, help: &'static str) -> Field {
    Field {
        key,
        label,
        help,
        kind: FieldKind::Text,
        required: false,
        advanced: true,
    }
}

const TOKEN: Field = field(
    "token",
    "Access token",
    "A token that does not expire: of a system user, or of the page.",
    FieldKind::Secret,
);
const APP_SECRET: Field = field(
    "app_secret",
    "App secret",
    "App settings, Basic. Instagram login has a secret of its own.",
    FieldKind::Secret,
);
const BASE_URL: Field = advanced(
    "base_url",
    "Address of the interface",
    "Empty: the provider's public one.",
);
const VERSION: Field = advanced(
    "version",
    "Version of the interface",
    "For example v25.0. Empty: as built in.",
);
const PAGE: Field = field("external_id", "Page id", "The page's About section.", FieldKind::Text);
const INSTAGRAM: Field = field(
    "external_id",
    "Instagram account id",
    "The id of the professional account.",
    FieldKind::Text,
);
const OF_PAGE: Field = Field {
    required: false,
    ..field(
        "page_id",
        "Facebook page id",
        "Only if the account is connected by Facebook login.",
        FieldKind::Text,
    )
};
const HUMAN_AGENT: Field = Field {
    required: false,
    ..field(
        "human_agent",
        "The app has the permission Human Agent",
        "Answers are possible for 7 days instead of 24 hours.",
        FieldKind::Flag,
    )
};

const WHATSAPP: [Field; 6] = [
    field(
        "external_id",
        "Phone number id",
        "App dashboard, WhatsApp, API setup.",
        FieldKind::Text,
    ),
    Field {
        required: false,
        ..field(
            "business_id",
            "WhatsApp business account id",
            "For the templates; beside the phone number id. Empty: the first webhook tells it.",
            FieldKind::Text,
        )
    },
    TOKEN,
    APP_SECRET,
    BASE_URL,
    VERSION,
];
const MESSENGER: [Field; 6] = [PAGE, TOKEN, APP_SECRET, HUMAN_AGENT, BASE_URL, VERSION];
const DIRECT: [Field; 7] = [INSTAGRAM, TOKEN, APP_SECRET, OF_PAGE, HUMAN_AGENT, BASE_URL, VERSION];
const PAGE_COMMENTS: [Field; 5] = [PAGE, TOKEN, APP_SECRET, BASE_URL, VERSION];
const MEDIA_COMMENTS: [Field; 6] = [INSTAGRAM, TOKEN, APP_SECRET, OF_PAGE, BASE_URL, VERSION];
const TELEGRAM: [Field; 2] = [
    field(
        "token",
        "Bot token",
        "From @BotFather, like 123456:ABC…",
        FieldKind::Secret,
    ),
    BASE_URL,
];

/// Returns the fields of a channel's form, and the webhook fields to subscribe to at the provider.
fn of(channel: Channel) -> (&'static [Field], &'static [&'static str]) {
    match channel {
        Channel::Web => (&[], &[]),
        Channel::Whatsapp => (
            &WHATSAPP,
            &[
                "messages",
                "smb_message_echoes",
                "message_template_status_update",
                "account_update",
                "user_id_update",
            ],
        ),
        Channel::Messenger => (
            &MESSENGER,
            &[
                "messages",
                "message_echoes",
                "message_deliveries",
                "message_reads",
                "message_reactions",
                "message_edits",
                "messaging_postbacks",
                "messaging_referrals",
            ],
        ),
        Channel::Instagram => (
            &DIRECT,
            &[
                "messages",
                "messaging_seen",
                "message_reactions",
                "message_edit",
                "messaging_postbacks",
                "messaging_referral",
            ],
        ),
        Channel::FacebookComments => (&PAGE_COMMENTS, &["feed"]),
        Channel::InstagramComments => (&MEDIA_COMMENTS, &["comments", "live_comments"]),
        Channel::Telegram => (&TELEGRAM, &[]),
    }
}

/// Returns the form of a channel; `None` if the channel cannot be connected.
pub fn form(channel: Channel) -> Option<ChannelForm> {
    adapter(channel)?;
    let (fields, subscribe) = of(channel);
    let fields = fields.iter().map(|field| FormField {
        key: field.key.to_owned(),
        label: field.label.to_owned(),
        help: field.help.to_owned(),
        kind: field.kind,
        required: field.required,
        advanced: field.advanced,
    });
    Some(ChannelForm {
        channel,
        fields: fields.collect(),
        subscribe: subscribe.iter().map(|&field| field.to_owned()).collect(),
    })
}

/// Copies the values of a form into `credentials`, and returns the labels and kinds of the fields that changed. An
/// empty secret keeps the stored one.
///
/// # Errors
/// [`Code::Invalid`] if the channel does not have a field, a value is too long or has control characters, or a required
/// field is empty.
pub fn fill(
    channel: Channel,
    credentials: &mut Credentials,
    values: &[(String, String)],
) -> Result<Vec<(&'static str, FieldKind)>, Refusal> {
    let (fields, _) = of(channel);
    let mut changed = vec![];
    for (key, value) in values {
        let invalid = |text: String| Refusal::new(Code::Invalid, text);
        let field = fields
            .iter()
            .find(|field| field.key == key)
            .ok_or_else(|| invalid(format!("this channel has no field {key}")))?;
        let value = value.trim();
        if value.len() > MAX_VALUE || value.chars().any(char::is_control) {
            return Err(invalid(format!("{} is too long or has line breaks", field.label)));
        }
        if field.kind == FieldKind::Secret && value.is_empty() {
            continue;
        }
        if set(credentials, field.key, value) {
            changed.push((field.label, field.kind));
        }
    }
    if channel == Channel::Telegram {
        // The bot's id is the beginning of its token.
        credentials.external_id = credentials.token.split(':').next().unwrap_or_default().to_owned();
    }
    for field in fields {
        if field.required && get(credentials, field.key).is_empty() {
            return Err(Refusal::new(Code::Invalid, format!("{} is missing", field.label)));
        }
    }
    Ok(changed)
}

/// Returns the values of the fields that are not secret.
pub fn shown(channel: Channel, credentials: &Credentials) -> Vec<(String, String)> {
    of(channel)
        .0
        .iter()
        .filter(|field| field.kind != FieldKind::Secret)
        .map(|field| (field.key.to_owned(), get(credentials, field.key)))
        .collect()
}

fn get(credentials: &Credentials, key: &str) -> String {
    match key {
        "external_id" => credentials.external_id.clone(),
        "base_url" => credentials.base_url.clone(),
        "token" => credentials.token.clone(),
        "app_secret" => credentials.app_secret.clone(),
        "business_id" => credentials.business_id.clone(),
        "page_id" => credentials.page_id.clone(),
        "version" => credentials.version.clone(),
        "human_agent" if credentials.human_agent => "true".to_owned(),
        _ => String::new(),
    }
}

/// Sets a field; returns `false` if it has this value already or does not exist.
fn set(credentials: &mut Credentials, key: &str, value: &str) -> bool {
    if get(credentials, key) == value {
        return false;
    }
    let value = value.to_owned();
    match key {
        "external_id" => credentials.external_id = value,
        "base_url" => credentials.base_url = value.trim_end_matches('/').to_owned(),
        "token" => credentials.token = value,
        "app_secret" => credentials.app_secret = value,
        "business_id" => credentials.business_id = value,
        "page_id" => credentials.page_id = value,
        "version" => credentials.version = value,
        "human_agent" => credentials.human_agent = value == "true",
        _ => return false,
    }
    true
}
