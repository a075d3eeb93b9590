//! The routing of an inbox: mode, timers, overflow and agents.

use causerie_shared::inbox::Mode;
use leptos::prelude::*;

use super::{
    draft::{Draft, Seat},
    lists::{Agent, Lists},
    words,
};
use crate::{
    i18n::{Key, t, tf},
    settings::{
        form::Form,
        parts::{Choice, NumberField},
        users::role_name,
    },
    ui::{Avatar, Empty, Icon},
};

const MODES: [Mode; 3] = [Mode::Auto, Mode::Broadcast, Mode::Manual];

/// The agent management form.
#[component]
pub fn AgentManagement(
    draft: Draft,
    form: Form,
    lists: RwSignal<Lists>,
    own: Option<causerie_shared::ids::InboxId>,
) -> impl IntoView {
    let broadcast = Memo::new(move |_| draft.mode.get() == Mode::Broadcast);
    let modes: Vec<_> = MODES
        .map(|mode| (mode.as_str().to_owned(), words::mode(mode).to_owned()))
        .into();
    let overflow = Signal::derive(move || {
        let none = (String::new(), t(Key::NoOverflow).to_owned());
        let lists = lists.read();
        let others = lists.inboxes.iter().filter(|(id, _)| Some(*id) != own);
        [none]
            .into_iter()
            .chain(others.map(|(id, name)| (id.to_string(), name.clone())))
            .collect::<Vec<_>>()
    });
    view! {
        <section class="settings-section form">
            <Choice
                id="mode" label=t(Key::AssignmentMode) choices=modes
                value=Signal::derive(move || draft.mode.get().as_str().to_owned())
                chosen=move |key: String| {
                    if let Some(mode) = Mode::from_key(&key) {
                        draft.mode.set(mode);
                    }
                }
            />
            <p class="field-help" role="status">{move || words::mode_help(draft.mode.get())}</p>
            <div class="form-pair">
                <NumberField
                    id="accept-secs" label=t(Key::ReassignmentTiming) value=draft.accept unit=t(Key::UnitSeconds)
                    help=t(Key::ReassignmentHelp) tip=t(Key::ReassignmentTip) error=form.error("accept-secs")
                />
                {move || broadcast.get().then(|| view! {
                    <NumberField
                        id="queue-secs" label=t(Key::QueueTime) value=draft.queue unit=t(Key::UnitSeconds)
                        help=t(Key::QueueTimeHelp) error=form.error("queue-secs")
                    />
                })}
            </div>
            {move || broadcast.get().then(|| view! {
                <Choice
                    id="overflow" label=t(Key::Overflow) choices=overflow help=t(Key::OverflowHelp)
                    value=Signal::derive(move || draft.overflow.get().map(|id| id.to_string()).unwrap_or_default())
                    chosen=move |key: String| draft.overflow.set(key.parse().ok())
                />
            })}
        </section>
        <section class="settings-section">
            <h2 class="section-title">{t(Key::Agents)}</h2>
            <p class="section-help">{t(Key::AgentsHelp)}</p>
            <AgentTable draft form lists />
        </section>
    }
}

/// Users with both add-ons, and all current members.
#[component]
fn AgentTable(draft: Draft, form: Form, lists: RwSignal<Lists>) -> impl IntoView {
    let rows = Memo::new(move |_| {
        let seated = |agent: &&Agent| {
            agent.seated
                || draft
                    .seats
                    .with_untracked(|seats| seats.iter().any(|seat| seat.user == agent.id))
        };
        lists.read().agents.iter().filter(seated).cloned().collect::<Vec<_>>()
    });
    move || {
        let rows = rows.get();
        if rows.is_empty() {
            return view! { <Empty title=t(Key::NoAgents) text=t(Key::NoAgentsText) icon="users" /> }.into_any();
        }
        view! {
            <div class="table-card">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::Agent)}</th>
                            <th scope="col">{t(Key::Role)}</th>
                            <th scope="col">{t(Key::CapacityHere)}</th>
                            <th scope="col">{t(Key::CapacityOverall)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.into_iter().map(|agent| view! { <AgentLine agent draft form /> }).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    }
}

#[component]
fn AgentLine(agent: Agent, draft: Draft, form: Form) -> impl IntoView {
    let Agent {
        id,
        name,
        role,
        capacity,
        seated,
    } = agent;
    let seat = Memo::new(move |_| draft.seats.read().iter().find(|seat| seat.user == id).cloned());
    let field = format!("capacity-{id}");
    let error = form.error(field.clone());
    let low = move || {
        let here = seat
            .read()
            .as_ref()
            .and_then(|seat| seat.capacity.trim().parse::<u32>().ok());
        here.is_some_and(|here| here > capacity)
    };
    let typed = move |event| {
        let text = event_target_value(&event);
        draft.seats.update(|seats: &mut Vec<Seat>| {
            if let Some(seat) = seats.iter_mut().find(|seat| seat.user == id) {
                seat.capacity = text;
            }
        });
    };
    let label = tf(Key::CapacityOf, &[("name", &name)]);
    view! {
        <tr>
            <td>
                <label class="cell-who">
                    <input
                        type="checkbox" class="cell-tick" prop:checked=move || seat.read().is_some()
                        on:change=move |event| draft.seat(id, event_target_checked(&event))
                    />
                    <Avatar name=name.clone() seed=id.to_u128() size=32 />
                    <span>
                        <bdi>{name}</bdi>
                        {(!seated).then(|| view! { <br /><span class="warn-text">{t(Key::NoSeat)}</span> })}
                    </span>
                </label>
            </td>
            <td class="cell-quiet" data-label=t(Key::Role)>{role_name(role)}</td>
            <td data-label=t(Key::CapacityHere)>
                {move || seat.read().is_some().then(|| view! {
                    <input
                        class="input input-num tnum" inputmode="numeric" autocomplete="off" id=field.clone() aria-label=label.clone()
                        prop:value=move || seat.get().map(|seat| seat.capacity).unwrap_or_default()
                        aria-invalid=move || error.get().is_some().then_some("true")
                        on:input=typed
                    />
                })}
                {move || error.get().map(|error| view! { <p class="field-error">{error}</p> })}
            </td>
            <td class="cell-quiet" data-label=t(Key::CapacityOverall)>
                {move || if low() {
                    let text = tf(Key::LowerCounts, &[("n", &capacity.to_string())]);
                    view! { <span class="warn-text"><Icon name="warning" class="icon-14" />{text}</span> }.into_any()
                } else {
                    capacity.to_string().into_any()
                }}
            </td>
        </tr>
    }
}
