//! Files in a chat.

use causerie_shared::message::FileBrief;
use leptos::prelude::*;

use crate::{
    format,
    i18n::{Key, tf},
    store::Store,
    ui::Icon,
};

/// Image types that browsers display and that contain no scripts.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Whether the file is displayed as an image.
pub fn is_picture(file: &FileBrief) -> bool {
    PICTURES.contains(&file.mime.as_str())
}

/// Whether the browser plays the file as `class` ("audio" or "video").
fn plays(file: &FileBrief, class: &str) -> bool {
    file.mime.split('/').next() == Some(class)
}

/// A file's kind as shown to the user: its extension in capitals, or an empty text.
fn kind(name: &str) -> String {
    name.rsplit_once('.')
        .map(|(_, extension)| extension.to_uppercase())
        .unwrap_or_default()
}

/// A file as a bubble of its own. The children show the message's state if this bubble carries it.
#[component]
pub fn FileBubble(
    file: FileBrief,
    /// Whether to show the picture smaller and without a box.
    #[prop(optional)]
    sticker: bool,
    children: Children,
) -> impl IntoView {
    let store: Store = expect_context();
    let href = store.file_url(file.id);
    if is_picture(&file) {
        let open = tf(Key::OpenPicture, &[("name", &file.name)]);
        return view! {
            <div class="bubble" data-kind=if sticker { "sticker" } else { "image" }>
                <a class="att-image" href=href.clone() target="_blank" rel="noopener" aria-label=open>
                    <img src=href.clone() alt=file.name.clone() width="264" loading="lazy" />
                </a>
                {children()}
            </div>
        }
        .into_any();
    }
    let player = if plays(&file, "video") {
        let label = file.name.clone();
        Some(view! { <video class="att-video" src=href.clone() controls=true preload="metadata" aria-label=label></video> }.into_any())
    } else if plays(&file, "audio") {
        let label = file.name.clone();
        Some(view! { <audio class="att-audio" src=href.clone() controls=true preload="metadata" aria-label=label></audio> }.into_any())
    } else {
        None
    };
    if let Some(player) = player {
        return view! { <div class="bubble" data-kind="player">{player}{children()}</div> }.into_any();
    }
    let download = tf(Key::DownloadFile, &[("name", &file.name)]);
    let info = format!("{} · {}", kind(&file.name), format::size(file.size));
    view! {
        <div class="bubble" data-kind="file">
            <span class="att-icon"><Icon name="file" /></span>
            <span class="att-name truncate">{file.name.clone()}</span>
            <a class="att-get" href=href download=file.name aria-label=download><Icon name="download" /></a>
            <span class="att-info">{info}</span>
            {children()}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_extension() {
        assert_eq!(kind("Report.pdf"), "PDF");
        assert_eq!(kind("noextension"), "");
    }
}
