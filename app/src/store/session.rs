//! Sign-in and other HTTP requests: each call is a future of the server's answer or refusal.

use causerie_shared::{
    api::{Organization, SignIn},
    ids::FileId,
    message::FileBrief,
    refusal::Refusal,
};
use leptos::prelude::GetValue;
use web_sys::File;

use super::Store;
use crate::net::http;

impl Store {
    /// Fetches what the sign-in page shows before the sign-in.
    pub async fn fetch_organization(self) -> Result<Organization, Refusal> {
        http::get("/api/organization").await
    }

    /// Signs in and fills the store; another user's local data is wiped first.
    pub async fn sign_in(self, body: SignIn) -> Result<(), Refusal> {
        let info = http::post("/api/session", &body).await?;
        self.enter(info).await;
        Ok(())
    }

    /// Signs out and wipes all local data. Show [`Store::unsent`] first, because unsent work is lost.
    pub async fn sign_out(self) -> Result<(), Refusal> {
        http::delete("/api/session").await?;
        self.leave().await;
        Ok(())
    }

    /// Uploads a file, after checking its type and size.
    pub async fn upload(self, file: File) -> Result<FileBrief, Refusal> {
        let engine = self.engine.get_value();
        engine.uploads.set(engine.uploads.get() + 1);
        let answer = http::upload("/api/files", &file).await;
        engine.uploads.set(engine.uploads.get() - 1);
        answer
    }

    /// The address of a file.
    pub fn file_url(self, file: FileId) -> String {
        format!("/api/files/{file}")
    }

    /// Loads the new console that [`Store::update_ready`] announced.
    pub fn apply_update(self) {
        crate::net::worker::apply();
    }
}
