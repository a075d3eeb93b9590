//! The sources of settings, and the errors found in them.

use std::net::SocketAddr;

use super::{ConfigError, FILE, LogFormat, NAMES, origin};

/// Reads settings and collects their errors.
pub struct Source<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    file: toml::Table,
    errors: Vec<ConfigError>,
}

impl<'a> Source<'a> {
    /// Creates a source from the environment `env`, which comes first, and the text of the file.
    pub fn new(env: &'a dyn Fn(&str) -> Option<String>, file: Option<&str>) -> Self {
        let mut source = Self {
            env,
            file: toml::Table::new(),
            errors: Vec::new(),
        };
        source.load_file(file);
        source
    }

    /// Returns all errors found so far.
    pub fn finish(self) -> Result<(), Vec<ConfigError>> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    fn load_file(&mut self, file: Option<&str>) {
        match file.unwrap_or_default().parse::<toml::Table>() {
            Ok(table) => self.file = table,
            Err(error) => self
                .errors
                .push(ConfigError(format!("{FILE} is not valid TOML: {}.", error.message()))),
        }
        for key in self.file.keys().filter(|key| !NAMES.contains(&key.as_str())) {
            self.errors.push(ConfigError(format!(
                "{FILE} has the unknown key {key}; known are {}.",
                NAMES.join(", ")
            )));
        }
    }

    /// Adds an error: the setting's name followed by `problem`.
    pub fn error(&mut self, name: &str, problem: &str) {
        self.errors
            .push(ConfigError(format!("CAUSERIE_{} {problem}.", name.to_uppercase())));
    }

    /// Returns the setting's text, if it is set.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.text_of(&[&format!("CAUSERIE_{}", name.to_uppercase())], name)
    }

    /// Returns the first variable that is set and not empty, else the file's value. Lists are joined with commas.
    pub fn text_of(&mut self, variables: &[&str], name: &str) -> Option<String> {
        if let Some(value) = variables
            .iter()
            .filter_map(|variable| (self.env)(variable))
            .find(|value| !value.is_empty())
        {
            return Some(value);
        }
        let value = self.file.get(name)?;
        let text = as_text(value);
        if text.is_none() {
            self.error(name, &format!("cannot be a {} in {FILE}", value.type_str()));
        }
        text
    }

    /// Returns a setting with a single value.
    pub fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, shape: &str) -> T {
        let Some(text) = self.text(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.error(name, &format!("is {text:?}, but must be {shape}"));
            default
        })
    }

    /// Returns a setting with several values, separated by commas.
    pub fn list<T>(&mut self, name: &str, shape: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let text = self.text(name).unwrap_or_default();
        let mut values = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match parse(part) {
                Some(value) => values.push(value),
                None => self.error(name, &format!("has {part:?}, which is not {shape}")),
            }
        }
        values
    }

    /// Returns the public address; by default, the address on which the server listens.
    pub fn public_url(&mut self, listen: SocketAddr) -> String {
        let Some(text) = self.text("public_url") else {
            return format!("http://{listen}");
        };
        origin::parse(text.trim_end_matches('/')).unwrap_or_else(|| {
            self.error(
                "public_url",
                &format!("is {text:?}, but must be an address without a path such as https://chat.example.org"),
            );
            String::new()
        })
    }

    /// Returns a setting that is on or off.
    pub fn switch(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("0" | "false") => false,
            Some("1" | "true") => true,
            Some(other) => {
                self.error(name, &format!("is {other:?}, but must be 0 or 1"));
                false
            }
        }
    }

    /// Returns the format of log lines.
    pub fn log_format(&mut self) -> LogFormat {
        match self.text("log_format").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                self.error("log_format", &format!("is {other:?}, but must be text or json"));
                LogFormat::Text
            }
        }
    }
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Boolean(on) => Some(on.to_string()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(values) => {
            let parts: Option<Vec<&str>> = values.iter().map(toml::Value::as_str).collect();
            parts.map(|parts| parts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
