//! Errors of Meta. Only code and subcode decide, because the texts come in many languages
//! (`docs/channels.md#errors-of-meta`).

use serde_json::Value;

use crate::channels::{inbound_event::Problem, value};

/// The error in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    pub code: i64,
    pub subcode: i64,
    pub is_transient: bool,
    /// The provider's own text.
    pub words: String,
}

impl GraphError {
    /// Returns the error in a body; it can be there although the status is 200.
    pub fn of(body: &Value) -> Option<Self> {
        let error = body.get("error").filter(|error| error.is_object())?;
        let details = error.get("error_data").and_then(|data| value::text(data, "details"));
        let words = details
            .or_else(|| value::text(error, "error_user_msg"))
            .or_else(|| value::text(error, "message"))
            .unwrap_or_default();
        Some(Self {
            code: value::integer(error, "code").unwrap_or_default(),
            subcode: value::integer(error, "error_subcode").unwrap_or_default(),
            is_transient: value::flag(error, "is_transient"),
            words,
        })
    }

    /// Returns the problem with `words`, or with the provider's text if `words` is empty.
    pub fn problem(&self, words: &str) -> Problem {
        let code = if self.subcode == 0 {
            self.code.to_string()
        } else {
            format!("{}/{}", self.code, self.subcode)
        };
        let words = match (words, self.words.as_str()) {
            ("", "") => format!("The provider refused it ({code})."),
            ("", theirs) => format!("{theirs} ({code})"),
            (ours, _) => format!("{ours} ({code})"),
        };
        Problem { code, words }
    }
}
