//! Single HTTP requests. Every error is a refusal with a code.

use causerie_shared::{
    api::{COMPACT, ErrorBody, MAX_UPLOAD, upload_extension},
    refusal::{Code, Refusal},
};
use js_sys::{Uint8Array, encode_uri_component};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, Headers, RequestInit, Response};

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The request did not reach the server.
    Unreachable,
    Refused(Refusal),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable => Refusal::new(Code::Internal, "the server cannot be reached"),
            Failure::Refused(refusal) => refusal,
        }
    }
}

/// Encodes a text as one segment of a path.
pub fn segment(text: &str) -> String {
    encode_uri_component(text).into()
}

/// Sends a `GET` request whose error tells whether the server was reached.
pub async fn ask<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    read(fetch("GET", path, None).await?).await
}

/// Sends a `GET` request.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Refusal> {
    Ok(ask(path).await?)
}

/// Fetches a file of the console itself as text.
pub async fn text(path: &str) -> Result<String, Failure> {
    let response = async {
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        let response: Response = JsFuture::from(window.fetch_with_str(path)).await?.dyn_into()?;
        if !response.ok() {
            return Err(JsValue::NULL);
        }
        JsFuture::from(response.text()?).await
    };
    let text = response.await.map_err(|_| Failure::Unreachable)?;
    text.as_string().ok_or(Failure::Unreachable)
}

/// Sends a `POST` request and returns the response's body.
pub async fn post<B: Serialize, T: DeserializeOwned>(path: &str, body: &B) -> Result<T, Refusal> {
    Ok(read(fetch("POST", path, Some(packed(body)?)).await?).await?)
}

/// Sends a `POST` request and ignores the response's body.
pub async fn send<B: Serialize>(path: &str, body: &B) -> Result<(), Refusal> {
    fetch("POST", path, Some(packed(body)?)).await?;
    Ok(())
}

/// Sends a `PUT` request and returns the response's body.
pub async fn put<B: Serialize, T: DeserializeOwned>(path: &str, body: &B) -> Result<T, Refusal> {
    Ok(read(fetch("PUT", path, Some(packed(body)?)).await?).await?)
}

/// Sends a `PUT` request and ignores the response's body.
pub async fn store<B: Serialize>(path: &str, body: &B) -> Result<(), Refusal> {
    fetch("PUT", path, Some(packed(body)?)).await?;
    Ok(())
}

/// Sends a `DELETE` request.
pub async fn delete(path: &str) -> Result<(), Refusal> {
    fetch("DELETE", path, None).await?;
    Ok(())
}

/// Sends a `DELETE` request with a body.
pub async fn delete_with<B: Serialize>(path: &str, body: &B) -> Result<(), Refusal> {
    fetch("DELETE", path, Some(packed(body)?)).await?;
    Ok(())
}

/// Uploads a file unchanged, after checking its type and size.
pub async fn upload<T: DeserializeOwned>(path: &str, file: &File) -> Result<T, Refusal> {
    let name = file.name();
    if upload_extension(&name).is_none() {
        return Err(Refusal::new(
            Code::BadFile,
            format!("{name}: files of this type cannot be sent"),
        ));
    }
    if file.size() > MAX_UPLOAD as f64 {
        let limit = MAX_UPLOAD / 1024 / 1024;
        return Err(Refusal::new(
            Code::TooLarge,
            format!("{name} is larger than {limit} MB"),
        ));
    }
    let body = Body {
        bytes: file.clone().into(),
        headers: vec![("X-File-Name", segment(&name))],
    };
    Ok(read(fetch("POST", path, Some(body)).await?).await?)
}

struct Body {
    bytes: JsValue,
    headers: Vec<(&'static str, String)>,
}

fn packed<B: Serialize>(body: &B) -> Result<Body, Refusal> {
    let bytes = postcard::to_allocvec(body).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    Ok(Body {
        bytes: Uint8Array::from(bytes.as_slice()).into(),
        headers: vec![("Content-Type", COMPACT.into())],
    })
}

async fn fetch(method: &str, path: &str, body: Option<Body>) -> Result<Response, Failure> {
    let response = request(method, path, body).await.map_err(|_| Failure::Unreachable)?;
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    match read::<ErrorBody>(response).await {
        Ok(body) => Err(Failure::Refused(body.error)),
        // These statuses come from a proxy whose server is down.
        Err(_) if matches!(status, 502..=504) => Err(Failure::Unreachable),
        Err(_) => {
            let code = if status == 401 {
                Code::Unauthorized
            } else {
                Code::Internal
            };
            Err(Failure::Refused(Refusal::new(
                code,
                format!("the server answered {status}"),
            )))
        }
    }
}

async fn request(method: &str, path: &str, body: Option<Body>) -> Result<Response, JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    let headers = Headers::new()?;
    headers.set("Accept", COMPACT)?;
    if let Some(body) = body {
        for (name, value) in body.headers {
            headers.set(name, &value)?;
        }
        init.set_body(&body.bytes);
    }
    init.set_headers(&headers);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    JsFuture::from(window.fetch_with_str_and_init(path, &init))
        .await?
        .dyn_into()
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let buffer = async { JsFuture::from(response.array_buffer()?).await };
    let buffer = buffer.await.map_err(|_| Failure::Unreachable)?;
    postcard::from_bytes(&Uint8Array::new(&buffer).to_vec()).map_err(|_| {
        let text = "the server's answer is of another version; reload the page";
        Failure::Refused(Refusal::new(Code::Malformed, text))
    })
}
