//! Forms that are saved as a whole, with an error summary, a save bar at the bottom and a guard against leaving. A
//! field is checked when it loses the focus.

use std::collections::BTreeSet;

use causerie_shared::refusal::Refusal;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;

use super::here::{Here, why};
use crate::{
    i18n::{Key, Plural, t, tn},
    ui::{Icon, focus},
};

/// A problem in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Id of the field.
    pub field: String,
    /// The tab or step that contains the field.
    pub page: &'static str,
    /// The problem in plain words.
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

/// The state of a form; `Copy`.
#[derive(Clone, Copy)]
pub struct Form {
    pub problems: Signal<Vec<Problem>>,
    /// Names of the fields with unsaved changes.
    pub changes: Signal<Vec<String>>,
    /// Fields that have lost the focus at least once.
    touched: RwSignal<BTreeSet<String>>,
    /// Whether the user tried to continue or save; all problems are shown then.
    pub insisted: RwSignal<bool>,
    pub busy: RwSignal<bool>,
    pub saved: RwSignal<bool>,
    pub refusal: RwSignal<Option<Refusal>>,
}

impl Form {
    /// Creates a form from its problems and changes. The page is guarded while there are changes.
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
        // After all problems were fixed, new ones are shown only when their field loses the focus, as at first.
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

    /// The problem of a field, once the user has left the field or tried to continue.
    pub fn error(self, field: impl Into<String>) -> Signal<Option<String>> {
        let field = field.into();
        Signal::derive(move || {
            let shown = self.insisted.get() || self.touched.read().contains(&field);
            let problems = self.problems.read();
            let problem = problems.iter().find(|problem| problem.field == field);
            problem.filter(|_| shown).map(|problem| problem.text.clone())
        })
    }

    /// The form's listener for lost focus: marks the field as left, so that its problem is shown.
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

    /// Whether a page, or the whole form, has no problems. Otherwise all problems are shown.
    pub fn check(self, page: Option<&'static str>) -> bool {
        let good = self.problems.with_untracked(|problems| {
            problems
                .iter()
                .all(|problem| page.is_some_and(|page| page != problem.page))
        });
        self.insisted.set(!good);
        good
    }

    /// Ends a save with the server's response.
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

/// The form's problems with links to the fields, announced by screen readers; `show` turns to the page of a field.
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
        // Wait until the page of the field is drawn.
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

/// The bar at the bottom, shown while there are unsaved changes, and after a save.
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
