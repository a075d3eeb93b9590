//! The template picker: after WhatsApp's window has closed, only a filled-in template can be sent.

use causerie_shared::{
    api::channels::{Template, Templates, TemplatesKnown},
    ids::{AccountId, ConversationId},
    message::TemplateUse,
};
use leptos::{prelude::*, task::spawn_local};

use super::composer::refused;
use crate::{
    i18n::{Key, explain, t, tf},
    net::http,
    store::{Store, view::Way},
    ui::Icon,
};

/// Explains why there is no template to choose.
fn why_none(known: &TemplatesKnown) -> String {
    match known {
        TemplatesKnown::All => t(Key::NoTemplates).to_owned(),
        TemplatesKnown::NotYet => t(Key::TemplatesNotYet).to_owned(),
        TemplatesKnown::NoBusiness => t(Key::NoBusiness).to_owned(),
        TemplatesKnown::Refused(reason) => tf(Key::TemplatesRefused, &[("reason", reason)]),
    }
}

/// Lets the user choose a template of the account, fill it in and send it.
#[component]
pub fn TemplatePicker(id: ConversationId, account: AccountId) -> impl IntoView {
    let store: Store = expect_context();
    let all = RwSignal::new(Vec::<Template>::new());
    let chosen = RwSignal::new(None::<Template>);
    let values = RwSignal::new(Vec::<String>::new());
    let problem = RwSignal::new(Some(t(Key::Loading).to_owned()));
    spawn_local(async move {
        match http::get::<Templates>(&format!("/api/channels/{account}/templates")).await {
            Ok(found) => {
                problem.try_set(found.list.is_empty().then(|| why_none(&found.known)));
                all.try_set(found.list);
            }
            Err(refusal) => drop(problem.try_set(Some(explain(&refusal)))),
        }
    });
    let choose = move |index: String| {
        let template = index
            .parse()
            .ok()
            .and_then(|index: usize| all.with_untracked(|all| all.get(index).cloned()));
        let gaps = template.as_ref().map_or(0, |template| template.gaps().len());
        values.set(vec![String::new(); gaps]);
        chosen.set(template);
    };
    let whole =
        move || chosen.read().is_some() && values.with(|values| values.iter().all(|value| !value.trim().is_empty()));
    let send = move || {
        let Some(template) = chosen.get_untracked().filter(|_| untrack(whole)) else {
            return;
        };
        let parameters = values.get_untracked();
        let text = template.fill(&parameters);
        let way = Way::Template(TemplateUse {
            name: template.name,
            language: template.language,
            parameters,
        });
        match store.reply_as(id, text, vec![], way) {
            Ok(_) => choose(String::new()),
            Err(error) => problem.set(refused(&error)),
        }
    };
    let gap = move |(index, name): (usize, &str)| {
        let label = tf(Key::TemplateGap, &[("name", name)]);
        view! {
            <input
                class="input" autocomplete="off" aria-label=label.clone() placeholder=label
                on:input=move |event| values.update(|values| {
                    if let Some(value) = values.get_mut(index) {
                        // WhatsApp allows no line breaks or other control characters in a template's parameters.
                        *value = event_target_value(&event).replace(char::is_control, " ");
                    }
                })
            />
        }
        .into_any()
    };
    let gaps = move || {
        let template = chosen.get()?;
        Some(template.gaps().into_iter().enumerate().map(gap).collect::<Vec<_>>())
    };
    let preview = move || {
        let text = chosen.read().as_ref()?.fill(&values.read());
        Some(view! { <p class="template-preview" dir="auto" aria-live="polite">{text}</p> })
    };
    let options = move || {
        let option = |(index, template): (usize, &Template)| {
            view! { <option value=index.to_string()>{format!("{} ({})", template.name, template.language)}</option> }
                .into_any()
        };
        all.with(|all| all.iter().enumerate().map(option).collect::<Vec<_>>())
    };
    view! {
        <form
            class="composer template" aria-label=t(Key::SendTemplate)
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <p class="channel-line" data-kind="warn"><Icon name="clock" /><span>{t(Key::TemplateOnly)}</span></p>
            {move || problem.get().map(|text| view! { <p class="field-help" role="status">{text}</p> })}
            <select
                class="input" aria-label=t(Key::KindTemplate)
                prop:value=move || if chosen.read().is_none() { Some(String::new()) } else { None }
                on:change=move |event| choose(event_target_value(&event))
            >
                <option value="">{t(Key::ChooseTemplate)}</option>
                {options}
            </select>
            {gaps}
            {preview}
            <button class="btn btn-primary" type="submit" aria-disabled=move || (!whole()).then_some("true")>{t(Key::SendTemplate)}</button>
        </form>
    }
}
