//! The conflict of two people who edited the same thing: both values of each field, and a button for either side.

use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    ui::Icon,
};

/// A field with two different values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub mine: String,
    pub theirs: String,
}

impl Difference {
    /// Returns `None` if both values are equal.
    pub fn of(field: impl Into<String>, mine: impl Into<String>, theirs: impl Into<String>) -> Option<Self> {
        let (mine, theirs) = (mine.into(), theirs.into());
        (mine != theirs).then(|| Self {
            field: field.into(),
            mine,
            theirs,
        })
    }
}

/// Shows the conflict; draws nothing while `between` is `None`.
#[component]
pub fn ConflictBox(
    #[prop(into)] between: Signal<Option<Vec<Difference>>>,
    #[prop(into)] keep_mine: Callback<()>,
    #[prop(into)] take_theirs: Callback<()>,
) -> impl IntoView {
    move || {
        between.get().map(|fields| {
            view! {
                <section class="clash" role="alert" aria-labelledby="conflict-title">
                    <p class="clash-title" id="conflict-title"><Icon name="warning" />{t(Key::ChangedMeanwhile)}</p>
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">{t(Key::FieldName)}</th>
                                <th scope="col">{t(Key::Yours)}</th>
                                <th scope="col">{t(Key::Theirs)}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {fields
                                .into_iter()
                                .map(|Difference { field, mine, theirs }| view! {
                                    <tr>
                                        <td>{field}</td>
                                        <td data-label=t(Key::Yours)>{mine}</td>
                                        <td data-label=t(Key::Theirs)>{theirs}</td>
                                    </tr>
                                })
                                .collect_view()}
                        </tbody>
                    </table>
                    <div class="form-actions">
                        <button class="btn btn-primary" type="button" on:click=move |_| keep_mine.run(())>{t(Key::KeepMine)}</button>
                        <button class="btn" type="button" on:click=move |_| take_theirs.run(())>{t(Key::TakeTheirs)}</button>
                    </div>
                </section>
            }
        })
    }
}
