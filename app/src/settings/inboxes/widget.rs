//! The accounts of an inbox: the widget's snippet, the pages that may embed it, and switching it off and on.

use causerie_shared::{
    api::settings::{InboxAccount, SaveAccount},
    inbox::Channel,
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    hooks::copy,
    i18n::{Key, t, tf},
    net::http,
    settings::{Here, here::why, parts::Switch},
    ui::{ChannelIcon, Icon, channel_name},
};

/// Parses one origin per line. The error names the first line that is not an origin.
pub fn origins(text: &str) -> Result<Vec<String>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let line = line.trim_end_matches('/');
            let host = line.strip_prefix("https://").or_else(|| line.strip_prefix("http://"));
            match host {
                Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => Ok(line.to_owned()),
                Some(_) | None => Err(tf(Key::NotAnOrigin, &[("text", line)])),
            }
        })
        .collect()
}

/// The HTML for the page, with a copy button.
#[component]
pub fn Snippet(text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy_it = {
        let text = text.clone();
        move |_| {
            let text = text.clone();
            spawn_local(async move {
                if copy(&text).await {
                    copied.try_set(true);
                }
            });
        }
    };
    view! {
        <div class="field">
            <div class="field-top">
                <label class="field-label" for="snippet">{t(Key::EmbedSnippet)}</label>
                <button class="btn" type="button" on:click=copy_it>
                    <Icon name="copy" class="icon-16" />
                    {move || if copied.get() { t(Key::Copied) } else { t(Key::Copy) }}
                </button>
            </div>
            <textarea class="input mono" id="snippet" rows="3" readonly=true prop:value=text></textarea>
            <p class="field-help">{t(Key::SnippetHelp)}</p>
        </div>
    }
}

/// An account; changes are saved at once.
#[component]
pub fn AccountCard(account: InboxAccount) -> impl IntoView {
    let here: Here = expect_context();
    let InboxAccount {
        row,
        snippet,
        origins: allowed,
    } = account;
    let web = row.channel == Channel::Web;
    let enabled = RwSignal::new(row.enabled);
    // The server's values, to return to after a failure.
    let known = StoredValue::new((row.enabled, allowed.clone()));
    let text = RwSignal::new(allowed.join("\n"));
    let wrong = RwSignal::new(None::<String>);
    let refusal = RwSignal::new(None::<Refusal>);
    let saved = RwSignal::new(false);
    let (id, name) = (row.id, row.name.clone());
    let save = Callback::new(move |(on, origins): (bool, Vec<String>)| {
        saved.set(false);
        let body = SaveAccount {
            name: name.clone(),
            enabled: on,
            origins,
        };
        spawn_local(async move {
            match http::put::<_, InboxAccount>(&format!("/api/accounts/{id}"), &body).await {
                Ok(account) => {
                    enabled.try_set(account.row.enabled);
                    text.try_set(account.origins.join("\n"));
                    known.try_update_value(|known| *known = (account.row.enabled, account.origins));
                    refusal.try_set(None);
                    saved.try_set(true);
                }
                Err(error) => {
                    enabled.try_update(|on| *on = !*on);
                    enabled.try_set(known.try_get_value().is_some_and(|known| known.0));
                    refusal.try_set(Some(error));
                }
            }
        });
    });
    let save_origins = move |_| match origins(&text.read_untracked()) {
        Ok(origins) => {
            wrong.set(None);
            save.run((known.get_value().0, origins));
        }
        Err(problem) => wrong.set(Some(problem)),
    };
    let offline = Signal::derive(move || !here.online());
    view! {
        <section class="settings-section card form">
            <h2 class="section-title card-title"><ChannelIcon channel=row.channel />{channel_name(row.channel)}" · "{row.name}</h2>
            <Switch
                id="account-on" label=if web { t(Key::WidgetOn) } else { t(Key::AccountOn) } help=t(Key::WidgetOnHelp) on=enabled disabled=offline
                set=move |on| {
                    enabled.set(on);
                    save.run((on, known.get_value().1));
                }
            />
            {snippet.map(|text| view! { <Snippet text /> })}
            {web.then(|| view! {
                <div class="field">
                    <label class="field-label" for="origins">{t(Key::AllowedOrigins)}</label>
                    <textarea
                        class="input mono" id="origins" rows="3" prop:value=move || text.get()
                        aria-invalid=move || wrong.read().is_some().then_some("true")
                        on:input=move |event| text.set(event_target_value(&event))
                    ></textarea>
                    {move || wrong.get().map(|wrong| view! { <p class="field-error" role="alert">{wrong}</p> })}
                    <p class="field-help">{t(Key::AllowedOriginsHelp)}</p>
                    <div><button class="btn" type="button" prop:disabled=offline on:click=save_origins>{t(Key::SaveOrigins)}</button></div>
                </div>
            })}
            {move || offline.get().then(|| view! { <p class="field-help">{t(Key::SavingNeedsLine)}</p> })}
            {move || refusal.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
            <p class="form-ok" role="status">
                {move || saved.get().then(|| view! { <Icon name="check" class="icon-16" />{t(Key::Saved)} })}
            </p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_whole_and_without_paths() {
        let text = " https://shop.example/ \n\nhttp://127.0.0.1:8080";
        assert_eq!(
            origins(text).unwrap(),
            ["https://shop.example", "http://127.0.0.1:8080"]
        );
        assert!(origins("shop.example").is_err());
        assert!(origins("https://shop.example/path").is_err());
    }
}
