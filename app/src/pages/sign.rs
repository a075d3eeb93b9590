//! The card that all pages before sign-in share.

use leptos::prelude::*;

use crate::{
    hooks::{Preferences, Theme},
    i18n::{Key, Lang, t},
    ui::{Icon, Logo},
};

/// The logo, a card with a title, and a footer with language and theme.
#[component]
pub fn SignCard(
    title: &'static str,
    #[prop(into)] subtitle: Signal<String>,
    #[prop(optional)] hint: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    document().set_title(&format!("{title} · Causerie"));
    view! {
        <div class="sign">
            <main class="sign-main">
                <p class="sign-logo">
                    <Logo />
                    "Causerie"
                </p>
                <div class="sign-card">
                    <h1 class="sign-title">{title}</h1>
                    <p class="sign-sub">{subtitle}</p>
                    {children()}
                </div>
                {hint.map(|hint| view! { <p class="sign-hint">{hint}</p> })}
            </main>
            <SignFoot />
        </div>
    }
}

#[component]
fn SignFoot() -> impl IntoView {
    let preferences: Preferences = expect_context();
    let theme = move || match preferences.theme.get() {
        Theme::System => t(Key::ThemeSystem),
        Theme::Light => t(Key::ThemeLight),
        Theme::Dark => t(Key::ThemeDark),
    };
    let next = move |_| {
        let at = Theme::ALL
            .iter()
            .position(|theme| *theme == preferences.theme.get_untracked())
            .unwrap_or_default();
        preferences.set_theme(Theme::ALL[(at + 1) % Theme::ALL.len()]);
    };
    view! {
        <footer class="sign-foot">
            {Lang::ALL
                .into_iter()
                .map(|lang| view! {
                    <button
                        type="button" lang=lang.tag()
                        aria-pressed=move || (preferences.lang.get() == lang).to_string()
                        on:click=move |_| preferences.set_lang(lang)
                    >
                        {lang.name()}
                    </button>
                })
                .collect_view()}
            <span class="vline" aria-hidden="true"></span>
            <button type="button" on:click=next>
                <Icon name="theme" />
                <span class="sr-only">{t(Key::Theme)}</span>
                {theme}
            </button>
        </footer>
    }
}

/// The submit button of a form; busy until the response arrives.
#[component]
pub fn SubmitButton(label: &'static str, #[prop(into)] busy: Signal<bool>) -> impl IntoView {
    view! {
        <button
            type="submit" class="btn btn-primary btn-lg btn-block"
            aria-busy=move || busy.get().then_some("true")
            prop:disabled=move || busy.get()
        >
            {label}
        </button>
    }
}
