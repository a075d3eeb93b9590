//! Devices with web push: this one, the others, a test, and recent deliveries.

use causerie_shared::{
    api::notify::{PushDelivery, PushDevice, PushInfo},
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, here::why};
use crate::{
    format,
    i18n::{Key, t, tf},
    net::{
        http,
        push::{self, State},
    },
    ui::{Empty, Icon},
};

const ADDRESS: &str = "/api/me/push";

/// The section of the user's devices.
#[component]
pub fn Devices() -> impl IntoView {
    let here: Here = expect_context();
    let info = Fetched::<PushInfo>::get(ADDRESS);
    let state = RwSignal::new(None::<State>);
    let refusal = RwSignal::new(None::<Refusal>);
    let sent = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let look = move || {
        spawn_local(async move {
            let now = push::state().await;
            state.try_set(Some(now));
        });
    };
    look();
    let done = move |answer: Result<(), Refusal>| {
        busy.try_set(false);
        refusal.try_set(answer.err());
        info.again();
        look();
    };
    let toggle = move |_| {
        busy.set(true);
        sent.set(false);
        let on = state.get_untracked() == Some(State::On);
        spawn_local(async move {
            done(if on {
                push::unsubscribe().await
            } else {
                push::subscribe().await
            });
        });
    };
    let test = move |_| {
        busy.set(true);
        sent.set(false);
        spawn_local(async move {
            let answer = http::send(&format!("{ADDRESS}/test"), &()).await;
            sent.try_set(answer.is_ok());
            done(answer);
        });
    };
    let end = Callback::new(move |id: String| {
        spawn_local(async move {
            done(http::delete(&format!("{ADDRESS}/{}", http::segment(&id))).await);
        });
    });
    let off = move || busy.get() || !here.online();
    view! {
        <section class="settings-section" data-wide="">
            <h2 class="section-title">{t(Key::PushTitle)}</h2>
            <p class="section-help">{t(Key::PushHelp)}</p>
            {move || refusal.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
            <div class="form-actions push-actions">
                {move || match state.get() {
                    None => ().into_any(),
                    Some(State::Unsupported) => view! { <p class="field-help">{t(Key::PushUnsupported)}</p> }.into_any(),
                    Some(State::Denied) => view! { <p class="field-help">{t(Key::PushDenied)}</p> }.into_any(),
                    Some(State::Off) => view! {
                        <button class="btn btn-primary" type="button" prop:disabled=off on:click=toggle>{t(Key::PushEnable)}</button>
                    }
                    .into_any(),
                    Some(State::On) => view! {
                        <button class="btn" type="button" prop:disabled=off on:click=toggle>{t(Key::PushDisable)}</button>
                    }
                    .into_any(),
                }}
                <button class="btn" type="button" prop:disabled=off on:click=test>{t(Key::SendTest)}</button>
                <span class="form-ok" role="status">
                    {move || sent.get().then(|| view! { <Icon name="check" class="icon-16" />{t(Key::TestSent)} })}
                </span>
            </div>
            {info.view(move |info| view! {
                <DeviceTable devices=info.devices end />
                <h3 class="section-title">{t(Key::DeliveryLog)}</h3>
                <DeliveryTable log=info.log />
            }
            .into_any())}
        </section>
    }
}

#[component]
fn DeviceTable(devices: Vec<PushDevice>, end: Callback<String>) -> impl IntoView {
    if devices.is_empty() {
        return view! { <Empty title=t(Key::NoDevices) text=t(Key::NoDevicesText) icon="device" /> }.into_any();
    }
    let line = move |device: PushDevice| {
        let label = tf(Key::RemoveFile, &[("name", &device.name)]);
        view! {
            <tr>
                <td>
                    <span class="cell-who">
                        <Icon name="device" />
                        <span>
                            {device.name}
                            {device.current.then(|| view! { " " <span class="tag" data-status="assigned">{t(Key::ThisDevice)}</span> })}
                        </span>
                    </span>
                </td>
                <td class="cell-quiet" data-label=t(Key::Since)>{format::date_time(device.since)}</td>
                <td><button class="btn btn-ghost" type="button" aria-label=label on:click=move |_| end.run(device.id.clone())>{t(Key::Remove)}</button></td>
            </tr>
        }
    };
    view! {
        <div class="table-card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t(Key::Device)}</th>
                        <th scope="col">{t(Key::Since)}</th>
                        <th scope="col"><span class="sr-only">{t(Key::Actions)}</span></th>
                    </tr>
                </thead>
                <tbody>{devices.into_iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Returns the name of a kind of web push.
fn kind(kind: &str) -> String {
    let key = match kind {
        "test" => Key::SendTest,
        "new_chat" => Key::NotifyNewChat,
        "offer" => Key::NotifyOffer,
        "transfer" | "transfer_outcome" => Key::NotifyTransfer,
        "mention" => Key::NotifyMention,
        // The kind is from a newer server.
        other => return other.to_owned(),
    };
    t(key).to_owned()
}

#[component]
fn DeliveryTable(log: Vec<PushDelivery>) -> impl IntoView {
    if log.is_empty() {
        return view! { <Empty title=t(Key::NoDeliveries) text=t(Key::NoDeliveriesText) /> }.into_any();
    }
    let line = |row: PushDelivery| {
        let good = (200..300).contains(&row.status);
        let outcome = if good {
            t(Key::StateDelivered).to_owned()
        } else {
            row.problem
        };
        let status = if row.status == 0 {
            String::new()
        } else {
            format!(" ({})", row.status)
        };
        view! {
            <tr>
                <td class="tnum">{format::date_time(row.at)}</td>
                <td class="cell-quiet">{kind(&row.kind)}</td>
                <td class="cell-quiet" data-label=t(Key::Device)>{row.device}</td>
                <td class:warn-text=!good>{outcome}{status}</td>
            </tr>
        }
    };
    view! {
        <div class="table-card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t(Key::Time)}</th>
                        <th scope="col">{t(Key::Kind)}</th>
                        <th scope="col">{t(Key::Device)}</th>
                        <th scope="col">{t(Key::Outcome)}</th>
                    </tr>
                </thead>
                <tbody>{log.into_iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
