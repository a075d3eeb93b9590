//! Widgets, as part of the settings of their inbox.

use causerie_shared::{
    api::settings::SaveAccount,
    ids::AccountId,
    inbox::Channel,
    refusal::{Code, Refusal},
};

use super::{check, inboxes::told};
use crate::{
    access::may_change_inboxes,
    audit::Trail,
    error::ServiceError,
    state::App,
    store::{
        feed::FeedKind,
        places::{self, AccountRecord},
        users::UserRecord,
    },
    unit_of_work::UnitOfWork,
};

/// Renames a widget, and switches it on or off. The widget of a deleted inbox stays off. Accounts at providers are
/// paused in `settings/channels`, which also handles their webhooks.
///
/// # Errors
/// [`Code::Closed`] for the widget of a deleted inbox, [`Code::Invalid`], also for an account that is no widget,
/// [`Code::Forbidden`], [`Code::NotFound`].
pub async fn save(
    app: &App,
    actor: &UserRecord,
    account: AccountId,
    body: SaveAccount,
) -> Result<AccountRecord, ServiceError> {
    may_change_inboxes(actor)?;
    let mut unit = UnitOfWork::begin(app).await?;
    let before = places::account_by_id(&mut unit.tx, account)
        .await?
        .ok_or_else(|| Refusal::new(Code::NotFound, "there is no such account"))?;
    if places::inbox(&mut unit.tx, before.row.inbox).await?.is_none() {
        return Err(Refusal::new(Code::Closed, "its inbox was deleted, so it is off for good").into());
    }
    if before.row.channel != Channel::Web {
        return Err(Refusal::new(Code::Invalid, "this is no widget").into());
    }
    let mut after = before.clone();
    after.row.name = check::name(&body.name)?;
    after.row.enabled = body.enabled;
    after.config.origins = check::origins(&body.origins)?;
    let mut trail = Trail::default();
    trail.field("name", &before.row.name, &after.row.name);
    trail.field("enabled", before.row.enabled, after.row.enabled);
    trail.field(
        "origins",
        before.config.origins.join(", "),
        after.config.origins.join(", "),
    );
    if trail.is_empty() {
        return Ok(after);
    }
    let action = match (before.row.enabled, after.row.enabled) {
        (true, false) => "account.disable",
        (false, true) => "account.enable",
        (true, true) | (false, false) => "account.save",
    };
    places::save_account(&mut unit.tx, &after).await?;
    trail
        .write(&mut unit.tx, actor, action, &after.row.name, app.clock.now())
        .await?;
    told(&mut unit.tx, FeedKind::Account, account, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(after)
}
