//! Sign-in and everything that is asked over HTTP: each call is a future with the server's answer or its refusal.

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
    /// What the sign-in page shows before anyone has signed in.
    pub async fn fetch_organization(self) -> Result<Organization, Refusal> {
        http::get("/api/organization").await
    }

    /// Signs in and fills the store; another user's local data is wiped first.
    pub async fn sign_in(self, body: SignIn) -> Result<(), Refusal> {
        let info = http::post("/api/session", &body).await?;
        self.enter(info).await;
        Ok(())
    }

    /// Signs out and wipes everything local. Show [`Store::unsent`] first: that work is lost.
    pub async fn sign_out(self) -> Result<(), Refusal> {
        http::delete("/api/session").await?;
        self.leave().await;
        Ok(())
    }

    /// Uploads a file; type and size are checked before a byte is sent.
    pub async fn upload(self, file: File) -> Result<FileBrief, Refusal> {
        let engine = self.engine.get_value();
        engine.uploads.set(engine.uploads.get() + 1);
        let answer = http::upload("/api/files", &file).await;
        engine.uploads.set(engine.uploads.get() - 1);
        answer
    }

    /// Where a file can be fetched from.
    pub fn file_url(self, file: FileId) -> String {
        format!("/api/files/{file}")
    }

    /// Loads the new console that [`Store::update_ready`] announced.
    pub fn apply_update(self) {
        crate::net::worker::apply();
    }
}
