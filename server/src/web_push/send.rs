//! Delivery of one push to one device: encryption, sending, and further attempts while they are useful.

use causerie_shared::{
    Millis,
    api::notify::PushDelivery,
    ids::{ConversationId, IntentId},
};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};

use super::{PushError, Tools, seal, vapid, words::Kind};
use crate::{
    clock::{random_bytes, random_u128},
    safe_http,
    state::{App, Shared},
    store::{self, StoreError, conversations, push::Subscription},
};

/// Pause before the second attempt, milliseconds. Each further pause is twice as long.
const FIRST_PAUSE: Millis = 1000;
const LONGEST_PAUSE: Millis = 300_000;
/// Bytes of a push service's error text that are kept.
const MAX_PROBLEM: usize = 200;

/// A push for one device.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub kind: Kind,
    pub text: String,
    /// Time after which the push is useless.
    pub until: Millis,
    pub conversation: Option<ConversationId>,
    /// The chat's version for which the push is valid.
    pub fence: Option<i64>,
}

/// The result of one attempt.
struct Answer {
    /// HTTP status; 0 without an answer.
    status: u16,
    problem: String,
    /// Pause that the push service asks for.
    pause: Option<Millis>,
}

impl Answer {
    fn none(problem: String) -> Self {
        Self {
            status: 0,
            problem,
            pause: None,
        }
    }

    /// Whether the same request may succeed later.
    fn is_temporary(&self) -> bool {
        matches!(self.status, 0 | 429 | 500..=599)
    }
}

/// Sends a push until the push service accepts it, refuses it for good, or the push is useless. Logs each attempt.
pub async fn deliver(app: Shared, device: Subscription, parcel: Parcel) {
    if let Err(error) = try_deliver(&app, &device, &parcel).await {
        tracing::error!(%error, kind = parcel.kind.as_str(), "a push failed");
    }
}

async fn try_deliver(app: &Shared, device: &Subscription, parcel: &Parcel) -> Result<(), PushError> {
    let tools = app.web_pushes.tools(app).await?;
    let mut shutdown = app.shutdown.subscribe();
    let mut pause = FIRST_PAUSE;
    loop {
        if !is_worth_it(app, device, parcel).await? {
            return Ok(());
        }
        let answer = {
            // Acquiring cannot fail, because the semaphore is never closed.
            let _place = app.web_pushes.places.acquire().await;
            attempt(app, tools, device, parcel).await
        };
        let at = app.clock.now();
        note(app, device, parcel.kind, &answer, at).await?;
        let again = at + answer.pause.unwrap_or(pause).max(pause);
        if !answer.is_temporary() || again >= parcel.until {
            return Ok(());
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        tokio::select! {
            () = app.clock.sleep_until(again) => {}
            _ = shutdown.changed() => return Ok(()),
        }
    }
}

/// Whether the push is still useful: the subscription and its sign-in exist, and an offer or transfer request is not
/// answered.
async fn is_worth_it(app: &App, device: &Subscription, parcel: &Parcel) -> Result<bool, StoreError> {
    let mut db = app.store.read().await?;
    if !store::push::stands(&mut db, device.id, app.clock.now()).await? {
        return Ok(false);
    }
    let (Some(conversation), Some(fence)) = (parcel.conversation, parcel.fence) else {
        return Ok(true);
    };
    let head = conversations::get(&mut db, conversation).await?;
    Ok(head.is_some_and(|head| head.version == fence))
}

async fn attempt(app: &App, tools: &Tools, device: &Subscription, parcel: &Parcel) -> Answer {
    let url = match safe_http::check(&app.config, &device.endpoint) {
        Ok(url) => url,
        Err(error) => return Answer::none(error.to_string()),
    };
    let body = sealed(device, &parcel.text);
    let Ok(body) = body else {
        return Answer::none("the device's keys cannot be used".into());
    };
    let now = app.clock.now();
    // A test has no deadline; it waits a minute for a device that is switched off.
    let ttl = match parcel.kind {
        Kind::Test => 60,
        Kind::NewChat | Kind::Offer | Kind::Transfer | Kind::TransferOutcome | Kind::Mention => {
            (parcel.until - now).max(0) / 1000
        }
    };
    let urgency = if parcel.kind.is_timed() { "high" } else { "normal" };
    let origin = url.origin().ascii_serialization();
    let mut request = tools
        .client
        .post(url)
        .header(
            AUTHORIZATION,
            tools.vapid.authorization(&origin, &app.config.public_url, now),
        )
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_ENCODING, "aes128gcm")
        .header("TTL", ttl)
        .header("Urgency", urgency)
        .body(body);
    if let Some(conversation) = parcel.conversation {
        // An id has 26 letters and digits, so it is a valid topic. A newer push about a chat replaces older ones that
        // the push service still holds.
        request = request.header("Topic", conversation.to_string());
    }
    match request.send().await {
        Ok(response) => read(response).await,
        // The URL identifies the device and is secret.
        Err(error) => Answer::none(reason(&error.without_url())),
    }
}

fn sealed(device: &Subscription, text: &str) -> Result<Vec<u8>, seal::SealError> {
    seal::seal(
        text.as_bytes(),
        &seal::public_key(&device.p256dh)?,
        &seal::auth_secret(&device.auth)?,
        &vapid::random_key(),
        random_bytes(),
    )
}

async fn read(mut response: reqwest::Response) -> Answer {
    let status = response.status();
    let seconds = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let pause = seconds.and_then(|text| text.parse::<u32>().ok());
    let problem = if status.is_success() {
        String::new()
    } else {
        // The beginning of the body is enough; a body that cannot be read counts as empty.
        let bytes = response.chunk().await.ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_PROBLEM)]);
        let text = text.replace(char::is_control, " ");
        let known = status.canonical_reason().unwrap_or("refused");
        format!("{known} {}", text.trim()).trim_end().to_owned()
    };
    Answer {
        status: status.as_u16(),
        problem,
        pause: pause.map(|seconds| Millis::from(seconds) * 1000),
    }
}

/// Returns the text of the innermost cause; the outer ones only say that a request failed.
fn reason(error: &reqwest::Error) -> String {
    std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
        .last()
        .map_or_else(String::new, ToString::to_string)
}

/// Logs the attempt. Ends the subscription if the push service answers that it no longer exists.
async fn note(app: &App, device: &Subscription, kind: Kind, answer: &Answer, at: Millis) -> Result<(), StoreError> {
    metrics::counter!("pushes_total", "status" => answer.status.to_string()).increment(1);
    let attempt = PushDelivery {
        at,
        kind: kind.as_str().to_owned(),
        device: device.device.clone(),
        status: answer.status,
        problem: answer.problem.clone(),
    };
    let entry = IntentId::new(at, random_u128());
    store::retried(async || {
        let mut tx = app.store.begin().await?;
        store::push::log(&mut tx, entry, device.user, &attempt).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    if matches!(answer.status, 404 | 410) {
        let mut tx = app.store.begin().await?;
        store::push::end(&mut tx, device.user, &device.id.to_string()).await?;
        tx.commit().await?;
    }
    Ok(())
}
