//! Templates of WhatsApp: fetched page by page, and filled in (`docs/channels.md#templates`).

use axum::http::Method;
use causerie_shared::{
    api::channels::{Template, TemplateButton},
    message::TemplateUse,
};
use serde_json::{Value, json};

use super::{
    super::{
        Credentials, Next, ProviderResponse,
        meta::{
            graph::{self, FACEBOOK},
            segment,
        },
        step::Body,
        value,
    },
    outbound::{error_of, explain},
};

/// Number of templates per page.
const PAGE: u32 = 100;

/// Returns the call for the next page, or all templates.
pub fn fetch(credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<Vec<Template>, String>> {
    let mut after = None;
    if let Some(last) = answers.last() {
        let body = last.json();
        if let Some(error) = error_of(&body) {
            return Next::Done(Err(explain(Some(error.code), &error.words).words));
        }
        if !last.is_ok() || !body["data"].is_array() {
            return Next::Done(Err(last.unclear().words));
        }
        after = next_page(&body);
        if after.is_none() || is_same_page(answers) {
            let pages = answers.iter().map(ProviderResponse::json);
            let mut all: Vec<Template> = pages
                .flat_map(|page| {
                    value::list(&page, "data")
                        .into_iter()
                        .filter_map(template)
                        .collect::<Vec<_>>()
                })
                .collect();
            all.sort_by(|a, b| (&a.name, &a.language).cmp(&(&b.name, &b.language)));
            all.dedup_by(|a, b| (&a.name, &a.language) == (&b.name, &b.language));
            return Next::Done(Ok(all));
        }
    }
    let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
    let path = format!(
        "{}/message_templates?fields=name,language,status,components,parameter_format&limit={PAGE}{after}",
        segment(&credentials.business_id)
    );
    Next::Call(graph::call(credentials, Method::GET, FACEBOOK, &path, Body::None))
}

/// Returns the cursor of the next page, percent-encoded for a query.
fn next_page(page: &Value) -> Option<String> {
    let paging = page.get("paging")?;
    value::text(paging, "next")?;
    let cursor = value::text(paging.get("cursors")?, "after")?;
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    Some(cursor.bytes().map(encode).collect())
}

/// Whether the last two pages are the same, so that the provider's cursors do not advance.
fn is_same_page(answers: &[ProviderResponse]) -> bool {
    matches!(answers, [.., before, last] if before.body == last.body)
}

/// Reads an approved template that can be filled in here; `None` for any other.
fn template(of: &Value) -> Option<Template> {
    if !value::text(of, "status")?.eq_ignore_ascii_case("APPROVED") {
        return None;
    }
    let mut template = Template {
        name: value::text(of, "name")?,
        language: value::text(of, "language")?,
        named: value::text(of, "parameter_format").is_some_and(|format| format.eq_ignore_ascii_case("NAMED")),
        ..Template::default()
    };
    for component in value::list(of, "components") {
        let text = value::text(component, "text").unwrap_or_default();
        match value::text(component, "type")?.to_ascii_uppercase().as_str() {
            "HEADER" => match value::text(component, "format")
                .map(|format| format.to_ascii_lowercase())
                .as_deref()
            {
                None | Some("text") => template.header = text,
                Some(medium @ ("image" | "video" | "document")) => template.medium = medium.to_owned(),
                // A location, or an unknown format, cannot be filled in.
                Some(_) => return None,
            },
            "BODY" => template.body = text,
            "FOOTER" => template.footer = text,
            "BUTTONS" => {
                for button in value::list(component, "buttons") {
                    template.buttons.push(self::button(button)?);
                }
            }
            // Carousels and limited-time offers need more than values.
            _ => return None,
        }
    }
    (!template.body.is_empty()).then_some(template)
}

fn button(of: &Value) -> Option<TemplateButton> {
    let kind = value::text(of, "type")?.to_ascii_uppercase();
    // For these buttons, products must be chosen.
    if kind == "MPM" || kind == "SPM" {
        return None;
    }
    Some(TemplateButton {
        text: value::text(of, "text").unwrap_or_else(|| kind.to_ascii_lowercase()),
        url: value::text(of, "url").unwrap_or_default(),
        code: kind == "COPY_CODE",
    })
}

/// Returns the `components` of a template to send. If the provider did not list the template, all values go into the
/// body.
pub fn components(used: &TemplateUse, template: Option<&Template>) -> Vec<Value> {
    let text = |named: bool, gap: &str, value: &str| {
        let mut text = json!({ "type": "text", "text": value });
        if named {
            text["parameter_name"] = json!(gap);
        }
        text
    };
    let mut components = vec![];
    let mut add = |kind: &str, parameters: Vec<Value>| {
        if !parameters.is_empty() {
            components.push(json!({ "type": kind, "parameters": parameters }));
        }
    };
    let Some(template) = template else {
        add(
            "body",
            used.parameters.iter().map(|value| text(false, "", value)).collect(),
        );
        return components;
    };
    let values = template.values(&used.parameters);
    let texts = |gaps: &[(&str, &str)]| {
        gaps.iter()
            .map(|(gap, value)| text(template.named, gap, value))
            .collect()
    };
    match values.medium {
        Some(link) => {
            let medium = template.medium.as_str();
            add("header", vec![json!({ "type": medium, medium: { "link": link } })]);
        }
        None => add("header", texts(&values.header)),
    }
    add("body", texts(&values.body));
    for (index, value) in values.buttons {
        let code = template.buttons.get(index).is_some_and(|button| button.code);
        let (kind, parameter) = if code {
            ("copy_code", json!({ "type": "coupon_code", "coupon_code": value }))
        } else {
            ("url", json!({ "type": "text", "text": value }))
        };
        components.push(json!({
            "type": "button", "sub_type": kind, "index": index.to_string(), "parameters": [parameter],
        }));
    }
    components
}
