//! Moderation of comments: members and supervisors of the inbox hide, show and delete them at the provider, whoever has
//! the thread.

use causerie_shared::{
    access::Access,
    ids::{ConversationId, MessageId},
    refusal::{Code, Refusal},
};

use crate::{
    accounts::health::trouble,
    channels::{self, Outcome, SendRequest, client, step::Content},
    conversations::{
        message_updates::{self, MessageUpdate},
        not_found,
    },
    error::ServiceError,
    state::App,
    store::{
        channel_accounts::{self, ChannelAccount},
        conversations, messages,
        provider::{self, ProviderMessage},
    },
};

/// An action on a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentAction {
    /// Hides the comment, or with `false` shows it again.
    Hide(bool),
    Delete,
}

/// Calls the provider, and updates the comment when the call succeeded.
///
/// # Errors
/// As for [`hide`] and [`delete`].
pub async fn at_the_provider(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
    wish: CommentAction,
) -> Result<(), ServiceError> {
    match wish {
        CommentAction::Hide(hidden) => hide(app, access, conversation, message, hidden).await,
        CommentAction::Delete => delete(app, access, conversation, message).await,
    }
}

/// Hides a comment from the public, or shows it again.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Invalid` for a comment of the company's own; refusals by the provider.
pub async fn hide(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
    hidden: bool,
) -> Result<(), ServiceError> {
    let (account, bound) = comment(app, access, conversation, message).await?;
    if bound.iter().any(|bound| bound.outgoing) {
        return Err(Refusal::new(Code::Invalid, "one's own comment cannot be hidden").into());
    }
    for bound in &bound {
        done(
            app,
            &account,
            call(app, &account, bound, Content::Hide(hidden)).await?,
            false,
        )
        .await?;
        let at = Some(app.clock.now());
        message_updates::update(app, bound, MessageUpdate::Hide { hidden, at }).await?;
    }
    Ok(())
}

/// Deletes a comment at the provider. A comment that no longer exists there counts as deleted.
///
/// # Errors
/// `NotFound`, `Forbidden`; refusals by the provider.
pub async fn delete(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), ServiceError> {
    let (account, bound) = comment(app, access, conversation, message).await?;
    for bound in &bound {
        done(app, &account, call(app, &account, bound, Content::Delete).await?, true).await?;
        message_updates::update(app, bound, MessageUpdate::Delete).await?;
    }
    Ok(())
}

/// Returns the account and provider ids of a comment that the user may moderate.
async fn comment(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(ChannelAccount, Vec<ProviderMessage>), ServiceError> {
    let mut db = app.store.read().await?;
    let head = conversations::get(&mut db, conversation)
        .await?
        .filter(|head| access.sees_inbox(head.inbox))
        .ok_or_else(not_found)?;
    if !access.is_member(head.inbox) && !access.supervises(head.inbox) {
        return Err(Refusal::new(Code::Forbidden, "only members of the inbox do this").into());
    }
    if !head.channel.is_comments() {
        return Err(Refusal::new(Code::Invalid, "this is no comment").into());
    }
    let missing = || Refusal::new(Code::NotFound, "there is no such comment");
    let record = messages::get(&mut db, conversation, message)
        .await?
        .ok_or_else(missing)?;
    // A private reply or its answer is a direct message and does not stand under a post.
    if record.row.extra.is_some_and(|extra| extra.private) {
        return Err(missing().into());
    }
    let bound = provider::of_message(&mut db, message).await?;
    if bound.is_empty() {
        return Err(missing().into());
    }
    let account = channel_accounts::get(&mut db, head.account)
        .await?
        .ok_or_else(missing)?;
    Ok((account, bound))
}

async fn call(
    app: &App,
    account: &ChannelAccount,
    bound: &ProviderMessage,
    content: Content<'_>,
) -> Result<Outcome, ServiceError> {
    let adapter = channels::adapter(account.row.channel).ok_or_else(not_found)?;
    let credentials = crate::accounts::credentials(app, account)
        .ok_or_else(|| Refusal::new(Code::Closed, "the account's secrets cannot be read; connect it again"))?;
    let outgoing = SendRequest {
        to: "",
        content,
        quoted: Some(&bound.external),
        opaque: "",
        human_agent: false,
        comment: None,
        private: false,
    };
    Ok(client::send(app, adapter, &credentials, &outgoing).await)
}

/// Turns the provider's outcome into an error unless it succeeded.
async fn done(app: &App, account: &ChannelAccount, outcome: Outcome, gone_is_done: bool) -> Result<(), ServiceError> {
    let refusal = match outcome {
        Outcome::Accepted { .. } => return Ok(()),
        Outcome::Final(problem) if gone_is_done && problem.code == GONE => return Ok(()),
        Outcome::TokenInvalid(problem) => {
            trouble(app, account, None, &problem).await?;
            Refusal::new(Code::Closed, problem.words)
        }
        Outcome::RetryAfter(_, problem) => Refusal::new(Code::RateLimited, problem.words),
        Outcome::WindowClosed(problem) => Refusal::new(Code::WindowClosed, problem.words),
        Outcome::Final(problem) => Refusal::new(Code::Invalid, problem.words),
        Outcome::Retry(problem) | Outcome::Unconfirmed(problem) => Refusal::new(Code::Internal, problem.words),
    };
    Err(refusal.into())
}

/// The provider's code for a comment that no longer exists.
const GONE: &str = "100/33";
