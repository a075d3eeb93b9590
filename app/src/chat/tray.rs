//! The attachment tray: files of a reply are checked, uploaded, and shown as tiles inside the composer
//! (`docs/ux.md#attachment-tray`).

use causerie_shared::{
    api::{MAX_UPLOAD, upload_extension},
    message::{FileBrief, MAX_FILES},
};
use leptos::{prelude::*, task::spawn_local};
use web_sys::{File, FileList};

use crate::{
    format,
    i18n::{Key, explain, t, tf},
    store::Store,
    ui::{Icon, keyed},
};

/// The state of a file's upload.
#[derive(Debug, Clone, PartialEq)]
enum Progress {
    Uploading,
    Ready(FileBrief),
    /// The file breaks a rule or its upload failed; `retry` says whether another attempt makes sense.
    Failed {
        why: String,
        retry: bool,
    },
}

/// A file in the tray.
#[derive(Clone)]
struct Upload {
    key: u32,
    file: File,
    progress: RwSignal<Progress>,
}

/// The files of one reply; `Copy`.
#[derive(Clone, Copy)]
pub struct Tray {
    store: Store,
    uploads: RwSignal<Vec<Upload>, LocalStorage>,
    next: StoredValue<u32>,
}

impl Tray {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            uploads: RwSignal::new_local(vec![]),
            next: StoredValue::new(0),
        }
    }

    pub fn is_empty(self) -> bool {
        self.uploads.with(Vec::is_empty)
    }

    /// The files if all of them are uploaded, otherwise `None`.
    pub fn ready(self) -> Option<Vec<FileBrief>> {
        self.uploads.with_untracked(|uploads| {
            uploads
                .iter()
                .map(|upload| match upload.progress.get_untracked() {
                    Progress::Ready(file) => Some(file),
                    Progress::Uploading | Progress::Failed { .. } => None,
                })
                .collect()
        })
    }

    pub fn clear(self) {
        self.uploads.set(vec![]);
    }

    /// Adds the files that were picked, pasted or dropped.
    pub fn add_all(self, files: Option<FileList>) {
        let Some(files) = files else { return };
        for file in (0..files.length()).filter_map(|index| files.get(index)) {
            self.add(file);
        }
    }

    fn add(self, file: File) {
        let key = self.next.get_value();
        self.next.set_value(key + 1);
        let count = self.uploads.with_untracked(Vec::len);
        let progress = RwSignal::new(match problem(&file.name(), file.size(), count) {
            Some(why) => Progress::Failed { why, retry: false },
            None => Progress::Uploading,
        });
        let upload = Upload { key, file, progress };
        if progress.get_untracked() == Progress::Uploading {
            self.send(&upload);
        }
        self.uploads.update(|uploads| uploads.push(upload));
    }

    fn send(self, upload: &Upload) {
        let (file, progress) = (upload.file.clone(), upload.progress);
        progress.set(Progress::Uploading);
        spawn_local(async move {
            // The user may have removed the tile before the response, hence `try_set`.
            progress.try_set(match self.store.upload(file).await {
                Ok(file) => Progress::Ready(file),
                Err(refusal) => Progress::Failed {
                    why: explain(&refusal),
                    retry: true,
                },
            });
        });
    }

    fn remove(self, key: u32) {
        self.uploads
            .update(|uploads| uploads.retain(|upload| upload.key != key));
    }
}

/// The text of the rule that a file breaks, checked before the upload.
fn problem(name: &str, size: f64, already: usize) -> Option<String> {
    if already >= MAX_FILES {
        return Some(tf(Key::TooManyFiles, &[("limit", &MAX_FILES.to_string())]));
    }
    if upload_extension(name).is_none() {
        return Some(t(Key::FileTypeRule).to_owned());
    }
    if size > MAX_UPLOAD as f64 {
        return Some(tf(Key::FileSizeRule, &[("limit", &format::size(MAX_UPLOAD as i64))]));
    }
    None
}

/// The tiles of the tray.
#[component]
pub fn TrayView(tray: Tray) -> impl IntoView {
    move || {
        (!tray.is_empty()).then(|| {
            view! {
                <ul class="tray" aria-label=t(Key::Attachments)>
                    {keyed(
                        move || tray.uploads.get(),
                        |upload| upload.key.into(),
                        move |upload| view! { <Tile tray upload /> }.into_any(),
                    )}
                </ul>
            }
        })
    }
}

#[component]
fn Tile(tray: Tray, upload: Upload) -> impl IntoView {
    let Upload { key, progress, .. } = upload;
    let (name, size) = (upload.file.name(), upload.file.size() as i64);
    let retryable = Memo::new(move |_| matches!(*progress.read(), Progress::Failed { retry: true, .. }));
    let again = StoredValue::new_local(upload);
    let info = move || match progress.get() {
        Progress::Uploading | Progress::Ready(_) => format::size(size),
        Progress::Failed { why, .. } => why,
    };
    view! {
        <li class="tile" data-state=move || matches!(*progress.read(), Progress::Failed { .. }).then_some("failed")>
            <Icon name="file" />
            <span class="tile-name truncate">{name.clone()}</span>
            <span class="tile-info" role="status">{info}</span>
            {move || retryable.get().then(|| view! {
                <button class="text-btn" type="button" on:click=move |_| again.with_value(|upload| tray.send(upload))>
                    {t(Key::Retry)}
                </button>
            })}
            <button
                class="icon-btn" type="button" aria-label=tf(Key::RemoveFile, &[("name", &name)])
                on:click=move |_| tray.remove(key)
            >
                <Icon name="close" />
            </button>
            {move || (*progress.read() == Progress::Uploading).then(|| view! { <progress aria-label=t(Key::Uploading)></progress> })}
        </li>
    }
}
