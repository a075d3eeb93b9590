//! Forms that are saved as a whole: checked when a field is left, with a summary, a bar to save at the foot and a
//! guard against leaving.

use std::collections::BTreeSet;

use causerie_shared::refusal::Refusal;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;

use super::here::{Here, why};
use crate::{
    i18n::{Key, Plural, t, tn},
    ui::{Icon, focus},
};

/// Something that is not right in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Id of the field.
    pub field: String,
    /// Tab or step on which the field stands.
    pub page: &'static str,
    /// In plain words.
    pub text: String,
}

impl Problem {
    pub fn new(page: &'static str, field: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            page,
            text: text.into(),
        }
    }
}

/// State of a form; `Copy`.
#[derive(Clone, Copy)]
pub struct Form {
    pub problems: Signal<Vec<Problem>>,
    /// Names of what is changed and not saved.
    pub changes: Signal<Vec<String>>,
    /// Fields that were left once.
    touched: RwSignal<BTreeSet<String>>,
    /// The person asked to go on or to save: everything is shown.
    pub insisted: RwSignal<bool>,
    pub busy: RwSignal<bool>,
    pub saved: RwSignal<bool>,
    pub refusal: RwSignal<Option<Refusal>>,
}

impl Form {
    /// Over what is wrong and what is changed; the page is guarded while something is.
    pub fn new(problems: Signal<Vec<Problem>>, changes: Signal<Vec<String>>) -> Self {
        let here: Here = expect_context();
        let form = Self {
            problems,
            changes,
            touched: RwSignal::default(),
            insisted: RwSignal::new(false),
            busy: RwSignal::new(false),
            saved: RwSignal::new(false),
            refusal: RwSignal::new(None),
        };
        Effect::new(move |_| {
            let dirty = !changes.read().is_empty();
            here.guard.dirty.set(dirty);
            if dirty {
                form.saved.set(false);
            }
        });
        // What is typed after everything was right is looked at when its field is left, as at first.
        Effect::new(move |_| {
            if problems.read().is_empty() {
                form.insisted.set(false);
            }
        });
        on_cleanup(move || {
            here.guard.dirty.try_set(false);
        });
        form
    }

    /// What is wrong with a field, once the person left it or asked to go on.
    pub fn error(self, field: impl Into<String>) -> Signal<Option<String>> {
        let field = field.into();
        Signal::derive(move || {
            let shown = self.insisted.get() || self.touched.read().contains(&field);
            let problems = self.problems.read();
            let problem = problems.iter().find(|problem| problem.field == field);
            problem.filter(|_| shown).map(|problem| problem.text.clone())
        })
    }

    /// Listener of the whole form: the field that loses the focus is checked.
    pub fn left(self, event: &web_sys::FocusEvent) {
        let id = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .map(|element| element.id());
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            self.touched.update(|touched| {
                touched.insert(id);
            });
        }
    }

    /// Nothing is wrong on a page, or anywhere; else it is shown.
    pub fn check(self, page: Option<&'static str>) -> bool {
        let good = self.problems.with_untracked(|problems| {
            problems
                .iter()
                .all(|problem| page.is_some_and(|page| page != problem.page))
        });
        self.insisted.set(!good);
        good
    }

    /// The answer to a save has come.
    pub fn done(self, refusal: Option<Refusal>) {
        self.busy.try_set(false);
        self.saved.try_set(refusal.is_none());
        if refusal.is_none() {
            self.insisted.try_set(false);
            self.touched.try_update(BTreeSet::clear);
        }
        self.refusal.try_set(refusal);
    }
}

/// What is wrong, with links to the fields, read out when it appears; `show` turns to the page of a field.
#[component]
pub fn ErrorSummary(form: Form, #[prop(into)] show: Callback<&'static str>) -> impl IntoView {
    let summary = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if form.insisted.get()
            && let Some(summary) = summary.get()
        {
            focus(&summary);
        }
    });
    let shown = move || form.insisted.get() && !form.problems.read().is_empty();
    view! {
        {move || form.refusal.get().map(|refusal| view! {
            <p class="form-error" role="alert"><Icon name="alert" />{why(&refusal)}</p>
        })}
        {move || shown().then(|| view! {
            <div class="form-error error-summary" role="alert" tabindex="-1" node_ref=summary>
                <Icon name="alert" />
                <div>
                    <p><b>{t(Key::NotRightYet)}</b></p>
                    <ul>
                        {move || form.problems.get().into_iter().map(|problem| view! { <ProblemLink problem show /> }).collect_view()}
                    </ul>
                </div>
            </div>
        })}
    }
}

#[component]
fn ProblemLink(problem: Problem, show: Callback<&'static str>) -> impl IntoView {
    let Problem { field, page, text } = problem;
    let href = format!("#{field}");
    let go = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        show.run(page);
        let field = field.clone();
        // The page of the field is drawn first.
        request_animation_frame(move || {
            let element = document()
                .get_element_by_id(&field)
                .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(element) = element {
                focus(&element);
            }
        });
    };
    view! { <li><a href=href on:click=go>{text}</a></li> }
}

/// The bar at the foot: there while something is not saved.
#[component]
pub fn SaveBar(form: Form, #[prop(into)] discard: Callback<()>, #[prop(into)] save: Callback<()>) -> impl IntoView {
    let here: Here = expect_context();
    let count = Memo::new(move |_| u32::try_from(form.changes.read().len()).unwrap_or(u32::MAX));
    let offline = Memo::new(move |_| !here.online());
    let held = move || (form.busy.get() || offline.get()).then_some("true");
    view! {
        <div class="save-bar" data-shown=move || (count.get() > 0 || form.saved.get()).then_some("")>
            {move || if count.get() > 0 {
                view! {
                    <p class="save-text" role="status">
                        <span class="save-dot" aria-hidden="true"></span>
                        <b>{tn(Plural::ChangesNotSaved, count.get())}</b>
                        <span class="save-what truncate">{move || form.changes.get().join(", ")}</span>
                        {move || offline.get().then(|| view! { <span class="save-offline" id="save-offline">{t(Key::SavingNeedsLine)}</span> })}
                    </p>
                    <button class="btn" type="button" on:click=move |_| discard.run(())>{t(Key::Discard)}</button>
                    <button
                        class="btn btn-primary" type="button" aria-disabled=held aria-describedby="save-offline"
                        on:click=move |_| {
                            if held().is_none() {
                                save.run(());
                            }
                        }
                    >
                        {t(Key::Save)}
                    </button>
                }
                .into_any()
            } else if form.saved.get() {
                view! { <p class="form-ok" role="status"><Icon name="check" class="icon-16" />{t(Key::Saved)}</p> }.into_any()
            } else {
                ().into_any()
            }}
        </div>
    }
}
