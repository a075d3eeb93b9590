//! Open documents: their storage behind the write gate, quarantine and epochs (`docs/sync.md`).

pub mod epochs;
pub mod open_document;
pub mod open_documents;

pub use open_documents::OpenDocuments;
