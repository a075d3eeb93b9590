//! Facts that the system records itself: since when and from where (`docs/domain.md#profile`).

use causerie_shared::row::ConversationRow;
use leptos::prelude::*;

use crate::{
    format,
    i18n::{Key, t},
    store::Store,
};

/// Whether the address may become a link: web pages only, never a script.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Since, IP, URL, country.
#[component]
pub fn Automatic(head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let origin = Memo::new(move |_| head.read().as_ref().map(|head| head.origin.clone()).unwrap_or_default());
    let since = Memo::new(move |_| head.read().as_ref().map_or(0, |head| head.contact_since));
    let minute = Memo::new(move |_| store.now().get() / 60_000 * 60_000);
    view! {
        <section class="facts">
            <h2 class="facts-title">{t(Key::Automatic)}</h2>
            <dl>
                <div class="fact">
                    <dt>{t(Key::Since)}</dt>
                    <dd class="truncate" title=move || format::date_time(since.get())>
                        {move || format!("{} · {}", format::elapsed(minute.get() - since.get()), format::date(since.get()))}
                    </dd>
                </div>
                {move || origin.get().ip.map(|ip| view! { <div class="fact"><dt>{t(Key::Ip)}</dt><dd class="truncate">{ip}</dd></div> })}
                {move || origin.get().started_on.map(|url| view! { <Page label=t(Key::Url) url /> })}
                {move || {
                    let origin = origin.get();
                    origin.page.filter(|page| Some(page) != origin.started_on.as_ref()).map(|url| view! { <Page label=t(Key::PageNow) url /> })
                }}
                {move || origin.get().country.map(|code| view! {
                    <div class="fact"><dt>{t(Key::Country)}</dt><dd class="truncate">{format::country(&code)}</dd></div>
                })}
            </dl>
        </section>
    }
}

#[component]
fn Page(label: &'static str, url: String) -> impl IntoView {
    let text = format::without_scheme(&url).to_owned();
    view! {
        <div class="fact">
            <dt>{label}</dt>
            <dd class="truncate">
                {if is_web(&url) {
                    view! { <a href=url target="_blank" rel="noopener noreferrer">{text}</a> }.into_any()
                } else {
                    text.into_any()
                }}
            </dd>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_become_links() {
        assert!(is_web("https://shop.example/"));
        assert!(!is_web("javascript:alert(1)"));
        assert!(!is_web("data:text/html,x"));
    }
}
