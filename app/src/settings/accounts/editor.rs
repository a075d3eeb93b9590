//! The dialog that connects or changes an account. The server tells the form fields of each channel.

use causerie_shared::{
    api::channels::{ChannelForm, ChannelRow, FieldKind, FormField, NewChannel, SaveChannel},
    inbox::Channel,
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::Known;
use crate::{
    i18n::{Key, explain, t},
    net::http,
    ui::{Dialog, Icon, channel_name},
};

/// The account to edit, or a new one.
#[derive(Clone)]
pub enum Target {
    New,
    Account(Box<ChannelRow>),
}

/// The dialog. Secrets are never shown again; a secret that is left empty keeps its value.
#[component]
pub fn Editor(target: Target) -> impl IntoView {
    let known: Known = expect_context();
    let row = match target {
        Target::New => None,
        Target::Account(row) => Some(row),
    };
    let old: Vec<(String, String)> = row
        .as_ref()
        .and_then(|row| row.details.as_ref())
        .map(|details| details.fields.clone())
        .unwrap_or_default();
    let channel = RwSignal::new(row.as_ref().map(|row| row.channel));
    let name = RwSignal::new(row.as_ref().map(|row| row.name.clone()).unwrap_or_default());
    let inbox = RwSignal::new(row.as_ref().map(|row| row.inbox.to_string()).unwrap_or_default());
    let values = RwSignal::new(old);
    let problem = RwSignal::new(None::<Refusal>);
    let busy = RwSignal::new(false);
    let is_new = row.is_none();
    let row = StoredValue::new(row);
    let save = move || {
        let (Some(channel), Ok(inbox)) = (channel.get_untracked(), inbox.read_untracked().parse()) else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let (name, fields) = (name.get_untracked(), values.get_untracked());
        spawn_local(async move {
            let answer: Result<ChannelRow, Refusal> = match row.get_value() {
                None => {
                    let body = NewChannel {
                        channel,
                        inbox,
                        name,
                        fields,
                    };
                    http::post("/api/channels", &body).await
                }
                Some(row) => {
                    let body = SaveChannel {
                        name,
                        inbox,
                        enabled: row.enabled,
                        fields,
                    };
                    http::put(&format!("/api/channels/{}", row.id), &body).await
                }
            };
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    known.editing.try_set(None);
                    known.rows.again();
                }
                Err(refusal) => drop(problem.try_set(Some(refusal))),
            }
        });
    };
    let title = if is_new { Key::ConnectAccount } else { Key::EditAccount };
    let fields = move || {
        let chosen = channel.get()?;
        known.forms.answer.with(|answer| {
            let forms = answer.as_ref()?.as_ref().ok()?;
            let form = forms.iter().find(|form| form.channel == chosen)?;
            let (seldom, often): (Vec<_>, Vec<_>) = form.fields.iter().cloned().partition(|field| field.advanced);
            let draw = |all: Vec<FormField>| {
                let all = all.into_iter().map(|field| field_view(field, values, is_new));
                all.collect::<Vec<AnyView>>()
            };
            let more = (!seldom.is_empty())
                .then(|| view! { <details><summary>{t(Key::Advanced)}</summary>{draw(seldom)}</details> });
            Some(view! { {draw(often)}{more} })
        })
    };
    let inboxes = move || {
        known.inboxes.answer.with(|answer| {
            let all = answer.as_ref().and_then(|answer| answer.as_ref().ok());
            let option = |(id, name): (String, String)| {
                let this = id.clone();
                view! { <option value=id prop:selected=move || *inbox.read() == this>{name}</option> }.into_any()
            };
            all.into_iter()
                .flatten()
                .map(|detail| option((detail.id.to_string(), detail.settings.name.clone())))
                .collect::<Vec<_>>()
        })
    };
    let channels = move || {
        let option = |form: &ChannelForm| {
            let this = form.channel;
            view! {
                <option value=this.as_str() prop:selected=move || channel.get() == Some(this)>{channel_name(this)}</option>
            }
            .into_any()
        };
        known.forms.answer.with(|answer| {
            let all = answer.as_ref().and_then(|answer| answer.as_ref().ok());
            all.into_iter().flatten().map(option).collect::<Vec<_>>()
        })
    };
    view! {
        <Dialog labelled_by="account-title" closed=move |()| known.editing.set(None)>
            <form class="form" on:submit=move |event| { event.prevent_default(); save(); }>
                <h2 class="dialog-title" id="account-title">{t(title)}</h2>
                {is_new.then(|| view! {
                    <label class="field">
                        <span class="field-label">{t(Key::Channel)}</span>
                        <span class="select">
                            <select class="input" required=true on:change=move |event| {
                                values.set(vec![]);
                                channel.set(Channel::from_key(&event_target_value(&event)));
                            }>
                                <option value="">"–"</option>
                                {channels}
                            </select>
                            <Icon name="chevron-down" class="icon-16" />
                        </span>
                    </label>
                })}
                <label class="field">
                    <span class="field-label">{t(Key::Name)}</span>
                    <input class="input" required=true autocomplete="off" prop:value=name on:input=move |event| name.set(event_target_value(&event)) />
                </label>
                <label class="field">
                    <span class="field-label">{t(Key::Inbox)}</span>
                    <span class="select">
                        <select class="input" required=true on:change=move |event| inbox.set(event_target_value(&event))>
                            <option value="">"–"</option>
                            {inboxes}
                        </select>
                        <Icon name="chevron-down" class="icon-16" />
                    </span>
                </label>
                {fields}
                {move || problem.get().map(|refusal| view! {
                    <p class="form-error" role="alert">{explain(&refusal)}" "{refusal.text}</p>
                })}
                <div class="dialog-acts">
                    <button type="button" class="btn" on:click=move |_| known.editing.set(None)>{t(Key::Cancel)}</button>
                    <button type="submit" class="btn btn-primary" prop:disabled=move || busy.get()>{t(Key::Save)}</button>
                </div>
            </form>
        </Dialog>
    }
}

fn field_view(field: FormField, values: RwSignal<Vec<(String, String)>>, is_new: bool) -> AnyView {
    let key = StoredValue::new(field.key);
    let now = values.with_untracked(|all| {
        let found = all.iter().find(|(name, _)| key.with_value(|key| key == name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    });
    let set = move |value: String| {
        values.update(|all| {
            let key = key.get_value();
            all.retain(|(name, _)| *name != key);
            all.push((key, value));
        });
    };
    let help = (!field.help.is_empty()).then(|| view! { <span class="field-help">{field.help}</span> });
    let kind = match field.kind {
        FieldKind::Flag => {
            return view! {
                <label class="check">
                    <input type="checkbox" prop:checked=now == "true" on:change=move |event| {
                        set(if event_target_checked(&event) { "true".to_owned() } else { String::new() });
                    } />
                    <span>{field.label}<br />{help}</span>
                </label>
            }
            .into_any();
        }
        FieldKind::Text => "text",
        FieldKind::Secret => "password",
    };
    let needed = field.required && (is_new || field.kind == FieldKind::Text);
    view! {
        <label class="field">
            <span class="field-label">{field.label}</span>
            <input
                class="input" type=kind autocomplete="off" required=needed prop:value=now
                placeholder=(!is_new && field.kind == FieldKind::Secret).then(|| t(Key::SecretStays))
                on:input=move |event| set(event_target_value(&event))
            />
            {help}
        </label>
    }
    .into_any()
}
